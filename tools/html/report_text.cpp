// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/report_text.h"

#include "tools/html/document_page.h"

namespace uprobesim {
namespace {

std::optional<std::string> whole(const ReportForms& forms, ReportFormat format) {
    if (format == ReportFormat::Json) return forms.json();
    if (format != ReportFormat::Html) return std::nullopt;
    return document_page(forms.document(), forms.charts ? forms.charts() : std::vector<Chart>{},
                         forms.json());
}

}  // namespace

Result<std::string> report_text(const ReportForms& forms, const ReportOptions& options,
                                bool on_terminal) {
    if (auto text = whole(forms, options.format)) return *std::move(text);
    return written(forms.document(), options, on_terminal);
}

std::string report_text_anyway(const ReportForms& forms, const ReportOptions& options,
                               bool on_terminal) {
    if (auto text = whole(forms, options.format)) return *std::move(text);
    return written_anyway(forms.document(), options, on_terminal);
}

}  // namespace uprobesim
