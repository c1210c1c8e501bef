// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/report_text.h"

#include "sim/base/try.h"
#include "tools/cli/refusal.h"
#include "tools/html/document_page.h"
#include "tools/picture/chart_svg.h"

namespace uprobesim {
namespace {

std::vector<Chart> charts_of(const ReportForms& forms) {
    return forms.charts ? forms.charts() : std::vector<Chart>{};
}

std::string page_of(const ReportForms& forms, const Document& document) {
    return document_page(document, charts_of(forms), forms.json(),
                         forms.costs ? forms.costs() : "");
}

std::optional<std::string> without_rows(const ReportForms& forms, ReportFormat format) {
    if (format == ReportFormat::Json) return forms.json();
    if (format == ReportFormat::Svg) return charts_svg(forms.document().title, charts_of(forms));
    return std::nullopt;
}

}  // namespace

Result<std::string> report_text(const ReportForms& forms, const ReportOptions& options,
                                bool on_terminal) {
    if (auto text = without_rows(forms, options.format)) return *std::move(text);
    if (options.format != ReportFormat::Html)
        return written(forms.document(), options, on_terminal);
    return page_of(forms, TRY(arranged(forms.document(), options.order)));
}

std::string report_text_anyway(const ReportForms& forms, const ReportOptions& options,
                               bool on_terminal) {
    if (auto text = without_rows(forms, options.format)) return *std::move(text);
    if (options.format != ReportFormat::Html)
        return written_anyway(forms.document(), options, on_terminal);
    const auto document = arranged(forms.document(), options.order);
    if (document) return page_of(forms, *document);
    refuse(document.error());
    return page_of(forms, forms.document());
}

}  // namespace uprobesim
