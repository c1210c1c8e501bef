// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/task/scheduler.h"

#include <algorithm>

#include "kernel_model/abi/clock.h"
#include "kernel_model/task/process.h"
#include "sim/base/error.h"

namespace uprobesim {
namespace {

// The most that one CPU may be ahead of another: less than the time of a system call.
constexpr std::uint64_t kQuantumNs = 2'000;
// sysctl_sched_base_slice of a machine with 8 CPUs or more.
constexpr std::uint64_t kSliceNs = 3'000'000;
constexpr CentiCycles kNever{~std::uint64_t{0}};

bool allowed(const Task& task, const SimCpu& cpu) {
    return (task.affinity >> cpu.id & 1) != 0;
}

}  // namespace

Scheduler::Scheduler(const Ledger& ledger, std::uint64_t hz) : ledger_(ledger), hz_(hz) {
    quantum_ = to_cycles(kQuantumNs);
    tick_ = to_cycles(abi::kTickNs);
    slice_ = to_cycles(kSliceNs);
    set_cpus(1);
}

void Scheduler::set_cpus(unsigned count) {
    check_invariant(count >= 1 && count <= kMaxCpus, "a number of CPUs that cannot be");
    cpus_.assign(count, {});
    for (unsigned i = 0; i < count; ++i) {
        cpus_[i].id = i;
        cpus_[i].next_tick = tick_;
    }
}

std::uint64_t Scheduler::to_ns(CentiCycles cycles) const {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(cycles.value) * 10'000'000u /
                                      hz_);
}

CentiCycles Scheduler::to_cycles(std::uint64_t ns) const {
    const auto exact = static_cast<unsigned __int128>(ns) * hz_;
    const auto cycles = (exact + 9'999'999u) / 10'000'000u;
    return CentiCycles(cycles > kNever.value ? kNever.value : static_cast<std::uint64_t>(cycles));
}

// Charges since the last call belong to the current CPU.
void Scheduler::settle() {
    cpu().clock += ledger_.kernel_cycles() - charged_;
    charged_ = ledger_.kernel_cycles();
}

void Scheduler::begin_waking(SimCpu& woken) {
    if (woken.id == current_ || woken.busy() || woken.clock >= now()) return;
    const CentiCycles passed = now() - woken.clock;
    woken.idle += passed;
    woken.clock += passed;
    // The tick was off.
    while (woken.next_tick <= woken.clock) woken.next_tick += tick_;
}

SimCpu& Scheduler::place_for(const Task& task) {
    SimCpu& before = cpus_[task.cpu];
    if (allowed(task, before) && !before.busy()) return before;
    SimCpu* best = nullptr;
    for (SimCpu& candidate : cpus_) {
        if (!allowed(task, candidate)) continue;
        if (!candidate.busy()) return candidate;
        const auto load = [](const SimCpu& c) {
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
    set_until();
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
    if (where.running != &task || &where == &cpu())
        return;  // the running task is put back at the end of its turn
    where.running = nullptr;
    if (!where.busy()) pull_work(where);
    if (!where.busy()) where.was_idle = true;
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
    enqueue(place_for(task), task);
    if (!where.busy()) pull_work(where);
    if (!where.busy()) where.was_idle = true;
}

bool Scheduler::select() {
    settle();
    const SimCpu* lowest = nullptr;
    for (const SimCpu& candidate : cpus_) {
        if (candidate.busy() && (lowest == nullptr || candidate.clock < lowest->clock))
            lowest = &candidate;
    }
    if (lowest == nullptr) return false;
    current_ = lowest->id;
    set_until();
    return true;
}

void Scheduler::set_until() {
    until_ = kNever;
    for (const SimCpu& other : cpus_) {
        if (other.id != current_ && other.busy()) until_ = std::min(until_, other.clock + quantum_);
    }
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
    while (first->next_tick <= first->clock) first->next_tick += tick_;
}

Task& Scheduler::pick(Switch& how) {
    SimCpu& here = cpu();
    how = Switch::None;
    if (here.running != nullptr) return *here.running;
    Task& task = *here.queue.front();
    here.queue.pop_front();
    here.running = &task;
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
    here.running = nullptr;
    if (stays) {
        SimCpu& target = allowed(task, here) ? here : place_for(task);
        enqueue(target, task);
    }
    if (!here.busy()) pull_work(here);
    if (!here.busy()) here.was_idle = true;
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
    return std::any_of(cpus_.begin(), cpus_.end(),
                       [&](const SimCpu& other) { return other.id != current_ && other.busy(); });
}

void Scheduler::begin_leg(CentiCycles charged) {
    charged_ += charged;
    settle();
    cpu().in_leg = true;
}

void Scheduler::end_leg(SimCpu& cpu) {
    current_ = cpu.id;
    cpu.in_leg = false;
    if (!cpu.busy()) pull_work(cpu);
    if (!cpu.busy()) cpu.was_idle = true;
}

void Scheduler::run_legs(Legs& legs, std::uint64_t end_ns,
                         const std::function<void(unsigned)>& over) {
    const CentiCycles end = to_cycles(end_ns);
    Turn other{kNever, kMaxCpus};       // the first CPU that is in none
    std::vector<Turn>& turns = turns_;  // a heap of those that are, the lowest clock first
    turns.clear();
    for (const SimCpu& cpu : cpus_) {
        const Turn turn{cpu.clock, cpu.id};
        if (cpu.in_leg) {
            turns.push_back(turn);
        } else if (cpu.busy() && other > turn) {
            other = turn;
        }
    }
    std::make_heap(turns.begin(), turns.end(), std::greater<>());
    while (!turns.empty() && other > turns.front() && turns.front().at < end) {
        std::pop_heap(turns.begin(), turns.end(), std::greater<>());
        Turn& turn = turns.back();
        SimCpu& cpu = cpus_[turn.cpu];
        // The steps of one CPU, while it stays the one furthest behind.
        const auto first = [&] {
            return other > turn && turn.at < end && (turns.size() == 1 || turns.front() > turn);
        };
        bool is_over = false;
        do {
            const Legs::Taken taken = legs.step(turn.cpu, turn.at);
            charged_ += taken.waited;  // it is in the clock
            turn.at = taken.at;
            is_over = legs.of(turn.cpu).over();
        } while (!is_over && first());
        cpu.clock = turn.at;
        if (!is_over) {
            std::push_heap(turns.begin(), turns.end(), std::greater<>());
            continue;
        }
        end_leg(cpu);
        over(turn.cpu);
        if (cpu.busy() && other > turn) other = turn;
        turns.pop_back();
    }
}

bool Scheduler::tick() {
    SimCpu& here = cpu();
    ++here.ticks;
    while (here.next_tick <= now()) here.next_tick += tick_;
    return !here.queue.empty() && now() - here.slice_begin >= slice_;
}

}  // namespace uprobesim
