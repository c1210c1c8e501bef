// SPDX-License-Identifier: GPL-2.0-or-later
// Points priced from one run against whatif, which reads the profiles anew for each.
#include "tools/sweep/pricing.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "sim/base/entropy.h"
#include "tests/tools/simulation/tiny_guest.h"
#include "tools/report/report_read.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/simulation.h"

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

// write(1, pc, 8), nop, stp x29, x30, [sp, #-16]!, exit_group(0)
const std::vector<std::uint32_t> kProgram{0xd2800020, 0x10000001, 0xd2800102, 0xd2800808,
                                          0xd4000001, 0xd503201f, 0xa9bf7bfd, 0xd2800000,
                                          0xd2800bc8, 0xd4000001};

RunReport saved_run(unsigned cpus = 1) {
    TinyGuest guest;
    guest.add_program("p", kProgram);
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = {"/p"};
    request.probes = made_probe("uprobe:/p:0x8c,0x90");
    request.cpus = cpus;
    SharedInput input(-1);
    const auto out = std::make_shared<DigestedOutput>(1, -1);
    const GuestStreams streams{input.reader(), out, out};
    const auto report = simulate(request, &streams);
    if (!report) FAIL(report.error().error.line());
    const auto runs = parse_report(run_report_json(*report), "r.json");
    if (!runs) FAIL(runs.error().line());
    return runs->front().report;
}

double figure(const Figures& figures, const std::string& name) {
    for (const NamedFigure& f : figures) {
        if (f.name == name) return f.value;
    }
    FAIL("no figure " + name);
    return 0;
}

}  // namespace

TEST_CASE("a point costs what whatif says of its settings", "[tools][sweep]") {
    const RunReport saved = saved_run();
    const std::vector<std::string> keys = {"machine.kernel-cpi",
                                           "machine.frequency",
                                           "machine.exception-entry",
                                           "machine.ops.isb",
                                           "machine.kpti",
                                           "machine.shareability-cores",
                                           "kernel.paths.uprobe.lookup.insns",
                                           "kernel.paths.uprobe.lookup.ops.isb"};
    const std::vector<double> ends = {3, 3e9, 500, 100, 1, 64, 2000, 9};
    std::vector<Setting> settings;
    settings.reserve(keys.size());
    for (const std::string& key : keys) settings.push_back({key, "1000"});
    settings[4].value = settings[5].value = "1";
    auto pricing = RunPricing::make({{"", saved}}, settings);
    if (!pricing) FAIL(pricing.error().line());
    Entropy entropy(1);
    for (int round = 0; round < 20; ++round) {
        std::vector<double> values;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            double value = 1000 + static_cast<double>(entropy.next() % 1000) / 1000 * ends[i];
            if (i != 1) value = ends[i] * static_cast<double>(entropy.next() % 1000) / 1000;
            if (i == 4) value = round % 2;
            if (i == 5) value = 1 + round;
            values.push_back(value);
            settings[i].value = fmt::format("{}", value);
        }
        WhatIfRequest request;
        request.settings = settings;
        const auto expected = price_again(saved, request);
        if (!expected) FAIL(expected.error().line());
        const Answer answer = answer_of(expected->after);
        const Figures figures = pricing->at(values);
        CHECK(figure(figures, "total_ns") == answer.total_ns);
        CHECK(figure(figures, "probe_ns") == answer.overhead_ns);
        CHECK(figure(figures, "cycles_per_hit") == answer.mean_hit_cycles);
        CHECK(figure(figures, "kernel_cycles") == answer.kernel_cycles);
        CHECK(figure(figures, "hits") == 2);
        std::string json;
        pricing->add_json(values, json);
        CHECK(json == figures_json(figures));
    }
}

TEST_CASE("a run that other prices would change is not priced again", "[tools][sweep]") {
    const auto pricing = RunPricing::make({{"", saved_run(2)}}, {{"machine.kernel-cpi", "1"}});
    REQUIRE_FALSE(pricing.has_value());
    CHECK_THAT(pricing.error().line(), Contains("several CPUs"));
}

TEST_CASE("a comparison has the figures of its columns and how much slower they are",
          "[tools][sweep]") {
    RunReport slow = saved_run(), fast = slow;
    fast.user_cycles = CentiCycles(0);
    const Figures two = figures_of_runs({&fast, &slow}, {"probed"});
    CHECK(figure(two, "probed/slowdown") ==
          Approx(figure(two, "probed/total_ns") / figure(two, "baseline/total_ns")));
    const Figures read = parse_figures(figures_json(two));
    REQUIRE(read.size() == two.size());
    for (std::size_t i = 0; i < two.size(); ++i) {
        CHECK(read[i].name == two[i].name);
        CHECK(read[i].value == two[i].value);
    }
}
