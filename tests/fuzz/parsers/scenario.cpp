// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a scenario.
#include "tools/simulation/scenario.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/parsers/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    uprobesim::check_refusal(uprobesim::parse_scenario(
        {"input.toml", std::string(reinterpret_cast<const char*>(data), size)}, "input"));
    return 0;
}
