// SPDX-License-Identifier: GPL-2.0-or-later
// GitHub Flavored Markdown. Nothing is abbreviated: its reader lays the tables out.
#include <algorithm>
#include <cctype>

#include "tools/format/document_writers.h"
#include "tools/format/number_text.h"
#include "tools/format/text_width.h"

namespace uprobesim {
namespace {

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0;
}

// What Markdown would read as a mark of its own. An underscore inside a word is none.
std::string escaped(const std::string& text) {
    constexpr std::string_view kMarks = "\\|*`<[]";
    const std::string shown = visible(text);
    std::string out;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const bool inside =
            i != 0 && i + 1 < shown.size() && is_word(shown[i - 1]) && is_word(shown[i + 1]);
        if (kMarks.find(shown[i]) != std::string_view::npos || (shown[i] == '_' && !inside))
            out += '\\';
        out += shown[i];
    }
    return out;
}

class MarkdownWriter {
public:
    explicit MarkdownWriter(const ReportStyle& style) : style_(style) {}

    void title(std::string_view marks, const std::string& text) {
        if (text.empty()) return;
        part();
        out_ += std::string(marks) + " " + escaped(text) + "\n";
    }
    void paragraph(const std::string& text) {
        if (text.empty()) return;
        part();
        out_ += escaped(text) + "\n";
    }
    void operator()(const Table& table) {
        title("##", table.title);
        part();
        std::vector<Cell> heading;
        std::vector<std::size_t> picked;
        std::string rule = "|";
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            heading.emplace_back(table.columns[c].heading);
            if (table.columns[c].csv_only) continue;
            picked.push_back(c);
            rule += table.columns[c].kind == Column::Kind::Number ? "---:|" : "---|";
        }
        row(heading, picked);
        out_ += rule + "\n";
        const std::size_t shown = table.first == 0 || style_.all ? table.rows.size() : table.first;
        for (std::size_t r = 0; r < std::min(shown, table.rows.size()); ++r)
            row(table.rows[r], picked);
        if (shown < table.rows.size())
            paragraph(grouped(std::uint64_t{table.rows.size() - shown}) +
                      " more; --all shows them" + table.rest);
    }
    void operator()(const Facts& facts) {
        title("##", facts.title);
        part();
        out_ += "| | |\n|---|---|\n";
        for (const auto& fact : facts.facts) row({fact.name, fact.value}, {0, 1});
    }
    void operator()(const Lines& lines) {
        title("##", lines.title);
        part();
        for (const std::string& line : lines.lines) {
            const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
            if (indent != line.size()) out_ += "- " + escaped(line.substr(indent)) + "\n";
        }
    }
    std::string text() && { return std::move(out_); }

private:
    void part() {
        if (!out_.empty()) out_ += '\n';
    }
    void row(const std::vector<Cell>& cells, const std::vector<std::size_t>& picked) {
        out_ += '|';
        for (const std::size_t c : picked) {
            const std::string text = c < cells.size() ? escaped(cells[c].text) : std::string();
            const std::size_t indent = std::min(text.find_first_not_of(' '), text.size());
            // Blanks at the beginning say that a row is a part of the one above.
            std::string nested;
            for (std::size_t i = 0; i < indent; ++i) nested += "&nbsp;";
            out_ += " " + nested + text.substr(indent) + " |";
        }
        out_ += '\n';
    }

    const ReportStyle& style_;
    std::string out_;
};

}  // namespace

std::string document_markdown(const Document& document, const ReportStyle& style) {
    MarkdownWriter writer(style);
    writer.title("#", document.title);
    writer.paragraph(document.answer);
    for (const DocumentPart& block : document.blocks) std::visit(writer, block);
    return std::move(writer).text();
}

}  // namespace uprobesim
