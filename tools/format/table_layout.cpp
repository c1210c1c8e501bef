// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/table_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "tools/format/text_width.h"

namespace uprobesim {
namespace {

// What a column keeps before the table is cut into several.
constexpr std::size_t kLeastFirst = 28;
constexpr std::size_t kLeastName = 16;
constexpr std::size_t kLeastProse = 28;
constexpr std::size_t kLikedName = 46;   // two of them stand side by side
constexpr std::size_t kMostNumber = 24;  // a wider one is a text
constexpr std::size_t kLeastHeading = 14;
constexpr std::size_t kMostHeadingLines = 3;
constexpr std::size_t kNoteIndent = 4;

using Texts = std::vector<std::string>;

// Each text in at most `columns`; texts that differ stay different, by a number at their end.
Texts distinct(const Texts& texts, std::size_t columns) {
    Texts out;
    std::map<std::string, Texts> origins;
    for (const std::string& text : texts) {
        std::string one = shortened(text, columns);
        Texts& same = origins[one];
        const auto known = std::find(same.begin(), same.end(), text);
        const auto n = static_cast<std::size_t>(known - same.begin());
        if (known == same.end()) same.push_back(text);
        if (n != 0) {
            const std::string mark = fmt::format("~{}", n + 1);
            one = shortened(text, columns - std::min(columns, mark.size())) + mark;
        }
        out.push_back(std::move(one));
    }
    return out;
}

struct Grid {
    std::vector<Column> columns;
    std::vector<std::vector<Cell>> rows;  // visible text, a cell for each column
    std::vector<std::size_t> natural;     // of the cells
    std::vector<std::size_t> heading;
    std::vector<std::string> notes;  // under each row; empty: none
};

std::string note_of(const Table& table, std::size_t row) {
    std::string note;
    for (std::size_t c = 0; c < std::min(table.columns.size(), table.rows[row].size()); ++c) {
        if (table.columns[c].kind == Column::Kind::Note) note += visible(table.rows[row][c].text);
    }
    return note;
}

Grid grid_of(const Table& table, std::size_t rows) {
    Grid grid;
    std::vector<std::size_t> picked;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (table.columns[c].csv_only || table.columns[c].kind == Column::Kind::Note) continue;
        picked.push_back(c);
        grid.columns.push_back(table.columns[c]);
        grid.columns.back().heading = visible(table.columns[c].heading);
        grid.heading.push_back(columns_of(grid.columns.back().heading));
    }
    grid.natural.resize(picked.size());
    for (std::size_t r = 0; r < std::min(rows, table.rows.size()); ++r) {
        std::vector<Cell> row;
        for (const std::size_t c : picked) {
            row.push_back(c < table.rows[r].size() ? table.rows[r][c] : Cell());
            row.back().text = visible(row.back().text);
            std::size_t& natural = grid.natural[row.size() - 1];
            natural = std::max(natural, columns_of(row.back().text));
        }
        grid.rows.push_back(std::move(row));
        grid.notes.push_back(note_of(table, r));
    }
    return grid;
}

std::size_t least_width(const Grid& grid, std::size_t c) {
    const auto least = [&] {
        switch (grid.columns[c].kind) {
            case Column::Kind::Name: return c == 0 ? kLeastFirst : kLeastName;
            case Column::Kind::Prose: return kLeastProse;
            case Column::Kind::Number:
            case Column::Kind::Note: break;
        }
        return kMostNumber;
    };
    return std::max(std::min(grid.natural[c], least()), std::min(grid.heading[c], kLeastHeading));
}

// The widths of some columns so that they fit: the widest gives way first.
std::vector<std::size_t> fitted(const Grid& grid, const std::vector<std::size_t>& picked,
                                std::size_t columns, std::size_t gap) {
    std::vector<std::size_t> widths;
    std::size_t total = gap * (picked.size() - 1);
    for (const std::size_t c : picked) {
        widths.push_back(std::max(grid.natural[c], grid.heading[c]));
        total += widths.back();
    }
    while (total > columns) {
        std::size_t widest = picked.size();
        for (std::size_t i = 0; i < picked.size(); ++i) {
            if (widths[i] > least_width(grid, picked[i]) &&
                (widest == picked.size() || widths[i] > widths[widest]))
                widest = i;
        }
        if (widest == picked.size()) break;
        --widths[widest];
        --total;
    }
    return widths;
}

// The columns of each table that stands under the one before. There is one if it fits with the
// least widths; otherwise each is given what its cells like to have.
std::vector<std::vector<std::size_t>> cut(const Grid& grid, std::size_t columns, std::size_t gap) {
    std::vector<std::size_t> least, liked;
    for (std::size_t c = 0; c < grid.columns.size(); ++c) {
        least.push_back(least_width(grid, c));
        liked.push_back(std::max(least[c], std::min(grid.natural[c], kLikedName)));
    }
    const std::size_t gaps = gap * (grid.columns.size() - 1);
    const bool fits = std::accumulate(least.begin(), least.end(), gaps) <= columns;
    const std::vector<std::size_t>& widths = fits ? least : liked;
    std::vector<std::vector<std::size_t>> parts{{0}};
    std::size_t total = widths[0];
    for (std::size_t c = 1; c < grid.columns.size(); ++c) {
        if (total + gap + widths[c] > columns && parts.back().size() > 1) {
            parts.push_back({0});
            total = widths[0];
        }
        parts.back().push_back(c);
        total += gap + widths[c];
    }
    return parts;
}

// Texts side by side, without blanks at the end of the line.
SpanLine line_of(const std::vector<Cell>& cells, const std::vector<Column>& columns,
                 const std::vector<std::size_t>& picked, const std::vector<std::size_t>& widths,
                 std::size_t gap) {
    SpanLine line;
    std::size_t blanks = 0;
    for (std::size_t i = 0; i < picked.size(); ++i) {
        const std::string text = without_end_blanks(cells[i].text);
        const std::size_t padding = widths[i] - std::min(widths[i], columns_of(text));
        const bool right = columns[picked[i]].kind == Column::Kind::Number;
        if (i != 0) blanks += gap;
        if (right) blanks += padding;
        if (!text.empty()) {
            line.push_back({text, blanks, cells[i].tone});
            blanks = 0;
        }
        if (!right) blanks += padding;
    }
    return line;
}

// The words of a heading on a few lines; none: one of them is too long, or there are too many.
Texts heading_words(const std::string& heading, std::size_t columns) {
    for (std::size_t at = 0; at < heading.size();) {
        const std::size_t end = std::min(heading.find(' ', at), heading.size());
        if (columns_of(std::string_view(heading).substr(at, end - at)) > columns) return {};
        at = end + 1;
    }
    Texts lines = wrapped(heading, columns);
    return lines.size() <= kMostHeadingLines ? lines : Texts{};
}

// The lines of the headings, the last of each column on the last line. What does not fit is
// abbreviated; headings are told apart over all columns, so that a column has one name in every
// part.
std::vector<std::vector<Cell>> heading_of(const Grid& grid, const std::vector<std::size_t>& picked,
                                          const std::vector<std::size_t>& widths) {
    Texts all;
    for (const Column& column : grid.columns) all.push_back(column.heading);
    std::vector<Texts> headings;
    std::size_t height = 1;
    for (std::size_t i = 0; i < picked.size(); ++i) {
        Texts words = heading_words(all[picked[i]], widths[i]);
        if (words.empty()) words = {distinct(all, widths[i])[picked[i]]};
        height = std::max(height, words.size());
        headings.push_back(std::move(words));
    }
    std::vector<std::vector<Cell>> lines(height);
    for (std::size_t at = 0; at < height; ++at) {
        for (const Texts& words : headings) {
            const bool blank = at + words.size() < height;
            lines[at].emplace_back(blank ? std::string() : words[at + words.size() - height]);
            lines[at].back().tone = Tone::Strong;
        }
    }
    return lines;
}

void add_part(std::vector<SpanLine>& lines, const Grid& grid,
              const std::vector<std::size_t>& picked, std::size_t columns, std::size_t gap) {
    const std::vector<std::size_t> widths = fitted(grid, picked, columns, gap);
    std::vector<Texts> texts(picked.size());  // of a column, the heading first
    for (std::size_t i = 0; i < picked.size(); ++i) {
        Texts whole;
        for (const auto& row : grid.rows) whole.push_back(row[picked[i]].text);
        texts[i] = grid.columns[picked[i]].kind == Column::Kind::Prose ? whole
                                                                       : distinct(whole, widths[i]);
    }
    for (const std::vector<Cell>& heading : heading_of(grid, picked, widths)) {
        const bool has_heading = std::any_of(heading.begin(), heading.end(),
                                             [](const Cell& cell) { return !cell.text.empty(); });
        if (has_heading) lines.push_back(line_of(heading, grid.columns, picked, widths, gap));
    }
    for (std::size_t r = 0; r < grid.rows.size(); ++r) {
        std::vector<Texts> pieces;
        std::size_t height = 1;
        for (std::size_t i = 0; i < picked.size(); ++i) {
            pieces.push_back(grid.columns[picked[i]].kind == Column::Kind::Prose
                                 ? wrapped(texts[i][r], widths[i])
                                 : Texts{texts[i][r]});
            height = std::max(height, pieces.back().size());
        }
        for (std::size_t at = 0; at < height; ++at) {
            std::vector<Cell> cells;
            for (std::size_t i = 0; i < picked.size(); ++i) {
                cells.emplace_back(at < pieces[i].size() ? pieces[i][at] : std::string());
                cells.back().tone = grid.rows[r][picked[i]].tone;
            }
            lines.push_back(line_of(cells, grid.columns, picked, widths, gap));
        }
        if (grid.notes[r].empty()) continue;
        for (const std::string& line : wrapped(grid.notes[r], columns - kNoteIndent))
            lines.push_back({{line, line.empty() ? 0 : kNoteIndent, Tone::Faint}});
    }
}

}  // namespace

std::vector<SpanLine> table_lines(const Table& table, std::size_t rows, std::size_t columns,
                                  std::size_t gap) {
    std::vector<SpanLine> lines;
    const Grid grid = grid_of(table, rows);
    if (grid.columns.empty()) return lines;
    for (const auto& part : cut(grid, columns, gap)) {
        if (!lines.empty()) lines.emplace_back();
        add_part(lines, grid, part, columns, gap);
    }
    return lines;
}

}  // namespace uprobesim
