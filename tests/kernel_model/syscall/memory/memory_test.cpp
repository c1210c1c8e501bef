// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments and answers of the memory system calls, as their manual pages and Linux's own order of
// checks say.
#include <algorithm>
#include <catch2/catch.hpp>

#include "kernel_model/syscall/syscall.h"
#include "tests/kernel_model/loader/loader_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {
constexpr std::uint64_t kRead = 1, kWrite = 2, kShared = 1, kPrivate = 2, kFixed = 0x10,
                        kAnonymous = 0x20;

struct SyscallFixture {
    std::unique_ptr<Machine> machine = make_machine();
    FlatFiles files{machine->memory};
    Kernel kernel{*machine, files};
    Process process;
    Task task;
    KernelPath last_path{};
    std::uint64_t last_units = 0;

    SyscallFixture() {
        process.mm = std::make_unique<Mm>(*machine);
        task.id = kTask;
        task.process = &process;
        set_credentials(task, Credentials::of_user(1000, 1000));
    }
    // The answer as x0 would have it.
    std::int64_t call(std::string_view name, std::array<std::uint64_t, 6> args) {
        for (const auto table : {memory_syscalls(), memory_lock_syscalls(), madvise_syscalls()}) {
            const auto found = std::ranges::find(table, name, &SyscallRow::name);
            if (found == table.end()) continue;
            const SyscallRow& row = *found;
            SysCall sys{kernel, process, task, args, row.path, 0};
            const SysOutcome outcome = row.fn(sys);
            last_path = sys.path;
            last_units = sys.units;
            if (const auto* error = std::get_if<Errno>(&outcome))
                return -static_cast<std::int64_t>(*error);
            return static_cast<std::int64_t>(std::get<std::uint64_t>(outcome));
        }
        FAIL("no such row");
        return 0;
    }
    std::int64_t map_anonymous(std::uint64_t length, std::uint64_t prot = kRead | kWrite) {
        return call("mmap", {0, length, prot, kPrivate | kAnonymous, ~std::uint64_t{0}, 0});
    }
    std::uint64_t open(std::uint32_t flags) {
        auto file = std::make_shared<MemoryFile>(machine->memory, "/f",
                                                 std::vector<std::byte>(10000), 0100644);
        file->flags = flags;
        return static_cast<std::uint64_t>(process.files.add(file, false).value());
    }
};
constexpr std::int64_t kEperm = -1, kEbadf = -9, kEnomem = -12, kEacces = -13, kEfault = -14,
                       kEexist = -17, kEinval = -22, kEopnotsupp = -95;
}  // namespace

TEST_CASE_METHOD(SyscallFixture, "mmap checks its arguments", "[memory][syscall]") {
    CHECK(map_anonymous(4096) == 0x7ff7fff000);
    CHECK(last_path == KernelPath::SysMmapAnon);
    CHECK(map_anonymous(0) == kEinval);
    CHECK(map_anonymous(~std::uint64_t{0}) == kEnomem);
    CHECK(call("mmap", {0, 4096, kRead, kPrivate | kAnonymous, 0, 5}) == kEinval);
    CHECK(call("mmap", {0, 4096, kRead, kAnonymous, 0, 0}) == kEinval);
    CHECK(call("mmap", {0, 4096, kRead, 3 | kAnonymous, 0, 0}) == kEinval);
    CHECK(call("mmap", {0x1001, 4096, kRead, kPrivate | kAnonymous | kFixed, 0, 0}) == kEinval);
    CHECK(call("mmap", {0x1000, 4096, kRead, kPrivate | kAnonymous | kFixed, 0, 0}) == kEperm);
    CHECK(call("mmap", {0x7ff7fff000, 4096, kRead, kPrivate | kAnonymous | 0x100000, 0, 0}) ==
          kEexist);
    CHECK(call("mmap", {0, 4096, kRead, kPrivate, 7, 0}) == kEbadf);
    CHECK(call("mmap", {0, 4096, kRead, kPrivate | kAnonymous | 0x40000, 0, 0}) == kEnomem);
    CHECK(kernel.counters().unmodelled().contains("mmap MAP_HUGETLB"));
}

TEST_CASE_METHOD(SyscallFixture, "mmap of a file needs the descriptor's rights",
                 "[memory][syscall]") {
    const std::uint64_t read_only = open(0), write_only = open(1), read_write = open(2);
    CHECK(call("mmap", {0, 10000, kRead | kWrite, kPrivate, read_only, 0}) > 0);
    CHECK(last_path == KernelPath::SysMmapFile);
    CHECK(call("mmap", {0, 10000, kRead | kWrite, kShared, read_only, 0}) == kEacces);
    CHECK(call("mmap", {0, 10000, kRead, kPrivate, write_only, 0}) == kEacces);
    CHECK(call("mmap", {0, 10000, kRead | kWrite, kShared, read_write, 0}) > 0);
    CHECK(call("mmap", {0, 10000, kRead, 3 | 0x80000, read_write, 0}) == kEopnotsupp);
    CHECK(call("mmap", {0, 10000, kRead, 0, read_write, 0}) == kEinval);
    const auto shared = call("mmap", {0, 4096, kRead, kShared, read_only, 0});
    REQUIRE(shared > 0);
    CHECK(call("mprotect", {static_cast<std::uint64_t>(shared), 4096, kRead | kWrite, 0, 0, 0}) ==
          kEacces);
}

TEST_CASE_METHOD(SyscallFixture, "munmap and mprotect check their ranges and count pages",
                 "[memory][syscall]") {
    const auto at = static_cast<std::uint64_t>(map_anonymous(3 * kPageSize));
    REQUIRE(UserMemory(*process.mm, kTask).clear(VAddr(at), 2 * kPageSize));
    CHECK(call("mprotect", {at, 1, kRead, 0, 0, 0}) == 0);
    CHECK(last_units == 1);
    CHECK(call("mprotect", {at + 1, 4096, kRead, 0, 0, 0}) == kEinval);
    CHECK(call("mprotect", {at, 0, kRead, 0, 0, 0}) == 0);
    CHECK(call("mprotect", {at, 4096, 0x40, 0, 0, 0}) == kEinval);
    CHECK(call("mprotect", {at, 0x100000000, kRead, 0, 0, 0}) == kEnomem);
    CHECK(call("mprotect", {at, ~std::uint64_t{0}, kRead, 0, 0, 0}) == kEnomem);
    CHECK(call("mprotect", {at, 4096, kRead | 0x01000000, 0, 0, 0}) == kEinval);  // not a stack
    CHECK(call("munmap", {at, 0, 0, 0, 0, 0}) == kEinval);
    CHECK(call("munmap", {at + 8, 4096, 0, 0, 0, 0}) == kEinval);
    CHECK(call("munmap", {at, ~std::uint64_t{0}, 0, 0, 0, 0}) == kEinval);
    CHECK(call("munmap", {at, 3 * kPageSize, 0, 0, 0, 0}) == 0);
    CHECK(last_units == 2);
    CHECK(call("munmap", {at, 3 * kPageSize, 0, 0, 0, 0}) == 0);
    CHECK(call("mremap", {at, 4096, 8192, 1, 0, 0}) == kEfault);
}

TEST_CASE_METHOD(SyscallFixture, "madvise, mincore and msync", "[memory][syscall]") {
    const auto at = static_cast<std::uint64_t>(map_anonymous(4 * kPageSize));
    UserMemory memory(*process.mm, kTask);
    REQUIRE(memory.put(VAddr(at + kPageSize), 7));
    const auto vec = static_cast<std::uint64_t>(map_anonymous(kPageSize));
    CHECK(call("mincore", {at, 4 * kPageSize, vec, 0, 0, 0}) == 0);
    CHECK(memory.get<std::uint32_t>(VAddr(vec)) == 0x00000100u);
    CHECK(call("mincore", {at + 1, 4096, vec, 0, 0, 0}) == kEinval);
    CHECK(call("mincore", {at, 4096, 0, 0, 0, 0}) == kEfault);
    CHECK(call("mincore", {0x100000, 4096, vec, 0, 0, 0}) == kEnomem);

    CHECK(call("madvise", {at, 4 * kPageSize, 4, 0, 0, 0}) == 0);
    CHECK(last_units == 1);
    CHECK(memory.get<int>(VAddr(at + kPageSize)) == 0);
    CHECK(call("madvise", {at, 4096, 4711, 0, 0, 0}) == kEinval);
    CHECK(call("madvise", {at + 1, 4096, 4, 0, 0, 0}) == kEinval);
    CHECK(call("madvise", {0x100000, 4096, 3, 0, 0, 0}) == kEnomem);
    CHECK(call("madvise", {at, 0, 4, 0, 0, 0}) == 0);
    CHECK(call("madvise", {at, 4 * kPageSize, 23, 0, 0, 0}) == 0);
    CHECK(process.mm->space().lookup(VAddr(at + 3 * kPageSize))->prot.write);

    CHECK(call("msync", {at, 4096, 5, 0, 0, 0}) == kEinval);
    CHECK(call("msync", {at, 4096, 8, 0, 0, 0}) == kEinval);
    CHECK(call("msync", {at, 4096, 4, 0, 0, 0}) == 0);
    CHECK(call("msync", {0x100000, 4096, 4, 0, 0, 0}) == kEnomem);
}

TEST_CASE_METHOD(SyscallFixture, "brk tells a query from a change", "[memory][syscall]") {
    process.mm->init_brk(VAddr(0x500000));
    CHECK(call("brk", {0, 0, 0, 0, 0, 0}) == 0x500000);
    CHECK(last_path == KernelPath::SysBrkQuery);
    CHECK(call("brk", {0x521000, 0, 0, 0, 0, 0}) == 0x521000);
    CHECK(last_path == KernelPath::SysBrk);
    CHECK(call("brk", {~std::uint64_t{0}, 0, 0, 0, 0, 0}) == 0x521000);
}

TEST_CASE_METHOD(SyscallFixture, "a guest cannot make mappings without end", "[memory][syscall]") {
    const auto at =
        call("mmap", {0, std::uint64_t{1} << 34, 0, kPrivate | kAnonymous, ~std::uint64_t{0}, 0});
    REQUIRE(at > 0);
    std::int64_t last = 0;
    for (std::uint64_t i = 0; i < 70000 && last == 0; ++i)
        last = call("mprotect", {static_cast<std::uint64_t>(at) + 2 * i * kPageSize, kPageSize,
                                 kRead, 0, 0, 0});
    CHECK(last == kEnomem);
    CHECK(process.mm->vmas().size() <= 65530);
}
