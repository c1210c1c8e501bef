// SPDX-License-Identifier: GPL-2.0-or-later
// A table as lines of limited width. Columns that are too wide are abbreviated or wrapped, as their
// kind says; where that is not enough, the table is cut into several, one under the other, each of
// which begins with the first column.
#pragma once

#include <string>
#include <vector>

#include "tools/format/document.h"

namespace uprobesim {

// A cell's part of a line.
struct Span {
    std::string text;
    std::size_t blanks = 0;  // before it
    Tone tone = Tone::Plain;
};
using SpanLine = std::vector<Span>;

// No line takes more than `columns`; an empty line parts two tables. Columns stand `gap` apart.
std::vector<SpanLine> table_lines(const Table& table, std::size_t rows, std::size_t columns,
                                  std::size_t gap);

}  // namespace uprobesim
