// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/engine_tlb.h"

#include <cstdlib>
#include <cstring>

#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

namespace {

constexpr std::size_t kOwnEntries = 256;  // 1 << CPU_TLB_DYN_DEFAULT_BITS
constexpr std::size_t kEntries = 1024;
constexpr std::size_t kIoEntryBytes = 16;  // CPUIOTLBEntry
// Flags lie below the smallest page, whatever the page is.
constexpr std::uint64_t kFlags = (1u << 10) - 1, kInvalid = 1u << 9;

}  // namespace

// The engine gives all of it back by free(), as it is its own.
bool EngineTlb::grow() {
    Table& t = table();
    std::byte* const desc = env_ - layout_.env_to_tlb_desc;
    std::byte* const io_at = desc + layout_.tlb_desc_io;
    void* io = read_at<void*>(io_at, 0);
    std::uint64_t probe = 0;
    if (t.mask != (kOwnEntries - 1) * sizeof(Entry) ||
        !safe_read(t.entries, &probe, sizeof probe) || !safe_read(io, &probe, sizeof probe))
        return false;
    auto* const entries = static_cast<Entry*>(std::malloc(kEntries * sizeof(Entry)));
    void* const new_io = std::calloc(kEntries, kIoEntryBytes);
    if (entries == nullptr || new_io == nullptr) {
        std::free(entries);
        std::free(new_io);
        return false;
    }
    std::memset(static_cast<void*>(entries), 0xff, kEntries * sizeof(Entry));  // none valid
    std::free(t.entries);
    std::free(io);
    t = {(kEntries - 1) * sizeof(Entry), entries};
    std::memcpy(io_at, &new_io, sizeof new_io);
    constexpr std::size_t kNone = 0;
    std::memcpy(desc + layout_.tlb_desc_used, &kNone, sizeof kNone);
    return true;
}

void EngineTlb::open_for_stores(std::uint64_t address) {
    const Table& t = table();
    const std::uint64_t page = address >> page_bits_ << page_bits_;
    Entry& e = t.entries[(address >> page_bits_) & (t.mask / sizeof(Entry))];
    if ((e.write & ~kFlags) == page && (e.write & kInvalid) == 0) e.write = page;
}

}  // namespace uprobesim
