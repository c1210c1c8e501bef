// SPDX-License-Identifier: GPL-2.0-or-later
// Several observers of one run, called in the order in which they were added.
#pragma once

#include <algorithm>
#include <vector>

#include "kernel_model/hooks/trap_observer.h"

namespace uprobesim {

class ObserverList final : public TrapObserver {
public:
    void add(TrapObserver& observer) { all_.push_back(&observer); }
    // Null if there is none, so that the run is not observed at all.
    TrapObserver* observer() {
        return all_.empty() ? nullptr : all_.size() == 1 ? all_.front() : this;
    }

    void charged(TaskId task, ExceptionClass ec, CentiCycles cycles, Account account) override {
        for (TrapObserver* o : all_) o->charged(task, ec, cycles, account);
    }
    void waited(TaskId task, SharedLine line, CentiCycles cycles, Account account) override {
        for (TrapObserver* o : all_) o->waited(task, line, cycles, account);
    }
    void charged(TaskId task, KernelPath path, std::uint64_t units, CentiCycles cycles,
                 Account account) override {
        for (TrapObserver* o : all_) o->charged(task, path, units, cycles, account);
    }
    void woken(const Task& task) override {
        for (TrapObserver* o : all_) o->woken(task);
    }
    void trapped(const Task& task, const Stop& stop, const ExceptionRegisters& registers) override {
        for (TrapObserver* o : all_) o->trapped(task, stop, registers);
    }
    bool reads_registers() const override {
        return std::any_of(all_.begin(), all_.end(),
                           [](const TrapObserver* o) { return o->reads_registers(); });
    }
    void exit_work(const Task& task) override {
        for (TrapObserver* o : all_) o->exit_work(task);
    }
    bool returning(const Task& task) override {
        bool goes_on = true;
        for (TrapObserver* o : all_) goes_on &= o->returning(task);
        return goes_on;
    }
    void call_entered(const Task& task, const CallRegisters& call) override {
        for (TrapObserver* o : all_) o->call_entered(task, call);
    }
    void call_ended(const Task& task, std::uint64_t result) override {
        for (TrapObserver* o : all_) o->call_ended(task, result);
    }
    void call_interrupted(const Task& task, bool restarts) override {
        for (TrapObserver* o : all_) o->call_interrupted(task, restarts);
    }
    void signal_taken(const Task& task, const SignalInfo& info) override {
        for (TrapObserver* o : all_) o->signal_taken(task, info);
    }
    void task_ended(const Task& task, const TaskEnd& end) override {
        for (TrapObserver* o : all_) o->task_ended(task, end);
    }

private:
    std::vector<TrapObserver*> all_;
};

}  // namespace uprobesim
