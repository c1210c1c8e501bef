// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/ledger.h"

namespace uprobesim {

TaskLedger Ledger::total() const {
    TaskLedger sum;
    for (const auto& [task, ledger] : tasks_) {
        for (std::size_t p = 0; p < kKernelPathCount; ++p) {
            sum.paths[p].times += ledger.paths[p].times;
            sum.paths[p].units += ledger.paths[p].units;
            sum.paths[p].cycles += ledger.paths[p].cycles;
        }
        for (std::size_t e = 0; e < kExceptionClassCount; ++e)
            sum.exceptions[e] += ledger.exceptions[e];
        sum.exception_cycles += ledger.exception_cycles;
        sum.kernel_cycles += ledger.kernel_cycles;
    }
    return sum;
}

}  // namespace uprobesim
