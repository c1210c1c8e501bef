// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "sim/base/error.h"
#include "tools/format/document_writers.h"
#include "tools/format/text_width.h"

namespace uprobesim {
namespace {

// Where a spreadsheet would begin to calculate; some skip blanks, or take the wide forms of the
// marks. A guest chooses the names of its files and symbols.
bool is_formula(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    constexpr std::array<std::string_view, 11> kMarks = {
        "=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"};
    return std::ranges::any_of(kMarks, [&](std::string_view m) { return text.starts_with(m); });
}

std::string field(const Cell& cell) {
    const std::string& whole = cell.value.empty() && !cell.number ? cell.text : cell.value;
    if (cell.number) return whole;
    std::string text = (is_formula(whole) ? "'" : "") + visible(whole);
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

std::string line(const std::vector<Cell>& cells, std::size_t columns) {
    std::string out;
    for (std::size_t c = 0; c < columns; ++c) {
        if (c != 0) out += ',';
        if (c < cells.size()) out += field(cells[c]);
    }
    return out + "\r\n";
}

}  // namespace

std::string document_csv(const Document& document) {
    if (!document.data) return "";
    const Table& table = *document.data;
    std::vector<Cell> heading;
    for (const Column& column : table.columns)
        heading.emplace_back(column.name.empty() ? column.heading : column.name);
    std::string csv = line(heading, table.columns.size());
    for (const auto& row : table.rows) csv += line(row, table.columns.size());
    return csv;
}

std::string written(const Document& document, const ReportStyle& style) {
    switch (style.format) {
        case ReportFormat::Csv: return document_csv(document);
        case ReportFormat::Markdown: return document_markdown(document, style);
        case ReportFormat::Text: return document_text(document, style);
        case ReportFormat::Json:
        case ReportFormat::Html:
        case ReportFormat::Svg: break;
    }
    fail_invariant("a document has no JSON, HTML or SVG form");
}

}  // namespace uprobesim
