// SPDX-License-Identifier: GPL-2.0-or-later
#include <sstream>

#include "tests/tools/format/hostile_text.h"
#include "tools/bench/bench_report.h"

namespace uprobesim {
namespace {

// On a machine of 1 GHz, so that a cycle is a nanosecond.
BenchReport report() {
    BenchTable table;
    table.machine.name = "m1";
    table.machine.frequency_hz.value = 1e9;
    table.kernel.name = "k1";
    for (const double cycles : {1000.0, 4000.0}) {
        BenchRow row;
        row.variant = {false, cycles == 1000 ? "nop" : "push"};
        row.counts.iterations = 1000;
        row.counts.instruction = row.variant.target;
        row.counts.verdict = "step";
        row.counts.exceptions[0] = 2000;
        row.cost.exception_cycles = cycles / 4;
        row.cost.path_cycles = cycles * 3 / 4;
        row.cost.paths = {{KernelPath::UprobeLookup, 1, 100, cycles * 3 / 4}};
        table.rows.push_back(row);
    }
    return {"9.9", {}, {table}};
}

}  // namespace

TEST_CASE("bench: the cost of a hit on top, the benchmark's own lines under it", "[tools][bench]") {
    const std::string text = document_text(bench_document(report()));
    CHECK(
        text.starts_with("a hit costs 1.0 us (uprobe-nop) to 4.0 us (uprobe-push)\n"
                         "\n"
                         "k1 on m1\n"
                         "uprobe-nop ( 1 cpus): 1.000 \xc2\xb1 0.000M/s ( 1.000M/s/cpu)\n"
                         "uprobe-push ( 1 cpus): 0.250 \xc2\xb1 0.000M/s ( 0.250M/s/cpu)\n"
                         "\n"));
    const auto row = [&text](const std::string& name) {
        const std::size_t at = text.find("\n  " + name + " ");
        REQUIRE(at != std::string::npos);
        std::istringstream cells(text.substr(at + 3 + name.size()));
        std::string nop, push;
        cells >> nop >> push;
        return nop + " " + push;
    };
    CHECK(row("uprobe.lookup") == "750 3,000");
    CHECK(row("exception entry and return") == "250 1,000");
}

TEST_CASE("the benchmark's lines alone", "[tools][bench]") {
    CHECK(bench_lines_text(report()) ==
          "k1 on m1\n"
          "uprobe-nop ( 1 cpus): 1.000 \xc2\xb1 0.000M/s ( 1.000M/s/cpu)\n"
          "uprobe-push ( 1 cpus): 0.250 \xc2\xb1 0.000M/s ( 0.250M/s/cpu)\n");
}

TEST_CASE("a benchmark's report fits, whatever the profiles are called", "[tools][bench]") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        BenchReport r = report();
        r.tables.push_back(r.tables[0]);
        for (BenchTable& table : r.tables) {
            table.machine.name = names.name();
            table.kernel.name = names.name();
            for (BenchRow& row : table.rows) {
                row.counts.instruction = names.name();
                row.counts.verdict = names.name();
            }
        }
        check_text_fits(bench_document(r));
        csv_fields(document_csv(bench_document(r)));
    }
}

}  // namespace uprobesim
