// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sliders/price_sheet.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/cost/prices.h"
#include "tests/tools/report/report_fixture.h"
#include "tools/sliders/report_sheets.h"

namespace uprobesim {
namespace {

using Json = nlohmann::json;

std::map<std::string, double> values_of(const Json& place) {
    std::map<std::string, double> values;
    for (const Json& row : place.at("figures")) values[row.at("key")] = row.at("value");
    return values;
}

double sum_of(const Json& terms, const std::map<std::string, double>& values, bool per_unit) {
    double sum = 0;
    for (const Json& term : terms) {
        if (term.value("per_unit", false) != per_unit) continue;
        double each = values.at(term.at("figure"));
        if (term.contains("also"))
            each += values.at(term.at("also")) * term.at("also_times").get<double>();
        sum += term.at("count").get<double>() * each;
    }
    return sum;
}

TEST_CASE("the terms of every path and exception add up to its price, on every kernel and machine",
          "[tools][sliders]") {
    for (const char* machine_name : {"kunpeng916", "kunpeng916-vm", "neoverse-n1"}) {
        for (const char* kernel_name : {"v6.12", "next-20241104+stp"}) {
            const auto machine = load_machine_profile(machine_name, {}).value();
            const auto kernel = load_kernel_profile(kernel_name, {}).value();
            const PriceList prices(machine, kernel);
            SheetItem item;
            for (std::size_t p = 0; p < kKernelPathCount; ++p)
                item.rows.push_back({.work = static_cast<KernelPath>(p), .times = 1, .units = 1});
            for (std::size_t e = 0; e < kExceptionClassCount; ++e)
                item.rows.push_back({.work = static_cast<ExceptionClass>(e), .times = 1});
            const PriceSheet sheet{.places = {{machine, kernel}}, .items = {item}};
            const Json place = Json::parse(sheet.json()).at("places").at(0);
            const auto values = values_of(place);
            for (std::size_t p = 0; p < kKernelPathCount; ++p) {
                const auto path = static_cast<KernelPath>(p);
                const Json& terms =
                    place.at("prices").at(std::string(kernel_path_info(path).name)).at("terms");
                INFO(kernel_path_info(path).name << " on " << machine_name);
                CHECK(sum_of(terms, values, false) ==
                      Approx(in_cycles(prices.path(path))).margin(0.0051));
                CHECK(sum_of(terms, values, true) ==
                      Approx(in_cycles(prices.path_units(path, 1))).margin(0.0051));
            }
            for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
                const auto ec = static_cast<ExceptionClass>(e);
                const Json& terms = place.at("prices")
                                        .at("exception " + std::string(exception_class_name(ec)))
                                        .at("terms");
                CHECK(sum_of(terms, values, false) ==
                      Approx(in_cycles(prices.exception(ec))).margin(0.0051));
            }
        }
    }
}

TEST_CASE("figures that kernels give differently are not offered", "[tools][sliders]") {
    const auto machine = load_machine_profile("kunpeng916", {}).value();
    const auto one = load_kernel_profile("v6.12", {}).value();
    auto other = one;
    other.paths[static_cast<std::size_t>(KernelPath::BrkEntry)].insns += 1;
    const SheetItem hit{.rows = {{.work = KernelPath::BrkEntry, .times = 1},
                                 {.work = KernelPath::BrkReturn, .times = 1}}};
    SheetItem second = hit;
    second.place = 1;
    const PriceSheet sheet{.places = {{machine, one}, {machine, other}}, .items = {hit, second}};
    std::vector<std::string> keys;
    const Json json = Json::parse(sheet.json());
    for (const Json& row : json.at("figures")) keys.push_back(row.at("key"));
    const auto offered = [&](const char* key) { return std::ranges::count(keys, key) == 1; };
    CHECK_FALSE(offered("kernel.paths.brk.entry.insns"));
    CHECK(offered("kernel.paths.brk.return.insns"));
    CHECK(offered("machine.kernel-cpi"));
}

TEST_CASE("a report that cannot be priced again says why, and what to run", "[tools][sliders]") {
    RunReport report = hand_made_report();
    report.cpus = 2;
    const Json json = Json::parse(run_sheet(report));
    CHECK_THAT(json.at("why_not").get<std::string>(),
               Catch::Contains("several CPUs") && Catch::Contains("uprobesim run"));
}

}  // namespace
}  // namespace uprobesim
