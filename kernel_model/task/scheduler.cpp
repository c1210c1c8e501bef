// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/scheduler.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "kernel_model/abi/clock.h"
#include "kernel_model/task/process.h"
#include "sim/base/error.h"

namespace uprobesim {
namespace {

// The most that one CPU may be ahead of another: less than the time of a system call.
constexpr std::uint64_t kQuantumNs = 2'000;
// sysctl_sched_base_slice of a machine with 8 CPUs or more.
constexpr std::uint64_t kSliceNs = 3'000'000;
// sched_rr_timeslice, and what the fair server has of each second.
constexpr std::uint64_t kRrSliceNs = 100'000'000, kFairShareNs = 50'000'000,
                        kSecondNs = 1'000'000'000;
constexpr CentiCycles kNever{~std::uint64_t{0}};

bool allowed(const Task& task, const SimCpu& cpu) {
    return (task.affinity >> cpu.id & 1) != 0;
}

}  // namespace

Scheduler::Scheduler(const Ledger& ledger, std::uint64_t hz) : ledger_(ledger), hz_(hz) {
    quantum_ = to_cycles(kQuantumNs);
    tick_ = to_cycles(abi::kTickNs);
    slice_ = to_cycles(kSliceNs);
    last_ns_ = to_ns(LowestFirst::kLatest);
    set_rr_slice(kRrSliceNs);
    fair_share_ = to_cycles(kFairShareNs);
    second_ = to_cycles(kSecondNs);
    set_cpus(1);
}

void Scheduler::set_cpus(unsigned count) {
    check_invariant(count >= 1 && count <= kMaxCpus, "a number of CPUs that cannot be");
    cpus_.assign(count, {});
    for (unsigned i = 0; i < count; ++i) {
        cpus_[i].id = i;
        cpus_[i].next_tick = tick_;
    }
    legs_ = std::make_unique<LowestFirst>();
    in_legs_ = ready_ = 0;
}

void Scheduler::note(const SimCpu& cpu) {
    const std::uint64_t bit = std::uint64_t{1} << cpu.id;
    ready_ = cpu.busy() && !cpu.in_leg ? ready_ | bit : ready_ & ~bit;
}

// The key of the first of these in the order of clocks; LowestFirst::kNone: there is none.
std::uint64_t Scheduler::lowest_ready(std::uint64_t among) const {
    std::uint64_t lowest = LowestFirst::kNone;
    for (; among != 0; among &= among - 1) {
        const auto id = static_cast<unsigned>(std::countr_zero(among));
        lowest = std::min(lowest, LowestFirst::key(cpus_[id].clock, id));
    }
    return lowest;
}

CentiCycles Scheduler::to_cycles(std::uint64_t ns) const {
    const auto exact = static_cast<unsigned __int128>(ns) * hz_;
    const auto cycles = (exact + kNsInHundredths - 1) / kNsInHundredths;
    return CentiCycles(cycles > kNever.value ? kNever.value : static_cast<std::uint64_t>(cycles));
}

// Charges since the last call belong to the current CPU.
void Scheduler::settle() {
    cpu().clock += ledger_.kernel_cycles() - charged_;
    charged_ = ledger_.kernel_cycles();
}

// Ticks that are due until `at` do not come any more: one was taken for all, or the CPU was idle.
void Scheduler::skip_ticks(SimCpu& cpu, CentiCycles at) const {
    if (cpu.next_tick > at) return;
    const std::uint64_t missed = (at - cpu.next_tick).value / tick_.value + 1;
    cpu.next_tick += CentiCycles(missed * tick_.value);
}

void Scheduler::begin_waking(SimCpu& woken) {
    if (woken.id == current_ || woken.busy() || woken.clock >= now()) return;
    const CentiCycles passed = now() - woken.clock;
    woken.idle += passed;
    woken.clock += passed;
    skip_ticks(woken, woken.clock);
}

SimCpu& Scheduler::place_for(const Task& task) {
    SimCpu& before = cpus_[task.cpu];
    if (allowed(task, before) && !before.busy()) return before;
    SimCpu* best = nullptr;
    for (SimCpu& candidate : cpus_) {
        if (!allowed(task, candidate)) continue;
        if (!candidate.busy()) return candidate;
        // A real-time task goes where it is outranked least (find_lowest_rq).
        const auto load = [&](const SimCpu& c) -> std::size_t {
            if (by_rank_ && task.sched.is_real_time())
                return c.running == nullptr ? 0
                                            : static_cast<std::size_t>(c.running->sched.rank() + 1);
            return c.queue.size() + (c.running != nullptr ? 1 : 0);
        };
        const bool nearer =
            best != nullptr && candidate.id == task.cpu && load(candidate) == load(*best);
        if (best == nullptr || load(candidate) < load(*best) || nearer) best = &candidate;
    }
    check_invariant(best != nullptr, "a task may run on no CPU");
    return *best;
}

void Scheduler::enqueue(SimCpu& target, Task& task) {
    begin_waking(target);
    task.cpu = target.id;
    target.queue.push_back(&task);
    task.past.queued_at = std::max(now(), target.clock);
    // It has no claim to the time that it was away (place_entity).
    task.past.virtual_time =
        std::max(task.past.virtual_time,
                 target.least_virtual_time - std::min(target.least_virtual_time, slice_.value));
    note(target);
    set_until();
    if (by_rank_) [[unlikely]]
        preempt_if_outranked(target, task);
}

void Scheduler::preempt_if_outranked(SimCpu& cpu, const Task& by) {
    if (cpu.running != nullptr && by.sched.rank() > cpu.running->sched.rank() &&
        (cpu.fair_until <= cpu.clock ||
         by.sched.is_real_time() == cpu.running->sched.is_real_time()))
        cpu.preempted = true;
}

void Scheduler::changed(Task& task) {
    if (!std::exchange(by_rank_, true)) {
        for (SimCpu& cpu : cpus_) cpu.accounted = cpu.fair_ran = cpu.clock;
    }
    if (task.state != TaskState::Runnable) return;
    SimCpu& where = cpus_[task.cpu];
    if (where.running != &task) return preempt_if_outranked(where, task);
    for (const Task* waiting : where.queue) preempt_if_outranked(where, *waiting);
}

// The running task's time since the last call, by its weight.
void Scheduler::account(SimCpu& cpu) {
    if (cpu.running == nullptr) return;
    Task& task = *cpu.running;
    const CentiCycles at = &cpu == &here() ? now() : cpu.clock;
    const CentiCycles ran = at > cpu.accounted ? at - cpu.accounted : CentiCycles{};
    cpu.accounted = at;
    task.past.virtual_time += ran.value * kNiceZeroWeight / weight_of(task.sched, task.nice);
    if (task.sched.is_real_time()) return;
    cpu.fair_ran = at;
    std::uint64_t least = task.past.virtual_time;
    for (const Task* waiting : cpu.queue) {
        if (!waiting->sched.is_real_time()) least = std::min(least, waiting->past.virtual_time);
    }
    cpu.least_virtual_time = std::max(cpu.least_virtual_time, least);
}

// The queued task that is to run next.
std::deque<Task*>::iterator Scheduler::next_of(SimCpu& cpu) {
    if (!by_rank_) return cpu.queue.begin();
    const bool fair_first = cpu.fair_until > now();
    const auto rank = [&](const Task* task) {
        return fair_first && task->sched.is_real_time() ? -1 : std::max(task->sched.rank(), 1);
    };
    return std::min_element(cpu.queue.begin(), cpu.queue.end(), [&](const Task* a, const Task* b) {
        if (rank(a) != rank(b)) return rank(a) > rank(b);
        return !a->sched.is_real_time() && a->past.virtual_time < b->past.virtual_time;
    });
}

void Scheduler::start(Task& task) {
    task.state = TaskState::Runnable;
    enqueue(place_for(task), task);
}

void Scheduler::wake(Task& task) {
    task.woken = true;
    if (task.state != TaskState::Blocked) return;
    task.resumes_call = true;
    start(task);
    if (observer_ != nullptr) [[unlikely]] {
        observer_->woken(task);
    }
}

void Scheduler::remove(Task& task) {
    SimCpu& where = cpus_[task.cpu];
    std::erase(where.queue, &task);
    note(where);
    if (where.running != &task || &where == &cpu())
        return;  // the running task is put back at the end of its turn
    where.running = nullptr;
    if (!where.busy()) pull_work(where);
    if (!where.busy()) where.was_idle = true;
    note(where);
}

void Scheduler::move_if_needed(Task& task) {
    if (task.state != TaskState::Runnable || allowed(task, cpus_[task.cpu])) return;
    SimCpu& where = cpus_[task.cpu];
    if (where.running == &task) {
        if (&where == &cpu()) return;  // moved when it is put back
        where.running = nullptr;
    } else {
        std::erase(where.queue, &task);
    }
    note(where);
    enqueue(place_for(task), task);
    if (!where.busy()) pull_work(where);
    if (!where.busy()) where.was_idle = true;
    note(where);
}

bool Scheduler::select() {
    settle();
    const std::uint64_t lowest = std::min(lowest_ready(ready_), legs_->lowest());
    if (lowest == LowestFirst::kNone) return false;
    current_ = LowestFirst::index_of(lowest);
    set_until();
    return true;
}

// Of a CPU that is in no leg.
void Scheduler::set_until() {
    const std::uint64_t others = ready_ & ~(std::uint64_t{1} << current_);
    const std::uint64_t lowest = std::min(lowest_ready(others), legs_->lowest());
    until_ = lowest == LowestFirst::kNone ? kNever
                                          : cpus_[LowestFirst::index_of(lowest)].clock + quantum_;
}

void Scheduler::limit(std::uint64_t at_ns) {
    until_ = std::min(until_, to_cycles(at_ns));
}

void Scheduler::idle_until(std::uint64_t at_ns) {
    settle();
    const CentiCycles at = to_cycles(at_ns);
    // The CPU that has been idle longest takes the interrupt.
    const auto first =
        std::min_element(cpus_.begin(), cpus_.end(),
                         [](const SimCpu& a, const SimCpu& b) { return a.clock < b.clock; });
    current_ = first->id;
    if (first->clock >= at) return;
    first->idle += at - first->clock;
    first->clock = at;
    skip_ticks(*first, at);
}

Task& Scheduler::pick(Switch& how) {
    SimCpu& here = cpu();
    how = Switch::None;
    if (here.running != nullptr && !here.preempted) return *here.running;
    if (here.running != nullptr) {
        account(here);
        ++here.running->past.involuntary;
        here.running->past.queued_at = now();
        here.queue.push_front(here.running);
    }
    here.preempted = false;
    const auto next = next_of(here);
    Task& task = **next;
    here.queue.erase(next);
    here.running = &task;
    here.accounted = now();
    if (here.was_idle) here.fair_ran = now();
    ++task.past.turns;
    if (now() > task.past.queued_at) task.past.waited += now() - task.past.queued_at;
    const std::uint64_t space = task.process->mm->space().id();
    if (here.last_task != TaskId{}) {
        if (here.was_idle) {
            how = Switch::FromIdle;
        } else if (here.last_task != task.id) {
            how = here.last_space == space ? Switch::SameSpace : Switch::OtherSpace;
        }
    }
    if (how != Switch::None) ++here.switches;
    here.was_idle = false;
    here.last_task = task.id;
    here.last_space = space;
    here.slice_begin = now();
    return task;
}

void Scheduler::put_back(Task& task, bool yields) {
    yields_ = {};
    settle();
    SimCpu& here = cpu();
    const bool stays = task.state == TaskState::Runnable;
    if (stays && !yields && allowed(task, here)) return;
    if (by_rank_) [[unlikely]]
        account(here);
    ++(stays ? task.past.involuntary : task.past.voluntary);
    here.running = nullptr;
    const bool preempted = std::exchange(here.preempted, false);
    if (stays && preempted && allowed(task, here)) {
        task.past.queued_at = now();
        here.queue.push_front(&task);
    } else if (stays) {
        SimCpu& target = allowed(task, here) ? here : place_for(task);
        enqueue(target, task);
    }
    if (!here.busy()) pull_work(here);
    if (!here.busy()) here.was_idle = true;
    note(here);
}

// An idle CPU takes the first task that it may run from another's queue (newidle_balance).
void Scheduler::pull_work(SimCpu& idle) {
    for (SimCpu& busy : cpus_) {
        if (busy.id == idle.id || busy.running == nullptr) continue;
        const auto found = std::find_if(busy.queue.begin(), busy.queue.end(),
                                        [&](const Task* t) { return allowed(*t, idle); });
        if (found == busy.queue.end()) continue;
        Task& task = **found;
        busy.queue.erase(found);
        enqueue(idle, task);
        return;
    }
}

bool Scheduler::others_busy() const {
    return ((ready_ | in_legs_) & ~(std::uint64_t{1} << current_)) != 0;
}

void Scheduler::begin_leg(CentiCycles charged) {
    charged_ += charged;
    settle();
    cpu().in_leg = true;
    in_legs_ |= std::uint64_t{1} << cpu().id;
    legs_->set(cpu().id, cpu().clock);
    note(cpu());
}

void Scheduler::end_leg(SimCpu& cpu) {
    current_ = cpu.id;
    cpu.in_leg = false;
    in_legs_ &= ~(std::uint64_t{1} << cpu.id);
    legs_->clear(cpu.id);
    if (!cpu.busy()) pull_work(cpu);
    if (!cpu.busy()) cpu.was_idle = true;
    note(cpu);
}

void Scheduler::run_legs(Legs& legs, std::uint64_t end_ns,
                         const std::function<void(unsigned)>& over) {
    // The first CPU that is in none, or the end.
    std::uint64_t other = std::min(lowest_ready(ready_), LowestFirst::key(to_cycles(end_ns), 0));
    for (std::uint64_t first = legs_->lowest(); first < other; first = legs_->lowest()) {
        SimCpu& cpu = cpus_[LowestFirst::index_of(first)];
        cpu.clock = legs.step(cpu.id, cpu.clock);
        if (!legs.of(cpu.id).over()) {
            legs_->set(cpu.id, cpu.clock);
            continue;
        }
        charged_ += legs.finish(cpu.id);  // it is in the clock
        end_leg(cpu);
        over(cpu.id);
        other = std::min(other, lowest_ready(ready_));
    }
}

void Scheduler::give_up_legs(Legs& legs, const std::function<void(unsigned)>& over) {
    for (SimCpu& cpu : cpus_) {
        if (!cpu.in_leg) continue;
        charged_ += legs.finish(cpu.id);
        over(cpu.id);
        cpu.in_leg = false;
        in_legs_ &= ~(std::uint64_t{1} << cpu.id);
        legs_->clear(cpu.id);
        note(cpu);
    }
}

bool Scheduler::tick() {
    SimCpu& here = cpu();
    ++here.ticks;
    skip_ticks(here, now());
    if (by_rank_ && here.running != nullptr) [[unlikely]] {
        account(here);
        let_fair_run(here);
        const SchedClass& sched = here.running->sched;
        if (sched.is_real_time())
            return sched.policy == abi::kSchedRr && now() - here.slice_begin >= rr_slice_;
    }
    return !here.queue.empty() && now() - here.slice_begin >= slice_;
}

// Real-time tasks may take 950 ms of a second while others wait.
void Scheduler::let_fair_run(SimCpu& cpu) {
    if (!cpu.running->sched.is_real_time()) {
        if (cpu.fair_until != CentiCycles{} && cpu.fair_until <= now()) {
            cpu.fair_until = {};
            for (const Task* waiting : cpu.queue) preempt_if_outranked(cpu, *waiting);
        }
        return;
    }
    const bool waits = std::ranges::any_of(
        cpu.queue, [](const Task* task) { return !task->sched.is_real_time(); });
    if (!waits) {
        cpu.fair_ran = now();
    } else if (now() - cpu.fair_ran >= second_ - fair_share_) {
        cpu.fair_until = now() + fair_share_;
        cpu.preempted = true;
    }
}

}  // namespace uprobesim
