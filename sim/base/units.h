// SPDX-License-Identifier: GPL-2.0-or-later
// Quantities that must not be mixed up. Each is a distinct type over a 64-bit integer: adding an
// instruction count to a cycle count does not compile.
#pragma once

#include <compare>
#include <cstdint>

namespace uprobesim {

inline constexpr std::uint64_t kPageSize = 4096;
inline constexpr std::uint64_t kPageMask = kPageSize - 1;

constexpr std::uint64_t page_floor(std::uint64_t v) {
    return v & ~kPageMask;
}
// Wraps to 0 for the last page of the address space: callers check ranges first.
constexpr std::uint64_t page_ceil(std::uint64_t v) {
    return (v + kPageMask) & ~kPageMask;
}

// An address: VAddr is a guest virtual address, PAddr an address in the simulated physical memory.
// Arithmetic wraps at 2^64, as the hardware's does.
template <class Tag>
struct Address {
    std::uint64_t value = 0;

    constexpr Address() = default;
    constexpr explicit Address(std::uint64_t v) : value(v) {}

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const Address&) const = default;
    constexpr Address operator+(std::uint64_t n) const { return Address(value + n); }
    constexpr Address operator-(std::uint64_t n) const { return Address(value - n); }
    constexpr std::uint64_t operator-(Address other) const { return value - other.value; }
    constexpr Address& operator+=(std::uint64_t n) {
        value += n;
        return *this;
    }
    constexpr Address page() const { return Address(page_floor(value)); }
    constexpr std::uint64_t page_offset() const { return value & kPageMask; }
};
using VAddr = Address<struct VAddrTag>;
using PAddr = Address<struct PAddrTag>;

// Half-open range of guest virtual addresses; both ends page aligned where it describes a mapping.
struct VRange {
    VAddr begin;
    VAddr end;

    constexpr bool operator==(const VRange&) const = default;
    constexpr std::uint64_t size() const { return end - begin; }
    constexpr bool empty() const { return begin == end; }
    constexpr bool contains(VAddr a) const { return begin <= a && a < end; }
    constexpr bool overlaps(const VRange& o) const { return begin < o.end && o.begin < end; }
};

template <class Tag>
struct Count {
    std::uint64_t value = 0;

    constexpr Count() = default;
    constexpr explicit Count(std::uint64_t v) : value(v) {}

    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const Count&) const = default;
    constexpr Count operator+(Count o) const { return Count(value + o.value); }
    constexpr Count operator-(Count o) const { return Count(value - o.value); }
    constexpr Count& operator+=(Count o) {
        value += o.value;
        return *this;
    }
    constexpr Count& operator-=(Count o) {
        value -= o.value;
        return *this;
    }
};
// Retired EL0 instructions. A trapping BRK or SVC counts as executed, an instruction that aborts
// does not until it is executed again.
using InsnCount = Count<struct InsnCountTag>;
// Core clock cycles in hundredths: an integer, so that sums do not depend on their order.
using CentiCycles = Count<struct CentiCyclesTag>;
constexpr double in_cycles(CentiCycles c) {
    return static_cast<double>(c.value) / 100;
}

// A task (Linux thread) id, as gettid() answers it. Counts up from 1000 deterministically.
struct TaskId {
    std::int32_t value = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const TaskId&) const = default;
};

}  // namespace uprobesim
