// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated machine's RAM: 4 KiB frames with reference counts, in one host reservation that the
// CPU engine executes from directly. A frame is owned by counts: page tables, page caches and
// in-kernel users each hold one reference. The kernel's own objects, which lie in the host's heap,
// are charged to the same RAM (see MemoryCharge), so that frames and objects together take no more
// of the host than the machine has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/base/units.h"

namespace uprobesim {

// Notified when the bytes of a frame that was executable change or the frame goes away, so that
// translated code for it can be dropped. Implemented by the CPU.
class FrameObserver {
public:
    virtual ~FrameObserver() = default;
    virtual void code_frame_changed(PAddr frame) = 0;
    // From now on stores to this frame must be noticed.
    virtual void frame_became_code(PAddr frame) = 0;
};

class PhysicalMemory {
public:
    // `limit_bytes`: how much RAM the guest may use; allocations beyond it fail (the guest sees
    // ENOMEM or SIGKILL). Throws HostError when the host gives no address space.
    explicit PhysicalMemory(std::uint64_t limit_bytes);
    ~PhysicalMemory();
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    // A zeroed frame with one reference; nullopt when the limit is reached.
    std::optional<PAddr> allocate();
    void add_ref(PAddr frame);
    // Frees the frame when the last reference goes; its host memory stays for the next frame that
    // is allocated, unless the kernel's objects want it.
    void release(PAddr frame);
    std::uint32_t refs(PAddr frame) const;

    // The frame's 4096 bytes. After a write through it to a frame that may hold code, the caller
    // calls `note_write`.
    std::span<std::byte, kPageSize> bytes(PAddr frame) {
        return std::span<std::byte, kPageSize>(host_ + frame.value, kPageSize);
    }
    std::span<const std::byte, kPageSize> bytes(PAddr frame) const {
        return std::span<const std::byte, kPageSize>(host_ + frame.value, kPageSize);
    }

    // Executable frames: marked when first mapped executable, cleared when their translations were
    // dropped.
    void mark_code(PAddr frame) {
        std::uint8_t& flags = flags_[frame.value / kPageSize];
        if ((flags & kCode) != 0) return;
        flags |= kCode;
        if (observer_ != nullptr) observer_->frame_became_code(frame);
    }
    bool is_code(PAddr frame) const { return (flags_[frame.value / kPageSize] & kCode) != 0; }
    void note_write(PAddr frame);
    void observe(FrameObserver* observer) { observer_ = observer; }

    // Names an address space of this memory; never the same twice.
    std::uint64_t next_space_id() { return ++last_space_id_; }

    std::byte* host_base() { return host_; }
    // The span of physical addresses, from 0; RAM frames lie inside it.
    static constexpr std::uint64_t kSpan = std::uint64_t{1} << 39;

    // --- the kernel's objects
    // Charging never fails: who lets a guest make objects asks has_room() first.
    void charge(std::uint64_t bytes);
    void uncharge(std::uint64_t bytes);
    bool has_room(std::uint64_t bytes) const {
        return used_bytes() + kernel_bytes_ + bytes <= limit_bytes();
    }
    std::uint64_t kernel_bytes() const { return kernel_bytes_; }
    std::uint64_t free_bytes() const {
        const std::uint64_t taken = used_bytes() + kernel_bytes_;
        return taken < limit_bytes() ? limit_bytes() - taken : 0;
    }
    // Of the frames: how much of the host they hold, free ones that were used included.
    std::uint64_t held_bytes() const { return (next_frame_ - returned_.size()) * kPageSize; }

    std::uint64_t used_bytes() const { return used_frames_ * kPageSize; }
    std::uint64_t peak_bytes() const { return peak_frames_ * kPageSize; }
    std::uint64_t limit_bytes() const { return limit_frames_ * kPageSize; }

private:
    static constexpr std::uint8_t kCode = 1;

    std::optional<std::uint64_t> take_frame();
    std::uint64_t frames_beside(std::uint64_t objects) const;
    void keep_within_limit();

    std::byte* host_ = nullptr;
    std::uint64_t next_frame_;
    std::uint64_t limit_frames_;
    std::uint64_t allowed_frames_;  // what the kernel's objects leave of them
    std::uint64_t used_frames_ = 0;
    std::uint64_t kernel_bytes_ = 0;
    std::uint64_t heap_bytes_ =
        0;  // that the host's heap may hold for kernel objects, present or past
    std::uint64_t peak_frames_ = 0;
    std::uint64_t last_space_id_ = 0;
    std::vector<std::uint64_t> free_;
    std::vector<std::uint64_t> returned_;  // free, and given back to the host
    std::vector<std::uint32_t> refs_;
    std::vector<std::uint8_t> flags_;
    FrameObserver* observer_ = nullptr;
};

}  // namespace uprobesim
