// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/number_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace uprobesim {
namespace {

// Inserts the separators into the digits before the point.
std::string with_groups(std::string digits) {
    std::size_t end = digits.find('.');
    if (end == std::string::npos) end = digits.size();
    for (std::size_t at = end; at > 3; at -= 3) digits.insert(at - 3, 1, ',');
    return digits;
}

std::string duration(double ns, int decimals) {
    if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
    if (ns < 1e6) return fmt::format("{:.{}f} us", ns / 1e3, decimals);
    if (ns < 1e9) return fmt::format("{:.{}f} ms", ns / 1e6, decimals);
    return fmt::format("{:.{}f} s", ns / 1e9, decimals);
}

}  // namespace

std::string grouped(std::uint64_t n) {
    return with_groups(std::to_string(n));
}

std::string grouped(double v, int decimals) {
    if (v < 0) return "-" + grouped(-v, decimals);
    return with_groups(fmt::format("{:.{}f}", v, decimals));
}

std::string percent(double part, double whole) {
    return whole > 0 ? fmt::format("{:.1f}%", 100.0 * part / whole) : "-";
}

std::string cycles_text(CentiCycles cycles) {
    return grouped((cycles.value + 50) / 100);
}

std::string duration_text(double ns) {
    return duration(ns, 3);
}

std::string short_duration(double ns) {
    return duration(ns, 1);
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string counted(std::uint64_t n, std::string_view what) {
    return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
}

std::string time_left(double seconds) {
    const auto s = static_cast<std::uint64_t>(std::ceil(seconds));
    if (s < 60) return fmt::format("{} s left", s);
    if (s < 3600) return fmt::format("{} min {} s left", s / 60, s % 60);
    return fmt::format("{} h {} min left", s / 3600, s / 60 % 60);
}

}  // namespace uprobesim
