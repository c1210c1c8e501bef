// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/quantity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace uprobesim {
namespace {

// More than nothing.
std::optional<double> real(std::string_view text) {
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{} || end != text.data() + text.size() || !(value > 0))
        return std::nullopt;
    return value;
}

}  // namespace

Result<std::uint64_t> parse_size(const std::string& value, const std::string& option,
                                 std::uint64_t least, std::string_view least_text) {
    constexpr std::string_view kUnits = "KMG";
    constexpr std::uint64_t kMaxSize = std::uint64_t{64} << 30;
    std::uint64_t n = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, n);
    unsigned shift = 0;
    bool good = error == std::errc() && end - stop <= 1;
    if (good && stop != end) {
        const std::size_t unit = kUnits.find(*stop);
        good = unit != kUnits.npos;
        shift = good ? 10 * static_cast<unsigned>(unit + 1) : 0;
    }
    if (!good || n > (kMaxSize >> shift) || (n << shift) < least) {
        return user_error(fmt::format("'{}' is not a size from {} to 64G", value, least_text),
                          option, "for example 512M or 4G");
    }
    return n << shift;
}

// To the nanosecond, without a detour through binary fractions.
Result<std::uint64_t> parse_duration(const std::string& value, const std::string& option) {
    constexpr std::array<std::pair<std::string_view, std::size_t>, 4> kUnits = {
        {{"ns", 0}, {"us", 3}, {"ms", 6}, {"s", 9}}};
    constexpr std::uint64_t kMaxNs = 1'000'000'000'000'000'000u;  // some 31 years
    const auto wrong = [&] {
        return user_error(
            fmt::format("'{}' is not a time from 1ns to {}s", value, kMaxNs / 1'000'000'000u),
            option, "for example 250ms or 1.5s");
    };
    const std::size_t end = value.find_first_not_of("0123456789.");
    if (end == value.npos || end == 0) return wrong();
    const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) {
        return u.first == std::string_view(value).substr(end);
    });
    if (unit == kUnits.end()) return wrong();
    const std::size_t point = std::min(value.find('.'), end);
    std::string digits = value.substr(0, point);
    std::string fraction = point == end ? "" : value.substr(point + 1, end - point - 1);
    if (digits.empty() || fraction.size() > unit->second || fraction.find('.') != fraction.npos)
        return wrong();
    fraction.resize(unit->second, '0');
    digits += fraction;
    std::uint64_t ns = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ns);
    if (error != std::errc() || ns == 0 || ns > kMaxNs) return wrong();
    return ns;
}

Result<double> parse_rate(const std::string& value, const std::string& option) {
    constexpr double kMost = 1e10;
    std::string_view text = value;
    if (text.ends_with("/s")) text.remove_suffix(2);
    double factor = 1;
    if (text.ends_with('k')) factor = 1e3;
    if (text.ends_with('M')) factor = 1e6;
    if (factor != 1) text.remove_suffix(1);
    const auto number = real(text);
    if (!number || *number * factor > kMost)
        return user_error(fmt::format("'{}' is not a rate", value), option,
                          "hits a second, for example 250, 100k or 2.5M");
    return *number * factor;
}

Result<double> parse_share(const std::string& value, const std::string& option) {
    const bool percent = value.ends_with('%');
    const auto number = real(std::string_view(value).substr(0, value.size() - (percent ? 1 : 0)));
    if (!number || *number > 1e6)
        return user_error(fmt::format("'{}' is not a share of a CPU", value), option,
                          "for example 2%");
    return percent ? *number / 100 : *number;
}

}  // namespace uprobesim
