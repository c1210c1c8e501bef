// SPDX-License-Identifier: GPL-2.0-or-later
// Makes guest stores run inline. This engine sends every store the slow way, because its "page is
// clean" test is hard-wired; clearing the slow-path bits of a page's write entry in its software
// TLB makes the next stores of that page as fast as loads (3 ns against 10 for the store hook). The
// TLB is found in host memory, just below the CPU state, by its shape. All of this depends on the
// engine's build, so it is only used after a self-test, and the store hook alone is the fall-back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace uprobesim {

class FastStores {
public:
    // `cpu_state`: where the general registers lie in the engine's CPU state; null: not available.
    FastStores(std::byte* cpu_state, unsigned page_bits);

    bool available() const { return !tables_.empty(); }
    void disable() { tables_.clear(); }
    // EL0 uses one of the MMU modes: the one in which a store to `address` was just opened. Keeps
    // only that one.
    void keep_mode_of(std::uint64_t address);
    // Makes further stores near `address` inline until its translation is flushed.
    void open(std::uint64_t address) {
        for (const Table* t : tables_) {
            Entry& e = entry(*t, address);
            if ((e.write & ~kFlags) == page_of(address) && (e.write & kInvalid) == 0)
                e.write &= ~kFlags;
        }
    }

private:
    // Flags live in the bits below the smallest target page, 1 KiB.
    static constexpr unsigned kSmallestPageBits = 10;
    static constexpr unsigned kEntryBits = 5;
    static constexpr std::uint64_t kFlags = (1u << kSmallestPageBits) - 1;
    static constexpr std::uint64_t kInvalid = 1u << (kSmallestPageBits - 1);

    struct Entry {
        std::uint64_t read, write, execute, addend;
    };
    struct Table {
        std::uint64_t mask;
        Entry* entries;
    };
    std::uint64_t page_of(std::uint64_t address) const {
        return address >> page_bits_ << page_bits_;
    }
    Entry& entry(const Table& t, std::uint64_t address) const {
        return t.entries[(address >> page_bits_) & (t.mask >> kEntryBits)];
    }

    unsigned page_bits_;
    std::vector<const Table*> tables_;  // one per MMU mode
};

}  // namespace uprobesim
