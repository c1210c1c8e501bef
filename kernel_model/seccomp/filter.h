// SPDX-License-Identifier: GPL-2.0-or-later
// What a task may call: seccomp's mode, and its filters. Tasks share filters; one that is added
// stands before those that were there (struct seccomp_filter).
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "kernel_model/seccomp/seccomp_program.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct SeccompFilter {
    std::vector<abi::BpfInsn> program;
    std::shared_ptr<const SeccompFilter> before;  // the one that was there; null: none
    std::uint32_t count = 1;                      // of the filters from this one on
    std::uint64_t insns = 0;                      // of all of them, as Linux counts its limit
    MemoryCharge charge;

    SeccompFilter() = default;
    SeccompFilter(const SeccompFilter&) = delete;
    SeccompFilter& operator=(const SeccompFilter&) = delete;
    // A long chain ends without recursion.
    ~SeccompFilter() {
        auto rest = std::move(before);
        while (rest != nullptr && rest.use_count() == 1)
            rest = std::const_pointer_cast<SeccompFilter>(rest)->take_before();
    }

    // Whether this is `other` or stands before it (is_ancestor).
    bool descends_from(const SeccompFilter* other) const {
        const SeccompFilter* at = this;
        while (at != nullptr && at != other) at = at->before.get();
        return at == other;
    }

private:
    std::shared_ptr<const SeccompFilter> take_before() { return std::move(before); }
};

struct SeccompState {
    std::uint32_t mode = 0;  // abi::kSeccompMode*
    std::shared_ptr<const SeccompFilter> filter;

    // What all filters say together, the strictest first (seccomp_run_filters). `executed`:
    // instructions of the programs.
    std::uint32_t verdict(const abi::SeccompData& data, std::uint64_t& executed) const {
        std::uint32_t strictest = abi::kSeccompRetAllow;
        for (const SeccompFilter* at = filter.get(); at != nullptr; at = at->before.get()) {
            const BpfRun run = run_filter(at->program, data);
            executed += run.executed;
            const auto rank = [](std::uint32_t value) {
                return static_cast<std::int32_t>(value & abi::kSeccompRetAction);
            };
            if (rank(run.value) < rank(strictest)) strictest = run.value;
        }
        return strictest;
    }
};

}  // namespace uprobesim
