// SPDX-License-Identifier: GPL-2.0-or-later
// Attaching and detaching against EL1 instructions that real kernels executed (Debian 6.12.117 and
// 6.1, arm64, in QEMU), with 0 to 100 processes that map the probed file.
#include "tools/estimate/attaching.h"

#include <catch2/catch.hpp>

#include "sim/profile/machine_profile.h"

using namespace uprobesim;

namespace {

AttachingEstimate on(const char* kernel, Attachment of) {
    const auto machine = load_machine_profile("kunpeng916", {});
    const auto profile = load_kernel_profile(kernel, {});
    REQUIRE(machine);
    REQUIRE(profile);
    return attaching(of, *profile, PriceList(*machine, *profile));
}

}  // namespace

TEST_CASE("an event more takes what it took on real kernels to open and close", "[estimate]") {
    // SET_BPF and ENABLE are calls of their own.
    const struct {
        const char* kernel;
        std::uint64_t processes;
        double with_bpf;
        double open, close, close_last;
    } rows[] = {{"v6.12", 0, 2654, 18143, 24884, 25180},
                {"v6.12", 1, 2654, 25345, 33187, 39424},
                {"v6.12", 2, 2654, 32350, 41582, 53184},
                {"v6.12", 10, 2654, 87605.5, 110139.5, 164824.5},
                {"v6.12", 100, 2654, 782975, 967860, 1488382},
                {"v6.1", 0, 2774, 18209, 23916, 23882},
                {"v6.1", 1, 2774, 25541, 32450, 38078},
                {"v6.1", 2, 2774, 32617, 40414, 51490.5},
                {"v6.1", 10, 2774, 97681.5, 114275, 158970},
                {"v6.1", 100, 2774, 798090.5, 1019407.5, 1507220.5}};
    for (const auto& row : rows) {
        INFO(row.kernel << " with " << row.processes << " processes");
        const auto of = [&](std::uint64_t places, std::uint64_t pages) {
            return on(row.kernel, {places, places, pages, row.processes}).events;
        };
        const double open = of(2, 1).attach.el1_insns - of(1, 1).attach.el1_insns;
        CHECK(open - row.with_bpf == Approx(row.open).epsilon(0.08));
        const double close = of(2, 1).detach.el1_insns - of(1, 1).detach.el1_insns;
        CHECK(close == Approx(row.close).epsilon(0.08));
        CHECK(of(1, 1).detach.el1_insns == Approx(row.close_last).epsilon(0.08));
    }
}

TEST_CASE("a uprobe_multi link takes what it took on a real kernel", "[estimate]") {
    // The measured ones are off a straight line by so much.
    constexpr double kOff = 0.15;
    const struct {
        std::uint64_t probes, pages, processes;
        double create, close;
    } rows[] = {{1, 1, 0, 10535, 6596},
                {10, 1, 0, 20898, 15898.5},
                {100, 1, 0, 136221.5, 109469},
                {1000, 1, 0, 1458463, 1044989},
                {10, 1, 1, 89470.5, 77620.5},
                {100, 1, 1, 877429.5, 829048},
                {100, 100, 1, 956234.5, 874475.5},
                {10, 1, 10, 751596, 738896},
                {100, 1, 10, 7053074.5, 7400059}};
    for (const auto& row : rows) {
        INFO(row.probes << " probes, " << row.processes << " processes");
        const auto link = on("v6.12", {row.probes, row.probes, row.pages, row.processes}).multi;
        REQUIRE(link);
        CHECK(link->attach.el1_insns == Approx(row.create).epsilon(kOff));
        CHECK(link->detach.el1_insns == Approx(row.close).epsilon(kOff));
    }
}

TEST_CASE("a filter's probes take of another process's mmap what they took on real kernels",
          "[estimate]") {
    // An mmap without uprobes in the system, and with 1, 10 and 100 probes of another process.
    const struct {
        const char* kernel;
        double without;
        double with[3];
    } rows[] = {{"v6.12", 5466, {5925, 8680, 36056.5}}, {"v6.1", 5509.5, {5957, 8584.5, 34859}}};
    for (const auto& row : rows) {
        const auto profile = load_kernel_profile(row.kernel, {});
        REQUIRE(profile);
        const double check =
            profile->paths[static_cast<std::size_t>(KernelPath::UprobeMapCheck)].insns;
        std::uint64_t probes = 1;
        for (const double measured : row.with) {
            INFO(row.kernel << ", " << probes);
            const double ours = on(row.kernel, {probes, probes, 1, 1}).filtered.el1_insns;
            CHECK(row.without + check + ours == Approx(measured).epsilon(0.01));
            probes *= 10;
        }
    }
}

TEST_CASE("events wait one by one when they are closed, a link waits once", "[estimate]") {
    const AttachingEstimate thousand = on("v6.12", {1000, 1000, 10, 1});
    // 1000 events took about 115 seconds of virtual time.
    CHECK(thousand.events.detach.wait_ns == Approx(115e9).epsilon(0.25));
    CHECK(thousand.events.attach.wait_ns == on("v6.12", {1, 1, 1, 1}).events.attach.wait_ns);
    REQUIRE(thousand.multi);
    CHECK(thousand.multi->detach.wait_ns < 100e6);
    CHECK_FALSE(on("v6.1", {1, 1, 1, 1}).multi);  // uprobe_multi came with 6.6
}
