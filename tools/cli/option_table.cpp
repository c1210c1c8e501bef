// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace uprobesim {
namespace {

constexpr std::size_t kMeaningColumn = 30;

// `text` in lines that fit between kMeaningColumn and kHelpColumns.
std::string wrapped(const std::string& text) {
    const std::string margin(kMeaningColumn, ' ');
    std::string lines;
    std::size_t column = kMeaningColumn;
    std::istringstream words(text);
    for (std::string word; words >> word; column += word.size()) {
        const bool first = column == kMeaningColumn;
        if (!first && column + 1 + word.size() > kHelpColumns) {
            lines += "\n" + margin;
            column = kMeaningColumn;
        } else if (!first) {
            lines += " ";
            ++column;
        }
        lines += word;
    }
    return lines;
}

}  // namespace

bool is_number_word(std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789") == word.npos;
}

OptionRow& OptionTable::flag(std::string name, std::string meaning) {
    return add(OptionKind::Flag, std::move(name), "", std::move(meaning));
}

OptionRow& OptionTable::text(std::string name, std::string value, std::string meaning) {
    return add(OptionKind::Text, std::move(name), std::move(value), std::move(meaning));
}

OptionRow& OptionTable::list(std::string name, std::string value, std::string meaning) {
    return add(OptionKind::List, std::move(name), std::move(value), std::move(meaning));
}

OptionRow& OptionTable::add(OptionKind kind, std::string name, std::string value,
                            std::string meaning) {
    OptionRow& row = rows_.emplace_back();
    row.name = std::move(name);
    row.kind = kind;
    row.value = std::move(value);
    row.meaning = std::move(meaning);
    row.section = section_;
    return row;
}

const OptionRow* OptionTable::find(std::string_view name) const {
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const OptionRow& r) {
        return !name.empty() && (r.name == name || r.alias == name);
    });
    return row == rows_.end() ? nullptr : &*row;
}

const OptionRow* OptionTable::find(char letter) const {
    const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const OptionRow& r) {
        return letter != 0 && r.letter == letter;
    });
    return row == rows_.end() ? nullptr : &*row;
}

Words OptionTable::names() const {
    Words all;
    for (const OptionRow& row : rows_) {
        if (row.hidden) continue;
        all.push_back(row.name);
        if (!row.alias.empty()) all.push_back(row.alias);
    }
    return all;
}

std::string option_heading(const OptionRow& row) {
    std::string heading = row.letter != 0 ? fmt::format("-{}, ", row.letter) : "    ";
    heading += "--" + row.name;
    return row.value.empty() ? heading : heading + " " + row.value;
}

std::string option_text(const OptionTable& table) {
    std::string text;
    std::string section;
    for (const OptionRow& row : table.rows()) {
        if (row.hidden) continue;
        if (row.section != section) {
            section = row.section;
            text += fmt::format("{}{}:\n", text.empty() ? "" : "\n", section);
        }
        const std::string heading = "  " + option_heading(row);
        text += heading.size() + 2 <= kMeaningColumn
                    ? fmt::format("{:<{}}", heading, kMeaningColumn)
                    : fmt::format("{}\n{:{}}", heading, "", kMeaningColumn);
        text += wrapped(row.meaning) + "\n";
    }
    return text;
}

}  // namespace uprobesim
