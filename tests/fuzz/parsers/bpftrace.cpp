// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a bpftrace program: its clauses with what their actions take, or one line that says
// where it is wrong.
#include <cstddef>
#include <cstdint>

#include "probes/handlers/bpftrace_handler.h"
#include "probes/target/bpftrace_program.h"
#include "probes/target/spec.h"
#include "tests/fuzz/parsers/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto clauses = uprobesim::read_bpftrace_program(text, "input");
    uprobesim::check_refusal(clauses);
    if (!clauses) return 0;
    if (uprobesim::bpftrace_handlers(*clauses).size() != clauses->size()) std::abort();
    for (const auto& clause : *clauses) {
        if (clause.probes.empty()) std::abort();
        for (const auto& probe : clause.probes)
            uprobesim::check_refusal(uprobesim::parse_probe_specs(probe, uprobesim::SpecUse::List));
    }
    return 0;
}
