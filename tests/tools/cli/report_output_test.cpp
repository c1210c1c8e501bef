// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_output.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/host.h"

namespace uprobesim {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("a report takes the place of what was in its file", "[tools][cli]") {
    const TempFolder folder;
    const std::string old = folder.write("old", "a longer report of yesterday");
    ReportOutput::open(old)->write("new");
    CHECK(text_of(old) == "new");
    const std::string fresh = folder.path() + "/fresh";
    ReportOutput::open(fresh)->write("first");
    CHECK(text_of(fresh) == "first");
}

TEST_CASE("a report that never comes leaves the old one, and no new file", "[tools][cli]") {
    const TempFolder folder;
    const std::string old = folder.write("old", "yesterday");
    CHECK(ReportOutput::open(old).has_value());
    CHECK(text_of(old) == "yesterday");
    const std::string fresh = folder.path() + "/fresh";
    CHECK(ReportOutput::open(fresh).has_value());
    CHECK_FALSE(std::filesystem::exists(fresh));
}

TEST_CASE("a report goes to a device, and to no folder that is not there", "[tools][cli]") {
    ReportOutput::open("/dev/null")->write("x");
    const auto refused = ReportOutput::open("/no/such/folder/report");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().where == "/no/such/folder/report");
}

}  // namespace uprobesim
