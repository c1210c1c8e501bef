// SPDX-License-Identifier: GPL-2.0-or-later
// How much memory mappings may promise: Documentation/mm/overcommit-accounting.rst,
// vm.max_map_count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace uprobesim {

struct MemoryRules {
    enum class Overcommit { Guess, Always, Never };  // vm.overcommit_memory

    std::size_t most_maps = 65530;
    Overcommit overcommit = Overcommit::Guess;
    std::uint64_t ratio = 50;     // per cent of the memory, in mode Never
    std::uint64_t kilobytes = 0;  // in place of the ratio, if it is set

    // CommitLimit, in bytes.
    std::uint64_t commit_limit(std::uint64_t memory_bytes) const {
        constexpr std::uint64_t kKb = 1024;
        return kilobytes != 0 ? kilobytes * kKb : memory_bytes * ratio / 100;
    }
    // Whether `bytes` more cannot be promised. What is promised already is told by what is in use.
    bool refuse(std::uint64_t bytes, std::uint64_t memory_bytes, std::uint64_t free_bytes) const {
        if (overcommit == Overcommit::Always) return false;
        if (overcommit == Overcommit::Guess) return bytes > memory_bytes;
        const std::uint64_t limit = commit_limit(memory_bytes), used = memory_bytes - free_bytes;
        return used > limit || bytes > limit - used;
    }
};

}  // namespace uprobesim
