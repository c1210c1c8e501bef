// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/row_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

const std::string& csv_text(const Cell& cell) {
    return cell.value.empty() && !cell.number ? cell.text : cell.value;
}

// A number as CSV has it, or a file offset (0x1a0).
std::optional<double> number_of(const Cell& cell) {
    std::string_view text = csv_text(cell);
    const bool hex = text.starts_with("0x");
    if (text.empty() || !(cell.number || hex)) return std::nullopt;
    if (hex) text.remove_prefix(2);
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value,
                        hex ? std::chars_format::hex : std::chars_format::general);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

class Sorter {
public:
    explicit Sorter(const std::string& column)
        : reverse_(column.starts_with('-')), wanted_(lower(column.substr(reverse_ ? 1 : 0))) {}

    void sort(Table& table) {
        const auto column = find(table);
        if (!column) return;
        found_ = true;
        const bool numbers = std::any_of(
            table.rows.begin(), table.rows.end(),
            [&](const auto& row) { return *column < row.size() && number_of(row[*column]); });
        std::stable_sort(table.rows.begin(), table.rows.end(), [&](const auto& a, const auto& b) {
            return numbers ? before_number(a, b, *column) : before_name(a, b, *column);
        });
    }

    bool found() const { return found_; }
    const std::vector<std::string>& known() const { return known_; }

private:
    std::optional<std::size_t> find(const Table& table) {
        std::optional<std::size_t> at;
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const Column& column = table.columns[c];
            if (column.heading.empty() || column.kind == Column::Kind::Note) continue;
            if (std::find(known_.begin(), known_.end(), column.heading) == known_.end())
                known_.push_back(column.heading);
            const bool is_it = lower(column.heading) == wanted_ || lower(column.name) == wanted_;
            if (!at && !wanted_.empty() && is_it) at = c;
        }
        return at;
    }

    using Row = std::vector<Cell>;
    bool before_number(const Row& a, const Row& b, std::size_t column) const {
        const auto x = number_of(a[column]), y = number_of(b[column]);
        if (!x || !y) return x.has_value() && !y.has_value();
        return reverse_ ? *x < *y : *x > *y;
    }
    bool before_name(const Row& a, const Row& b, std::size_t column) const {
        const std::string &x = csv_text(a[column]), &y = csv_text(b[column]);
        return reverse_ ? x > y : x < y;
    }

    bool reverse_;
    std::string wanted_;
    bool found_ = false;
    std::vector<std::string> known_;
};

}  // namespace

Result<Document> arranged(Document document, const RowOrder& order) {
    std::vector<Table*> tables;
    for (DocumentPart& block : document.blocks) {
        if (auto* table = std::get_if<Table>(&block)) tables.push_back(table);
    }
    if (document.data) tables.push_back(&*document.data);
    if (!order.column.empty()) {
        Sorter sorter(order.column);
        for (Table* table : tables) sorter.sort(*table);
        if (!sorter.found()) {
            const std::string near = did_you_mean(order.column, sorter.known());
            return user_error(
                fmt::format("no table of this report has a column '{}'", printable(order.column)),
                "--sort",
                near.empty() ? fmt::format("columns: {}", fmt::join(sorter.known(), ", ")) : near);
        }
    }
    for (Table* table : tables) {
        if (order.top == 0) break;
        if (table->first != 0 || table->is_list) table->first = order.top;
    }
    if (order.top != 0 && document.data && document.data->rows.size() > order.top)
        document.data->rows.resize(order.top);
    return document;
}

}  // namespace uprobesim
