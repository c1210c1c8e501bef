// SPDX-License-Identifier: GPL-2.0-or-later
// Which kernels and machines have one start follows from what their profiles say.
#include "tools/endings/start_difference.h"

#include <catch2/catch.hpp>

namespace uprobesim {
namespace {

SimulationRequest request_of(const std::string& kernel, const std::string& machine = "kunpeng916") {
    SimulationRequest request;
    request.kernel = kernel;
    request.machine = machine;
    request.attach.at = *parse_attach_point("main");
    request.program.arguments = {"/bin/true"};
    return request;
}

std::string difference(const SimulationRequest& a, const SimulationRequest& b) {
    const auto found = start_difference(a, b);
    REQUIRE(found);
    return *found;
}

}  // namespace

TEST_CASE("kernels that differ in what probes do have one start", "[endings]") {
    const auto v612 = request_of("v6.12");
    for (const char* other : {"v6.12", "v6.13", "v6.13+stp", "v6.14", "v6.15", "new"})
        CHECK(difference(v612, request_of(other)) == "");
    const auto next = request_of("next-20241104");
    for (const char* other :
         {"next-20241104+stp", "whatif-brk-after-slot", "whatif-slot-per-uprobe"})
        CHECK(difference(next, request_of(other)) == "");
}

TEST_CASE("kernels that treat programs otherwise have none", "[endings]") {
    // Whether a running program's file can be written.
    CHECK(difference(request_of("v6.12"), request_of("next-20241104")) ==
          "kernel.text-busy is another from the start");
    const auto prefilled = request_of("whatif-prefilled-slots");
    for (const char* other : {"whatif-prefilled-slots", "next-20241104"}) {
        CHECK(difference(prefilled, request_of(other)) ==
              "the kernel fills its slots at the start");
        CHECK(difference(request_of(other), prefilled) ==
              "the kernel fills its slots at the start");
    }
}

TEST_CASE("machines have one start if they differ in costs only", "[endings]") {
    auto a = request_of("v6.12"), b = a;
    b.settings = {{"machine.ops.ic-ivau", "0"}};
    CHECK(difference(a, b) == "");
    b.settings = {{"machine.frequency", "1000000000"}};
    CHECK(difference(a, b) == "machine.frequency is another from the start");
    CHECK(difference(a, request_of("v6.12", "neoverse-v1")).starts_with("machine."));
}

TEST_CASE("probes that are there from the start are part of it, as is the rest of a run",
          "[endings]") {
    auto a = request_of("v6.12"), b = a;
    b.seed = 2;
    CHECK(difference(a, b) == "it is another run");
    a.attach = b.attach = {};
    b.seed = a.seed;
    CHECK(difference(a, b) == "probes are there from the start");
}

}  // namespace uprobesim
