// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/command_line.h"

#include <catch2/catch.hpp>

#include "tools/cli/report_options.h"

namespace uprobesim {
namespace {

OptionTable table() {
    OptionTable options;
    options.flag("lines", "print lines only");
    options.text("output", "FILE", "write to FILE").short_name('o');
    options.text("form", "WHAT", "how it is written").one_of({"long", "short"});
    options.list("set", "KEY=VALUE", "change a key");
    add_kernels_option(options, "kernel profiles");
    options.flag("secret", "not shown").hide();
    return options;
}

std::string commands_with(std::string_view option) {
    return option == "strace" ? "run" : "";
}

Result<CommandLine> parse(const Words& words, RestOfWords rest = RestOfWords::Mixed) {
    return CommandLine::parse(
        {.command = "test",
         .rest = rest,
         .is_scenario = [](std::string_view word) { return word == "redis-set"; },
         .commands_with = commands_with},
        table(), words);
}

CommandLine good(const Words& words, RestOfWords rest = RestOfWords::Mixed) {
    const auto line = parse(words, rest);
    if (!line) FAIL(line.error().line());
    return *line;
}

std::string refusal(const Words& words) {
    const auto line = parse(words);
    REQUIRE_FALSE(line.has_value());
    return line.error().line();
}

}  // namespace

TEST_CASE("options and words stand in any order", "[tools][cli]") {
    const CommandLine line = good({"a", "--lines", "b", "-o", "file", "c", "--set=x=1"});
    CHECK(line.rest() == Words{"a", "b", "c"});
    CHECK(line.given("lines"));
    CHECK(line.one("output", "") == "file");
    CHECK(line.all("set") == Words{"x=1"});
    CHECK_FALSE(line.given("secret"));
    CHECK(good({"--", "--lines"}).rest() == Words{"--lines"});
}

TEST_CASE("both names of an option mean the same", "[tools][cli]") {
    CHECK(*good({"--kernel", "a,b"}).names("kernels", "") == Words{"a", "b"});
    CHECK(*good({"--kernels=a"}).names("kernels", "") == Words{"a"});
    CHECK(good({"--kernel", "a"}).spelled("kernels") == "--kernel");
    CHECK(refusal({"--kernel", "a", "--kernels", "b"}) == "--kernels: it is given more than once");
}

TEST_CASE("a list where one name is needed is refused", "[tools][cli]") {
    CHECK(*good({"--kernels", "a"}).name("kernels", "") == "a");
    const auto list = good({"--kernels", "a,b"}).name("kernels", "");
    REQUIRE_FALSE(list.has_value());
    CHECK(list.error().line() == "--kernels: 'a,b' is a list, and one name is needed");
}

TEST_CASE("a program's words are its own, and options may follow a scenario's name",
          "[tools][cli]") {
    const CommandLine program =
        good({"--lines", "grep", "-o", "--lines"}, RestOfWords::GuestProgram);
    CHECK(program.rest() == Words{"grep", "-o", "--lines"});
    CHECK_FALSE(program.is_scenario());
    const CommandLine scenario =
        good({"--lines", "redis-set", "-o", "file"}, RestOfWords::GuestProgram);
    CHECK(scenario.rest() == Words{"redis-set"});
    CHECK(scenario.is_scenario());
    CHECK(scenario.one("output", "") == "file");
    // "--" says that a program of this name is meant.
    const CommandLine forced = good({"--", "redis-set", "-o"}, RestOfWords::GuestProgram);
    CHECK(forced.rest() == Words{"redis-set", "-o"});
    CHECK_FALSE(forced.is_scenario());
}

TEST_CASE("where a program needs an option before it, words without it leave the options theirs",
          "[tools][cli]") {
    const auto parsed = [](const Words& words) {
        return CommandLine::parse({.command = "test",
                                   .rest = RestOfWords::GuestProgram,
                                   .is_scenario = nullptr,
                                   .program_needs = "set"},
                                  table(), words);
    };
    const auto target = parsed({"push", "--lines", "-o", "file"});
    REQUIRE(target.has_value());
    CHECK(target->rest() == Words{"push"});
    CHECK(target->one("output", "") == "file");
    const auto program = parsed({"--set", "a=b", "push", "--lines"});
    REQUIRE(program.has_value());
    CHECK(program->rest() == Words{"push", "--lines"});
    CHECK_FALSE(program->given("lines"));
    const auto joined = parsed({"--set=a=b", "push", "-l"});
    REQUIRE(joined.has_value());
    CHECK(joined->rest() == Words{"push", "-l"});
}

TEST_CASE("an error without a place is told at the option it is about", "[tools][cli]") {
    const CommandLine line = good({"--kernel", "x"});
    const Result<int> nowhere = user_error("no such thing"),
                      somewhere = user_error("no such thing", "file:1");
    CHECK(line.about("kernels", nowhere).error().line() == "--kernel: no such thing");
    CHECK(line.about("kernels", somewhere).error().line() == "file:1: no such thing");
    CHECK(line.about("kernels", Result<int>(3)) == 3);
}

TEST_CASE("an unknown option comes with what was probably meant", "[tools][cli]") {
    CHECK(refusal({"--kernal", "a"}) ==
          "--kernal: test has no such option (did you mean '--kernel' or '--kernels'?)");
    CHECK(refusal({"--strace"}) == "--strace: test has no such option (it is an option of run)");
    CHECK(refusal({"--frobnicate"}) ==
          "--frobnicate: test has no such option (see uprobesim test --help)");
    CHECK(refusal({"--secrets"}).find("--secret?") == std::string::npos);
    CHECK(refusal({"-z"}).find("-z: test has no such option") == 0);
}

TEST_CASE("a value that is missing, or too much, is told with its option", "[tools][cli]") {
    CHECK(refusal({"--output"}).find("--output: its value is missing") == 0);
    CHECK(refusal({"--form"}) == "--form: its value is missing (long or short)");
    CHECK(refusal({"--lines=5"}).find("--lines: it takes no value") == 0);
}

TEST_CASE("the order of the options is kept", "[tools][cli]") {
    const CommandLine line = good({"--set", "a=1", "-ofile", "--kernel=b", "--set", "c=2"});
    REQUIRE(line.order().size() == 4);
    CHECK(line.order()[1].name == "output");
    CHECK(line.order()[2].name == "kernels");
    CHECK(line.order()[2].spelled == "--kernel");
    CHECK(line.order()[3].value == "c=2");
}

TEST_CASE("colour follows the terminal and NO_COLOR unless --color is given", "[tools][cli]") {
    OptionTable options;
    add_report_options(options, {ReportFormat::Text, ReportFormat::Csv});
    const auto style = [&](const Words& words, bool no_color, bool on_terminal) {
        const auto line = CommandLine::parse({.command = "test"}, options, words);
        return read_report_options(*line, {ReportFormat::Text, ReportFormat::Csv}, no_color)
            ->style(on_terminal);
    };
    CHECK(style({}, false, true).color);
    CHECK_FALSE(style({}, false, false).color);
    CHECK_FALSE(style({}, true, true).color);
    CHECK(style({"--color", "always"}, true, false).color);
    CHECK_FALSE(style({"--color=never"}, false, true).color);
    CHECK(style({"-f", "csv"}, false, false).format == ReportFormat::Csv);
    const auto line = CommandLine::parse({.command = "test"}, options, {"-f", "cvs"});
    const auto wrong = read_report_options(*line, {ReportFormat::Text, ReportFormat::Csv}, false);
    REQUIRE_FALSE(wrong.has_value());
    CHECK(wrong.error().line() == "--format: 'cvs' is no format (did you mean 'csv'?)");
}

}  // namespace uprobesim
