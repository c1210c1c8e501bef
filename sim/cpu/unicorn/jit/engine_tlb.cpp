// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/engine_tlb.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

namespace {

constexpr std::size_t kOwnEntries = 256;  // 1 << CPU_TLB_DYN_DEFAULT_BITS
constexpr std::size_t kEntries = 1024;
constexpr std::size_t kVictims = 8;        // CPU_VTLB_SIZE
constexpr std::size_t kIoEntryBytes = 16;  // CPUIOTLBEntry
// Flags lie below the smallest page, whatever the page is.
constexpr std::uint64_t kFlags = (1u << 10) - 1, kInvalid = 1u << 9;

// CPUTLBDesc from its beginning (QEMU 5.0.1); its last member is in EngineLayout. Address and mask
// of large pages; when the engine began to count entries, in ns, behind which its counts are: where
// that is later than now it does not make the table smaller; the entries that can be taken back.
constexpr std::size_t kLargePages = 0, kCountedSince = 16, kVictimEntries = 48;
constexpr std::int64_t kNever = std::int64_t{1} << 62;

}  // namespace

void* EngineTlb::Content::io() const {
    return read_at<void*>(desc_.data(), kDescBytes - sizeof(void*));
}

// As the engine gives its own back.
EngineTlb::Content::~Content() {
    std::free(table_.entries);
    std::free(io());
}

bool EngineTlb::grow() {
    const Table& t = table();
    const auto* const io = read_at<const void*>(desc(), layout_.tlb_desc_io);
    std::uint64_t probe = 0;
    if (t.mask != (kOwnEntries - 1) * sizeof(Entry) ||
        layout_.tlb_desc_io + sizeof(void*) != Content::kDescBytes ||
        !safe_read(t.entries, &probe, sizeof probe) || !safe_read(io, &probe, sizeof probe))
        return false;
    Content larger;
    if (!clear(larger)) return false;
    exchange(larger);
    return true;
}

bool EngineTlb::clear(Content& content) const {
    Table& t = content.table_;
    std::byte* const d = content.desc_.data();
    if (t.entries == nullptr) {
        auto* const entries = static_cast<Entry*>(std::malloc(kEntries * sizeof(Entry)));
        void* const io = std::calloc(kEntries, kIoEntryBytes);
        if (entries == nullptr || io == nullptr) {
            std::free(entries);
            std::free(io);
            return false;
        }
        t = {(kEntries - 1) * sizeof(Entry), entries};
        std::memcpy(d + layout_.tlb_desc_io, &io, sizeof io);
    }
    // All ones is not valid.
    std::memset(static_cast<void*>(t.entries), 0xff, t.mask + sizeof(Entry));
    std::memset(d + kLargePages, 0xff, 2 * sizeof(std::uint64_t));
    std::memset(d + kCountedSince, 0, kVictimEntries - kCountedSince);
    std::memcpy(d + kCountedSince, &kNever, sizeof kNever);
    std::memset(d + kVictimEntries, 0xff, kVictims * sizeof(Entry));
    return true;
}

// The engine flushes the modes only that it noted entries of.
void EngineTlb::exchange(Content& content) {
    std::swap(table(), content.table_);
    std::swap_ranges(content.desc_.begin(), content.desc_.end(), desc());
    std::byte* const dirty_at = env_ - layout_.env_to_tlb_dirty;
    const auto dirty =
        static_cast<std::uint16_t>(read_at<std::uint16_t>(dirty_at, 0) | 1u << kMode);
    std::memcpy(dirty_at, &dirty, sizeof dirty);
}

void EngineTlb::open_for_stores(std::uint64_t address) {
    const Table& t = table();
    const std::uint64_t page = address >> page_bits_ << page_bits_;
    Entry& e = t.entries[(address >> page_bits_) & (t.mask / sizeof(Entry))];
    if ((e.write & ~kFlags) == page && (e.write & kInvalid) == 0) e.write = page;
}

}  // namespace uprobesim
