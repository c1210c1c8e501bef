// SPDX-License-Identifier: GPL-2.0-or-later
// TOML that would take a recursive reader beyond its stack, and TOML that only looks like it.
#include "sim/profile/toml_text.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

namespace uprobesim {
namespace {

std::string repeated(std::string_view what, unsigned times) {
    std::string all;
    for (unsigned i = 0; i < times; ++i) all += what;
    return all;
}

bool accepted(const std::string& text) {
    return parse_toml({"f", text}).has_value();
}

// The place of the refusal; "" where the text is not refused for its depth.
std::string too_deep(const std::string& text) {
    const auto checked = check_toml_nesting(text, "f");
    if (checked) return "";
    CHECK(checked.error().hint == "at most 32 levels");
    return checked.error().where;
}

}  // namespace

TEST_CASE("TOML that nests too deep is refused with its line", "[profile]") {
    constexpr unsigned kMany = 60'000;
    CHECK(too_deep("x = 1\na = " + repeated("[", kMany)) == "f:2");
    CHECK(too_deep("x = 1\n\na = " + repeated("{a=", kMany)) == "f:3");
    CHECK(too_deep("[" + repeated("a.", kMany) + "a]\n") == "f:1");
    CHECK(too_deep("\n[[" + repeated("a . ", kMany) + "a]]\n") == "f:2");
    CHECK(too_deep(repeated("a.", kMany) + "a = 1\n") == "f:1");
    CHECK(too_deep(repeated("'a'.\"b\".", kMany) + "a = 1\n") == "f:1");
    CHECK(too_deep("a = [\n" + repeated("[\n", kMany)) == "f:33");
    CHECK(too_deep("a = \"\"\"x\"\"\"\"\"\nb = " + repeated("[", kMany)) == "f:2");
    CHECK(too_deep("a = '''x'''''\nb = " + repeated("[", kMany)) == "f:2");
    CHECK(too_deep("a = \"x\\\\\"\nb = " + repeated("[", kMany)) == "f:2");
    CHECK(too_deep("a = ''\nb = " + repeated("[", kMany)) == "f:2");
}

TEST_CASE("TOML of ordinary depth is read, however much there is of it", "[profile]") {
    CHECK(accepted("a = " + repeated("[", 32) + repeated("]", 32)));
    CHECK(accepted(repeated("a.", 31) + "a = 1\n"));
    CHECK(accepted(repeated("[[a]]\n", 1000)));
    CHECK(accepted("a = [" + repeated("1.5, ", 1000) + "]\n"));
    CHECK(accepted("a = [" + repeated("[], ", 1000) + "]\n"));
}

TEST_CASE("brackets and dots in strings and comments are none", "[profile]") {
    const std::string brackets = repeated("[", 100), dots = repeated(".", 100),
                      both = brackets + dots;
    for (const std::string& text : {"a = \"" + both + "\"", "a = '" + brackets + "'", "# " + both,
                                    fmt::format("a = \"\"\"\n\"{}\\\"\"\"\"", brackets),
                                    fmt::format("a = '''\n'{}'''", brackets),
                                    "a = \"\\\"" + brackets + "\"", "a = '\\' # " + brackets}) {
        CAPTURE(text);
        CHECK(accepted(text));
        CHECK(too_deep(text).empty());
    }
}

}  // namespace uprobesim
