// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/report_bytes.h"

#include <catch2/catch.hpp>

#include "tests/tools/report/report_fixture.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

// What the fixture leaves empty.
RunReport full_report() {
    RunReport r = hand_made_report();
    r.provenance.programs = {{"server", {"/bin/prog", "a\xff\x01"}}};
    RegistrationRow attach, detach;
    attach.point = "ready";
    attach.at_ns = 12;
    attach.events = 3;
    attach.paths = {r.paths.front()};
    attach.wait_ns = 1.0 / 3;
    detach.point = "5ms";
    detach.not_reached = "it ended";
    r.attachment = AttachReport{attach, detach, true, 4};
    r.results = {{"RPS", "requests/s", true, 0.1}, {"none", "s", false, {}}};
    r.exit = {ExitKind::Deadlock, 0, "stuck", {{1001, 1000, "cat", "read", "pipe:[4]"}}};
    r.processes = {{1000, "cat", {{1001, "cat", {InsnCount(5), CentiCycles(7), {}, {}, 2, 1}}}}};
    r.lost_writes = {{"/tmp/x", "No space left on device"}};
    r.cpus = 2;
    r.cpu_busy_ns = {5, 6};
    r.contention = true;
    LineRow line{"mmap-lock", 2, {}, {}};
    line.use.accesses = 9;
    line.use.transfers[1] = 3;
    line.accounts[0] = CentiCycles(11);
    r.lines = {line};
    r.probes.front().is_return = true;
    r.probes.front().shared.waited = CentiCycles(13);
    r.idle_ns = 17;
    r.counter_reads = 19;
    r.elapsed_ns = 23;
    return r;
}

}  // namespace

TEST_CASE("a column in bytes is read back as it was", "[report]") {
    const ComparedRun run{"a label", full_report(), "aa", "bb", 3, 4, true};
    const ComparedRun back = run_of_bytes(bytes_of(run));
    CHECK(bytes_of(back) == bytes_of(run));
    // All that reports say of it.
    CHECK(compare_report_json({"t", {back, back}}) == compare_report_json({"t", {run, run}}));
    CHECK(back.report.provenance.programs.front().arguments.back() == "a\xff\x01");
    CHECK(back.report.attachment->attach.wait_ns == 1.0 / 3);
    CHECK_FALSE(back.report.results.back().value);
    CHECK(back.report.elapsed_ns == 23);
    CHECK(back.report.processes.front().threads.front().id == 1001);
}

}  // namespace uprobesim
