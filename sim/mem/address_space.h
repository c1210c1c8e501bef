// SPDX-License-Identifier: GPL-2.0-or-later
// One process's stage-1 translation: 3-level 4 KiB tables in physical memory, 39-bit virtual
// addresses, walked by the CPU engine's own MMU. It says what backs a page and what EL0 may do with
// it; what was requested (VMAs) is kept by the kernel model.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "sim/base/units.h"
#include "sim/mem/physical_memory.h"
#include "sim/mem/prot.h"

namespace uprobesim {

class AddressSpace;

// Notified after a translation that the MMU may hold (a valid one) changed or went. Implemented by
// the CPU.
class TranslationObserver {
public:
    virtual ~TranslationObserver() = default;
    virtual void translation_changed(const AddressSpace& space, VAddr page) = 0;
    // Only the MMU's view of a page changed, to or from a shadow (AddressSpace::shadow).
    virtual void shadow_changed(const AddressSpace& space, VAddr page) = 0;
    virtual void space_gone(const AddressSpace& space) = 0;
};

struct Translation {
    PAddr frame;
    Prot prot;
};

// Bytes whose accesses a debugger wants to see.
struct Watch {
    VRange range{};
    bool reads = false;
    bool writes = false;
};

class AddressSpace {
public:
    // The first address above user space, as with 39-bit Linux.
    static constexpr std::uint64_t kTop = std::uint64_t{1} << 39;

    AddressSpace(PhysicalMemory& memory, TranslationObserver& observer);
    ~AddressSpace();  // drops every mapping and table
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    // Maps `page` to `frame`, taking over one reference to the frame; an older mapping's reference
    // is dropped. False when no memory is left for a table (the caller keeps the reference).
    [[nodiscard]] bool map(VAddr page, PAddr frame, Prot prot);
    // Drops the mapping and its reference; nothing where nothing is mapped.
    void unmap(VAddr page);
    void protect(VAddr page, Prot prot);
    std::optional<Translation> lookup(VAddr address) const;
    // The level (1 to 3) at which the MMU's walk finds no valid entry; nothing where the page is
    // valid, whatever its rights.
    std::optional<unsigned> translation_fault_level(VAddr address) const;

    // Lets the MMU see `frame` at a mapped executable `page`, while lookup(), map() and the others
    // still see the page's own translation; so it changes nothing in what the space is. One page at
    // a time; the caller owns the frame. Changing the page's own translation ends it. For stepping:
    // see Cpu::step.
    void shadow(VAddr page, PAddr frame) const;
    void unshadow() const;
    bool shadowed(VAddr page) const { return shadow_entry_ != nullptr && shadow_page_ == page; }
    PAddr shadow_frame() const { return shadow_frame_; }

    // In place of those before. The MMU refuses accesses to the pages of what is watched: writes,
    // or writes and reads where reads are. As with a shadow, lookup() and the others see nothing of
    // it.
    void watch(std::vector<Watch> watches);
    const std::vector<Watch>& watches() const { return watches_; }
    // While they are lifted, the MMU lets all through that the pages' own rights do.
    void lift_watches(bool lifted) const;
    // Whether the MMU refuses writes to the page only because it is watched.
    bool refuses_watched_write(VAddr page) const;

    // For the engine's own entry stub: readable and executable at EL1 only.
    void make_privileged_code(VAddr page);

    // Calls fn(VAddr page, Translation) for each mapped page of the range in address order. fn may
    // unmap or protect that page.
    template <class Fn>
    void for_each_mapped(VRange range, Fn fn) const {
        const VAddr end = range.end < VAddr(kTop) ? range.end : VAddr(kTop);
        for (VAddr page = range.begin.page(); page < end;) {
            const VAddr next = next_candidate(page);
            if (next >= end) return;
            if (auto t = lookup(next)) fn(next, *t);
            page = next + kPageSize;
        }
    }

    // What goes into TTBR0_EL1.
    PAddr root() const { return root_; }
    // Unique among the address spaces of a run, never reused.
    std::uint64_t id() const { return id_; }
    PhysicalMemory& memory() const { return memory_; }
    std::uint64_t mapped_pages() const { return mapped_pages_; }
    std::uint64_t table_pages() const { return tables_; }

private:
    // The last-level table of a region, found last among those with the same low bits. Tables stay
    // where they are as long as their space lives.
    struct LastLevel {
        std::uint64_t region = ~std::uint64_t{0};
        std::uint64_t* table = nullptr;
    };
    std::uint64_t* entry(VAddr page, bool create);
    std::uint64_t* walk(VAddr page, bool create);
    const std::uint64_t* find_entry(VAddr page) const;
    // The first page at or after `page` whose last-level table exists (skips unpopulated tables).
    VAddr next_candidate(VAddr page) const;

    // What the MMU is given for a page that has this descriptor.
    std::uint64_t watched(VAddr page, std::uint64_t descriptor) const;
    void refresh(const std::vector<Watch>& watches) const;

    PhysicalMemory& memory_;
    TranslationObserver& observer_;
    std::vector<Watch> watches_;
    mutable bool lifted_ = false;
    PAddr root_;
    std::uint64_t id_;
    std::uint64_t mapped_pages_ = 0;
    std::uint64_t tables_ = 1;  // translation tables, the root among them
    std::array<LastLevel, 8> found_{};
    mutable std::uint64_t* shadow_entry_ = nullptr;
    mutable std::uint64_t shadowed_descriptor_ = 0;
    mutable VAddr shadow_page_;
    mutable PAddr shadow_frame_;
};

}  // namespace uprobesim
