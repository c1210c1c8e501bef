// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/stores/fast_stores.h"

#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

namespace {

// The engine keeps 32-bit registers (16 words) before the 64-bit ones.
constexpr std::ptrdiff_t kStateBeforeRegisters = 64;
constexpr std::size_t kFewestModes = 8;  // MMU modes of an AArch64 CPU in this engine

}  // namespace

FastStores::FastStores(std::byte* cpu_state, unsigned page_bits) : page_bits_(page_bits) {
    if (cpu_state == nullptr) return;
    const std::byte* state = cpu_state - kStateBeforeRegisters;
    for (std::ptrdiff_t pad = 0; pad <= 64; pad += 8) {
        std::vector<const Table*> found;
        for (const std::byte* at = state - pad - sizeof(Table);; at -= sizeof(Table)) {
            Table t{};
            std::byte probe{};
            if (!safe_read(at, &t, sizeof t)) break;
            const std::uint64_t entries = (t.mask >> kEntryBits) + 1;
            const bool shaped = (t.mask & 31) == 0 && entries >= 64 && entries <= (1u << 22) &&
                                (entries & (entries - 1)) == 0;
            if (!shaped || !safe_read(t.entries, &probe, 1)) break;
            found.push_back(reinterpret_cast<const Table*>(at));
        }
        if (found.size() >= kFewestModes) {
            tables_ = found;
            return;
        }
    }
}

void FastStores::keep_mode_of(std::uint64_t address) {
    std::vector<const Table*> open;
    for (const Table* t : tables_) {
        if (entry(*t, address).write == page_of(address)) open.push_back(t);
    }
    if (open.size() == 1) tables_ = open;
}

}  // namespace uprobesim
