// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plot_data.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <stdexcept>

#include "tools/charts/charts.h"

using namespace uprobesim;

namespace {

const std::string kHead = "command = \"run\"\narguments = [\"/bin/true\"]\n";

struct Made {
    std::unique_ptr<Plan> plan;  // the points refer to it
    std::unique_ptr<Points> points;
    SweepResults results;
};

// All points done, with the figure that `fn` makes of the axes' numbers.
template <class Fn>
Made made(const std::string& axes, Fn fn) {
    Made all;
    auto plan = parse_plan({"p.toml", kHead + axes});
    if (!plan) FAIL(plan.error().line());
    all.plan = std::make_unique<Plan>(std::move(*plan));
    auto points = Points::make(*all.plan, "v6.12", "generic-a72");
    if (!points) FAIL(points.error().line());
    all.points = std::make_unique<Points>(std::move(*points));
    all.results.plan = "p.toml";
    all.results.points = all.points.get();
    for (std::uint64_t point = 0; point < all.points->size(); ++point) {
        std::vector<double> x;
        for (std::size_t axis = 0; axis < all.plan->axes.size(); ++axis)
            x.push_back(all.points->number(point, axis));
        PointResult result;
        result.done = true;
        result.figures = fmt::format("{{\"y\":{}}}", fn(x));
        all.results.results.emplace_back(result);
    }
    return all;
}

PlotData plotted(const Made& made) {
    auto data = plot_data(made.results, "");
    if (!data) FAIL(data.error().line());
    return std::move(*data);
}

const AxisEffect& effect(const PlotData& data, const std::string& name) {
    for (const AxisEffect& one : data.effects.front().axes) {
        if (one.name == name) return one;
    }
    throw std::runtime_error("no effect of " + name);
}

constexpr const char* kGrid = R"(
    [[axis]]
    setting = "machine.ops.isb"
    values = [1, 3]
    [[axis]]
    seeds = [1, 2]
    [[axis]]
    setting = "machine.kernel-cpi"
    values = [1, 2, 3])";

}  // namespace

// Over a = -1, 1 and c = -0.5, 0.5 the terms of 3 a + 4 c + 2 a c have the variances 9, 4 and 1.
TEST_CASE("shares of a whole grid are exact, with what axes make together", "[tools][sweep]") {
    const Made all = made(kGrid, [](const std::vector<double>& x) {
        const double a = x[0] - 2, c = x[1] - 1.5;
        return 3 * a + 4 * c + 2 * a * c;
    });
    const PlotData data = plotted(all);
    CHECK(data.figure == "y");
    REQUIRE(data.effects.size() == 1);
    REQUIRE(effect(data, "machine.ops.isb").total);
    CHECK(effect(data, "machine.ops.isb").first.value == Approx(9.0 / 14));
    CHECK(effect(data, "machine.ops.isb").total->value == Approx(10.0 / 14));
    CHECK(effect(data, "seed").first.value == Approx(4.0 / 14));
    CHECK(effect(data, "seed").total->value == Approx(5.0 / 14));
    CHECK(effect(data, "machine.kernel-cpi").first.value == Approx(0).margin(1e-12));
    CHECK(effect(data, "machine.kernel-cpi").total->value == Approx(0).margin(1e-12));
    CHECK(data.effects.front().axes.front().name == "machine.ops.isb");
    const auto charts = sweep_charts(all.results, {data});
    std::set<Chart::Kind> kinds;
    for (const Chart& chart : charts) {
        CHECK_FALSE(chart.empty());
        for (const Chart::Row& row : chart.rows) CHECK(row.values.size() == chart.series.size());
        kinds.insert(chart.kind);
    }
    CHECK(kinds == std::set{Chart::Kind::Bars, Chart::Kind::Lines, Chart::Kind::Heat,
                            Chart::Kind::Parallel});
}

// Two uniform terms, one twice as wide: shares 4/5 and 1/5; the third axis makes nothing.
TEST_CASE("of a hypercube the shares are near those of the function, first-order and total",
          "[tools][sweep]") {
    const Made all = made(R"(
        [sample]
        count = 4000
        [[axis]]
        setting = "machine.ops.isb"
        sample = [0, 1]
        [[axis]]
        setting = "machine.ops.tlbi"
        sample = [0, 1]
        [[axis]]
        setting = "machine.kernel-cpi"
        sample = [1, 2])",
                          [](const std::vector<double>& x) { return 2 * x[0] + x[1]; });
    const PlotData data = plotted(all);
    CHECK(effect(data, "machine.ops.isb").first.value == Approx(0.8).margin(0.02));
    CHECK(effect(data, "machine.ops.tlbi").first.value == Approx(0.2).margin(0.02));
    CHECK(effect(data, "machine.kernel-cpi").first.value == Approx(0).margin(0.01));
    for (const AxisEffect& axis : data.effects.front().axes) {
        // The sum of two terms is a polynomial of degree 1: the axes have nothing together.
        REQUIRE(axis.total);
        CHECK(axis.total->value == Approx(axis.first.value).margin(0.02));
        CHECK(axis.first.low <= axis.first.value + 1e-9);
        CHECK(axis.first.high >= axis.first.value - 0.01);
        CHECK(axis.first.high - axis.first.low < 0.1);
    }
}

TEST_CASE("a figure that never changes has no effects, and one that is not there is told",
          "[tools][sweep]") {
    const Made all = made(R"(
        [[axis]]
        seeds = [1, 2, 3])",
                          [](const std::vector<double>&) { return 7; });
    CHECK(plotted(all).effects.empty());
    CHECK(sweep_charts(all.results, {plotted(all)}).empty());
    CHECK_FALSE(plot_data(all.results, "z"));
}
