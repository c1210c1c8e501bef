// SPDX-License-Identifier: GPL-2.0-or-later
// Columns that line up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/format/number_text.h"

namespace uprobesim {

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
