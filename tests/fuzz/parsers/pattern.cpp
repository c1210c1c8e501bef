// SPDX-License-Identifier: GPL-2.0-or-later
// The first line as a scenario's pattern, the rest as a program's output.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/parsers/check.h"
#include "tools/simulation/output_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t end = text.find('\n');
    const auto pattern = uprobesim::OutputPattern::compile(text.substr(0, end));
    uprobesim::check_refusal(pattern);
    if (pattern && end != text.npos) (void)pattern->first_number(text.substr(end + 1));
    return 0;
}
