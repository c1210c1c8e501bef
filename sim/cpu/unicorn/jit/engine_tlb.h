// SPDX-License-Identifier: GPL-2.0-or-later
// The software TLB that EL0 uses.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/cpu/unicorn/jit/engine_layout.h"

namespace uprobesim {

class EngineTlb {
public:
    EngineTlb(const EngineLayout& layout, std::byte* env, unsigned page_bits)
        : layout_(layout), env_(env), page_bits_(page_bits) {}

    // False: it is not what it was expected to be, and stays as it is. Nothing must be in it that
    // is needed: all entries go.
    bool grow();
    // Has stores to `page` run inline, if it is there and valid.
    void open_for_stores(std::uint64_t address);

    // ARMMMUIdx_E10_0: EL0 under EL1.
    static constexpr int kMode = 0;

private:
    struct Entry {
        std::uint64_t read, write, execute, addend;
    };
    struct Table {  // CPUTLBDescFast
        std::uint64_t mask;
        Entry* entries;
    };
    Table& table() { return *reinterpret_cast<Table*>(env_ - layout_.env_to_tlb); }

    const EngineLayout& layout_;
    std::byte* env_;
    unsigned page_bits_;
};

}  // namespace uprobesim
