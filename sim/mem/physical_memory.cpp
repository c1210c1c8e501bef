// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mem/physical_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

namespace {
// Frame 0 is never handed out, so that a physical address of 0 can mean "none".
constexpr std::uint64_t kFirstFrame = 1;
}  // namespace

PhysicalMemory::PhysicalMemory(std::uint64_t limit_bytes)
    : next_frame_(kFirstFrame), limit_frames_(limit_bytes / kPageSize) {
    void* p = mmap(nullptr, kSpan, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) throw HostError("mmap of the simulated memory", std::strerror(errno));
    host_ = static_cast<std::byte*>(p);
    // A dump of the simulator should not hold half a terabyte of mostly absent pages.
    madvise(host_, kSpan, MADV_DONTDUMP);
    refs_.resize(kFirstFrame);
    flags_.resize(kFirstFrame);
}

PhysicalMemory::~PhysicalMemory() {
    munmap(host_, kSpan);
}

std::optional<PAddr> PhysicalMemory::allocate() {
    if (used_frames_ >= limit_frames_) return std::nullopt;
    std::uint64_t frame = 0;
    if (!free_.empty()) {
        frame = free_.back();
        free_.pop_back();
        std::memset(host_ + frame * kPageSize, 0, kPageSize);
    } else {
        if (next_frame_ >= kSpan / kPageSize) return std::nullopt;
        frame = next_frame_++;
        refs_.push_back(0);
        flags_.push_back(0);
    }
    refs_[frame] = 1;
    ++used_frames_;
    if (used_frames_ > peak_frames_) peak_frames_ = used_frames_;
    return PAddr(frame * kPageSize);
}

void PhysicalMemory::add_ref(PAddr frame) {
    ++refs_[frame.value / kPageSize];
}

void PhysicalMemory::release(PAddr frame) {
    const std::uint64_t n = frame.value / kPageSize;
    check_invariant(refs_[n] > 0, "a frame was released more often than it was referenced");
    if (refs_[n] > 1) {
        --refs_[n];
        return;
    }
    // The next owner's bytes differ: translations of the old ones must not survive. The last
    // reference is held meanwhile.
    note_write(frame);
    refs_[n] = 0;
    flags_[n] = 0;
    free_.push_back(n);
    --used_frames_;
}

std::uint32_t PhysicalMemory::refs(PAddr frame) const {
    return refs_[frame.value / kPageSize];
}

void PhysicalMemory::note_write(PAddr frame) {
    if (is_code(frame) && observer_ != nullptr) observer_->code_frame_changed(frame.page());
}

}  // namespace uprobesim
