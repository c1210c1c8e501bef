// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptor format: Arm ARM, VMSAv8-64 translation tables, 4 KiB granule, 39-bit input addresses:
// three levels, 1, 2 and 3.
#include "sim/mem/address_space.h"

#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kValid = 1;              // bit 0
constexpr std::uint64_t kTableOrPage = 1u << 1;  // bit 1: table at levels 1 and 2, page at level 3
constexpr std::uint64_t kApEl0 = 1u << 6;        // AP[1]: EL0 may access
constexpr std::uint64_t kApReadOnly = 1u << 7;   // AP[2]
constexpr std::uint64_t kInnerShareable = 3u << 8;
constexpr std::uint64_t kAccessFlag = 1u << 10;
constexpr std::uint64_t kNotGlobal = 1u << 11;
constexpr std::uint64_t kGuarded = std::uint64_t{1} << 50;          // GP
constexpr std::uint64_t kPrivilegedNever = std::uint64_t{1} << 53;  // PXN
constexpr std::uint64_t kUserNever = std::uint64_t{1} << 54;        // UXN
// Software bit (58..55 are left to the OS): the page is there, but EL0 may do nothing with it
// (PROT_NONE).
constexpr std::uint64_t kPresentNone = std::uint64_t{1} << 55;
// Software bits: rights that the page has and the MMU does not know of, because it is watched.
constexpr std::uint64_t kHidesWrite = std::uint64_t{1} << 56;
constexpr std::uint64_t kHidesAll = std::uint64_t{1} << 57;
constexpr std::uint64_t kAddressMask = 0xfffffff000u | (std::uint64_t{0xff} << 40);
constexpr int kLevels = 3;

constexpr unsigned shift_of(int level) {
    return static_cast<unsigned>(39 - 9 * level);
}
constexpr std::uint64_t index_of(VAddr a, int level) {
    return (a.value >> shift_of(level)) & 511;
}

std::uint64_t descriptor(PAddr frame, Prot prot) {
    if (prot.none()) return frame.value | kPresentNone;
    std::uint64_t d = frame.value | kValid | kTableOrPage | kApEl0 | kInnerShareable | kAccessFlag |
                      kNotGlobal | kPrivilegedNever;
    if (!prot.write) d |= kApReadOnly;
    if (!prot.exec) d |= kUserNever;
    if (prot.guarded) d |= kGuarded;
    return d;
}

Prot prot_of(std::uint64_t d) {
    if ((d & kValid) == 0) return {};
    return {true, (d & kApReadOnly) == 0, (d & kUserNever) == 0, (d & kGuarded) != 0};
}

// The descriptor without watches.
std::uint64_t own(std::uint64_t d) {
    if ((d & kHidesWrite) != 0) d &= ~(kHidesWrite | kApReadOnly);
    if ((d & kHidesAll) != 0) d = (d & ~kHidesAll) | kApEl0;
    return d;
}

bool present(std::uint64_t d) {
    return (d & (kValid | kPresentNone)) != 0;
}

std::uint64_t* table_at(PhysicalMemory& memory, PAddr table) {
    return reinterpret_cast<std::uint64_t*>(memory.bytes(table).data());
}

}  // namespace

AddressSpace::AddressSpace(PhysicalMemory& memory, TranslationObserver& observer)
    : memory_(memory), observer_(observer), id_(memory.next_space_id()) {
    const auto root = memory.allocate();
    if (!root)
        throw HostError("allocating a translation table", "the simulated memory is too small");
    root_ = *root;
}

AddressSpace::~AddressSpace() {
    unshadow();
    observer_.space_gone(*this);
    std::uint64_t* l1 = table_at(memory_, root_);
    for (int i = 0; i < 512; ++i) {
        if ((l1[i] & kValid) == 0) continue;
        std::uint64_t* l2 = table_at(memory_, PAddr(l1[i] & kAddressMask));
        for (int j = 0; j < 512; ++j) {
            if ((l2[j] & kValid) == 0) continue;
            std::uint64_t* l3 = table_at(memory_, PAddr(l2[j] & kAddressMask));
            for (int k = 0; k < 512; ++k) {
                if (present(l3[k])) memory_.release(PAddr(l3[k] & kAddressMask));
            }
            memory_.release(PAddr(l2[j] & kAddressMask));
        }
        memory_.release(PAddr(l1[i] & kAddressMask));
    }
    memory_.release(root_);
}

std::uint64_t* AddressSpace::entry(VAddr page, bool create) {
    const std::uint64_t region = page.value >> shift_of(kLevels - 1);
    LastLevel& found = found_[region % found_.size()];
    if (found.region != region) [[unlikely]] {
        std::uint64_t* const table = walk(page, create);
        if (table == nullptr) return nullptr;
        found = {region, table};
    }
    return &found.table[index_of(page, kLevels)];
}

// The last-level table of the page's region.
std::uint64_t* AddressSpace::walk(VAddr page, bool create) {
    PAddr table = root_;
    for (int level = 1; level < kLevels; ++level) {
        std::uint64_t& d = table_at(memory_, table)[index_of(page, level)];
        if ((d & kValid) == 0) {
            if (!create) return nullptr;
            const auto next = memory_.allocate();
            if (!next) return nullptr;
            d = next->value | kValid | kTableOrPage;
            ++tables_;
        }
        table = PAddr(d & kAddressMask);
    }
    return table_at(memory_, table);
}

const std::uint64_t* AddressSpace::find_entry(VAddr page) const {
    return const_cast<AddressSpace*>(this)->entry(page, false);
}

std::optional<unsigned> AddressSpace::translation_fault_level(VAddr address) const {
    PAddr table = root_;
    for (int level = 1; level <= kLevels; ++level) {
        const std::uint64_t d = table_at(memory_, table)[index_of(address, level)];
        if ((d & kValid) == 0) return static_cast<unsigned>(level);
        table = PAddr(d & kAddressMask);
    }
    return std::nullopt;
}

void AddressSpace::shadow(VAddr page, PAddr frame) const {
    if (!shadowed(page)) {
        unshadow();
        std::uint64_t* e = const_cast<std::uint64_t*>(find_entry(page));
        check_invariant(e != nullptr && prot_of(*e).exec,
                        "only an executable page can be shadowed");
        shadow_entry_ = e;
        shadow_page_ = page;
        shadowed_descriptor_ = *e;
    }
    shadow_frame_ = frame;
    *shadow_entry_ = (shadowed_descriptor_ & ~kAddressMask) | frame.value;
    observer_.shadow_changed(*this, page);
}

void AddressSpace::unshadow() const {
    if (shadow_entry_ == nullptr) return;
    *shadow_entry_ = shadowed_descriptor_;
    shadow_entry_ = nullptr;
    observer_.shadow_changed(*this, shadow_page_);
}

std::uint64_t AddressSpace::watched(VAddr page, std::uint64_t d) const {
    if (watches_.empty() || lifted_ || (d & kValid) == 0) [[likely]]
        return d;
    for (const Watch& w : watches_) {
        if (w.range.begin >= page + kPageSize || w.range.end <= page) continue;
        if ((d & kApReadOnly) == 0) d |= kApReadOnly | kHidesWrite;
        if (w.reads && (d & kApEl0) != 0) d = (d & ~kApEl0) | kHidesAll;
    }
    return d;
}

// Of the pages of these watches: what the MMU sees now.
void AddressSpace::refresh(const std::vector<Watch>& watches) const {
    for (const Watch& w : watches) {
        for (VAddr page = w.range.begin.page(); page < w.range.end; page += kPageSize) {
            if (page.value >= kTop) break;
            auto* const e = const_cast<std::uint64_t*>(find_entry(page));
            if (e == nullptr || (*e & kValid) == 0) continue;
            if (shadowed(page)) unshadow();
            const std::uint64_t old = *e;
            *e = watched(page, own(old));
            if (*e != old) observer_.shadow_changed(*this, page);
        }
    }
}

void AddressSpace::watch(std::vector<Watch> watches) {
    const std::vector<Watch> before = std::exchange(watches_, std::move(watches));
    refresh(before);
    refresh(watches_);
}

void AddressSpace::lift_watches(bool lifted) const {
    lifted_ = lifted;
    refresh(watches_);
}

bool AddressSpace::refuses_watched_write(VAddr page) const {
    if (watches_.empty()) return false;
    const std::uint64_t* e = find_entry(page);
    return e != nullptr && (*e & kHidesWrite) != 0;
}

void AddressSpace::make_privileged_code(VAddr page) {
    std::uint64_t* e = entry(page, false);
    check_invariant(e != nullptr && present(*e), "the page of privileged code is not mapped");
    const std::uint64_t old = *e;
    *e = (old & kAddressMask) | kValid | kTableOrPage | kApReadOnly | kInnerShareable |
         kAccessFlag | kUserNever;
    if ((old & kValid) != 0) observer_.translation_changed(*this, page);
}

bool AddressSpace::map(VAddr page, PAddr frame, Prot prot) {
    check_invariant(page.value < kTop && page.page_offset() == 0,
                    "a page outside user space was mapped");
    if (shadowed(page)) unshadow();
    std::uint64_t* e = entry(page, true);
    if (e == nullptr) return false;
    const std::uint64_t old = *e;
    *e = watched(page, descriptor(frame, prot));
    if (prot.exec) memory_.mark_code(frame);
    if (present(old)) {
        if ((old & kValid) != 0) observer_.translation_changed(*this, page);
        memory_.release(PAddr(old & kAddressMask));
    } else {
        ++mapped_pages_;
    }
    return true;
}

void AddressSpace::unmap(VAddr page) {
    if (shadowed(page)) unshadow();
    std::uint64_t* e = page.value < kTop ? entry(page, false) : nullptr;
    if (e == nullptr || !present(*e)) return;
    const std::uint64_t old = *e;
    *e = 0;
    --mapped_pages_;
    if ((old & kValid) != 0) observer_.translation_changed(*this, page);
    memory_.release(PAddr(old & kAddressMask));
}

void AddressSpace::protect(VAddr page, Prot prot) {
    if (shadowed(page)) unshadow();
    std::uint64_t* e = page.value < kTop ? entry(page, false) : nullptr;
    if (e == nullptr || !present(*e)) return;
    const std::uint64_t old = *e;
    const PAddr frame(old & kAddressMask);
    *e = watched(page, descriptor(frame, prot));
    if (prot.exec) memory_.mark_code(frame);
    if (*e != old && (old & kValid) != 0) observer_.translation_changed(*this, page);
}

std::optional<Translation> AddressSpace::lookup(VAddr address) const {
    if (address.value >= kTop) return std::nullopt;
    const std::uint64_t* e = find_entry(address);
    if (e == nullptr || !present(*e)) return std::nullopt;
    const std::uint64_t d = own(e == shadow_entry_ ? shadowed_descriptor_ : *e);
    return Translation{PAddr(d & kAddressMask), prot_of(d)};
}

VAddr AddressSpace::next_candidate(VAddr page) const {
    while (page.value < kTop) {
        PAddr table = root_;
        int level = 1;
        for (; level < kLevels; ++level) {
            const std::uint64_t d = table_at(memory_, table)[index_of(page, level)];
            if ((d & kValid) == 0) break;
            table = PAddr(d & kAddressMask);
        }
        if (level == kLevels) return page;
        const std::uint64_t step = std::uint64_t{1} << shift_of(level);
        page = VAddr((page.value & ~(step - 1)) + step);
    }
    return VAddr(kTop);
}

}  // namespace uprobesim
