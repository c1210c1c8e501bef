// SPDX-License-Identifier: GPL-2.0-or-later
// The only place where the modelled kernel charges: exceptions, and its own work by kernel path.
#pragma once

#include <cstdint>

#include "kernel_model/task/legs.h"
#include "kernel_model/task/task.h"
#include "sim/cost/ledger.h"

namespace uprobesim {

class ExceptionGate {
public:
    explicit ExceptionGate(Ledger& ledger) : ledger_(ledger) {}

    // Counts and charges entry and return of one exception.
    void exception(Task& task, ExceptionClass ec, Account account = Account::Guest) {
        const CentiCycles cost = ledger_.exception(task.id, ec, account);
        if (legs_ != nullptr) legs_->charged(cost);
    }
    void spend(Task& task, KernelPath path, std::uint64_t units = 0,
               Account account = Account::Guest) {
        if (legs_ == nullptr) [[likely]] {
            ledger_.spend(task.id, path, units, account);
        } else {
            spend_on_leg(task, path, units, account);
        }
    }
    // Keeps what is charged until the return to EL0, for CPUs that wait for each other.
    void keep_legs(Legs* legs) { legs_ = legs; }

private:
    // Apart, so that a lone CPU's charge saves no registers for it.
    [[gnu::noinline]] void spend_on_leg(Task& task, KernelPath path, std::uint64_t units,
                                        Account account) {
        legs_->charged(task, path, ledger_.spend(task.id, path, units, account), account);
    }

    Ledger& ledger_;
    Legs* legs_ = nullptr;
};

}  // namespace uprobesim
