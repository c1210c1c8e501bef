// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/kernel_model/kernel/kernel_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

SysOutcome nothing(SysCall&) {
    return 0u;
}

bool dies(std::span<const SyscallRow> a, std::span<const SyscallRow> b) {
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
        const std::array themes{a, b};
        SyscallDispatcher dispatcher(themes);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

// The pointers of the wild, and two that are good.
std::vector<std::uint64_t> wild_values(std::uint64_t good) {
    return {0,
            1,
            0x7fffffffff,
            std::uint64_t{1} << 39,
            ~std::uint64_t{0},
            0x400100,
            good,
            good + 4093,
            3,
            0x8000000000000000};
}

}  // namespace

TEST_CASE("two rows of one number are refused", "[dispatch]") {
    constexpr SyscallRow kOne[] = {{1, "one", nothing, Support::Full, KernelPath::SysTrivial, {}}};
    constexpr SyscallRow kOther[] = {
        {1, "other", nothing, Support::Full, KernelPath::SysTrivial, {}}};
    constexpr SyscallRow kSilent[] = {
        {2, "silent", nothing, Support::Stub, KernelPath::SysTrivial, {}}};
    CHECK(dies(kOne, kOther));
    CHECK(dies(kSilent, kOne));
    CHECK_FALSE(dies(kOne, {}));
}

TEST_CASE("no system call minds wild arguments", "[dispatch]") {
    const SyscallDispatcher dispatcher;
    std::uint64_t seed = 1;
    const auto random = [&] { return seed = seed * 6364136223846793005u + 1442695040888963407u; };
    for (const SyscallRow* row : dispatcher.all()) {
        INFO(row->name);
        KernelFixture f;
        for (int fd = 0; fd < 3; ++fd) static_cast<void>(f.process().files.close(fd));
        const auto page =
            f.process().mm->map({.length = kPageSize, .prot = {.read = true, .write = true}});
        REQUIRE(page);
        const auto values = wild_values(page->value);
        for (std::size_t round = 0; round < values.size() + 60; ++round) {
            SysCall call{.kernel = *f.kernel,
                         .process = f.process(),
                         .task = f.task(),
                         .args = {},
                         .path = row->path};
            for (auto& arg : call.args) {
                arg = round < values.size() ? values[round]
                                            : values[(random() >> 33) % values.size()];
            }
            f.task().wait_deadline_ns = kNoDeadline;
            const SysOutcome outcome = row->fn(call);
            if (const auto* error = std::get_if<Errno>(&outcome))
                CHECK(static_cast<int>(*error) > 0);
            if (!f.process().alive || f.process().mm->find(*page) == nullptr) break;
        }
    }
}
