// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated CPUs: each has its own clock, a run queue and at most one task that runs. They
// share one host thread: the CPU that is furthest behind runs next, until it is a quantum ahead of
// the others, so that its effects reach the others at nearly the right time. The clock of a CPU
// with nothing to run stands still; a wake sets it to the time of the waking CPU, and the time
// between counts as idle.
//
// A model of the fair scheduler's placement, not of its arithmetic: a woken task goes to the CPU it
// ran on if that is idle, else to an idle one, else to the shortest queue; queues are first come,
// first served; a running task is preempted at a tick if its slice is over and the queue is not
// empty.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "kernel_model/task/task.h"
#include "kernel_model/wait/time_source.h"
#include "sim/base/units.h"
#include "sim/cost/ledger.h"

namespace uprobesim {

struct SimCpu {
    unsigned id = 0;
    CentiCycles clock;  // since start: what was done here, and idle
    CentiCycles idle;
    Task* running = nullptr;
    std::deque<Task*> queue;  // runnable, in order of arrival
    bool was_idle = false;    // since the last task left
    TaskId last_task;         // ran here last; 0: none did
    std::uint64_t last_space = 0;
    CentiCycles slice_begin;
    CentiCycles next_tick;

    std::uint64_t switches = 0;
    std::uint64_t ticks = 0;

    bool busy() const { return running != nullptr || !queue.empty(); }
};

class Scheduler final : public TimeSource {
public:
    static constexpr unsigned kMaxCpus = 64;  // an affinity mask is one word

    // `ledger` has the cycles of kernel work; `hz`: cycles per second.
    Scheduler(const Ledger& ledger, std::uint64_t hz);
    void set_cpus(unsigned count);  // before anything ran
    const std::vector<SimCpu>& cpus() const { return cpus_; }

    // The current CPU's time; between runs that of the CPU which ran last.
    CentiCycles now() const { return here().clock + (ledger_.kernel_cycles() - charged_); }
    std::uint64_t now_ns() const override { return to_ns(now()); }
    std::uint64_t to_ns(CentiCycles cycles) const;
    CentiCycles to_cycles(std::uint64_t ns) const;  // rounded up: to_ns of it is not before `ns`
    const SimCpu& here() const { return cpus_[current_]; }

    // --- states of tasks. A task is queued or running exactly while it is Runnable. A new task, or
    // one that was stopped.
    void start(Task& task);
    // A Blocked task enters its call again; a task that is about to block does not block.
    void wake(Task& task);
    // Stopped or dead: it no longer runs. A stopped task keeps its call until it starts again.
    void remove(Task& task);
    // To another CPU, where its affinity forbids this one.
    void move_if_needed(Task& task);

    // --- for the run loop Makes the busy CPU that is furthest behind the current one. False: all
    // are idle.
    bool select();
    // All are idle: time passes up to `at_ns`.
    void idle_until(std::uint64_t at_ns);
    enum class Switch { None, SameSpace, OtherSpace, FromIdle };
    // The task that the current CPU runs now, and how it was switched to.
    Task& pick(Switch& how);
    // The task gives its CPU to the next in the queue on its way back to EL0.
    void yield(Task& task) { yields_ = task.id; }
    bool yields(const Task& task) const { return yields_ == task.id; }
    // The running task blocked, stopped or died; or `yields`: it goes to the end of the queue.
    void put_back(Task& task, bool yields);
    // The task executed at EL0 on the current CPU for that long.
    void ran(CentiCycles cycles) { cpus_[current_].clock += cycles; }
    // The current CPU may run until then.
    CentiCycles until() const { return until_; }
    void limit(std::uint64_t at_ns);
    bool tick_due() const { return now() >= here().next_tick; }
    // Sets the next tick. True: the slice of the running task is over and others wait.
    bool tick();
    bool others_wait() const { return !here().queue.empty(); }

private:
    SimCpu& cpu() { return cpus_[current_]; }
    void settle();
    void begin_waking(SimCpu& cpu);
    SimCpu& place_for(const Task& task);
    void enqueue(SimCpu& cpu, Task& task);
    void pull_work(SimCpu& cpu);
    void set_until();

    const Ledger& ledger_;
    std::uint64_t hz_;
    std::vector<SimCpu> cpus_;
    std::size_t current_ = 0;
    TaskId yields_;        // 0: none does
    CentiCycles charged_;  // of the ledger's kernel cycles, those that are in clocks
    CentiCycles until_;
    CentiCycles quantum_, tick_, slice_;
};

}  // namespace uprobesim
