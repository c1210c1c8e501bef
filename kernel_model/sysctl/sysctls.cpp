// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/sysctl/sysctls.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

// The next word of a text, taken off it.
std::string_view next_word(std::string_view& text) {
    const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    text.remove_prefix(word.size());
    return word;
}

// strtoul with base 0, and a sign.
std::optional<__int128> number_of(std::string_view word) {
    const bool negative = word.starts_with('-');
    if (negative) word.remove_prefix(1);
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) {
        base = 16;
        word.remove_prefix(2);
    } else if (word.size() > 1 && word.front() == '0') {
        base = 8;
    }
    std::uint64_t value = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size()) return std::nullopt;
    return negative ? -static_cast<__int128>(value) : static_cast<__int128>(value);
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (std::string_view word = next_word(text); !word.empty(); word = next_word(text))
        words.emplace_back(word);
    return words;
}

}  // namespace

const SysctlRow* Sysctls::find(std::string_view name) {
    static const auto by_name = [] {
        std::map<std::string_view, const SysctlRow*> rows;
        for (const SysctlRow& row : sysctl_table()) rows.emplace(row.name, &row);
        return rows;
    }();
    const auto row = by_name.find(name);
    return row == by_name.end() ? nullptr : row->second;
}

namespace {

// Those that are set for all interfaces at once: inet_forward_change, addrconf_fixup_forwarding,
// addrconf_disable_ipv6.
struct Spread {
    std::string_view from;
    std::array<std::string_view, 3> to;
};
constexpr Spread kSpreads[] = {
    {"net/ipv4/ip_forward",
     {"net/ipv4/conf/all/forwarding", "net/ipv4/conf/default/forwarding",
      "net/ipv4/conf/lo/forwarding"}},
    {"net/ipv4/conf/all/forwarding",
     {"net/ipv4/ip_forward", "net/ipv4/conf/default/forwarding", "net/ipv4/conf/lo/forwarding"}},
    {"net/ipv6/conf/all/forwarding",
     {"net/ipv6/conf/default/forwarding", "net/ipv6/conf/lo/forwarding"}},
    {"net/ipv6/conf/all/disable_ipv6",
     {"net/ipv6/conf/default/disable_ipv6", "net/ipv6/conf/lo/disable_ipv6"}},
};

// Of the host's memory: a place of the table with two texts, each a block of its own.
std::uint64_t taken_by(std::string_view name, std::string_view value) {
    constexpr std::uint64_t kPlaceBytes = 160;
    return kPlaceBytes + name.size() + value.size();
}
// What one write takes at most, but for a text: a parameter and those that follow it.
constexpr std::uint64_t kWriteBytes = 2048;

}  // namespace

void Sysctls::spread(const SysctlRow& row) {
    const auto* const found = std::ranges::find(kSpreads, row.name, &Spread::from);
    if (found == std::end(kSpreads)) return;
    for (const std::string_view name : found->to)
        if (!name.empty()) store(name, values_.at(std::string(row.name)));
}

void Sysctls::store(std::string_view name, std::string value) {
    const auto old = values_.find(name);
    const std::uint64_t before = old == values_.end() ? 0 : taken_by(name, old->second);
    charge_.resize(charge_.bytes() - before + taken_by(name, value));
    values_.insert_or_assign(std::string(name), std::move(value));
}

std::string Sysctls::text(const SysctlRow& row) const {
    if (const auto own = values_.find(row.name); own != values_.end()) return own->second;
    const auto made = made_.find(row.name);
    return made != made_.end() ? made->second() : std::string(row.text);
}

tl::expected<void, Errno> Sysctls::write(const SysctlRow& row, std::string_view given) {
    if (row.kind == SysctlKind::Fixed) return tl::make_unexpected(Errno::Acces);
    if (!charge_.has_room(kWriteBytes + given.size())) return tl::make_unexpected(Errno::NoMem);
    ++version_;
    // Up to the first NUL.
    given = given.substr(0, given.find('\0'));
    if (row.kind == SysctlKind::Text) {
        const std::string_view line = given.substr(0, given.find('\n'));
        store(row.name, std::string(line.substr(0, static_cast<std::size_t>(row.most))));
        return {};
    }
    // The numbers that are not given stay; what comes before a bad one is stored.
    std::vector<std::string> values = words_of(text(row));
    std::size_t place = 0;
    bool bad = false;
    for (std::string_view word = next_word(given); !word.empty() && place < values.size();
         word = next_word(given)) {
        const auto value = number_of(word);
        const bool wide = row.most > std::numeric_limits<std::int32_t>::max();
        const __int128 most =
            wide && row.least >= 0 ? std::numeric_limits<std::uint64_t>::max() : row.most;
        bad = !value || *value < row.least || *value > most;
        if (bad) break;
        values[place++] = *value < 0 ? std::to_string(static_cast<std::int64_t>(*value))
                                     : std::to_string(static_cast<std::uint64_t>(*value));
    }
    if (bad || place == 0) return tl::make_unexpected(Errno::Inval);
    std::string joined;
    for (const std::string& value : values) joined += (joined.empty() ? "" : "\t") + value;
    if (const auto take = taken_.find(row.name); take != taken_.end()) {
        if (const auto taken = take->second(joined); !taken) return taken;
    }
    if (row.kind == SysctlKind::Forced) return {};
    store(row.name, std::move(joined));
    spread(row);
    return {};
}

std::int64_t Sysctls::number(std::string_view name, std::size_t place) const {
    const SysctlRow* row = find(name);
    check_invariant(row != nullptr, "a kernel parameter that is not in the table");
    const auto words = words_of(text(*row));
    check_invariant(place < words.size(), "a kernel parameter has fewer numbers");
    const auto value = number_of(words[place]);
    check_invariant(value.has_value(), "a kernel parameter is no number");
    return static_cast<std::int64_t>(*value);
}

void Sysctls::set_default(std::string_view name, std::string text) {
    check_invariant(find(name) != nullptr, "a kernel parameter that is not in the table");
    ++version_;
    store(name, std::move(text));
}

void Sysctls::make_default(std::string_view name, std::function<std::string()> make) {
    check_invariant(find(name) != nullptr, "a kernel parameter that is not in the table");
    made_.insert_or_assign(std::string(name), std::move(make));
}

void Sysctls::on_write(std::string_view name, Taking take) {
    check_invariant(find(name) != nullptr, "a kernel parameter that is not in the table");
    taken_.insert_or_assign(std::string(name), std::move(take));
}

}  // namespace uprobesim
