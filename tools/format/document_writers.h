// SPDX-License-Identifier: GPL-2.0-or-later
// How a document is written: as text of at most kTextWidth columns, whatever is in it, as GitHub's
// Markdown, or its data as CSV.
#pragma once

#include <cstddef>
#include <string>

#include "tools/format/document.h"

namespace uprobesim {

inline constexpr std::size_t kTextWidth = 100;

enum class ReportFormat { Text, Json, Csv, Markdown, Html, Svg };

struct ReportStyle {
    ReportFormat format = ReportFormat::Text;
    bool all = false;    // every row, not the first ones only
    bool color = false;  // text only: a terminal, and not disabled
};

std::string document_text(const Document& document, const ReportStyle& style = {});
std::string document_markdown(const Document& document, const ReportStyle& style = {});
// RFC 4180, lines ended by CR LF: a header row, then the rows of the document's data, all of them.
// A text that a spreadsheet would take for a formula gets an apostrophe before it.
std::string document_csv(const Document& document);

// The document in `style.format`; JSON, HTML and SVG are written elsewhere, never here.
std::string written(const Document& document, const ReportStyle& style);

}  // namespace uprobesim
