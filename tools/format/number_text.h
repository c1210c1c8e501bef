// SPDX-License-Identifier: GPL-2.0-or-later
// Figures as people read them: digits in groups of three, durations and sizes with their unit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/text.h"
#include "sim/base/units.h"

namespace uprobesim {

std::string grouped(std::uint64_t n);             // 1234567 -> "1,234,567"
std::string grouped(double v, int decimals = 0);  // 1234.56, 1 -> "1,234.6"
std::string percent(double part, double whole);   // "12.3%"; "-" where there is no whole
std::string cycles_text(CentiCycles cycles);      // rounded to whole cycles, in groups of three
std::string duration_text(double ns);             // "12.3 ns", "4.570 us", "1.204 s"
std::string short_duration(double ns);            // for a sentence: "12.3 ns", "4.6 us", "1.2 s"
std::string bytes_text(std::uint64_t bytes);      // "12.3 MiB"
std::string counted(std::uint64_t n, std::string_view what);  // "1 page", "2,000 pages"
// Of the host, in lines of progress: "2 min 5 s left".
std::string time_left(double seconds);

}  // namespace uprobesim
