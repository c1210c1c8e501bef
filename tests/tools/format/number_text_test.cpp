// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/number_text.h"

#include <catch2/catch.hpp>

namespace uprobesim {

TEST_CASE("numbers are written in groups of three", "[tools][text]") {
    CHECK(grouped(std::uint64_t{0}) == "0");
    CHECK(grouped(std::uint64_t{999}) == "999");
    CHECK(grouped(std::uint64_t{1000}) == "1,000");
    CHECK(grouped(std::uint64_t{18446744073709551615u}) == "18,446,744,073,709,551,615");
    CHECK(grouped(1234567.89, 1) == "1,234,567.9");
    CHECK(grouped(-1234.5, 1) == "-1,234.5");
}

TEST_CASE("durations and sizes choose their unit", "[tools][text]") {
    CHECK(duration_text(0) == "0.0 ns");
    CHECK(duration_text(999.94) == "999.9 ns");
    CHECK(duration_text(1500) == "1.500 us");
    CHECK(duration_text(2.5e6) == "2.500 ms");
    CHECK(duration_text(61e9) == "61.000 s");
    CHECK(short_duration(2297.6) == "2.3 us");
    CHECK(bytes_text(512) == "0.5 KiB");
    CHECK(bytes_text(3u << 20) == "3.0 MiB");
    CHECK(percent(1, 8) == "12.5%");
    CHECK(percent(1, 0) == "-");
    CHECK(cycles_text(CentiCycles(123450)) == "1,235");
}

}  // namespace uprobesim
