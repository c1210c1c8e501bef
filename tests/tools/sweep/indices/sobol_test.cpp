// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/indices/sobol.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/tools/simulation/tiny_guest.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/simulation.h"
#include "tools/sweep/plan/sampling.h"
#include "tools/sweep/pricing.h"
#include "tools/whatif/whatif.h"

using namespace uprobesim;

namespace {

constexpr double kPi = 3.14159265358979323846;

template <class Fn>
std::vector<std::optional<double>> evaluated(const SampleRows& sample, std::size_t axes, Fn fn) {
    std::vector<std::optional<double>> values;
    for (std::uint64_t row = 0; row < sample.rows(); ++row) {
        std::vector<double> x;
        for (std::size_t axis = 0; axis < axes; ++axis) x.push_back(sample.at(row, axis));
        values.emplace_back(fn(x));
    }
    return values;
}

}  // namespace

// Ishigami and Homma 1990; the indices by hand from its variance, a = 7, b = 0.1:
// V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = b^2 pi^8 (1/18 - 1/50), V = V1 + V2 + V13.
TEST_CASE("the indices of Ishigami's function are those of its formula", "[tools][sweep]") {
    const Sample plan{8192, 11, Design::Saltelli};
    const SampleRows sample(plan, {"x1", "x2", "x3"});
    const auto values = evaluated(sample, 3, [](const std::vector<double>& u) {
        const auto at = [&](std::size_t i) { return kPi * (2 * u[i] - 1); };
        return std::sin(at(0)) + 7 * std::pow(std::sin(at(1)), 2) +
               0.1 * std::pow(at(2), 4) * std::sin(at(0));
    });
    const auto indices = sobol_indices(values, 3);
    REQUIRE(indices);
    const double v1 = std::pow(1 + 0.1 * std::pow(kPi, 4) / 5, 2) / 2, v2 = 49.0 / 8,
                 v13 = 0.01 * std::pow(kPi, 8) * (1.0 / 18 - 1.0 / 50), v = v1 + v2 + v13;
    CHECK(indices->mean == Approx(3.5).margin(0.05));
    CHECK(indices->deviation == Approx(std::sqrt(v)).margin(0.05));
    CHECK(indices->axes[0].first.value == Approx(v1 / v).margin(0.03));
    CHECK(indices->axes[1].first.value == Approx(v2 / v).margin(0.03));
    CHECK(indices->axes[2].first.value == Approx(0).margin(0.03));
    CHECK(indices->axes[0].total.value == Approx((v1 + v13) / v).margin(0.03));
    CHECK(indices->axes[1].total.value == Approx(v2 / v).margin(0.03));
    CHECK(indices->axes[2].total.value == Approx(v13 / v).margin(0.03));
    const std::vector<double> firsts = {v1 / v, v2 / v, 0},
                              totals = {(v1 + v13) / v, v2 / v, v13 / v};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        INFO(axis);
        const auto& index = indices->axes[axis];
        CHECK(index.first.low < firsts[axis] + 1e-3);
        CHECK(index.first.high > firsts[axis] - 1e-3);
        CHECK(index.total.low < totals[axis] + 1e-3);
        CHECK(index.total.high > totals[axis] - 1e-3);
        CHECK(index.first.high - index.first.low < 0.1);
    }
}

TEST_CASE("a row that lacks a point is left out, and a figure that never changes has no indices",
          "[tools][sweep]") {
    const SampleRows sample({64, 1, Design::Saltelli}, {"a", "b"});
    auto values = evaluated(sample, 2, [](const std::vector<double>& x) { return x[0]; });
    values[2] = std::nullopt;
    const auto indices = sobol_indices(values, 2);
    REQUIRE(indices);
    CHECK(indices->rows == 63);
    CHECK(indices->axes[1].total.value == Approx(0).margin(1e-12));
    const auto same = evaluated(sample, 2, [](const std::vector<double>&) { return 0.3; });
    CHECK_FALSE(sobol_indices(same, 2));
}

// A sum of independent figures: each one's share of the variance is its squared swing's share.
TEST_CASE("of a run's time the indices are the squares of the tornado's swings", "[tools][sweep]") {
    TinyGuest guest;
    // nop, stp x29, x30, [sp, #-16]!, exit_group(0)
    guest.add_program("p", {0xd503201f, 0xa9bf7bfd, 0xd2800000, 0xd2800bc8, 0xd4000001});
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = {"/p"};
    request.probes = made_probe("uprobe:/p:0x78,0x7c");
    SharedInput input(-1);
    const auto out = std::make_shared<DigestedOutput>(1, -1);
    const GuestStreams streams{input.reader(), out, out};
    const auto report = simulate(request, &streams);
    REQUIRE(report);
    const auto uncertainty = Uncertainty::load(request.machine, request.kernel, {});
    REQUIRE(uncertainty);
    const auto range = range_of(*report, *uncertainty, true, true);
    REQUIRE(range);

    std::vector<Setting> settings;
    std::vector<std::string> names;
    std::vector<Swing> swings;
    double squares = 0;
    for (const Swing& swing : range->swings) {
        // Each of these is times a count of the run: the time is linear in them.
        if (!swing.figure.key.starts_with("machine.ops.") &&
            !swing.figure.key.starts_with("machine.exception-"))
            continue;
        settings.push_back({swing.figure.key, std::to_string(swing.figure.value)});
        names.push_back(swing.figure.key);
        swings.push_back(swing);
        squares += swing.ns() * swing.ns();
    }
    REQUIRE(swings.size() > 4);
    auto pricing = RunPricing::make({{"", *report}}, settings);
    if (!pricing) FAIL(pricing.error().line());
    const SampleRows sample({2048, 5, Design::Saltelli}, names);
    const auto values = evaluated(sample, names.size(), [&](const std::vector<double>& shares) {
        std::vector<double> at;
        for (std::size_t i = 0; i < shares.size(); ++i)
            at.push_back(swings[i].low_value +
                         (swings[i].high_value - swings[i].low_value) * shares[i]);
        const Figures figures = pricing->at(at);
        CHECK(figures.front().name == "total_ns");
        return figures.front().value;
    });
    const auto indices = sobol_indices(values, names.size());
    REQUIRE(indices);
    for (std::size_t i = 0; i < swings.size(); ++i) {
        INFO(names[i]);
        const double share = swings[i].ns() * swings[i].ns() / squares;
        // Saltelli's estimate of an axis that makes most of the variance is the least certain.
        CHECK(indices->axes[i].first.value == Approx(share).margin(0.06));
        CHECK(indices->axes[i].total.value == Approx(share).margin(0.04));
    }
}
