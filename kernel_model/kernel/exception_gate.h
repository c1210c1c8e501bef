// SPDX-License-Identifier: GPL-2.0-or-later
// The only place where the modelled kernel charges: exceptions, and its own work by kernel path.
#pragma once

#include <cstdint>

#include "kernel_model/task/task.h"
#include "sim/cost/ledger.h"

namespace uprobesim {

class ExceptionGate {
public:
    explicit ExceptionGate(Ledger& ledger) : ledger_(ledger) {}

    // Counts and charges entry and return of one exception.
    void exception(Task& task, ExceptionClass ec, Account account = Account::Guest) {
        ledger_.exception(task.id, ec, account);
    }
    void spend(Task& task, KernelPath path, std::uint64_t units = 0,
               Account account = Account::Guest) {
        ledger_.spend(task.id, path, units, account);
    }

private:
    Ledger& ledger_;
};

}  // namespace uprobesim
