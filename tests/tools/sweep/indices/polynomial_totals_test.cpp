// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/indices/polynomial_totals.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tools/sweep/plan/sampling.h"

using namespace uprobesim;

namespace {

constexpr double kPi = 3.14159265358979323846;

struct Points {
    std::vector<std::vector<double>> rows;
    std::vector<double> values;
};

template <class Fn>
Points hypercube(std::uint64_t count, std::size_t axes, Fn fn) {
    std::vector<std::string> names;
    for (std::size_t axis = 0; axis < axes; ++axis) names.push_back("x" + std::to_string(axis));
    const SampleRows sample({count, 11, Design::LatinHypercube}, names);
    Points points;
    for (std::uint64_t row = 0; row < sample.rows(); ++row) {
        std::vector<double>& x = points.rows.emplace_back();
        for (std::size_t axis = 0; axis < axes; ++axis) x.push_back(sample.at(row, axis));
        points.values.push_back(fn(x));
    }
    return points;
}

}  // namespace

// Ishigami and Homma 1990, a = 7, b = 0.1; see sobol_test.cpp.
TEST_CASE("the totals of Ishigami's function come out of a Latin hypercube", "[tools][sweep]") {
    const auto points = hypercube(1000, 3, [](const std::vector<double>& u) {
        const auto at = [&](std::size_t i) { return kPi * (2 * u[i] - 1); };
        return std::sin(at(0)) + 7 * std::pow(std::sin(at(1)), 2) +
               0.1 * std::pow(at(2), 4) * std::sin(at(0));
    });
    const auto totals = polynomial_totals(points.rows, points.values);
    REQUIRE(totals);
    const double v1 = std::pow(1 + 0.1 * std::pow(kPi, 4) / 5, 2) / 2, v2 = 49.0 / 8,
                 v13 = 0.01 * std::pow(kPi, 8) * (1.0 / 18 - 1.0 / 50), v = v1 + v2 + v13;
    CHECK(totals->explained > 0.99);
    const std::vector<double> wanted = {(v1 + v13) / v, v2 / v, v13 / v};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        INFO(axis);
        const Share& total = totals->totals[axis];
        CHECK(total.value == Approx(wanted[axis]).margin(0.01));
        CHECK(total.low <= total.value);
        CHECK(total.value <= total.high + 1e-12);
    }
}

// Over [-1, 1] the terms x, y and x y have the variances 1/3, 1/3 and 1/9.
TEST_CASE("what axes make together is in the totals of both", "[tools][sweep]") {
    const auto points = hypercube(60, 3, [](const std::vector<double>& u) {
        const double x = 2 * u[0] - 1, y = 2 * u[1] - 1;
        return 2 * x + y + 3 * x * y;
    });
    const auto totals = polynomial_totals(points.rows, points.values);
    REQUIRE(totals);
    CHECK(totals->totals[0].value == Approx((4.0 / 3 + 1) / (5.0 / 3 + 1)));
    CHECK(totals->totals[1].value == Approx((1.0 / 3 + 1) / (5.0 / 3 + 1)));
    CHECK(totals->totals[2].value == Approx(0).margin(1e-9));
}

TEST_CASE("what no polynomial explains has no totals", "[tools][sweep]") {
    // Neither does what never changes, nor a handful of points.
    const auto steps = hypercube(300, 2, [](const std::vector<double>& u) {
        return static_cast<double>(static_cast<int>(u[0] * 300) % 2);
    });
    CHECK_FALSE(polynomial_totals(steps.rows, steps.values));
    const auto same = hypercube(50, 2, [](const std::vector<double>&) { return 4.0; });
    CHECK_FALSE(polynomial_totals(same.rows, same.values));
    const auto few = hypercube(5, 2, [](const std::vector<double>& u) { return u[0]; });
    CHECK_FALSE(polynomial_totals(few.rows, few.values));
}
