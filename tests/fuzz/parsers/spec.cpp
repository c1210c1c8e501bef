// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: any argument of -p is accepted or refused with one line.
#include "probes/target/spec.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto specs = uprobesim::parse_probe_specs({reinterpret_cast<const char*>(data), size});
    if (specs) {
        for (const auto& spec : *specs) {
            // What was read must have a binary, a place in it, and a text that reads the same
            // again.
            if (spec.binary.empty() || (spec.symbol.empty() && !spec.raw_offset)) std::abort();
            const auto again = uprobesim::parse_probe_specs(spec.text);
            if (!again || again->size() != 1 || again->front().text != spec.text) std::abort();
            (void)uprobesim::matches_wildcard(spec.symbol, spec.binary);
        }
    } else if (specs.error().line().find('\n') != std::string::npos) {
        std::abort();
    }
    return 0;
}
