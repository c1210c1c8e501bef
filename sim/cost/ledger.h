// SPDX-License-Identifier: GPL-2.0-or-later
// What happened, by name and account: counts first, cycles by multiplication. A saved ledger can be
// priced again without running again, to the last digit: the cycles of a path's units are always
// the rounded price of all its units so far, so a charge is what that grows by, and roundings do
// not add up.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "sim/base/units.h"
#include "sim/cost/account.h"
#include "sim/cost/prices.h"
#include "sim/profile/shared_line.h"

namespace uprobesim {

struct PathCount {
    std::uint64_t times = 0;
    std::uint64_t units = 0;
    CentiCycles cycles;
};

// All charges of one account, or of all together.
struct Charges {
    std::array<PathCount, kKernelPathCount> paths{};
    std::array<std::uint64_t, kExceptionClassCount> exceptions{};
    std::array<CentiCycles, kSharedLineCount> waits{};  // of CPUs for each other's lines
};

struct TaskLedger {
    std::array<CentiCycles, kAccountCount> cycles{};  // kernel work and exceptions, by account
    std::uint64_t exceptions = 0;
    std::uint64_t hits = 0;    // of probes
    std::uint64_t faults = 0;  // that gave it a page
    CentiCycles billed;        // of the account ProbeHit, see Ledger::take_bill

    CentiCycles on(Account account) const { return cycles[static_cast<std::size_t>(account)]; }
    CentiCycles kernel_cycles() const;
};

// Told of each charge after it was made.
class LedgerObserver {
public:
    virtual ~LedgerObserver() = default;
    virtual void charged(TaskId, ExceptionClass, CentiCycles, Account) = 0;
    virtual void charged(TaskId, KernelPath, std::uint64_t units, CentiCycles, Account) = 0;
    // The task's CPU waited for a line that other CPUs use.
    virtual void waited(TaskId, SharedLine, CentiCycles, Account) {}
};

class Ledger {
public:
    explicit Ledger(const PriceList& prices) : prices_(prices) {}

    // What it costs, as of spend().
    CentiCycles exception(TaskId task, ExceptionClass ec, Account account = Account::Guest) {
        const auto a = static_cast<std::size_t>(account);
        const CentiCycles cost = prices_.exception(ec);
        ++charges_[a].exceptions[static_cast<std::size_t>(ec)];
        TaskLedger& t = of(task);
        ++t.exceptions;
        t.cycles[a] += cost;
        kernel_cycles_ += cost;
        if (observer_ != nullptr) [[unlikely]] {
            observer_->charged(task, ec, cost, account);
        }
        return cost;
    }
    CentiCycles spend(TaskId task, KernelPath path, std::uint64_t units = 0,
                      Account account = Account::Guest) {
        if (units != 0 || observer_ != nullptr || !is_last(task))
            return spend_any(task, path, units, account);
        return book(*last_, path, prices_.path(path), account);
    }
    void wait(TaskId task, SharedLine line, CentiCycles cycles, Account account) {
        const auto a = static_cast<std::size_t>(account);
        charges_[a].waits[static_cast<std::size_t>(line)] += cycles;
        of(task).cycles[a] += cycles;
        kernel_cycles_ += cycles;
        if (observer_ != nullptr) [[unlikely]]
            observer_->waited(task, line, cycles, account);
    }
    void count_hit(TaskId task) { ++of(task).hits; }
    void count_fault(TaskId task) { ++of(task).faults; }
    // Of a task that is another one than the one that had this id.
    void forget_faults(TaskId task) {
        if (const auto it = tasks_.find(task); it != tasks_.end()) it->second.faults = 0;
    }
    std::uint64_t faults(TaskId task) const {
        const auto it = tasks_.find(task);
        return it == tasks_.end() ? 0 : it->second.faults;
    }
    void observe(LedgerObserver* observer) { observer_ = observer; }

    // What the task was charged on the account ProbeHit since this was asked last.
    CentiCycles take_bill(TaskId task) {
        TaskLedger& t = of(task);
        const CentiCycles bill = t.on(Account::ProbeHit) - t.billed;
        t.billed = t.on(Account::ProbeHit);
        return bill;
    }

    // Adds what an ended task was charged to that of `to`, and forgets the task.
    void move(TaskId ended, TaskId to);

    // All kernel work and exceptions so far, all tasks.
    CentiCycles kernel_cycles() const { return kernel_cycles_; }
    const std::map<TaskId, TaskLedger>& tasks() const { return tasks_; }
    const Charges& charges(Account account) const {
        return charges_[static_cast<std::size_t>(account)];
    }
    Charges total() const;
    const PriceList& prices() const { return prices_; }

private:
    struct PricedUnits {
        std::uint64_t units = 0;
        CentiCycles cycles;
    };
    bool is_last(TaskId task) const { return last_ != nullptr && last_id_ == task; }
    TaskLedger& of(TaskId task) {
        if (!is_last(task)) {
            last_ = &tasks_[task];
            last_id_ = task;
        }
        return *last_;
    }
    CentiCycles book(TaskLedger& task, KernelPath path, CentiCycles cost, Account account) {
        const auto a = static_cast<std::size_t>(account);
        PathCount& c = charges_[a].paths[static_cast<std::size_t>(path)];
        ++c.times;
        c.cycles += cost;
        task.cycles[a] += cost;
        kernel_cycles_ += cost;
        return cost;
    }
    // spend() for all cases. Apart, so that the usual one calls nothing and saves no registers.
    CentiCycles spend_any(TaskId task, KernelPath path, std::uint64_t units, Account account);

    const PriceList& prices_;
    std::array<Charges, kAccountCount> charges_{};  // of all tasks
    std::map<TaskId, TaskLedger> tasks_;
    TaskLedger* last_ = nullptr;  // std::map never moves its values
    TaskId last_id_;
    CentiCycles kernel_cycles_;
    std::array<PricedUnits, kKernelPathCount> units_{};  // of all accounts and tasks
    LedgerObserver* observer_ = nullptr;
};

}  // namespace uprobesim
