// SPDX-License-Identifier: GPL-2.0-or-later
// Queues of futex words, as futex(2) describes them.
#include "kernel_model/task/futex.h"

#include <catch2/catch.hpp>

#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct Waiters {
    KernelFixture fixture;
    Futexes& futexes = fixture.kernel->futexes();
    std::vector<std::unique_ptr<Task>> tasks;

    Task& add(const FutexKey& key, std::uint32_t bitset = abi::kFutexBitsetMatchAny) {
        auto task = std::make_unique<Task>();
        task->process = &fixture.process();
        task->scheduler = &fixture.kernel->scheduler();
        task->state = TaskState::Blocked;
        task->futex = FutexWait{.key = key, .bitset = bitset};
        futexes.add(*task);
        tasks.push_back(std::move(task));
        return *tasks.back();
    }
    Waiters() = default;
    ~Waiters() {
        for (auto& task : tasks) {
            fixture.kernel->scheduler().remove(*task);
            futexes.remove(*task);
        }
    }
    Waiters(const Waiters&) = delete;
    Waiters& operator=(const Waiters&) = delete;
};

constexpr FutexKey kFirst{.space = 1, .at = 0x1000}, kSecond{.space = 1, .at = 0x2000};

}  // namespace

TEST_CASE("a wake takes the waiters in their order, as many as asked for", "[futex]") {
    Waiters w;
    Task& a = w.add(kFirst);
    Task& b = w.add(kFirst);
    Task& c = w.add(kFirst);
    Task& other = w.add(kSecond);
    CHECK(w.futexes.wake(kFirst, 2) == 2);
    CHECK(a.futex->woken);
    CHECK(b.futex->woken);
    CHECK_FALSE(c.futex->woken);
    CHECK_FALSE(other.futex->woken);
    CHECK(w.futexes.first(kFirst) == &c);
    CHECK(w.futexes.wake(kFirst, 100) == 1);
    CHECK(w.futexes.wake(kFirst, 1) == 0);
    CHECK(w.futexes.first(kFirst) == nullptr);
}

TEST_CASE("a wake with a bitset takes those that share a bit", "[futex]") {
    Waiters w;
    Task& a = w.add(kFirst, 1);
    Task& b = w.add(kFirst, 6);
    CHECK(w.futexes.wake(kFirst, 10, 2) == 1);
    CHECK(b.futex->woken);
    CHECK_FALSE(a.futex->woken);
}

TEST_CASE("requeued waiters wait on the other word, after its present waiters", "[futex]") {
    Waiters w;
    Task& there = w.add(kSecond);
    Task& a = w.add(kFirst);
    Task& b = w.add(kFirst);
    CHECK(w.futexes.requeue(kFirst, kSecond, 1) == 1);
    CHECK(a.futex->key == kSecond);
    CHECK(b.futex->key == kFirst);
    CHECK(w.futexes.wake(kSecond, 2) == 2);
    CHECK(there.futex->woken);
    CHECK(a.futex->woken);
}

TEST_CASE("a task that has stopped waiting is not woken", "[futex]") {
    Waiters w;
    Task& a = w.add(kFirst);
    Task& b = w.add(kFirst);
    w.futexes.remove(a);
    CHECK_FALSE(a.futex.has_value());
    CHECK(w.futexes.wake(kFirst, 1) == 1);
    CHECK(b.futex->woken);
}

TEST_CASE(
    "the key of a word is its address space and address, or the file and offset of a shared "
    "mapping",
    "[futex]") {
    KernelFixture f;
    Mm& mm = *f.process().mm;
    const auto private_page = mm.map({.length = 4096, .prot = {.read = true, .write = true}});
    const auto shared_page =
        mm.map({.length = 8192, .prot = {.read = true, .write = true}, .shared = true});
    REQUIRE(private_page);
    REQUIRE(shared_page);
    ForkedPages copied;
    const auto child = mm.fork(copied);
    REQUIRE(child != nullptr);
    CHECK(futex_key(mm, *private_page, false) != futex_key(*child, *private_page, false));
    CHECK(futex_key(mm, *shared_page + 4, false) == futex_key(*child, *shared_page + 4, false));
    CHECK(futex_key(mm, *shared_page, false) != futex_key(mm, *shared_page + 4096, false));
    // FUTEX_PRIVATE_FLAG: no other process uses the word.
    CHECK(futex_key(mm, *shared_page, true) != futex_key(*child, *shared_page, true));
}
