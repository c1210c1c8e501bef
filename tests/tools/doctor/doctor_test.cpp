// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/doctor/doctor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/host.h"

using namespace uprobesim;
using State = DoctorCheck::State;

namespace {

const DoctorCheck& check_of(const std::vector<DoctorCheck>& checks, const std::string& name) {
    const auto found = std::find_if(checks.begin(), checks.end(),
                                    [&](const DoctorCheck& check) { return check.name == name; });
    REQUIRE(found != checks.end());
    return *found;
}

}  // namespace

TEST_CASE("the engine that the tests run on executes, and its fast paths pass", "[tools][doctor]") {
    const auto checks = examine({});
    CHECK(check_of(checks, "engine").state == State::Ok);
    CHECK(check_of(checks, "disassembler").state == State::Ok);
    for (const char* name : {"  registers in place", "  exclusive monitor", "  inline stores"})
        CHECK(check_of(checks, name).state == State::Ok);
}

TEST_CASE("a missing sysroot is needed, and the remedy is the command that fetches it",
          "[tools][doctor]") {
    const auto none = examine({});
    CHECK(check_of(none, "sysroot").state == State::Missing);
    CHECK(check_of(none, "sysroot").remedy == "uprobesim sysroot fetch");
    CHECK_FALSE(is_healthy(none));

    const TempFolder folder;
    DoctorOptions options;
    options.root = folder.path();
    CHECK(check_of(examine(options), "sysroot").state == State::Missing);
    std::filesystem::create_directory(folder.path() + "/bin");
    std::filesystem::create_symlink("/bin/dash", folder.path() + "/bin/sh");
    CHECK(check_of(examine(options), "sysroot").state == State::Ok);
}

TEST_CASE("programs that only developers need are optional, and found on the search path",
          "[tools][doctor]") {
    CHECK(check_of(examine({}), "qemu").state == State::Optional);
    const TempFolder folder;
    std::filesystem::permissions(folder.write("qemu-aarch64", "#!/bin/sh\n"),
                                 std::filesystem::perms::owner_all);
    DoctorOptions options;
    options.search_path = "/nothing::" + folder.path();
    const DoctorCheck qemu = check_of(examine(options), "qemu");
    CHECK(qemu.state == State::Ok);
    CHECK(qemu.detail == folder.path() + "/qemu-aarch64");
}

TEST_CASE("the report names each check with its state, and the remedy if something is missing",
          "[tools][doctor]") {
    const std::vector<DoctorCheck> checks = {
        {"engine", State::Ok, "Unicorn 2.0.1", ""},
        {"  inline stores", State::Optional, "slow", "another build"},
        {"sysroot", State::Missing, "no arm64 programs", "uprobesim sysroot fetch"}};
    CHECK(doctor_text(checks) ==
          "engine           ok        Unicorn 2.0.1\n"
          "  inline stores  optional  slow\n"
          "                           remedy: another build\n"
          "sysroot          missing   no arm64 programs\n"
          "                           remedy: uprobesim sysroot fetch\n");
    const auto json = nlohmann::json::parse(doctor_json(checks));
    CHECK(json["schema"] == "uprobesim.doctor/1");
    CHECK(json["healthy"] == false);
    CHECK(json["checks"][1]["check"] == "inline stores");
    CHECK(json["checks"][2]["remedy"] == "uprobesim sysroot fetch");
}
