// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/step_pages.h"

#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

namespace {
// LDR (literal), all sizes and SIMD&FP, PRFM (literal): they read relative to pc. Arm ARM C4.1, "Load register
// (literal)".
constexpr bool reads_near_pc(std::uint32_t word) {
    return (word & 0x3b000000u) == 0x18000000u;
}
}  // namespace

StepPages::~StepPages() {
    for (const Page& p : pages_) memory_.release(p.frame);
}

void StepPages::fill(const Page& page, PAddr real) {
    auto bytes = memory_.bytes(page.frame);
    if (reads_near_pc(page.word)) {
        std::memcpy(bytes.data(), memory_.bytes(real).data(), kPageSize);
    } else {
        for (std::size_t at = 0; at < kPageSize; at += 4) {
            const std::uint32_t filler = at == 0 ? kBrkUprobe : kBrkFiller;
            std::memcpy(bytes.data() + at, &filler, 4);
        }
    }
    std::memcpy(bytes.data() + page.offset, &page.word, 4);
    if (page.offset + 4 < kPageSize) std::memcpy(bytes.data() + page.offset + 4, &kBrkFiller, 4);
}

PAddr StepPages::frame_for(VAddr pc, std::uint32_t word, PAddr real, FrameObserver& code) {
    const std::uint64_t offset = pc.page_offset();
    const auto same = [&](const Page& p) { return p.offset == offset && p.word == word; };
    const bool literal = reads_near_pc(word);
    std::size_t at = pages_.size();
    if (!pages_.empty() && same(pages_[last_])) {
        at = last_;
    } else {
        for (std::size_t i = 0; i < pages_.size(); ++i) {
            if (same(pages_[i])) {
                at = i;
                break;
            }
        }
    }
    if (at == pages_.size() && pages_.size() < kPages) {
        if (const auto frame = memory_.allocate()) {
            memory_.mark_code(*frame);
            pages_.push_back({offset, word, *frame});
            fill(pages_.back(), real);
        }
    }
    if (at == pages_.size()) {
        if (pages_.empty()) throw HostError("stepping an instruction", "the simulated memory has no frame left");
        at = victim_++ % pages_.size();
        pages_[at] = {offset, word, pages_[at].frame};
        fill(pages_[at], real);
        code.code_frame_changed(pages_[at].frame);
    } else if (literal) {
        fill(pages_[at], real);  // what it loads may have changed since
    }
    last_ = at;
    return pages_[at].frame;
}

}  // namespace uprobesim
