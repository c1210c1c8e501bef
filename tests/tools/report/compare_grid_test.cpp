// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/tools/format/hostile_text.h"
#include "tools/report/report_document.h"

namespace uprobesim {
namespace {

ComparedRun run(const std::string& label, const std::string& machine, double hz,
                std::uint64_t cycles) {
    ComparedRun one{label, {}, "h", "h", 0, 0, false};
    one.report.provenance.machine.name = machine;
    one.report.frequency_hz = hz;
    one.report.user_cycles = CentiCycles(cycles * 100);
    return one;
}

CompareGrid sample() {
    CompareGrid grid;
    grid.machines.push_back({"Guest",
                             {run("no uprobe", "m1", 1e9, 1000), run("k1", "m1", 1e9, 3000),
                              run("k2", "m1", 1e9, 2000)}});
    grid.machines.push_back({"Guest",
                             {run("no uprobe", "m2", 2e9, 1000), run("k1", "m2", 2e9, 5000),
                              run("k2", "m2", 2e9, 1500)}});
    grid.machines[1].runs[1].repriced = true;
    return grid;
}

}  // namespace

TEST_CASE("a grid has a row for each run, and slow-downs on the same machine", "[tools][report]") {
    const std::string text = document_text(compare_grid_document(sample()));
    CHECK(text.starts_with("Guest: probes cost 1.5x (k2, m2) to 5.0x (k1, m2)\n"));
    CHECK_THAT(text, Catch::Contains("1 run of the"));
    const std::string csv = document_csv(compare_grid_document(sample()));
    CHECK_THAT(csv, Catch::Contains("\r\nm1,k1,3000.000,3.000,") &&
                        Catch::Contains("\r\nm2,k1,2500.000,5.000,"));
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
}

TEST_CASE("a grid's JSON is a comparison for each machine", "[tools][report]") {
    const std::string json = compare_grid_json(sample());
    CHECK_THAT(json, Catch::Contains("uprobesim.compare-grid/1") &&
                         Catch::Contains("\"repriced\": true") &&
                         Catch::Contains("uprobesim.compare/2"));
}

TEST_CASE("a grid fits, whatever its runs name", "[tools][report]") {
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        CompareGrid grid = sample();
        for (CompareReport& machine : grid.machines) {
            machine.title = names.name();
            for (ComparedRun& one : machine.runs) {
                one.label = names.name();
                one.report.provenance.machine.name = names.name();
            }
        }
        check_text_fits(compare_grid_document(grid));
        csv_fields(document_csv(compare_grid_document(grid)));
    }
}

}  // namespace uprobesim
