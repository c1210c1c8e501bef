// SPDX-License-Identifier: GPL-2.0-or-later
// A virtual memory area: one mapping as requested. Its present pages are in the AddressSpace.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernel_model/memory/backing.h"
#include "kernel_model/memory/fault_watch.h"
#include "sim/base/units.h"
#include "sim/mem/prot.h"

namespace uprobesim {

// What madvise, mlock and mseal say of a mapping (VM_*). The modelled kernel looks at some; all of
// them keep neighbours from being merged.
namespace mark {
inline constexpr std::uint32_t kLocked = 1, kLockedOnFault = 2, kWipeOnFork = 4, kDontFork = 8,
                               kDontDump = 16, kMergeable = 32, kHugePage = 64, kNoHugePage = 128,
                               kRandom = 256, kSequential = 512, kSealed = 1024, kSecret = 2048;
}  // namespace mark

// MPOL_* with its flags, and a mask of nodes.
struct MemoryPolicy {
    std::uint32_t mode = 0;
    std::uint64_t nodes = 0;
    bool operator==(const MemoryPolicy&) const = default;
};

struct Vma {
    VRange range{};
    Prot prot{};
    bool may_write = true;  // a shared mapping of a file opened read-only may never become writable
    bool shared = false;    // MAP_SHARED
    bool grows_down = false;              // the stack
    bool dont_copy = false;               // not inherited by fork ([uprobes])
    bool no_reserve = false;              // MAP_NORESERVE: not counted against overcommit
    std::uint32_t marks = 0;              // mark::*
    std::uint8_t watched = 0;             // FaultWatch::k*, if there is a watch
    std::shared_ptr<FaultWatch> watch{};  // userfaultfd; null: none
    MemoryPolicy policy{};                // mbind; the default: that of the task
    std::shared_ptr<FileBacking> file{};  // null: anonymous
    std::uint64_t file_offset = 0;        // bytes, of range.begin
    std::string name{};  // "[stack]", "[uprobes]" or empty; for "[heap]" and files ask Mm::name_of

    std::uint64_t offset_of(VAddr a) const { return file_offset + (a - range.begin); }
};

}  // namespace uprobesim
