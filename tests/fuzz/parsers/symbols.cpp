// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a probed binary: damaged section headers, symbol tables and unwind tables must give
// functions inside the text or none, never a crash. Start from a corpus of small arm64 programs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "probes/target/symbol_index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto index = uprobesim::SymbolIndex::build({bytes.begin(), bytes.end()}, "input");
    if (!index) {
        if (index.error().line().find('\n') != std::string::npos) std::abort();
        return 0;
    }
    for (const auto& function : index->functions()) {
        if (!index->in_text(function.offset)) std::abort();
        (void)index->word_at(function.offset);
    }
    return 0;
}
