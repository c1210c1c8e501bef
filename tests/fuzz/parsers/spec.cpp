// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: any argument of -p and of list is accepted or refused with one line.
#include "probes/target/spec.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace uprobesim;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const SpecUse use : {SpecUse::Attach, SpecUse::List}) {
        const auto specs = parse_probe_specs(text, use);
        if (!specs) {
            if (specs.error().line().find('\n') != std::string::npos) std::abort();
            continue;
        }
        for (const ProbeSpec& spec : *specs) {
            // What was read must have a binary, a place in it, and a text that reads the same
            // again.
            if (spec.binary.empty() ||
                (spec.symbol.empty() && !spec.raw_offset && spec.source.empty()))
                std::abort();
            const auto again = parse_probe_specs(spec.text, use);
            if (!again || again->size() != 1 || again->front().text != spec.text ||
                again->front().binary != spec.binary || again->front().symbol != spec.symbol)
                std::abort();
            (void)matches_wildcard(spec.symbol, spec.binary);
        }
    }
    if (const auto unfinished = unfinished_spec(text); unfinished && unfinished->word > size)
        std::abort();
    return 0;
}
