// SPDX-License-Identifier: GPL-2.0-or-later
// What is said of a hit without running it is what running it charges.
#include "probes/hit/steady_hit.h"

#include <map>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// A function's first instruction, and what undoes it.
struct First {
    const char* text = nullptr;
    std::uint32_t word = 0;
    std::uint32_t after = a64::kNop;
};
constexpr First kFirst[] = {
    {"nop", a64::kNop},
    {"stp x29, x30, [sp, #-16]!", kPush, kPop},
    {"stp x19, x20, [sp, #-16]!", 0xa9bf53f3, 0xa8c153f3},
    {"ret", a64::kRet},
    {"b to the next", a64::b(1)},
    {"cbz x0, to the next", cbz(0, 1)},
    {"tbz x0, #0, to the next", 0x36000020},
    {"b.eq to the next", 0x54000020},
    {"adr x0, .", 0x10000000},
    {"add x0, x0, #1", add1(0)},
    {"sub sp, sp, #32", 0xd10083ff, 0x910083ff},
    {"mov x0, x1", 0xaa0103e0},
    {"movz x0, #1", a64::movz(0, 1)},
    {"paciasp", 0xd503233f},
    {"bti c", 0xd503245f},
};

constexpr unsigned kTarget = 6;

std::vector<std::uint32_t> calls(const First& first, unsigned times) {
    return {
        a64::movz(19, times), bl(5),       0xf1000673, cbnz(19, -2), a64::movz(8, 94), a64::kSvc,
        first.word,           first.after, a64::kRet};
}

struct Charged {
    std::array<std::uint64_t, kExceptionClassCount> exceptions{};
    std::map<KernelPath, std::pair<std::uint64_t, std::uint64_t>> paths;  // times, units
    bool operator==(const Charged&) const = default;
};

// Of `hits` hits in the middle of a run.
Charged charged(const First& first, const ProbeConsumers& consumers, const KernelProfile& kernel,
                unsigned hits) {
    const auto machine = load_machine_profile("kunpeng916", {});
    REQUIRE(machine);
    Probed probed;
    probed.at.assign(consumers.entry - consumers.returns, kTarget);
    probed.returns.assign(consumers.returns, kTarget);
    Charged sum;
    for (const auto& [times, sign] : {std::pair{3 + hits, 1}, std::pair{3U, -1}}) {
        ProbedRun run(calls(first, times), probed, *machine, kernel);
        REQUIRE(run.run().kind == ExitKind::Exited);
        const Charges& all = run.machine.ledger.charges(Account::ProbeHit);
        const auto factor = static_cast<std::uint64_t>(sign);  // multiplication wraps, as wanted
        for (std::size_t e = 0; e < kExceptionClassCount; ++e)
            sum.exceptions[e] += factor * all.exceptions[e];
        for (std::size_t p = 0; p < kKernelPathCount; ++p) {
            auto& [uses, units] = sum.paths[static_cast<KernelPath>(p)];
            uses += factor * all.paths[p].times;
            units += factor * all.paths[p].units;
        }
    }
    std::erase_if(sum.paths, [](const auto& path) { return path.second.first == 0; });
    return sum;
}

Charged expected(const First& first, const ProbeConsumers& consumers, const KernelProfile& kernel,
                 unsigned hits) {
    const SteadyHit hit = steady_hit(kernel, first.word, consumers);
    Charged sum;
    for (std::size_t e = 0; e < kExceptionClassCount; ++e)
        sum.exceptions[e] = hits * hit.exceptions[e];
    for (const PathUse& use : hit.paths) {
        auto& [uses, units] = sum.paths[use.path];
        uses += hits;
        units += hits * use.units;
    }
    return sum;
}

}  // namespace

TEST_CASE("a steady hit is told as it is charged, for every kernel, instruction and consumer",
          "[hit][estimate]") {
    const ProbeConsumers consumer_sets[] = {{1, 0}, {2, 0}, {1, 1}, {3, 1}};
    for (const std::string& name : builtin_kernel_profiles()) {
        const auto kernel = load_kernel_profile(name, {});
        REQUIRE(kernel);
        for (const First& first : kFirst) {
            for (const ProbeConsumers& consumers : consumer_sets) {
                INFO(name << ", " << first.text << ", " << consumers.entry << " consumers, "
                          << consumers.returns << " of returns");
                CHECK(charged(first, consumers, *kernel, 5) ==
                      expected(first, consumers, *kernel, 5));
            }
        }
    }
}
