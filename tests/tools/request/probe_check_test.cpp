// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/probe_check.h"

#include <catch2/catch.hpp>

#include "tests/tools/simulation/tiny_guest.h"

namespace uprobesim {
namespace {

// nop; ldxr x0, [x1]: the kernel refuses to probe exclusive loads (arch/arm64/kernel/probes/
// decode-insn.c, aarch64_insn_is_steppable).
const std::vector<std::uint32_t> kTwoWords{0xd503201f, 0xc85f7c20};

SimulationRequest request_with(const TinyGuest& guest, const std::string& probe) {
    SimulationRequest request;
    request.files.root = guest.root();
    request.program.arguments = {"/nowhere"};
    if (!probe.empty()) request.probes = made_probe(probe);
    return request;
}

}  // namespace

TEST_CASE("what a run would refuse of its probes is told by the same line without the run",
          "[tools][request]") {
    TinyGuest guest;
    guest.add_program("p", kTwoWords);
    for (const char* probe : {"uprobe:/p:mainn", "uprobe:/missing:main", "uprobe:/p:0x7a",
                              "uprobe:/p:0x7c", "uprobe:/p:0x4000"}) {
        INFO(probe);
        const SimulationRequest request = request_with(guest, probe);
        const auto checked = check_probes(request, {request.kernel});
        REQUIRE_FALSE(checked.has_value());
        const auto run = simulate(request);
        REQUIRE_FALSE(run.has_value());
        CHECK(checked.error().line() == run.error().error.line());
    }
}

TEST_CASE("probes that are right are not run, and neither is the program", "[tools][request]") {
    TinyGuest guest;
    guest.add_program("p", kTwoWords);
    CHECK(check_probes(request_with(guest, "uprobe:/p:0x78"), {"v6.12", "v6.13+stp"}));
    CHECK(check_probes(request_with(guest, ""), {"v6.12"}));
}

TEST_CASE("each kernel is asked", "[tools][request]") {
    TinyGuest guest;
    guest.add_program("p", kTwoWords);
    const auto checked = check_probes(request_with(guest, "uprobe:/p:0x78"), {"v6.12", "v9.99"});
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().line().find("v9.99") != std::string::npos);
}

}  // namespace uprobesim
