// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a BPF object file: its programs, each with a price and a probe, or one line that
// says what is wrong.
#include <cstddef>
#include <cstdint>

#include "probes/handlers/bpf_handler.h"
#include "probes/target/spec.h"
#include "tests/fuzz/parsers/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const uprobesim::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
    const auto read = uprobesim::bpf_programs(bytes, "input");
    uprobesim::check_refusal(read);
    if (!read) return 0;
    if (read->programs.empty()) std::abort();
    for (const auto& program : read->programs) {
        constexpr std::size_t kMostParts = 10'100;
        if (program.handler == nullptr || program.handler->parts.size() > kMostParts) std::abort();
        if (!program.probe.empty())
            uprobesim::check_refusal(
                uprobesim::parse_probe_specs(program.probe, uprobesim::SpecUse::List));
    }
    return 0;
}
