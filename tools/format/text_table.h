// SPDX-License-Identifier: GPL-2.0-or-later
// Plain text for people: numbers in groups of three and columns that line up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/text.h"
#include "sim/base/units.h"

namespace uprobesim {

std::string grouped(std::uint64_t n);             // 1234567 -> "1,234,567"
std::string grouped(double v, int decimals = 0);  // 1234.56, 1 -> "1,234.6"
std::string percent(double part, double whole);   // "12.3%"; "-" where there is no whole
std::string cycles_text(CentiCycles cycles);      // rounded to whole cycles, in groups of three
std::string duration_text(double ns);             // "12.3 ns", "4.57 us", "1.204 s"
std::string bytes_text(std::uint64_t bytes);      // "12.3 MiB"
std::string counted(std::uint64_t n, std::string_view what);  // "1 page", "2,000 pages"

// Columns: the first is left aligned, the others right aligned.
class TextTable {
public:
    explicit TextTable(std::vector<std::string> heading) : rows_{std::move(heading)} {}
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.size() <= 1; }
    // Every line indented by `indent` spaces and ended by a newline.
    std::string text(std::size_t indent, std::size_t gap = 2) const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace uprobesim
