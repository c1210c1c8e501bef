// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a probed binary: damaged section headers, symbol tables, unwind tables, notes and
// line tables must give functions inside the text or none, never a crash. Start from a corpus of
// small arm64 programs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "probes/elf/source_lines.h"
#include "probes/target/demangle.h"
#include "probes/target/symbol_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto index = uprobesim::SymbolIndex::build({bytes.begin(), bytes.end()}, "input");
    if (!index) {
        if (index.error().line().find('\n') != std::string::npos) std::abort();
        return 0;
    }
    for (const auto* functions :
         {&index->functions(), &index->indirect_functions(), &index->plt()}) {
        for (const auto& function : *functions) {
            if (!index->in_text(function.offset)) std::abort();
            (void)index->word_at(function.offset);
            (void)uprobesim::demangled(function.name);
        }
    }
    for (const auto& probe : index->usdt()) {
        if (!index->in_text(probe.offset)) std::abort();
    }
    (void)uprobesim::find_source_line(index->debug_bytes(), "a.c", 1);
    return 0;
}
