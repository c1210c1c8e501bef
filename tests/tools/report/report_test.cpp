// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>

#include "tests/tools/format/hostile_text.h"
#include "tests/tools/report/report_fixture.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("totals are the sums of the rows", "[tools][report]") {
    const Totals t = totals_of(hand_made_report());
    CHECK(t.exceptions == 6);
    CHECK(t.exception_cycles == CentiCycles(120000));
    CHECK(t.path_cycles == CentiCycles(230050));
    CHECK(t.kernel_cycles == CentiCycles(350050));
    CHECK(t.user_ns == Approx(1000));
    CHECK(t.kernel_ns == Approx(3500.5));
    CHECK(t.total_ns == Approx(4500.5));
    CHECK(t.hits == 3);
    CHECK(t.stepped == 1);
    CHECK(t.emulated == 2);
}

TEST_CASE("probe cost is the probe paths and their exceptions, placing apart", "[tools][report]") {
    const Totals t = totals_of(hand_made_report());
    CHECK(t.placing_cycles == CentiCycles(50000));
    // brk.entry 1500, three BRKs 600, one step 200.
    CHECK(t.hit_cycles == CentiCycles(230000));
    CHECK(t.mean_hit_cycles() == Approx(2300.0 / 3));
}

TEST_CASE("a breakpoint of the guest's own is not charged to the probes", "[tools][report]") {
    RunReport r = hand_made_report();
    auto& accounts = r.exceptions[1].accounts;
    accounts[static_cast<std::size_t>(Account::Guest)] = {1, 0, CentiCycles(20000)};
    accounts[static_cast<std::size_t>(Account::ProbeHit)] = {2, 0, CentiCycles(40000)};
    CHECK(totals_of(r).hit_cycles == CentiCycles(210000));
}

TEST_CASE("run's exit status is the guest's as a shell would see it", "[tools][report]") {
    CHECK(exit_code_of({ExitKind::Exited, 0, ""}) == 0);
    CHECK(exit_code_of({ExitKind::Exited, 3, ""}) == 3);
    CHECK(exit_code_of({ExitKind::Exited, 256 + 4, ""}) == 4);
    CHECK(exit_code_of({ExitKind::Signalled, 11, ""}) == 139);
    CHECK(exit_code_of({ExitKind::LimitReached, 0, ""}) == 125);
    CHECK(exit_code_of({ExitKind::Deadlock, 0, ""}) == 125);
}

TEST_CASE("runs that behaved alike have no differences", "[tools][report]") {
    CHECK(differences(hand_made_comparison()).empty());
}

TEST_CASE("a run that printed or returned something else is named with what differs",
          "[tools][report]") {
    CompareReport c = hand_made_comparison();
    c.runs[1].stdout_hash = "cccc";
    c.runs[1].report.exit.status = 2;
    const auto lines = differences(c);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] ==
          "'single-stepped STP' differs from 'no uprobe' in its exit: exited with status 2 against "
          "exited with status 1");
    CHECK(lines[1] ==
          "'single-stepped STP' differs from 'no uprobe' in its output: 10 bytes, hash cccc "
          "against 10 bytes, hash aaaa");
    const std::string text = document_text(compare_document(c, CompareDetail::Brief));
    CHECK(contains(text, "\nRUNS DIFFER\n"));
    CHECK_FALSE(contains(text, "the same in every run"));
}

TEST_CASE("a run says how many returns were missed, if any were", "[tools][report]") {
    RunReport r = hand_made_report();
    r.probes[1].is_return = true;
    r.probes[1].returns = 64;
    CHECK_FALSE(contains(document_text(run_document(r)), "missed"));
    r.probes[1].missed_returns = 36;
    CHECK(contains(document_text(run_document(r)), "64 probed, 36 missed"));
}

TEST_CASE("a run says which breakpoints could not be placed, and why", "[tools][report]") {
    RunReport r = hand_made_report();
    CHECK_FALSE(contains(document_text(run_document(r)), "could not be placed"));
    r.probes[1].not_placed = {{"unreadable", "its page cannot be read", 3}};
    const std::string text = document_text(run_document(r));
    CHECK(contains(text, "breakpoints that could not be placed"));
    CHECK(contains(text, r.probes[1].name + ", 3 times: its page cannot be read"));
    CHECK(contains(run_report_json(r), "\"not_placed\": {"));
}

TEST_CASE("a run on several CPUs says what they waited for and what is not modelled",
          "[tools][report]") {
    RunReport r = hand_made_report();
    r.cpus = 4;
    r.contention = true;
    LineRow siglock{"siglock", 1, {}, {}};
    siglock.use.accesses = 20;
    siglock.use.transfers = {0, 12, 0, 0, 0, 3};
    siglock.use.waited = CentiCycles(123'400);
    siglock.accounts[static_cast<std::size_t>(Account::ProbeHit)] = CentiCycles(123'400);
    const Totals before = totals_of(r);
    r.lines.push_back(siglock);
    const Totals t = totals_of(r);
    CHECK(t.kernel_cycles - before.kernel_cycles == CentiCycles(123'400));
    CHECK(t.hit_cycles - before.hit_cycles == CentiCycles(123'400));
    const std::string text = document_text(run_document(r), {.all = true});
    CHECK(contains(text, "waiting for other CPUs"));
    CHECK(contains(text, "12 cluster, 3 machine"));
    CHECK(contains(text, "not modelled: run queues"));
    CompareReport compared{"T", {}};
    for (const char* label : {"no uprobe", "k1"})
        compared.runs.push_back({label, r, "", "", 0, 0, false});
    CHECK(contains(document_text(compare_document(compared, CompareDetail::Brief)),
                   "contention of the 4 CPUs for lines of hits is in the figures"));
}

TEST_CASE("a run with probes on several CPUs says if contention is not modelled",
          "[tools][report]") {
    RunReport r = hand_made_report();
    const auto text = [&] { return document_text(run_document(r), {.all = true}); };
    CHECK_FALSE(contains(text(), "contention"));
    r.cpus = 4;
    CHECK(contains(text(), "not modelled: contention"));
    CHECK(contains(text(), "The 4 CPUs"));
    CompareReport compared{"T", {}};
    for (const char* label : {"no uprobe", "k1"})
        compared.runs.push_back({label, r, "", "", 0, 0, false});
    CHECK(contains(document_text(compare_document(compared, CompareDetail::Brief)),
                   "contention of the 4 CPUs is not modelled"));
    r.probes.clear();
    CHECK_FALSE(contains(text(), "contention"));
}

TEST_CASE("a program that a link names is named by both", "[tools][report]") {
    RunReport r = hand_made_report();
    const auto text = [&] { return document_text(run_document(r), {.all = true}); };
    CHECK(contains(text(), "/usr/bin/prog [3333], by the link /bin/prog"));
    r.provenance.arguments = {"prog"};
    CHECK_FALSE(contains(text(), "by the link"));
}

TEST_CASE("the run report for people", "[tools][report]") {
    const std::string expected =
        R"(probes cost 2.6x: 3 hits of 766.7 ns, 500.0 ns to place the breakpoints

  guest               exited with status 1
  simulated time      4.500 us = user 1.000 us (22.2%) + kernel 3.501 us (77.8%)
  EL0 instructions    2,000 in 1,000 cycles (0.50 cycles each)
  kernel cycles       3,501, 1,200 of them hardware entry and return of 6 exceptions
  probe hits          3: 1 stepped, 2 emulated
  mean cost of a hit  767 cycles, 766.7 ns
  probe overhead      2.800 us (62.2% of the time; 500.0 ns of it to place the breakpoints)
  memory peak         3.0 MiB

  where the time goes      cycles      time  share
  user code                 1,000  1.000 us  22.2%
  system calls                301  300.5 ns   6.7%
  probes                    2,000  2.000 us  44.4%
  exception entry, return   1,200  1.200 us  26.7%

  uprobes         instruction                verdict  hits  cycles/hit  ns/hit      time
  /bin/prog:main  stp x29, x30, [sp, #-16]!  step        1       1,300   1,300  1.300 us
  /bin/prog:leaf  nop                        nop         2         500     500  1.000 us

places refused by the kernel
  uprobe:/bin/prog:*: 2 probes, 1 place refused
    1 place: exclusive

  exceptions by class  times  cycles
  brk                      3     600
  svc                      2     400
  software-step            1     200

  kernel work by path  times        units  EL1 insns  cycles  share
  brk.entry                3                     900   1,500  42.9%
  uprobe.place             1                     400     500  14.3%
  sys.read.file            2  4,096 bytes        300     301   8.6%

  system calls  times   share
  read              2  100.0%

  EL0 instructions by class  times  share
  int-alu                    1,500  75.0%
  load                         500  25.0%

partially modelled features used
  madvise (3 times): counted only

  uprobesim  9.9
  command    /bin/prog -x
  probe      uprobe:/bin/prog:*
  set        machine.ops.isb=0
  program    /usr/bin/prog [3333], by the link /bin/prog
  machine    m1 [2222] a machine
  seed       5
  kernel     k1 [1111] a kernel

Times are modelled from the named profiles, not measured on hardware.
)";
    CHECK(document_text(run_document(hand_made_report())) == expected);
}

TEST_CASE("the report by process has a row for each, the busiest first, and for threads of several",
          "[tools][report]") {
    const auto figures = [](std::uint64_t cycles, std::uint64_t hits) {
        return TaskFigures{InsnCount(10 * cycles),
                           CentiCycles(60 * cycles),
                           CentiCycles(40 * cycles),
                           CentiCycles(10 * cycles),
                           3,
                           hits};
    };
    RunReport r = hand_made_report();
    r.processes = {
        {1000, "prog", {{1000, "prog", figures(1000, 1)}}},
        {1001, "server", {{1001, "server", figures(1000, 0)}, {1002, "worker", figures(2000, 2)}}}};
    const Table table = process_table(r, "processes");
    REQUIRE(table.rows.size() == 4);
    CHECK(table.rows[0][0].text == "1001 server");
    CHECK(table.rows[0][1].text == "3.000 us");  // at 1 GHz
    CHECK(table.rows[0][2].text == "30,000");
    CHECK(table.rows[0][3].text == "6");
    CHECK(table.rows[0][4].text == "2");
    CHECK(table.rows[0][5].text == "300.0 ns");
    CHECK(table.rows[0][6].text == "10.0%");
    CHECK(table.rows[1][0].text == "  1002 worker");
    CHECK(table.rows[2][0].text == "  1001 server");
    CHECK(table.rows[3][0].text == "1000 prog");
    CHECK_FALSE(contains(document_text(run_document(r)), "1001 server"));
    CHECK(contains(document_text(run_document(r, ProcessDetail::PerProcess)), "1001 server"));
    check_text_fits(run_document(r, ProcessDetail::PerProcess));
}

TEST_CASE("CSV of a run: its probes, the most expensive first", "[tools][report]") {
    CHECK(document_csv(run_document(hand_made_report())) ==
          "probe,instruction,verdict,hits,stepped,emulated,cycles_per_hit,ns_per_hit,time_ns\r\n"
          "uprobe:/bin/prog:main,\"stp x29, x30, [sp, #-16]!\",step,1,1,0,1300.00,1300,"
          "1300.000\r\n"
          "uprobe:/bin/prog:leaf,nop,nop,2,0,2,500.00,500,1000.000\r\n");
}

TEST_CASE("a run without probes is told by its time, instructions and exceptions",
          "[tools][report]") {
    const std::string text = document_text(run_document(plain_report()));
    CHECK(text.starts_with("1.7 us simulated: 2,000 instructions, 2 exceptions\n"));
}

TEST_CASE("the comparison in brief fits on half a screen", "[tools][report]") {
    CompareReport c = hand_made_comparison();
    c.runs.push_back({"emulated STP", hand_made_report(), "aaaa", "bbbb", 10, 0});
    for (ComparedRun& run : c.runs)
        for (std::uint64_t i = 0; i < 30 && !run.report.probes.empty(); ++i)
            run.report.probes.push_back({"uprobe:/bin/prog:f" + std::to_string(i), "/bin/prog", i,
                                         "nop", "nop", 1, 0, 1, CentiCycles(100)});
    const std::string text = document_text(compare_document(c, CompareDetail::Brief));
    CHECK(lines_of(text).size() <= 15);
    CHECK(text.starts_with(
        "Prog: probes cost 2.6x (single-stepped STP), 2.6x (emulated STP)\n"
        "  Prog                           no uprobe  single-stepped STP  emulated STP\n"
        "  simulated time, s               0.000002            0.000005      0.000005\n"));
    CHECK(contains(text, "  ... 30 more; --all shows them\n"));
    CHECK(contains(text, "output and status the same in every run"));
    CHECK(contains(text, "partially modelled: madvise"));
}

TEST_CASE("a comparison tells what placing the breakpoints takes where that counts beside the hits",
          "[tools][report]") {
    CompareReport c = hand_made_comparison();
    auto& path = c.runs[1].report.paths[1];
    const auto place_in = [&](CentiCycles cycles) {
        path.cycles = cycles;
        charge_to(path, Account::ProbePlace);
        return document_text(compare_document(c, CompareDetail::Brief));
    };
    // A cycle is a nanosecond, the hits take 2,300.
    CHECK(contains(place_in(CentiCycles(296'200'000)),
                   "    to place the breakpoints, s          -            0.002962\n"));
    CHECK(contains(place_in(CentiCycles(23'100)), "to place the breakpoints, s"));
    CHECK_FALSE(contains(place_in(CentiCycles(22'900)), "to place the breakpoints"));
    CHECK(contains(document_text(compare_document(c, CompareDetail::Full)),
                   "to place the breakpoints, s"));
}

TEST_CASE("a comparison in which no probe was hit says so first", "[tools][report]") {
    CompareReport c = hand_made_comparison();
    for (ProbeRow& probe : c.runs[1].report.probes) probe.hits = probe.stepped = probe.emulated = 0;
    const auto answer = [&] { return compare_document(c, CompareDetail::Brief).answer; };
    CHECK(answer().starts_with("Prog: no probe was hit: probes cost "));
    CHECK(compare_grid_document({{c, c}}).answer.starts_with("Prog: no probe was hit: "));
    CompareReport scenario = c;
    scenario.runs[0].report.results = {{"requests", "1/s", true, 100.0}};
    scenario.runs[1].report.results = {{"requests", "1/s", true, 50.0}};
    CHECK(compare_document(scenario, CompareDetail::Brief).answer ==
          "Prog: no probe was hit: requests with probes at 50.0% (single-stepped STP) of what it "
          "is without");
    // Of two kernels' runs one has hits.
    c.runs.push_back(hand_made_comparison().runs[1]);
    CHECK_FALSE(contains(answer(), "no probe was hit"));
    // There is no probe that could have been hit.
    c.runs.resize(1);
    CHECK_FALSE(contains(answer(), "no probe was hit"));
}

TEST_CASE("the comparison in full has every figure and its origin", "[tools][report]") {
    const std::string text =
        document_text(compare_document(hand_made_comparison(), CompareDetail::Full));
    CHECK(contains(text, "  probe hits                             0                   3\n"));
    CHECK(contains(text, "    brk                                  0                   3\n"));
    CHECK(contains(text, "  no uprobe           kernel k1 [1111] a kernel\n"));
    CHECK(contains(text, "1 place refused\n    1 place: exclusive\n"));
}

TEST_CASE("CSV of a comparison has every figure, a column for each run", "[tools][report]") {
    const auto rows =
        csv_fields(document_csv(compare_document(hand_made_comparison(), CompareDetail::Brief)));
    CHECK(rows[0] == std::vector<std::string>{"figure", "no uprobe", "single-stepped STP"});
    CHECK(std::find(rows.begin(), rows.end(), std::vector<std::string>{"hits stepped", "0", "1"}) !=
          rows.end());
    CHECK(std::find(rows.begin(), rows.end(),
                    std::vector<std::string>{"user cycles", "1000.00", "1000.00"}) != rows.end());
}

TEST_CASE("many runs are told by the cheapest and the most expensive", "[tools][report]") {
    CompareReport c = hand_made_comparison();
    c.runs[1].label = "a";
    for (const char* label : {"b", "c"}) c.runs.push_back(c.runs[1]), c.runs.back().label = label;
    c.runs[3].report.user_cycles = CentiCycles(1000000);
    const std::string text = document_text(compare_document(c, CompareDetail::Brief));
    CHECK(text.starts_with("Prog: probes cost 2.6x (a) to 7.9x (c)\n"));
}

TEST_CASE("reports of runs fit, whatever a guest or a profile names", "[tools][report]") {
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        CompareReport c = hand_made_comparison();
        while (c.runs.size() < 9) c.runs.push_back(c.runs[1]);
        c.title = names.name();
        for (ComparedRun& run : c.runs) {
            run.label = names.name();
            RunReport& r = run.report;
            for (auto* id : {&r.provenance.kernel, &r.provenance.machine})
                *id = {names.name(), names.name(), names.name(), names.name(), {}};
            r.provenance.arguments = {names.name(), names.name()};
            r.provenance.probes = {names.name()};
            r.provenance.programs = {{names.name(), {names.name()}}};
            r.provenance.program = names.name();
            r.exit.detail = names.name();
            r.results = {{names.name(), names.name(), true, 5.0}};
            r.unmodelled = {{names.name(), 3, names.name()}};
            r.exit.waiting = {{1, 1, names.name(), names.name(), names.name()}};
            for (ProbeRow& p : r.probes) {
                p.name = names.name();
                p.instruction = names.name();
                p.verdict = names.name();
                p.hits = names.number();
            }
            for (SpecRow& s : r.specs) {
                s.spec = names.name();
                for (RefusedRow& refused : s.refused) refused.reason = names.name();
            }
        }
        check_text_fits(compare_document(c, CompareDetail::Brief));
        check_text_fits(compare_document(c, CompareDetail::Full));
        check_text_fits(run_document(c.runs.back().report));
        csv_fields(document_csv(run_document(c.runs.back().report)));
    }
}

TEST_CASE("guest strings cannot put control characters into a report", "[tools][report]") {
    RunReport r = hand_made_report();
    r.provenance.arguments = {"/bin/prog", "\x1b[2J\n"};
    CHECK(contains(document_text(run_document(r)), "/bin/prog \\x1b[2J\\x0a\n"));
}

TEST_CASE("a run that did nothing is reported without dividing by zero", "[tools][report]") {
    RunReport r;
    r.frequency_hz = 1e9;
    const std::string text = document_text(run_document(r));
    for (const char* wrong : {" nan", "-nan", "(nan", " inf "}) CHECK_FALSE(contains(text, wrong));
    CHECK_FALSE(contains(run_report_json(r), "null"));  // what nlohmann writes for a NaN
}

}  // namespace uprobesim
