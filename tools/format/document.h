// SPDX-License-Identifier: GPL-2.0-or-later
// A report as a value: what it says, before anybody decides how it is written. Text, Markdown and
// CSV are three writers of the same cells (document_text.cpp, document_markdown.cpp,
// document_csv.cpp), so no report has a layout rule of its own. Text may hold anything a guest
// chose: the writers make it harmless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/units.h"

namespace uprobesim {

// How loud a text is. Shown as colour on a terminal, and never by that alone.
enum class Tone { Plain, Strong, Faint, Alarm };

struct Cell {
    std::string text;
    std::string value = {};  // in CSV, if it differs: a number without unit and separators
    bool number = false;
    Tone tone = Tone::Plain;

    Cell() = default;
    Cell(std::string words) : text(std::move(words)) {}  // NOLINT(google-explicit-constructor)
    Cell(const char* words) : text(words) {}             // NOLINT(google-explicit-constructor)
    Cell(std::string words, std::string csv) : text(std::move(words)), value(std::move(csv)) {}
};
Cell number_cell(std::string text, std::string value);
Cell count_cell(std::uint64_t n);            // "1,234"; CSV 1234
Cell real_cell(double value, int decimals);  // "1,234.50"; CSV 1234.50
Cell cycles_cell(CentiCycles cycles);        // "1,235"; CSV 1234.56
Cell duration_cell(double ns);               // "1.235 us"; CSV 1234.560, in ns
Cell share_cell(double part, double whole);  // "12.3%"; CSV 0.12345
Cell deviation_cell(double part);            // "+1.2 %"; CSV 0.01234
Cell no_cell();                              // "-"; CSV empty

struct Column {
    enum class Kind {
        Name,    // to the left; abbreviated in the middle where the line is too long
        Prose,   // to the left; goes on in the next line
        Number,  // to the right, kept whole
        Note,    // on lines of its own under the row; without a heading
    };
    std::string heading;
    Kind kind = Kind::Number;
    std::string name = {};  // in CSV, if it differs: with its unit
    bool csv_only = false;
    bool drawn = false;  // with characters: pages have a chart in its place
};

struct Table {
    std::string title = {};  // above it
    std::vector<Column> columns = {};
    std::vector<std::vector<Cell>> rows = {};  // the most expensive first, where rows have a cost
    // Text and Markdown show so many rows unless all are asked for; 0: always all.
    std::size_t first = 0;
    bool is_list = false;   // cut by --top, though shown whole without it
    std::string rest = {};  // after "... 69 more; --all shows them", without a space before it

    void add(std::vector<Cell> row) { rows.push_back(std::move(row)); }
};
inline constexpr std::size_t kFirstRows = 10;

// Names with texts, one line each; a line with an empty name continues the one above.
struct Facts {
    struct Fact {
        std::string name, value;
        Tone tone = Tone::Plain;
    };
    std::string title = {};
    std::vector<Fact> facts = {};

    void add(std::string name, std::string value, Tone tone = Tone::Plain) {
        facts.push_back({std::move(name), std::move(value), tone});
    }
};

// Lines that are wrapped where they are too long, each with its own indentation.
struct Lines {
    std::string title = {};
    std::vector<std::string> lines = {};
    Tone tone = Tone::Plain;
    bool close = false;  // to what stands above it: no empty line between
};

using DocumentPart = std::variant<Table, Facts, Lines>;

struct Document {
    std::string title;   // of a Markdown document: "uprobesim 0.2.0: run"
    std::string answer;  // the one line that answers the question; on top
    std::vector<DocumentPart> blocks = {};
    std::optional<Table> data = {};  // what CSV has; nothing: the document has no CSV form
    bool dense = false;              // no empty line after the answer

    // A table without rows says nothing, and so do facts and lines without any.
    void add(DocumentPart block);
};

}  // namespace uprobesim
