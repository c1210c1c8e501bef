// SPDX-License-Identifier: GPL-2.0-or-later
// The simulated CPUs by themselves: which task runs where, and what the clocks show.
#include "kernel_model/task/scheduler.h"

#include <catch2/catch.hpp>

#include "kernel_model/task/process.h"
#include "sim/profile/kernel_profile.h"
#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// At 1 GHz a cycle is a nanosecond.
struct Cpus {
    Machine machine{profile_at(1e9), KernelProfile{}, std::uint64_t{64} << 20, 1,
                    std::make_unique<FlatCore>()};
    Scheduler scheduler{machine.ledger, 1'000'000'000};
    Process process;
    std::vector<std::unique_ptr<Task>> tasks;

    explicit Cpus(unsigned count) {
        scheduler.set_cpus(count);
        process.mm = std::make_shared<Mm>(machine);
    }
    Task& add(std::uint64_t affinity = ~std::uint64_t{0}) {
        auto task = std::make_unique<Task>();
        task->id = TaskId{1000 + static_cast<std::int32_t>(tasks.size())};
        task->process = &process;
        task->scheduler = &scheduler;
        task->affinity = affinity;
        Task& made = *task;
        tasks.push_back(std::move(task));
        scheduler.start(made);
        return made;
    }
    Task& pick() {
        REQUIRE(scheduler.select());
        Scheduler::Switch how{};
        return scheduler.pick(how);
    }
    void run(Task& task, std::uint64_t ns) {
        REQUIRE(&pick() == &task);
        scheduler.ran(scheduler.to_cycles(ns));
        scheduler.put_back(task, false);
    }
    void block(Task& task) {
        REQUIRE(&pick() == &task);
        task.state = TaskState::Blocked;
        scheduler.put_back(task, false);
    }
};

}  // namespace

TEST_CASE("the CPU with the lowest clock runs next", "[scheduler]") {
    Cpus cpus(2);
    Task& a = cpus.add();
    Task& b = cpus.add();
    CHECK(a.cpu == 0);
    CHECK(b.cpu == 1);
    cpus.run(a, 500);
    cpus.run(b, 300);
    cpus.run(b, 300);
    cpus.run(a, 10);
    CHECK(cpus.scheduler.to_ns(cpus.scheduler.cpus()[0].clock) == 510);
    CHECK(cpus.scheduler.to_ns(cpus.scheduler.cpus()[1].clock) == 600);
}

TEST_CASE("a CPU may run no further than a quantum ahead of a busy one", "[scheduler]") {
    Cpus cpus(2);
    Task& a = cpus.add();
    Task& b = cpus.add();
    cpus.run(b.cpu == 1 ? a : b, 1000);
    cpus.pick();  // CPU 1, at 0
    CHECK(cpus.scheduler.to_ns(cpus.scheduler.until()) == 3000);
}

TEST_CASE("what wakes an idle CPU moves its clock, and the time between was idle", "[scheduler]") {
    Cpus cpus(2);
    Task& a = cpus.add();
    Task& b = cpus.add();
    cpus.run(a, 100);
    cpus.block(b);
    cpus.run(a, 900);
    CHECK(&cpus.pick() == &a);
    cpus.scheduler.wake(b);
    CHECK(b.state == TaskState::Runnable);
    CHECK(b.resumes_call);
    CHECK(b.cpu == 1);
    const SimCpu& second = cpus.scheduler.cpus()[1];
    CHECK(cpus.scheduler.to_ns(second.clock) == 1000);
    CHECK(cpus.scheduler.to_ns(second.idle) == 1000);
}

TEST_CASE(
    "a woken task goes where it ran if that is idle, else to an idle CPU, else to the shortest "
    "queue",
    "[scheduler]") {
    Cpus cpus(2);
    Task& a = cpus.add();
    Task& b = cpus.add();
    Task& c = cpus.add();
    Task& d = cpus.add();
    CHECK(c.cpu == 0);
    CHECK(d.cpu == 1);
    cpus.run(a, 10);
    cpus.block(b);  // d runs on CPU 1 next
    CHECK(&cpus.pick() == &d);
    d.state = TaskState::Blocked;
    cpus.scheduler.put_back(d, false);
    // CPU 1 took c, which waited after a.
    CHECK(c.cpu == 1);
    cpus.block(c);
    cpus.scheduler.wake(b);
    CHECK(b.cpu == 1);
    cpus.scheduler.wake(c);
    CHECK((c.cpu == 0 || c.cpu == 1));
    CHECK(cpus.scheduler.cpus()[0].queue.size() + cpus.scheduler.cpus()[1].queue.size() == 2);
}

TEST_CASE("affinity is obeyed when a task starts, wakes and is moved", "[scheduler]") {
    Cpus cpus(4);
    Task& a = cpus.add(std::uint64_t{1} << 2);
    Task& b = cpus.add(std::uint64_t{1} << 2);
    CHECK(a.cpu == 2);
    CHECK(b.cpu == 2);
    b.affinity = std::uint64_t{1} << 3;
    cpus.scheduler.move_if_needed(b);
    CHECK(b.cpu == 3);
}

TEST_CASE("a task that yields goes to the end of the queue", "[scheduler]") {
    Cpus cpus(1);
    Task& a = cpus.add();
    Task& b = cpus.add();
    REQUIRE(&cpus.pick() == &a);
    cpus.scheduler.put_back(a, true);
    REQUIRE(&cpus.pick() == &b);
    cpus.scheduler.put_back(b, true);
    CHECK(&cpus.pick() == &a);
}

TEST_CASE("a slice ends at a tick, and only for others that wait", "[scheduler]") {
    Cpus cpus(1);
    Task& a = cpus.add();
    REQUIRE(&cpus.pick() == &a);
    CHECK_FALSE(cpus.scheduler.tick_due());
    cpus.scheduler.ran(cpus.scheduler.to_cycles(4'000'000));
    CHECK(cpus.scheduler.tick_due());
    CHECK_FALSE(cpus.scheduler.tick());
    CHECK_FALSE(cpus.scheduler.tick_due());
    cpus.add();
    cpus.scheduler.ran(cpus.scheduler.to_cycles(4'000'000));
    CHECK(cpus.scheduler.tick_due());
    CHECK(cpus.scheduler.tick());
}

TEST_CASE("an observer is told of tasks that were blocked and are woken, and of no others",
          "[scheduler]") {
    struct Woken final : WakeObserver {
        std::vector<TaskId> tasks;
        void woken(const Task& task) override { tasks.push_back(task.id); }
    };
    Cpus cpus(1);
    Task& a = cpus.add();
    Task& b = cpus.add();
    Woken woken;
    cpus.scheduler.observe(&woken);
    cpus.block(a);
    REQUIRE(&cpus.pick() == &b);
    cpus.scheduler.wake(b);  // runs
    CHECK(woken.tasks.empty());
    cpus.scheduler.wake(a);
    CHECK(woken.tasks == std::vector{a.id});
    CHECK(cpus.scheduler.here().running == &b);
    cpus.scheduler.wake(a);  // is runnable already
    CHECK(woken.tasks.size() == 1);
}

TEST_CASE("a task that is about to block is not lost when it is woken before", "[scheduler]") {
    Cpus cpus(1);
    Task& a = cpus.add();
    REQUIRE(&cpus.pick() == &a);
    cpus.scheduler.wake(a);
    CHECK(a.woken);
    CHECK(a.state == TaskState::Runnable);
    CHECK(cpus.scheduler.cpus()[0].queue.empty());
}

TEST_CASE("an idle CPU passes over years at once, and its tick comes after them", "[scheduler]") {
    constexpr std::uint64_t kYearNs = 365ull * 24 * 3600 * 1'000'000'000;
    Cpus cpus(1);
    REQUIRE_FALSE(cpus.scheduler.select());
    cpus.scheduler.idle_until(kYearNs);
    CHECK(cpus.scheduler.now_ns() == kYearNs);
    CHECK_FALSE(cpus.scheduler.tick_due());
    const Task& task = cpus.add();
    CHECK(&cpus.pick() == &task);
    cpus.scheduler.ran(cpus.scheduler.to_cycles(10'000'000));  // 10 ms: the tick of CONFIG_HZ=100
    CHECK(cpus.scheduler.tick_due());
}
