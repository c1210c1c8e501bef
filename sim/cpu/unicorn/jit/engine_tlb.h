// SPDX-License-Identifier: GPL-2.0-or-later
// The software TLB that EL0 uses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/cpu/unicorn/jit/engine_layout.h"

namespace uprobesim {

class EngineTlb {
    struct Entry {
        std::uint64_t read, write, execute, addend;
    };
    struct Table {  // CPUTLBDescFast
        std::uint64_t mask;
        Entry* entries;
    };

public:
    EngineTlb(const EngineLayout& layout, std::byte* env, unsigned page_bits)
        : layout_(layout), env_(env), page_bits_(page_bits) {}

    // False: it is not what it was expected to be, and stays as it is. Nothing must be in it that
    // is needed: all entries go.
    bool grow();
    // Has stores to `page` run inline, if it is there and valid.
    void open_for_stores(std::uint64_t address);

    // What the TLB holds of one address space, with what the engine notes of it.
    class Content {
    public:
        Content() = default;
        ~Content();
        Content(const Content&) = delete;
        Content& operator=(const Content&) = delete;

    private:
        friend class EngineTlb;
        static constexpr std::size_t kDescBytes = 440;  // CPUTLBDesc; its last member is io()
        void* io() const;

        Table table_{};
        std::array<std::byte, kDescBytes> desc_{};
    };
    // Leaves no entry in it. False: there is no memory for it.
    bool clear(Content& content) const;
    // Swaps what the engine has and `content`, which was cleared before it was first used.
    void exchange(Content& content);

    // ARMMMUIdx_E10_0: EL0 under EL1.
    static constexpr int kMode = 0;

private:
    std::byte* desc() { return env_ - layout_.env_to_tlb_desc; }
    Table& table() { return *reinterpret_cast<Table*>(env_ - layout_.env_to_tlb); }

    const EngineLayout& layout_;
    std::byte* env_;
    unsigned page_bits_;
};

}  // namespace uprobesim
