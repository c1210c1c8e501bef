// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/document_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tools/format/text_width.h"
#include "tools/html/chart_html.h"
#include "tools/html/page.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostTitle = 100;
constexpr std::size_t kLongWord = 20;  // letters
constexpr std::size_t kFewCharts = 5;  // more stand in columns

std::string escaped(std::string_view text) {
    return html_escaped(visible(text));
}

std::string_view tone_class(Tone tone) {
    switch (tone) {
        case Tone::Plain: return "";
        case Tone::Strong: return "strong";
        case Tone::Faint: return "quiet";
        case Tone::Alarm: return "alarm";
    }
    return "";
}

// Blanks that begin a text say that it is a part of what stands above.
std::size_t indent_of(std::string_view text) {
    return std::min(text.find_first_not_of(' '), text.size());
}

class HtmlWriter {
public:
    void operator()(const Table& table) {
        std::vector<std::size_t> shown, notes;
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const Column& column = table.columns[c];
            if (column.csv_only || column.drawn) continue;
            (column.kind == Column::Kind::Note ? notes : shown).push_back(c);
        }
        if (shown.empty()) return;
        // Text reports head a table by its first column.
        const std::string& first = table.columns[shown.front()].heading;
        open(table.title, first.empty() ? "table" : first);
        out_ += fmt::format("<div class=\"scroll\"><table class=\"rows\" data-first=\"{}\"{}>\n",
                            table.first, is_list(table, shown.front()) ? " data-sorts" : "");
        out_ += "<thead><tr>";
        for (const std::size_t c : shown) {
            const Column& column = table.columns[c];
            out_ += fmt::format("<th scope=\"col\"{}><span class=\"heading\">{}</span></th>",
                                class_of(column, Tone::Plain, 0), escaped(column.heading));
        }
        out_ += "</tr></thead>\n<tbody>\n";
        for (const auto& row : table.rows) {
            out_ += "<tr>";
            for (const std::size_t c : shown) cell(table.columns[c], row, c, c == shown.front());
            out_ += "</tr>\n";
            for (const std::size_t c : notes) note(row, c, shown.size());
        }
        out_ += "</tbody></table></div>\n</section>\n";
    }
    void operator()(const Facts& facts) {
        open(facts.title, "figures");
        out_ += "<dl class=\"facts\">\n";
        for (const auto& fact : facts.facts) {
            // Without a name it continues the one above.
            if (!fact.name.empty()) out_ += fmt::format("<dt>{}</dt>", escaped(fact.name));
            out_ += fmt::format("<dd class=\"{}\"><bdi>{}</bdi></dd>\n", tone_class(fact.tone),
                                escaped(fact.value));
        }
        out_ += "</dl>\n</section>\n";
    }
    void operator()(const Lines& lines) {
        if (!lines.title.empty()) open(lines.title, "");
        out_ += fmt::format("<div class=\"lines {}\">\n", tone_class(lines.tone));
        for (const std::string& line : lines.lines) {
            const std::size_t indent = indent_of(line);
            if (indent != line.size())
                out_ += fmt::format("<p{}>{}</p>\n",
                                    indent == 0 || lines.close ? "" : " class=\"part\"",
                                    escaped(std::string_view(line).substr(indent)));
        }
        out_ += "</div>\n";
        if (!lines.title.empty()) out_ += "</section>\n";
    }
    void charts(const std::vector<Chart>& charts) {
        if (std::ranges::all_of(charts, &Chart::empty)) return;
        ++sections_;
        out_ += fmt::format(
            "<section class=\"charts{0}\" aria-labelledby=\"h{1}\"><h2 id=\"h{1}\" "
            "class=\"hidden\">"
            "charts</h2>\n",
            charts.size() > kFewCharts ? " many" : "", sections_);
        for (const Chart& chart : charts) {
            if (!chart.empty()) out_ += chart_html(chart);
        }
        out_ += "</section>\n";
    }
    std::string html() && { return std::move(out_); }

private:
    // Order has a meaning where rows are parts of rows above them.
    static bool is_list(const Table& table, std::size_t column) {
        return table.rows.size() > 1 && std::ranges::none_of(table.rows, [&](const auto& row) {
                   return column < row.size() && indent_of(row[column].text) != 0;
               });
    }
    // `otherwise`: the heading for a reader who hears it, where the text report has none.
    void open(const std::string& title, std::string_view otherwise) {
        ++sections_;
        // A reader who hears the page goes from one name to another: each is there once.
        const std::string name = title.empty() ? std::string(otherwise) : title;
        const std::size_t again = ++named_[name];
        out_ += fmt::format("<section aria-labelledby=\"h{0}\"><h2 id=\"h{0}\"{1}>{2}</h2>\n",
                            sections_, title.empty() ? " class=\"hidden\"" : "",
                            escaped(name) + (again == 1 ? "" : fmt::format(" ({})", again)));
    }
    // A word that would make its column too wide for a phone: it may be broken anywhere.
    static bool has_long_word(std::string_view text) {
        std::size_t letters = 0;
        return std::any_of(text.begin(), text.end(), [&](char c) {
            letters = c == ' ' ? 0 : letters + 1;
            return letters > kLongWord;
        });
    }
    static std::string class_of(const Column& column, Tone tone, std::size_t indent,
                                std::string_view text = {}) {
        std::string words(tone_class(tone));
        const auto add = [&](std::string_view word) {
            words += (words.empty() ? "" : " ") + std::string(word);
        };
        if (column.kind == Column::Kind::Number) add("figure");
        if (column.kind == Column::Kind::Prose) add("prose");
        if (indent != 0) add("part");
        if (has_long_word(text)) add("long");
        return words.empty() ? "" : fmt::format(" class=\"{}\"", words);
    }
    void cell(const Column& column, const std::vector<Cell>& row, std::size_t c, bool heads) {
        static const Cell none;
        const Cell& cell = c < row.size() ? row[c] : none;
        const std::size_t indent = indent_of(cell.text);
        const std::string tag = heads ? "th scope=\"row\"" : "td";
        const std::string value =
            cell.number ? fmt::format(" data-value=\"{}\"", html_escaped(cell.value)) : "";
        const std::string text = escaped(std::string_view(cell.text).substr(indent));
        out_ += fmt::format(
            "<{}{}{}>{}</{}>", tag, class_of(column, cell.tone, indent, cell.text), value,
            column.kind == Column::Kind::Number && !heads ? text
                                                          : fmt::format("<bdi>{}</bdi>", text),
            heads ? "th" : "td");
    }
    void note(const std::vector<Cell>& row, std::size_t c, std::size_t columns) {
        if (c >= row.size() || row[c].text.empty()) return;
        out_ += fmt::format("<tr class=\"note\"><td colspan=\"{}\"><bdi>{}</bdi></td></tr>\n",
                            columns, escaped(row[c].text));
    }

    std::string out_;
    std::size_t sections_ = 0;
    std::map<std::string, std::size_t> named_;
};

}  // namespace

std::string document_page(const Document& document, const std::vector<Chart>& charts,
                          std::string_view json, std::string_view costs) {
    HtmlWriter writer;
    writer.charts(charts);
    for (const DocumentPart& block : document.blocks) std::visit(writer, block);
    const std::string& answer = document.answer;
    const std::string body = fmt::format(
        "<main id=\"page\" class=\"document\">\n<header><h1 "
        "class=\"what\">{}</h1>\n{}</header>\n{}</main>",
        escaped(document.title),
        answer.empty() ? "" : fmt::format("<p id=\"answer\">{}</p>", escaped(answer)),
        std::move(writer).html());
    const std::string title = answer.empty()
                                  ? visible(document.title)
                                  : fmt::format("{} - {}", shortened(visible(answer), kMostTitle),
                                                visible(document.title));
    return html_page(
        "document",
        {.title = title, .json = compact_json(json), .body = body, .costs = std::string(costs)});
}

}  // namespace uprobesim
