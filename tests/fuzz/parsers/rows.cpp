// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a file of published rows.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/parsers/check.h"
#include "tools/published/published.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    uprobesim::check_refusal(uprobesim::parse_published(
        {"input.toml", std::string(reinterpret_cast<const char*>(data), size)}));
    return 0;
}
