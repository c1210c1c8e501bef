// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/plan.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tools/sweep/plan/points.h"

using namespace uprobesim;
using Catch::Matchers::Contains;

namespace {

const std::string kHead = "command = \"run\"\narguments = [\"/bin/true\"]\n";

Plan plan_of(const std::string& text) {
    auto plan = parse_plan({"p.toml", text});
    if (!plan) FAIL(plan.error().line());
    return std::move(*plan);
}

std::string refusal(const std::string& text) {
    const auto plan = parse_plan({"p.toml", text});
    REQUIRE_FALSE(plan.has_value());
    CHECK(plan.error().line().find('\n') == std::string::npos);
    return plan.error().line();
}

Points points_of(const Plan& plan) {
    auto points = Points::make(plan, "v6.12", "generic-a72");
    if (!points) FAIL(points.error().line());
    return std::move(*points);
}

// The texts of one axis over all points.
std::vector<std::string> column(const Points& points, std::size_t axis) {
    std::vector<std::string> texts;
    for (std::uint64_t point = 0; point < points.size(); ++point)
        texts.push_back(points.text(point, axis));
    return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("points are the product of the axes, the last one fastest", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [[axis]]
        kernels = ["v6.12", "v6.13"]
        [[axis]]
        setting = "machine.kernel-cpi"
        range = [1, 2]
        steps = 3)");
    const Points points = points_of(plan);
    CHECK(column(points, 0) == Texts{"v6.12", "v6.12", "v6.12", "v6.13", "v6.13", "v6.13"});
    CHECK(column(points, 1) == Texts{"1", "1.5", "2", "1", "1.5", "2"});
    CHECK(points.options(1, true) == Texts{"--kernel", "v6.12", "--set", "machine.kernel-cpi=1.5"});
    // A cost parameter is left out of the run that the points share.
    CHECK(points.options(1, false) == Texts{"--kernel", "v6.12"});
    CHECK(points.group(0) == points.group(2));
    CHECK(points.group(0) != points.group(3));
    CHECK(points.parameters(4) == R"({"kernel":"v6.13","machine.kernel-cpi":1.5})");
}

TEST_CASE("a logarithmic range has equal ratios and its ends exactly", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [[axis]]
        setting = "machine.ops.isb"
        log-range = [1, 1000]
        steps = 4)");
    const Points points = points_of(plan);
    REQUIRE(points.size() == 4);
    CHECK(points.number(1, 0) == Approx(10));
    CHECK(points.number(2, 0) == Approx(100));
    CHECK(points.text(3, 0) == "1000");
}

TEST_CASE("zipped axes advance together", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [[axis]]
        kernels = ["v6.12", "v6.13"]
        zip = "z"
        [[axis]]
        cpus = [1, 2]
        [[axis]]
        machines = ["generic-a72", "kunpeng916"]
        zip = "z")");
    const Points points = points_of(plan);
    CHECK(column(points, 0) == Texts{"v6.12", "v6.12", "v6.13", "v6.13"});
    CHECK(column(points, 2) == Texts{"generic-a72", "generic-a72", "kunpeng916", "kunpeng916"});
    CHECK_THAT(refusal(kHead + R"(
        [[axis]]
        cpus = [1, 2, 3]
        zip = "z"
        [[axis]]
        seeds = [1, 2]
        zip = "z")"),
               Contains("'cpus' has 3 values and 'seed' has 2"));
}

TEST_CASE("an exclusion leaves out the points that have all its values", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [[axis]]
        kernels = ["v6.12", "v6.13"]
        [[axis]]
        cpus = [1, 2, 4]
        [[exclude]]
        kernel = "v6.13"
        cpus = [2, 4])");
    CHECK(column(points_of(plan), 1) == Texts{"1", "2", "4", "1"});
}

TEST_CASE("each part of a sampled axis has one point", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [sample]
        count = 100
        seed = 3
        [[axis]]
        setting = "machine.ops.isb"
        sample = [0, 100]
        [[axis]]
        setting = "machine.kernel-cpi"
        sample = "confidence")");
    const Points points = points_of(plan);
    REQUIRE(points.size() == 100);
    std::set<int> parts;
    for (std::uint64_t point = 0; point < 100; ++point) {
        parts.insert(static_cast<int>(points.number(point, 0)));
        // generic-a72: 1.055, of medium confidence: 15 % more or less.
        CHECK(points.number(point, 1) >= 1.055 * 0.85);
        CHECK(points.number(point, 1) <= 1.055 * 1.15);
    }
    CHECK(parts.size() == 100);
    CHECK(column(points, 0) == column(points_of(plan), 0));
}

TEST_CASE("a pattern samples every figure that has a confidence", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [sample]
        count = 2
        [[axis]]
        setting = "machine.ops.*"
        sample = "confidence")");
    CHECK(plan.axes.size() > 10);
    for (const Axis& axis : plan.axes) CHECK_THAT(axis.name, Catch::StartsWith("machine.ops."));
}

TEST_CASE("points have keys of their own, whatever plan they are in", "[tools][sweep]") {
    const std::string axes = R"(
        [sample]
        count = 50
        [[axis]]
        kernels = ["v6.12", "v6.13"]
        [[axis]]
        setting = "machine.ops.isb"
        values = [VALUES]
        [[axis]]
        setting = "machine.kernel-cpi"
        sample = [1, 2])";
    const auto plan_with = [&](const std::string& values) {
        std::string text = axes;
        return plan_of(kHead + text.replace(text.find("VALUES"), 6, values));
    };
    const Plan few_plan = plan_with("1, 2"), more_plan = plan_with("0, 1, 2, 1e1");
    const Points few = points_of(few_plan), more = points_of(more_plan);
    std::map<std::uint64_t, std::string> keys;
    for (std::uint64_t point = 0; point < more.size(); ++point)
        keys[more.hash(point, 7)] = more.parameters(point);
    CHECK(keys.size() == 400);
    for (std::uint64_t point = 0; point < few.size(); ++point) {
        REQUIRE(keys.count(few.hash(point, 7)) == 1);
        CHECK(keys[few.hash(point, 7)] == few.parameters(point));
        CHECK(keys.count(few.hash(point, 8)) == 0);
    }
}

TEST_CASE("exclusions of zipped and of many axes leave the right points", "[tools][sweep]") {
    const Plan plan = plan_of(kHead + R"(
        [[axis]]
        kernels = ["v6.12", "v6.13"]
        zip = "z"
        [[axis]]
        seeds = [1, 2, 3, 4]
        [[axis]]
        cpus = [1, 2]
        zip = "z"
        [[exclude]]
        kernel = "v6.12"
        cpus = 2
        [[exclude]]
        cpus = 2
        seed = [1, 3])");
    const Points points = points_of(plan);
    CHECK(column(points, 2) == Texts{"1", "1", "1", "1", "2", "2"});
    CHECK(column(points, 1) == Texts{"1", "2", "3", "4", "2", "4"});
    CHECK(points.number(5, 1) == 4);
    CHECK(points.options(4, true) == Texts{"--kernel", "v6.13", "--seed", "2", "--cpus", "2"});
}

TEST_CASE("a mistake in a plan is one line with its place and what may be meant",
          "[tools][sweep]") {
    CHECK_THAT(refusal("comand = \"run\"\n"), Contains("p.toml:1") && Contains("'command'"));
    CHECK_THAT(refusal("command = \"rum\"\n"), Contains("p.toml:1") && Contains("'run'"));
    CHECK_THAT(refusal(kHead), Contains("no [[axis]]"));
    CHECK_THAT(refusal(kHead + "[[axis]]\nkernels = [\"v6.21\"]\n"), Contains("p.toml:4"));
    CHECK_THAT(refusal(kHead + "[[axis]]\nsetting = \"machine.ops.isp\"\nvalues = [1]\n"),
               Contains("p.toml:4") && Contains("machine.ops.isb"));
    CHECK_THAT(refusal(kHead + "[[axis]]\nsetting = \"machine.kpti\"\nrange = [0, 2]\nsteps = 3\n"),
               Contains("from 0 to 1"));
    CHECK_THAT(refusal(kHead + "[[axis]]\nsetting = \"machine.ops.isb\"\nvalues = [1, 1]\n"),
               Contains("has '1' twice"));
    CHECK_THAT(refusal(kHead + "[[axis]]\nsetting = \"machine.ops.isb\"\nsample = [1, 2]\n"),
               Contains("no [sample]"));
    CHECK_THAT(refusal(kHead + "[[axis]]\nsetting = \"machine.kpti\"\nsample = \"confidence\"\n"),
               Contains("no confidence"));
    CHECK_THAT(
        refusal(kHead + "[[axis]]\nsetting = \"kernel.paths.sys.exit\"\nsample = \"confidence\"\n"),
        Contains("did you mean 'kernel.paths.sys.exit.insns'"));
    CHECK_THAT(refusal(kHead + "[[axis]]\ncpus = [1]\n[[axis]]\ncpus = [2]\n"),
               Contains("another axis 'cpus'"));
    CHECK_THAT(refusal(kHead + "[[axis]]\ncpus = [1]\n[[exclude]]\ncpu = 1\n"),
               Contains("p.toml:6") && Contains("'cpus'"));
    CHECK_THAT(refusal(kHead + "[[axis]]\ncpus = [1]\nkernels = [\"v6.12\"]\n"),
               Contains("must have one of"));
    CHECK_THAT(refusal("time-limit = \"3 years\"\n" + kHead), Contains("'time-limit'"));
}

TEST_CASE("a plan of too many points is refused before any is made", "[tools][sweep]") {
    std::string text = kHead;
    for (const char* key : {"isb", "dsb-ish", "dmb", "exclusive"})
        text += std::string("[[axis]]\nsetting = \"machine.ops.") + key +
                "\"\nrange = [1, 100]\nsteps = 1000\n";
    const Plan plan = plan_of(text);
    const auto points = Points::make(plan, "v6.12", "generic-a72");
    REQUIRE_FALSE(points.has_value());
    CHECK_THAT(points.error().line(), Contains("more than 1000000 points"));
}

TEST_CASE("values and samples that would fill the host's memory are refused", "[tools][sweep]") {
    std::string text = kHead;
    for (const char* key : {"isb", "dsb-ish", "dmb", "exclusive", "ic-ivau", "dc-cvau", "tlbi",
                            "daif-write", "mdscr-write", "load-acquire", "slot-refetch"})
        text += std::string("[[axis]]\nsetting = \"machine.ops.") + key +
                "\"\nrange = [1, 100]\nsteps = 100000\nzip = \"all\"\n";
    CHECK_THAT(refusal(text), Contains("more than 1000000 values"));
    CHECK_THAT(refusal(kHead + "[sample]\ncount = 1000000\n[[axis]]\nsetting = "
                               "\"kernel.paths.*\"\nsample = \"confidence\"\n"),
               Contains("at most 20000000"));
}
