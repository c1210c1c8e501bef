// SPDX-License-Identifier: GPL-2.0-or-later
// Performs guest stores on the host memory. The region is read-only for the engine, so each store
// arrives here with its virtual address; rights are checked against the page tables, and a store
// that is not allowed is left to the MMU, whose precise abort follows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/cpu/unicorn/blocks/code_frames.h"
#include "sim/cpu/unicorn/stores/fast_stores.h"
#include "sim/mem/address_space.h"

namespace uprobesim {

class StorePath {
public:
    StorePath(PhysicalMemory& memory, const CodeFrames& code_frames, FastStores fast)
        : memory_(memory), code_frames_(code_frames), fast_(std::move(fast)) {}

    // What the rest of the run has to do about stores. Checked at block boundaries.
    bool work_pending() const { return !written_code_.empty() || opened_ >= kOpenedBeforeFlush; }
    std::vector<PAddr> take_written_code() { return std::exchange(written_code_, {}); }
    // The engine resizes its TLB only when it is flushed; many opened pages in a row are a sign
    // that it is too small.
    bool take_flush_request() { return opened_ >= kOpenedBeforeFlush && (opened_ = 0, true); }

    void enter(const AddressSpace* space) {
        space_ = space;
        forget();
    }
    void forget() { cache_.fill({}); }
    // Stores to the frame may be inline until the engine's translations are flushed.
    bool may_be_open(PAddr frame) const {
        const std::uint64_t n = frame.value / kPageSize;
        return n < opened_frames_.size() && opened_frames_[n];
    }
    void forget_page(VAddr page) {
        Line& line = line_of(page.value);
        if (line.page == page.value) line = {};
    }
    FastStores& fast() { return fast_; }
    const FastStores& fast() const { return fast_; }

    // Whether stores to a page of the frame, which the MMU allows, may be inline before the first
    // of them was seen. As store() otherwise.
    bool open_at_once(PAddr frame, bool& wants_break);

    // True: the store was done or the MMU will refuse it. `wants_break` is set when work_pending()
    // became true.
    void store(std::uint64_t address, int size, std::int64_t value, bool& wants_break);

private:
    static constexpr std::uint32_t kOpenedBeforeFlush = 20000;
    struct Line {
        std::uint64_t page = ~std::uint64_t{0};
        std::byte* host = nullptr;
        bool code = false;
        PAddr frame;
    };
    static constexpr std::size_t kLines = 256;

    Line& line_of(std::uint64_t address) { return cache_[(address / kPageSize) % kLines]; }
    const Line* writable(std::uint64_t address) {
        const Line& line = line_of(address);
        if (line.page == page_floor(address)) [[likely]]
            return &line;
        return look_up(address);
    }
    const Line* look_up(std::uint64_t address);
    void note_open(PAddr frame);
    void note_code(const Line& line, bool& wants_break);

    PhysicalMemory& memory_;
    const CodeFrames& code_frames_;
    FastStores fast_;
    const AddressSpace* space_ = nullptr;
    std::array<Line, kLines> cache_{};
    std::vector<PAddr> written_code_;
    std::uint32_t opened_ = 0;         // since the last flush
    std::vector<bool> opened_frames_;  // ever; by frame number
};

}  // namespace uprobesim
