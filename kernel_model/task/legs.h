// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel work that touches lines which other CPUs use too. A leg is what a CPU does between an
// exception and the return to EL0. What it does has its effect at once; when it is over depends on
// the other CPUs: where it touches such lines, it becomes a program of steps, private work and
// accesses, that its CPU takes in the order of the clocks of all CPUs (Scheduler::run_legs).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "kernel_model/task/task.h"
#include "sim/cost/access_plan.h"
#include "sim/cost/ledger.h"
#include "sim/cost/shared_lines.h"

namespace uprobesim {

class Legs {
public:
    static constexpr std::uint32_t kNoSubject = ~std::uint32_t{0};

    // Of the machine's profile, which has [contention]; `places` and `seed` as of SharedLines.
    Legs(Ledger& ledger, const MachineProfile& machine, const KernelProfile& kernel,
         const std::vector<unsigned>& places, std::uint64_t seed);

    // --- the leg that the current CPU is doing

    void charged(CentiCycles cost) { charges_.push_back({cost}); }
    void charged(const Task& task, KernelPath path, CentiCycles cost, Account account);
    // The probe that it is of; lines that each uprobe has are this one's.
    void subject(std::uint32_t probe) { subject_ = probe; }
    bool shares() const { return shares_; }
    void forget();
    // An address space is gone: so are its lines, as soon as no leg is left on them.
    void memory_ended(std::uint64_t memory);
    // It becomes the program of `cpu`. Returns the cycles that were charged for it. `with_others`:
    // other CPUs have something to do.
    CentiCycles begin(unsigned cpu, TaskId task, bool with_others);

    // --- programs

    struct Pending {
        StepProgram program;
        ProgramCursor cursor;
        TaskId task;
        std::uint64_t memory = 0;  // whose lines it is on
        std::uint32_t subject = kNoSubject;
        // With other CPUs, on lines that one of them has touched too: private work varies.
        bool jitter = false;
        LineUse use;  // of this leg
        // What was waited, by line and account, in the order in which it was first.
        struct Wait {
            SharedLine line = SharedLine::MmapLock;
            Account account = Account::Guest;
            CentiCycles cycles;
        };
        std::vector<Wait> waits;

        bool over() const { return cursor.next == program.size(); }
    };
    // The next step of the CPU's leg, which is not over. Returns when it is over.
    CentiCycles step(unsigned cpu, CentiCycles now);
    // The leg is over: charges what was waited, and returns it.
    CentiCycles finish(unsigned cpu);
    const Pending& of(unsigned cpu) const { return pending_[cpu]; }
    const SharedLines& lines() const { return lines_; }

    const AccessPlan& plan() const { return plan_; }
    // From now on paths have these accesses; those that differ were not taken so far.
    void change(AccessPlan plan) { plan_ = std::move(plan); }

private:
    struct Charge {
        CentiCycles cost;
        const std::vector<PlannedAccess>* accesses = nullptr;  // null: none
        Account account = Account::Guest;
    };
    void add(StepProgram& program, const Charge& charge, CentiCycles& work);
    std::uint64_t object_of(SharedLine line) const;

    Ledger& ledger_;
    AccessPlan plan_;
    SharedLines lines_;
    std::vector<Charge> charges_;
    bool shares_ = false;
    std::uint32_t subject_ = kNoSubject;
    std::uint64_t memory_ = 0;          // the address space of the leg's task
    std::vector<std::uint64_t> ended_;  // that some leg is left on
    std::vector<Pending> pending_;
};

}  // namespace uprobesim
