// SPDX-License-Identifier: GPL-2.0-or-later
// gdb's break- and watchpoints, by process. None is in the guest's memory: the CPU stops before the
// instruction or the access, and executes and counts what it does without.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "kernel_model/kernel/kernel.h"
#include "sim/cpu/unicorn/place_stops.h"
#include "tools/gdb/target/stop_reply.h"

namespace uprobesim {

// As in Z packets.
enum class BreakType : std::uint8_t { Software = 0, Hardware = 1, Write = 2, Read = 3, Access = 4 };
inline bool is_watch(BreakType type) {
    return type >= BreakType::Write;
}

class Breakpoints {
public:
    static constexpr std::uint64_t kMostWatched = 4096;  // bytes of one watchpoint

    // After the run was begun anew its CPU is another.
    void use(Kernel& kernel);
    // Again is the same as once.
    void add(std::int32_t pid, BreakType type, VAddr at, std::uint64_t size);
    void remove(std::int32_t pid, BreakType type, VAddr at, std::uint64_t size);
    void forget(std::int32_t pid);
    // The child has what the parent has in its memory; watches are registers of the parent's.
    void copy(std::int32_t parent, std::int32_t child);
    // The process has another memory, or its first.
    void watch(Process& process) const;

    // Whether one stands there, in any process.
    bool is_used(VAddr at) const;
    // Of an instruction that a task of the process is about to execute.
    std::optional<StopReason> at(std::int32_t pid, VAddr pc) const;
    std::optional<StopReason> at(std::int32_t pid, const WatchedAccess& access) const;

private:
    struct Key {
        std::int32_t pid;
        BreakType type;
        std::uint64_t at, size;
        auto tied() const { return std::tie(pid, type, at, size); }
        bool operator<(const Key& other) const { return tied() < other.tied(); }
    };
    void changed(const Key& key) const;

    Kernel* kernel_ = nullptr;
    std::set<Key> all_;
};

}  // namespace uprobesim
