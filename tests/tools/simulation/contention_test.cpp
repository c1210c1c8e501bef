// SPDX-License-Identifier: GPL-2.0-or-later
// Threads on several CPUs that hit one probe, as a run's report tells it.
#include <catch2/catch.hpp>
#include <numeric>

#include "tools/bench/trigger_programs.h"
#include "tools/bench/trigger_target.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

struct Threads {
    unsigned cpus = 1;
    unsigned threads = 1;
    const char* target = "push";
    std::vector<Setting> settings = {};
};

RunReport ran(const Threads& wanted) {
    const auto tree = TriggerTree::make_producers(wanted.target);
    if (!tree) FAIL(tree.error().line());
    SimulationRequest request;
    request.files.root = tree->root();
    request.kernel = "v6.12";
    request.machine = "kunpeng916";
    request.settings = wanted.settings;
    request.memory_bytes = std::uint64_t{64} << 20;
    request.cpus = wanted.cpus;
    request.probes = made_probe("uprobe:" + tree->program() + ":" + tree->symbol(), nullptr);
    request.program.arguments = {tree->program(), "50", std::to_string(wanted.threads), "1"};
    auto run = simulate(request);
    if (!run) FAIL(run.error().error.line());
    return *run;
}

bool have_targets() {
    if (!trigger_programs().empty()) return true;
    WARN("skipped: built without an arm64 cross compiler");
    return false;
}

const LineRow* line(const RunReport& report, std::string_view name) {
    for (const LineRow& row : report.lines) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("one CPU shares nothing, and a lone thread on several pays nothing for it",
          "[tools][contention]") {
    if (!have_targets()) return;
    const RunReport one = ran({.cpus = 1}), several = ran({.cpus = 8});
    CHECK_FALSE(one.contention);
    CHECK(one.lines.empty());
    CHECK(several.contention);
    CHECK(totals_of(several).wait_cycles == CentiCycles());
    CHECK(totals_of(several).kernel_cycles == totals_of(one).kernel_cycles);
    CHECK(several.elapsed_ns == one.elapsed_ns);
}

TEST_CASE("threads that hit one probe wait, and every cycle of it is told", "[tools][contention]") {
    if (!have_targets()) return;
    const RunReport report = ran({.cpus = 8, .threads = 8});
    const Totals totals = totals_of(report);
    CHECK(totals.wait_cycles.value != 0);
    CentiCycles by_line;
    for (const LineRow& row : report.lines) {
        by_line += row.use.waited;
        CHECK(row.use.queued <= row.use.waited);
        CHECK(row.objects == 1);
        CHECK(std::accumulate(row.accounts.begin(), row.accounts.end(), CentiCycles()) ==
              row.use.waited);
    }
    CHECK(by_line == totals.wait_cycles);
    // All is of the one probe: lines of hits only.
    CHECK(report.probes.front().shared.waited == by_line);
    CHECK(report.probes.front().cycles == totals.hit_cycles);
    REQUIRE(line(report, "siglock") != nullptr);
    CHECK(line(report, "siglock")->use.accesses == report.probes.front().stepped);
    CHECK(line(report, "tree-lock") == nullptr);  // 6.12 has none
    // Eight CPUs: two clusters of one L3 group.
    CHECK(line(report, "mmap-lock")->use.transfers[static_cast<std::size_t>(Tier::L3Group)] != 0);
    CHECK(line(report, "mmap-lock")->use.transfers[static_cast<std::size_t>(Tier::Die)] == 0);
}

TEST_CASE("threads wait less where lines come for nothing, and not without accesses",
          "[tools][contention]") {
    if (!have_targets()) return;
    const auto waited = [](std::vector<Setting> settings) {
        return totals_of(ran({8, 8, "ret", std::move(settings)})).wait_cycles;
    };
    const CentiCycles usual = waited({});
    CHECK(usual.value != 0);
    CHECK(waited({{"machine.contention.transfer-l3-group", "0"}}) < usual);
    CHECK(waited({{"kernel.accesses.uprobe.lookup", ""}}) == CentiCycles());
}

}  // namespace uprobesim
