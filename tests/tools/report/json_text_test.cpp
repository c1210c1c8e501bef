// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/json_text.h"

#include <catch2/catch.hpp>
#include <string>

namespace uprobesim {
namespace {

std::string refusal(const std::string& text) {
    const auto json = parse_json(text, "f", "make it");
    REQUIRE_FALSE(json.has_value());
    return json.error().line();
}

}  // namespace

TEST_CASE("JSON that nests deeper than a report is refused with its line", "[report]") {
    CHECK(refusal("\n" + std::string(100'000, '[')) ==
          "f:2: more than 64 levels of brackets (make it)");
    std::string members;
    for (int i = 0; i < 100'000; ++i) members += "{\"a\":";
    CHECK(refusal(members).find("f:1: more than 64 levels") == 0);
    CHECK(parse_json(std::string(64, '[') + std::string(64, ']'), "f", "").has_value());
    CHECK(
        parse_json("[\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"]", "f", "")
            .has_value());
}

TEST_CASE("JSON of more values than a report is refused", "[report]") {
    std::string many = "[0";
    for (std::size_t i = 0; i < kMaxJsonValues; ++i) many += ",0";
    CHECK(refusal(many + "]") == "f:1: more than 4000000 values (make it)");
}

TEST_CASE("a JSON object of many members is read in time", "[report]") {
    std::string many = "{";
    for (int i = 0; i < 200'000; ++i) many += "\"" + std::to_string(i) + "\":0,";
    CHECK(parse_json(many + "\"z\":0}", "f", "")->size() == 200'001);
}

TEST_CASE("a number beyond a double is no report's", "[report]") {
    CHECK(refusal("{\"a\": 1e999}").find("f: not JSON: ") == 0);
}

}  // namespace uprobesim
