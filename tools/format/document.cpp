// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/document.h"

#include <fmt/format.h>

#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

bool says_nothing(const Table& table) {
    return table.rows.empty();
}
bool says_nothing(const Facts& facts) {
    return facts.facts.empty();
}
bool says_nothing(const Lines& lines) {
    return lines.lines.empty();
}

}  // namespace

Cell number_cell(std::string text, std::string value) {
    Cell cell(std::move(text), std::move(value));
    cell.number = true;
    return cell;
}

Cell count_cell(std::uint64_t n) {
    return number_cell(grouped(n), std::to_string(n));
}

Cell real_cell(double value, int decimals) {
    return number_cell(grouped(value, decimals), fmt::format("{:.{}f}", value, decimals));
}

Cell cycles_cell(CentiCycles cycles) {
    return number_cell(cycles_text(cycles),
                       fmt::format("{}.{:02}", cycles.value / 100, cycles.value % 100));
}

Cell duration_cell(double ns) {
    return number_cell(duration_text(ns), fmt::format("{:.3f}", ns));
}

Cell share_cell(double part, double whole) {
    return whole > 0 ? number_cell(percent(part, whole), fmt::format("{:.5f}", part / whole))
                     : no_cell();
}

Cell deviation_cell(double part) {
    return number_cell(fmt::format("{:+.1f} %", part * 100), fmt::format("{:.5f}", part));
}

Cell no_cell() {
    return number_cell("-", "");
}

void Document::add(DocumentPart block) {
    if (!std::visit([](const auto& b) { return says_nothing(b); }, block))
        blocks.push_back(std::move(block));
}

}  // namespace uprobesim
