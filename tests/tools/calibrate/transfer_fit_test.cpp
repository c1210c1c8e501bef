// SPDX-License-Identifier: GPL-2.0-or-later
// What CPUs wait for, fitted to rows of several CPUs: the published ones, and those of a machine
// whose costs the fit is not told.
#include "tools/calibrate/transfer_fit.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/profile/machine_profile.h"
#include "tools/bench/producers.h"
#include "tools/bench/trigger_programs.h"
#include "tools/calibrate/contended_rows.h"
#include "tools/published/scaling.h"

namespace uprobesim {
namespace {

const FittedParameter& parameter(const TransferFit& fit, std::string_view key) {
    for (std::size_t p = 0; p < fit.fitted.size(); ++p) {
        for (const std::string& one : fit.fitted[p].keys) {
            if (one == key) return fit.parameters[p];
        }
    }
    FAIL(key << " is not fitted");
    return fit.parameters.front();
}

// The rates of `settings`' machine.
std::vector<ContendedSeries> rows_of(const std::vector<Setting>& settings,
                                     const std::vector<std::string>& variants,
                                     const std::vector<unsigned>& cpus) {
    std::vector<ContendedSeries> all;
    const auto machine = load_machine_profile("kunpeng916", settings);
    if (!machine) FAIL(machine.error().line());
    for (const std::string& name : variants) {
        ContendedSeries& series = all.emplace_back();
        series.table = "hidden";
        series.name = name;
        series.variant = parse_trigger_variant(name).value();
        series.kernel = "v6.13";
        TriggerRequest trigger;
        trigger.variant = series.variant;
        trigger.kernel = series.kernel;
        trigger.machine = "kunpeng916";
        trigger.settings = settings;
        const auto hit = record_hit(trigger);
        if (!hit) FAIL(hit.error().line());
        ProducersRequest wanted;
        wanted.producers = cpus;
        wanted.first_seed = 100;  // other starts than the fit's
        const auto rows = sweep(trigger, *hit, *machine, wanted);
        if (!rows) FAIL(rows.error().line());
        for (const ProducersRow& row : *rows) series.rows.push_back({row.producers, row.mean()});
    }
    return all;
}

}  // namespace

TEST_CASE("the published rows of many CPUs give the costs that another model of them has",
          "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const auto data = load_scaling(kScalingRows);
    if (!data) FAIL(data.error().line());
    const auto fit = fit_transfers(contended_series(*data), {"kunpeng916", {}, {}});
    if (!fit) FAIL(fit.error().line());
    CHECK(fit->fitted_rows() == 18);
    CHECK(fit->rows.size() == 36);
    // A model of its own of the same rows, in Python, with how well it knows each (ns, or times).
    const struct {
        const char* key = nullptr;
        double value = 0, known = 0;
        bool is_time = true;
    } other[] = {{"transfer-cluster", 18, 0.20},
                 {"transfer-die", 98, 0.07},
                 {"transfer-machine", 120, 0.20},
                 {"read-machine", 160, 0.15},
                 {"handover-transfers", 3.15, 0.08, false},
                 {"handover-reads", 4.8, 0.15, false}};
    const double cycles_per_ns = 2.4;
    for (const auto& one : other) {
        INFO(one.key);
        const FittedParameter& found = parameter(*fit, one.key);
        const double unit = one.is_time ? cycles_per_ns : 1;
        CHECK_FALSE(found.unsettled);
        CHECK(std::fabs(found.value / unit - one.value) <
              one.value * one.known + 2 * found.standard_error / unit);
    }
    // It knows it to 50 %: too little for a fit that chooses.
    REQUIRE(fit->untold.size() == 1);
    CHECK(fit->untold[0].key == "contention.read-{l3-group,die,socket}");
}

TEST_CASE("costs of a hidden machine are found from its rows of several CPUs",
          "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const auto rows = rows_of({{"machine.contention.transfer-cluster", "60"},
                               {"machine.contention.transfer-machine", "400"}},
                              {"uprobe-ret", "uretprobe-ret"}, {2, 4, 64});
    const auto fit = fit_transfers(
        rows, {"kunpeng916",
               {},
               {"machine.contention.transfer-cluster", "machine.contention.transfer-machine"}});
    if (!fit) FAIL(fit.error().line());
    CHECK(parameter(*fit, "transfer-cluster").value == Approx(60).epsilon(0.05));
    CHECK(parameter(*fit, "transfer-machine").value == Approx(400).epsilon(0.05));
    CHECK(fit->mean_deviation() < 0.02);
}

TEST_CASE("a cost that no row of several CPUs hangs on is told with what to measure",
          "[tools][calibrate]") {
    if (trigger_programs().empty()) return;
    const auto rows = rows_of({}, {"uprobe-push", "uretprobe-push"}, {2, 3, 4});
    const auto chosen = fit_transfers(rows, {"kunpeng916", {}, {}});
    if (!chosen) FAIL(chosen.error().line());
    REQUIRE(chosen->parameters.size() == 1);
    CHECK(chosen->parameters[0].key == "contention.transfer-cluster");
    const auto machine =
        std::find_if(chosen->untold.begin(), chosen->untold.end(), [](const UntoldParameter& one) {
            return one.key == "contention.transfer-{machine,machine-ordered}";
        });
    REQUIRE(machine != chosen->untold.end());
    CHECK(machine->measure == "uprobe-push on 64 CPUs");
    const auto asked = fit_transfers(rows, {"kunpeng916", {}, {"machine.contention.read-socket"}});
    REQUIRE_FALSE(asked.has_value());
    CHECK_THAT(asked.error().line(),
               Catch::Contains("no row hangs on it") && Catch::Contains("uprobe-push on 32 CPUs"));
    const auto none = fit_transfers(rows, {"kunpeng916", {}, {"machine.contention.jitter"}});
    REQUIRE_FALSE(none.has_value());
    CHECK_THAT(none.error().line(), Catch::Contains("cannot be fitted"));
}

}  // namespace uprobesim
