// SPDX-License-Identifier: GPL-2.0-or-later
// Cache lines and locks that hits of several CPUs share, as named things. Which path touches which
// of them, how and where, is in the kernel profile ([accesses]); what the way of a line from one
// CPU to another costs is in the machine profile ([contention]).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

enum class SharedLine : std::uint8_t {
    MmapLock,
    TreeLock,
    UprobeRef,
    RegisterRwsem,
    HitCounter,
    XolArea,
    SlotBitmap,
    Slots,
    Siglock,
    PageTableLock,
    kCount
};
inline constexpr std::size_t kSharedLineCount = static_cast<std::size_t>(SharedLine::kCount);

// What there is one of for each...
enum class LineScope : std::uint8_t { System, Uprobe, Memory };

struct SharedLineInfo {
    std::string_view name;
    LineScope scope;
    // Changed by operations with a full barrier: test_and_set_bit, atomic_inc and a wake-up check,
    // locks. A machine may price their way across sockets on its own.
    bool ordered;
    std::string_view meaning;
};
inline constexpr std::array<SharedLineInfo, kSharedLineCount> kSharedLines = {{
    {"mmap-lock", LineScope::Memory, false, "count of mm_struct's mmap_lock, read for the lookup"},
    {"tree-lock", LineScope::System, false, "uprobes_treelock"},
    {"uprobe-ref", LineScope::Uprobe, false, "reference count of struct uprobe"},
    {"register-rwsem", LineScope::Uprobe, false, "count of the uprobe's register_rwsem"},
    {"hit-counter", LineScope::Uprobe, false,
     "nhit of struct trace_uprobe, where it is not per CPU"},
    {"xol-area", LineScope::Memory, true,
     "struct xol_area: slot_count, pointer to the bitmap, wait queue"},
    {"slot-bitmap", LineScope::Memory, true, "bits of the slots in use"},
    {"slots", LineScope::Memory, true, "the slots' instructions, 16 to a line"},
    {"siglock", LineScope::Memory, true, "sighand->siglock of the process"},
    {"page-table-lock", LineScope::Memory, true,
     "lock of the page table that a copied page goes into"},
}};
constexpr const SharedLineInfo& shared_line_info(SharedLine line) {
    return kSharedLines[static_cast<std::size_t>(line)];
}
std::optional<SharedLine> find_shared_line(std::string_view name);

enum class AccessKind : std::uint8_t {
    Read,   // a load
    Write,  // a store or an atomic operation
    Lock,   // a queued spin lock, taken and released
    Find,   // the lowest clear bit of a bitmap is looked for
    Take,   // that bit is set, or another looked for if it went
    Clear   // that bit is cleared
};

// One access of a path.
struct LineAccess {
    AccessKind kind = AccessKind::Read;
    SharedLine line = SharedLine::MmapLock;
    double at = 0;    // instructions from the path's begin
    double held = 0;  // instructions, of Lock

    static void members(auto& self, auto& visit) {
        visit(self.kind, self.line, self.at, self.held);
    }
};

struct PathAccesses {
    std::vector<LineAccess> list;  // in their order
    std::string source;
    Confidence confidence = Confidence::Assumption;

    static void members(auto& self, auto& visit) { visit(self.list, self.source, self.confidence); }
};

using AccessesByPath = std::array<PathAccesses, kKernelPathCount>;

// "write mmap-lock at 60", "lock siglock at 90 for 34". The error says what is wrong.
Result<LineAccess> parse_line_access(std::string_view text);

// [accesses] of a kernel profile: a row for each path that touches such lines. Optional.
inline constexpr std::string_view kAccessesTable = "accesses";
class TomlReader;
void read_accesses(TomlReader& reader, AccessesByPath& accesses);
// What "accesses.uprobe.lookup" names; null: nothing.
PathAccesses* find_accesses(AccessesByPath& accesses, std::string_view key);
// The value is a list with commas; empty: none.
Outcome set_accesses(PathAccesses& path, const Setting& setting);

}  // namespace uprobesim
