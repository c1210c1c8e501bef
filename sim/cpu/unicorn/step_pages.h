// SPDX-License-Identifier: GPL-2.0-or-later
// Pages to step single instructions in. Retranslating a slot whose bytes change on every hit costs
// microseconds, so each stepped instruction gets a place of its own that is translated once, with a
// BRK after it; the CPU lets the MMU see such a page instead of the slot's while it steps. Nearly
// every instruction has the same effect at any address. Those share pages, two words each: as long
// as steps stay in one shared page, no translation changes. The others (branches, PC-relative
// addresses and loads, SVC and the like) must stand at the slot's own address and get a page each.
//
// Not modelled: the program sees these words, not the slots', when it reads its own slot page, and
// a literal load sees the BRK after it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/cost/block_model.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

struct StepPlace {
    PAddr frame;
    std::uint32_t word = 0;
    std::uint32_t offset = 0;  // in the page
    InsnClass insn_class = InsnClass::Other;
    CentiCycles cycles;
};

class StepPages {
public:
    // Throws HostError when the simulated memory has no frames for it.
    StepPages(PhysicalMemory& memory, const BlockModel& model);
    ~StepPages();
    StepPages(const StepPages&) = delete;
    StepPages& operator=(const StepPages&) = delete;

    // Where to step `word` for a slot at `pc`. `real` is the page's own frame, which literal loads
    // see.
    const StepPlace& place(VAddr pc, std::uint32_t word, PAddr real);
    // The last place, if it is right for `word` in any slot; most steps repeat the last one.
    const StepPlace* last_if(std::uint32_t word) const {
        return last_is_shared_ && last_->word == word ? last_ : nullptr;
    }
    // Frames whose words were replaced since the last call: translated code of them is stale.
    bool any_rewritten() const { return !rewritten_.empty(); }
    std::vector<PAddr> take_rewritten() { return std::exchange(rewritten_, {}); }

    // A page of slots begins with a breakpoint of the kernel's (where return probes arrive), so
    // these pages do too.
    static constexpr bool is_breakpoint(VAddr pc) { return pc.page_offset() == 0; }

private:
    static constexpr std::uint32_t kPlaceBytes = 8;
    // None at the start.
    static constexpr std::uint32_t kPlacesPerFrame = kPageSize / kPlaceBytes - 1;
    // 32,000 distinct instructions, then it starts over.
    static constexpr std::size_t kSharedFrames = 64;
    static constexpr std::size_t kOwnPlaces = 64;

    const StepPlace& shared_place(std::uint32_t word);
    const StepPlace& own_place(VAddr pc, std::uint32_t word, PAddr real);
    std::optional<PAddr> new_frame();
    void fill(PAddr frame);
    void put_word(PAddr frame, std::uint32_t offset, std::uint32_t word);
    StepPlace made(PAddr frame, std::uint32_t offset, std::uint32_t word) const;

    PhysicalMemory& memory_;
    const BlockModel& model_;
    std::vector<PAddr> shared_frames_;  // never given back: an address space may still show one
    std::size_t filling_ = 0;           // the frame that gets new places
    std::uint32_t used_ = 0;            // places of it
    std::map<std::uint32_t, StepPlace> shared_;  // by word
    std::vector<StepPlace> own_;
    std::size_t victim_ = 0;
    std::vector<PAddr> rewritten_;
    const StepPlace* last_ = nullptr;
    bool last_is_shared_ = false;
};

}  // namespace uprobesim
