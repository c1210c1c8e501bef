// SPDX-License-Identifier: GPL-2.0-or-later
// Pages to step single instructions in. Retranslating a slot whose bytes change
// on every hit costs 2.6 us; so each (page offset, instruction) gets a page of
// its own, filled with BRK and the instruction in its place, translated once.
// The CPU lets the MMU see that page instead of the slot's while it steps.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/base/units.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

class StepPages {
public:
    explicit StepPages(PhysicalMemory& memory) : memory_(memory) {}
    ~StepPages();
    StepPages(const StepPages&) = delete;
    StepPages& operator=(const StepPages&) = delete;

    // The frame that holds `word` at pc's place in the page. `real` is the page's own frame, which literal loads see.
    // Throws HostError when the simulated memory has no frame left for the first page of all.
    PAddr frame_for(VAddr pc, std::uint32_t word, PAddr real, FrameObserver& code);

    // Slot 0 of an XOL page is the return trampoline, BRK #5, in every page here too: no other BRK is the program's.
    static bool is_real_brk(std::uint64_t pc) { return (pc & kPageMask) == 0; }

private:
    struct Page {
        std::uint64_t offset;
        std::uint32_t word;
        PAddr frame;
    };
    static constexpr std::size_t kPages = 256;  // 1 MiB; a program with more distinct stepped instructions retranslates
    static constexpr std::uint32_t kBrkUprobe = 0xd42000a0;  // BRK #5
    static constexpr std::uint32_t kBrkFiller = 0xd43ffee0;  // BRK #0xfff7

    void fill(const Page& page, PAddr real);

    PhysicalMemory& memory_;
    std::vector<Page> pages_;
    std::size_t last_ = 0;  // most steps repeat the last one
    std::size_t victim_ = 0;
};

}  // namespace uprobesim
