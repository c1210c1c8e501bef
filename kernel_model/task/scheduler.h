// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated CPUs: each has its own clock, a run queue and at most one running task. They share
// one host thread: the CPU with the lowest clock runs next, until it is a quantum ahead of the
// others, so that its effects reach the others at nearly the right time. The clock of an idle CPU
// stands still; a wake-up sets it to the time of the waking CPU, and the difference counts as idle
// time.
//
// A model of the fair scheduler's placement, not of its arithmetic: a woken task goes to the CPU it
// ran on if that is idle, else to an idle one, else to the shortest queue; queues are first come,
// first served; a running task is preempted at a tick if its slice is over and the queue is not
// empty.
//
// From the first task on that is nice or has a policy of its own, the next one is chosen by rank
// (SchedClass), and among fair ones by their time on CPUs divided by their weight; a task of a
// higher rank preempts at once; RR has its slice; where real-time tasks leave the others nothing,
// those get 50 ms of each second (the fair server). A deadline task's runtime is not enforced.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "kernel_model/task/legs.h"
#include "kernel_model/task/task.h"
#include "kernel_model/wait/time_source.h"
#include "sim/base/lowest_first.h"
#include "sim/base/units.h"
#include "sim/cost/ledger.h"

namespace uprobesim {

struct SimCpu {
    unsigned id = 0;
    CentiCycles clock;  // time since the start, idle time included
    CentiCycles idle;
    Task* running = nullptr;
    std::deque<Task*> queue;  // runnable, in order of arrival
    bool in_leg = false;      // kernel work is not over yet that was done already, see Legs
    bool was_idle = false;    // since the last task left the CPU
    TaskId last_task;         // the last to run here; 0: none
    std::uint64_t last_space = 0;
    CentiCycles slice_begin;
    CentiCycles accounted;                 // until when the running task's virtual time is counted
    bool preempted = false;                // a queued task is to run instead of the running one
    std::uint64_t least_virtual_time = 0;  // no fair task that comes has less
    CentiCycles fair_ran;                  // when a fair task ran last
    CentiCycles fair_until;                // before this, fair tasks run first
    CentiCycles next_tick;

    std::uint64_t switches = 0;
    std::uint64_t ticks = 0;

    bool busy() const { return running != nullptr || !queue.empty() || in_leg; }
};

// Told of each blocked task that is made runnable: by the running task of the current CPU, or if
// there is none, by time.
class WakeObserver {
public:
    virtual ~WakeObserver() = default;
    virtual void woken(const Task&) = 0;
};

class Scheduler final : public TimeSource {
public:
    static constexpr unsigned kMaxCpus = 64;  // an affinity mask is one word

    // `ledger` counts the cycles of kernel work; `hz`: cycles per second.
    Scheduler(const Ledger& ledger, std::uint64_t hz);
    void set_cpus(unsigned count);  // before anything ran
    const std::vector<SimCpu>& cpus() const { return cpus_; }

    // The time of the current CPU; between runs, of the CPU that ran last.
    CentiCycles now() const { return here().clock + (ledger_.kernel_cycles() - charged_); }
    std::uint64_t now_ns() const override { return to_ns(now()); }
    std::uint64_t to_ns(CentiCycles cycles) const {
        // A division of 128 bits takes several times as long, and a trace asks at every charge.
        if (cycles.value <= ~std::uint64_t{0} / kNsInHundredths) [[likely]]
            return cycles.value * kNsInHundredths / hz_;
        return static_cast<std::uint64_t>(static_cast<unsigned __int128>(cycles.value) *
                                          kNsInHundredths / hz_);
    }
    // The end of all clocks: 16 days of simulated time at 2 GHz.
    std::uint64_t last_ns() const { return last_ns_; }
    CentiCycles to_cycles(
        std::uint64_t ns) const;  // rounded up, so that to_ns() gives at least `ns`
    const SimCpu& here() const { return cpus_[current_]; }
    void observe(WakeObserver* observer) { observer_ = observer; }

    // How long a task of SCHED_RR runs before others of its priority.
    void set_rr_slice(std::uint64_t ns) { rr_slice_ = to_cycles(ns); }
    std::uint64_t rr_slice_ns() const { return to_ns(rr_slice_); }

    // --- states of tasks: a task is queued or running exactly while it is Runnable.

    // Starts a new or a stopped task.
    void start(Task& task);
    // A Blocked task enters its call again; a task that is about to block stays Runnable.
    void wake(Task& task);
    // The task was stopped or died. A stopped task resumes its call when it is started again.
    void remove(Task& task);
    // The task has another policy, priority or nice value.
    void changed(Task& task);
    // Moves the task to another CPU if its affinity mask excludes its present one.
    void move_if_needed(Task& task);

    // --- for the run loop

    // Makes the busy CPU with the lowest clock the current one. False: all are idle.
    bool select();
    // Lets time pass until `at_ns`; all CPUs must be idle.
    void idle_until(std::uint64_t at_ns);
    enum class Switch { None, SameSpace, OtherSpace, FromIdle };
    // The task to run on the current CPU, and the kind of switch to it.
    Task& pick(Switch& how);
    // On its way back to EL0 the task gives its CPU to the next one in the queue.
    void yield(Task& task) { yields_ = task.id; }
    bool yields(const Task& task) const { return yields_ == task.id || here().preempted; }
    // Ends the turn of the running task: it blocked, stopped or died, or with `yields` goes to the
    // end of the queue.
    void put_back(Task& task, bool yields);
    // Adds time executed at EL0 to the clock of the current CPU.
    void ran(CentiCycles cycles) { cpus_[current_].clock += cycles; }
    // The end of the current CPU's quantum.
    CentiCycles until() const { return until_; }
    void limit(std::uint64_t at_ns);
    bool tick_due() const { return now() >= here().next_tick; }
    // Sets the next tick. True: the slice of the running task is over and others wait.
    bool tick();
    bool others_wait() const { return !here().queue.empty(); }

    // --- kernel work that touches lines that other CPUs use too

    // Another CPU has something to do.
    bool others_busy() const;
    // The leg of the current CPU begins now: its time passes in run_legs().
    void begin_leg(CentiCycles charged);
    // The CPU that is furthest behind goes on, a step at a time, until that is none in a leg, or at
    // `end_ns`. `over` is told of each CPU whose leg is over.
    void run_legs(Legs& legs, std::uint64_t end_ns, const std::function<void(unsigned)>& over);
    // The run ends: what legs have waited so far is charged.
    void give_up_legs(Legs& legs, const std::function<void(unsigned)>& over);

private:
    static constexpr std::uint64_t kNsInHundredths = 10'000'000;

    SimCpu& cpu() { return cpus_[current_]; }
    void settle();
    void skip_ticks(SimCpu& cpu, CentiCycles at) const;
    void begin_waking(SimCpu& cpu);
    SimCpu& place_for(const Task& task);
    void enqueue(SimCpu& cpu, Task& task);
    void pull_work(SimCpu& cpu);
    void set_until();
    void account(SimCpu& cpu);
    std::deque<Task*>::iterator next_of(SimCpu& cpu);
    void preempt_if_outranked(SimCpu& cpu, const Task& by);
    void let_fair_run(SimCpu& cpu);
    void end_leg(SimCpu& cpu);

    // To call after what may have made a CPU busy or not.
    void note(const SimCpu& cpu);
    std::uint64_t lowest_ready(std::uint64_t among) const;

    std::unique_ptr<LowestFirst> legs_;  // clocks of the CPUs that are in legs
    std::uint64_t in_legs_ = 0;          // a bit for each of these
    std::uint64_t ready_ = 0;            // and for each other one that is busy
    const Ledger& ledger_;
    std::uint64_t hz_, last_ns_;
    std::vector<SimCpu> cpus_;
    std::size_t current_ = 0;
    TaskId yields_;        // 0: none does
    CentiCycles charged_;  // kernel cycles of the ledger that are in a CPU's clock
    CentiCycles until_;
    CentiCycles quantum_, tick_, slice_;
    WakeObserver* observer_ = nullptr;
    bool by_rank_ = false;  // not all tasks are alike
    CentiCycles rr_slice_, second_, fair_share_;
};

}  // namespace uprobesim
