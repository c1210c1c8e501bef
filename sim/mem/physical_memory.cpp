// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/mem/physical_memory.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

namespace {
// Frame 0 is never handed out, so that a physical address of 0 can mean "none".
constexpr std::uint64_t kFirstFrame = 1;
// Heap of freed objects that may stay with the host's allocator, and frames given back at a time.
constexpr std::uint64_t kHeapSlack = 4u << 20;
constexpr std::size_t kFramesReturned = 256;

// Frames that are handed out are used: the host gives these at once in half the time of as many
// faults. One that does not know how (before Linux 5.14) gives each at its fault.
constexpr std::uint64_t kPopulated = 64;
void populate(std::byte* begin, std::size_t bytes) {
    madvise(begin, bytes, MADV_POPULATE_WRITE);
}
}  // namespace

PhysicalMemory::PhysicalMemory(std::uint64_t limit_bytes)
    : next_frame_(kFirstFrame),
      limit_frames_(limit_bytes / kPageSize),
      allowed_frames_(limit_frames_) {
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

std::optional<std::uint64_t> PhysicalMemory::take_frame() {
    std::uint64_t frame = 0;
    if (!free_.empty()) {
        frame = free_.back();
        free_.pop_back();
        std::memset(host_ + frame * kPageSize, 0, kPageSize);
        return frame;
    }
    if (!returned_.empty()) {
        frame = returned_.back();
        returned_.pop_back();
    } else {
        if (next_frame_ >= kSpan / kPageSize) return std::nullopt;
        if ((next_frame_ - kFirstFrame) % kPopulated == 0)
            populate(host_ + next_frame_ * kPageSize,
                     std::min(kPopulated, kSpan / kPageSize - next_frame_) * kPageSize);
        frame = next_frame_++;
        refs_.push_back(0);
        flags_.push_back(0);
    }
    if (heap_bytes_ > kernel_bytes_) keep_within_limit();
    return frame;
}

std::optional<PAddr> PhysicalMemory::allocate() {
    if (used_frames_ >= allowed_frames_) return std::nullopt;
    const auto frame = take_frame();
    if (!frame) return std::nullopt;
    refs_[*frame] = 1;
    ++used_frames_;
    if (used_frames_ > peak_frames_) peak_frames_ = used_frames_;
    return PAddr(*frame * kPageSize);
}

std::uint64_t PhysicalMemory::frames_beside(std::uint64_t objects) const {
    const std::uint64_t taken = page_ceil(objects) / kPageSize;
    return taken < limit_frames_ ? limit_frames_ - taken : 0;
}

void PhysicalMemory::charge(std::uint64_t bytes) {
    kernel_bytes_ += bytes;
    allowed_frames_ = frames_beside(kernel_bytes_);
    if (kernel_bytes_ <= heap_bytes_) return;
    heap_bytes_ = kernel_bytes_;
    keep_within_limit();
}

void PhysicalMemory::uncharge(std::uint64_t bytes) {
    check_invariant(bytes <= kernel_bytes_, "more kernel memory was freed than was charged");
    kernel_bytes_ -= bytes;
    allowed_frames_ = frames_beside(kernel_bytes_);
}

// Frames that were used and objects that were freed still hold memory of the host: gives it back
// where both together would hold more than the machine's.
void PhysicalMemory::keep_within_limit() {
    const auto exceeds = [&] { return held_bytes() + heap_bytes_ > limit_bytes(); };
    if (!exceeds()) return;
    if (heap_bytes_ - kernel_bytes_ > kHeapSlack) {
        malloc_trim(0);
        heap_bytes_ = kernel_bytes_;
    }
    const std::size_t most = std::min(kFramesReturned, free_.size());
    for (std::size_t n = 0; n < most; ++n) {
        const std::uint64_t frame = free_.back();
        free_.pop_back();
        madvise(host_ + frame * kPageSize, kPageSize, MADV_DONTNEED);
        returned_.push_back(frame);
    }
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
