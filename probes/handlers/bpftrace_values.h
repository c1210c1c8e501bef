// SPDX-License-Identifier: GPL-2.0-or-later
// The values of a bpftrace action: what reading them calls, and how large they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "probes/handlers/bpftrace_costs.h"
#include "probes/handlers/bpftrace_tokens.h"
#include "probes/handlers/program_parts.h"

namespace uprobesim {

// Of brackets in brackets; what lies deeper is named as not in the price.
inline constexpr unsigned kMostBpftraceNesting = 64;

class BpftraceValues {
public:
    explicit BpftraceValues(const BpftraceCosts& costs) : costs_(costs) {}

    // Prices a value; its size in bytes.
    std::uint64_t value(BpftraceTokens tokens);
    // The keys between a map's brackets together; of none, that of a map without keys.
    std::uint64_t key(BpftraceTokens keys);

    void insns(std::uint64_t count) { parts_.insns(count); }
    void call(KernelPath path, std::uint64_t size = 0) { parts_.call(path, size); }
    // Once each.
    void note(std::string text);

    std::vector<HandlerPart> parts() &&;
    const std::vector<std::string>& notes() const { return notes_; }

private:
    std::size_t read_map(BpftraceTokens tokens, std::size_t at);
    std::uint64_t word(BpftraceTokens tokens, std::size_t& at);
    std::uint64_t read_text(std::string_view function,
                            const std::vector<BpftraceTokens>& arguments);
    std::uint64_t walk_stack(const std::vector<BpftraceTokens>& arguments);
    void sign(BpftraceTokens tokens, std::size_t at);

    const BpftraceCosts& costs_;
    ProgramParts parts_;
    std::vector<std::string> notes_;
    unsigned depth_ = 0;  // of values in values
};

}  // namespace uprobesim
