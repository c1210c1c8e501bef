// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/legs.h"

#include <algorithm>

#include "kernel_model/task/process.h"

namespace uprobesim {

Legs::Legs(Ledger& ledger, const MachineProfile& machine, const KernelProfile& kernel,
           const std::vector<unsigned>& places, std::uint64_t seed)
    : ledger_(ledger),
      plan_(machine, kernel),
      lines_(machine.contention.value(), places, seed),
      pending_(places.size()) {}

void Legs::charged(const Task& task, KernelPath path, CentiCycles cost, Account account) {
    const std::vector<PlannedAccess>& accesses = plan_.of(path);
    if (accesses.empty()) return charged(cost);
    charges_.push_back({cost, &accesses, account});
    memory_ = task.process->mm->space().id();
    shares_ = true;
}

void Legs::forget() {
    charges_.clear();
    shares_ = false;
    subject_ = kNoSubject;
}

void Legs::memory_ended(std::uint64_t memory) {
    ended_.push_back(memory);
    std::erase_if(ended_, [&](std::uint64_t ended) {
        const bool used = (shares_ && memory_ == ended) ||
                          std::any_of(pending_.begin(), pending_.end(), [&](const Pending& leg) {
                              return !leg.over() && leg.memory == ended;
                          });
        if (!used) lines_.forget(LineScope::Memory, ended);
        return !used;
    });
}

std::uint64_t Legs::object_of(SharedLine line) const {
    switch (shared_line_info(line).scope) {
        case LineScope::System: return 0;
        case LineScope::Uprobe: return subject_;
        case LineScope::Memory: return memory_;
    }
    return 0;
}

// `work`: private work so far since the last access.
void Legs::add(StepProgram& program, const Charge& charge, CentiCycles& work) {
    if (charge.accesses == nullptr) {
        work += charge.cost;
        return;
    }
    work = go_along(
        *charge.accesses, charge.cost, work,
        [&](CentiCycles before) {
            program.push_back({kNoLine, {}, before, charge.account});
        },
        [&](const PlannedAccess& access, CentiCycles held) {
            program.push_back({lines_.line(access.line, object_of(access.line)), access.kind, held,
                               charge.account});
        });
}

CentiCycles Legs::begin(unsigned cpu, TaskId task, bool with_others) {
    Pending& pending = pending_[cpu];
    pending.program.clear();
    pending.cursor = {};
    pending.task = task;
    pending.memory = memory_;
    pending.subject = subject_;
    pending.use = {};
    pending.waits.clear();
    CentiCycles work, all;
    for (const Charge& charge : charges_) {
        add(pending.program, charge, work);
        all += charge.cost;
    }
    if (work.value != 0) pending.program.push_back({kNoLine, {}, work, Account::Guest});
    pending.jitter =
        with_others &&
        std::any_of(pending.program.begin(), pending.program.end(), [&](const ProgramStep& step) {
            return step.line != kNoLine && lines_.is_shared(step.line);
        });
    forget();
    return all;
}

CentiCycles Legs::step(unsigned cpu, CentiCycles now) {
    Pending& pending = pending_[cpu];
    const ProgramStep& step = pending.program[pending.cursor.next];
    const SharedLines::Done done =
        lines_.step(cpu, now, step, pending.cursor, static_cast<std::uint64_t>(pending.task.value),
                    pending.jitter);
    if (step.line != kNoLine) ++pending.use.accesses;
    if (done.from != Tier::SameCpu) ++pending.use.transfers[static_cast<std::size_t>(done.from)];
    if (done.lost) ++pending.use.retries;
    if (done.waited.value == 0) return done.at;
    pending.use.waited += done.waited;
    pending.use.queued += done.queued;
    // Work that is done again is for the bitmap.
    const SharedLine line =
        lines_.kind_of(step.line != kNoLine ? step.line : pending.cursor.bitmap);
    for (Pending::Wait& wait : pending.waits) {
        if (wait.line != line || wait.account != step.account) continue;
        wait.cycles += done.waited;
        return done.at;
    }
    pending.waits.push_back({line, step.account, done.waited});
    return done.at;
}

CentiCycles Legs::finish(unsigned cpu) {
    CentiCycles sum;
    for (const Pending::Wait& wait : pending_[cpu].waits) {
        ledger_.wait(pending_[cpu].task, wait.line, wait.cycles, wait.account);
        sum += wait.cycles;
    }
    return sum;
}

}  // namespace uprobesim
