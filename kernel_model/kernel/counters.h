// SPDX-License-Identifier: GPL-2.0-or-later
// Counters of the kernel for the report and the limits of a run. Counting is not charged.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sim/base/units.h"

namespace uprobesim {

// A feature used by the guest that is modelled in part or not at all.
struct UnmodelledUse {
    std::uint64_t times = 0;
    std::string note;
};

class KernelCounters {
public:
    void note_unmodelled(const std::string& what, const std::string& note) {
        UnmodelledUse& use = unmodelled_[known(unmodelled_, what)];
        ++use.times;
        if (use.note.empty()) use.note = note;
    }
    const std::map<std::string, UnmodelledUse>& unmodelled() const { return unmodelled_; }

    void count_syscall(const std::string& name) { ++syscalls_[known(syscalls_, name)]; }
    const std::map<std::string, std::uint64_t>& syscalls() const { return syscalls_; }

    // Reads of the counter at EL0 that did not trap.
    void count_counter_read() { ++counter_reads_; }
    std::uint64_t counter_reads() const { return counter_reads_; }

    // Instructions retired at EL0, all tasks.
    void add_retired(InsnCount insns) { retired_ += insns; }
    InsnCount retired() const { return retired_; }

private:
    // Names may contain numbers of the guest's choice: after so many, one name stands for the rest.
    static constexpr std::size_t kMostNames = 1000;
    template <class Counts>
    static const std::string& known(const Counts& counts, const std::string& name) {
        static const std::string others = "others";
        return counts.size() < kMostNames || counts.contains(name) ? name : others;
    }

    std::map<std::string, UnmodelledUse> unmodelled_;
    std::map<std::string, std::uint64_t> syscalls_;
    std::uint64_t counter_reads_ = 0;
    InsnCount retired_;
};

}  // namespace uprobesim
