// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/guest_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "tools/cli/exit_code.h"
#include "tools/commands/command_help.h"
#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

Result<GuestRequest> parse(const Words& words) {
    const Command* command = find_command(words.front());
    REQUIRE(command != nullptr);
    const GuestCommand which = words.front() == "run"       ? GuestCommand::Run
                               : words.front() == "explain" ? GuestCommand::Explain
                                                            : GuestCommand::Compare;
    const auto line = CommandLine::parse({.command = command->name,
                                          .rest = command->rest,
                                          .is_scenario = command->is_scenario,
                                          .program_needs = command->program_needs},
                                         command->options(), Words(words.begin() + 1, words.end()));
    if (!line) return tl::make_unexpected(line.error());
    return read_guest_request(which, *line, {.root = "/default-root"});
}

GuestRequest good(const Words& words) {
    const auto request = parse(words);
    if (!request) FAIL(request.error().line());
    return *request;
}

std::string refusal(const Words& words) {
    const auto request = parse(words);
    REQUIRE_FALSE(request.has_value());
    std::string line = request.error().line();
    CHECK(line.find('\n') == std::string::npos);
    return line;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("everything after the program's name belongs to the guest", "[tools][options]") {
    const GuestRequest options =
        good({"run", "--seed", "7", "/bin/grep", "-p", "--help", "--", "x"});
    CHECK(options.simulation.seed == 7);
    CHECK(options.simulation.probes.empty());
    CHECK(options.simulation.program.arguments == Words{"/bin/grep", "-p", "--help", "--", "x"});
}

TEST_CASE("a number after the kind of an exception says which one, and is no program",
          "[tools][options]") {
    const GuestRequest one = good({"explain", "--exception", "svc", "/bin/ls", "7"});
    REQUIRE(one.exception != nullptr);
    CHECK(one.exception->word == "svc");
    CHECK(one.hit == 1);
    CHECK(one.simulation.program.arguments == Words{"/bin/ls", "7"});
    for (const Words& words :
         {Words{"explain", "--exception", "cow", "12", "/bin/ls", "-l"},
          Words{"explain", "--exception", "cow", "12", "--", "/bin/ls", "-l"},
          Words{"explain", "--exception=cow", "12", "-f", "html", "/bin/ls", "-l"}}) {
        const GuestRequest other = good(words);
        CHECK(other.exception->word == "cow");
        CHECK(other.hit == 12);
        CHECK(other.simulation.program.arguments == Words{"/bin/ls", "-l"});
        CHECK(other.kernels.size() == 1);
    }
    // Of the guest's own words none is joined.
    CHECK(good({"run", "/p", "--exception", "svc", "3"}).simulation.program.arguments ==
          Words{"/p", "--exception", "svc", "3"});
    CHECK(contains(refusal({"explain", "--exception", "svc", "0", "/p"}), "from 1"));
    CHECK(contains(refusal({"explain", "--exception", "svc", "3"}), "no program"));
    CHECK(contains(refusal({"explain", "--exception", "svd", "/p"}), "'svc'"));
    CHECK(contains(refusal({"explain", "--exception", "svc", "--hit", "2", "/p"}), "--hit"));
}

TEST_CASE("a double dash before the program is left out", "[tools][options]") {
    CHECK(good({"run", "--", "-strange", "--", "y"}).simulation.program.arguments ==
          Words{"-strange", "--", "y"});
}

TEST_CASE("option values may be joined or apart, in short and long form", "[tools][options]") {
    const GuestRequest options =
        good({"run", "-p", "uprobe:/a:b", "-puprobe:/c:d", "--probe=uprobe:/e:f", "--probe",
              "uprobe:/g:h", "-fjson", "-o", "out", "prog"});
    CHECK(options.simulation.probes.words ==
          Words{"uprobe:/a:b", "uprobe:/c:d", "uprobe:/e:f", "uprobe:/g:h"});
    CHECK(options.report.format == ReportFormat::Json);
    CHECK(options.report.output == "out");
    CHECK(options.simulation.program.arguments == Words{"prog"});
}

TEST_CASE("a plain run has documented defaults", "[tools][options]") {
    const SimulationRequest request = good({"run", "true"}).simulation;
    CHECK(request.machine == "generic-a72");
    CHECK(request.kernel == "v6.12");
    CHECK(request.files.root == "/default-root");
    CHECK(request.files.scratch.empty());
    CHECK(request.seed == 1);
    CHECK(request.max_insns == 0);
    CHECK(request.memory_bytes == 2147483648u);
    CHECK(request.counting);
    CHECK(request.program.cwd == "/");
    CHECK(request.program.uid == 0);
    CHECK(request.program.environment ==
          Words{"HOME=/root", "LANG=C",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb"});
}

TEST_CASE("--env adds to the small environment or replaces a part of it", "[tools][options]") {
    const Words environment =
        good({"run", "--env", "LANG=C.UTF-8", "--env", "A=b=c", "--env", "EMPTY=", "true"})
            .simulation.program.environment;
    CHECK(environment == Words{"A=b=c", "EMPTY=", "HOME=/root", "LANG=C.UTF-8",
                               "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               "TERM=dumb"});
}

TEST_CASE("a bind names a host and a guest path and may be writable", "[tools][options]") {
    const auto binds =
        good({"run", "--bind", "/tmp/a:b:/data", "--bind", "x:/y:rw", "--bind", "z:/w:ro", "true"})
            .simulation.files.binds;
    REQUIRE(binds.size() == 3);
    CHECK(binds[0].host == "/tmp/a:b");
    CHECK(binds[0].guest == "/data");
    CHECK_FALSE(binds[0].writable);
    CHECK(binds[1].host == "x");
    CHECK(binds[1].guest == "/y");
    CHECK(binds[1].writable);
    CHECK_FALSE(binds[2].writable);
}

TEST_CASE("settings keep their order and are split at the first equals sign", "[tools][options]") {
    const auto settings =
        good({"run", "--set", "machine.ops.isb=0", "--set", "kernel.slot-copy=if-changed", "true"})
            .simulation.settings;
    REQUIRE(settings.size() == 2);
    CHECK(settings[0].key == "machine.ops.isb");
    CHECK(settings[0].value == "0");
    CHECK(settings[1].key == "kernel.slot-copy");
    CHECK(settings[1].value == "if-changed");
}

TEST_CASE("sizes have binary units", "[tools][options]") {
    CHECK(good({"run", "--memory", "512M", "true"}).simulation.memory_bytes == 536870912u);
    CHECK(good({"run", "--memory", "65536K", "true"}).simulation.memory_bytes == 67108864u);
    CHECK(good({"run", "--memory", "64G", "true"}).simulation.memory_bytes == 68719476736u);
    CHECK(good({"run", "--memory", "33554432", "true"}).simulation.memory_bytes == 33554432u);
    for (const char* wrong : {"", "0", "1K", "65G", "2T", "-1", "2Gi", "G", "99999999999999999999",
                              "18446744073709551615G"}) {
        CHECK(contains(refusal({"run", "--memory", wrong, "true"}), "--memory"));
    }
    CHECK(good({"run", "--scratch-limit", "3M", "true"}).simulation.files.scratch_limit ==
          3145728u);
    CHECK_FALSE(good({"run", "true"}).simulation.files.scratch_limit);
    CHECK(contains(refusal({"run", "--scratch-limit", "3X", "true"}), "--scratch-limit"));
}

TEST_CASE("compare takes a released kernel and one that emulates STP unless told otherwise",
          "[tools][options]") {
    CHECK(good({"compare", "-p", "uprobe:/a:b", "true"}).kernels == Words{"v6.12", "v6.13+stp"});
    CHECK(good({"compare", "-p", "uprobe:/a:b", "--kernels", "v6.1,v6.13", "true"}).kernels ==
          Words{"v6.1", "v6.13"});
    CHECK(contains(refusal({"compare", "-p", "uprobe:/a:b", "--kernels", "v6.1,,v6.12", "true"}),
                   "--kernels"));
    CHECK(
        contains(refusal({"compare", "-p", "uprobe:/a:b", "--kernels", "", "true"}), "--kernels"));
}

TEST_CASE("compare refuses what would make its runs see different files", "[tools][options]") {
    CHECK(contains(refusal({"compare", "-p", "uprobe:/a:b", "--bind", "/a:/b:rw", "true"}),
                   "writable"));
    CHECK(contains(refusal({"compare", "-p", "uprobe:/a:b", "--scratch", "d", "true"}), "scratch"));
    CHECK(contains(refusal({"compare", "true"}), "probe"));
}

TEST_CASE("each mistake on the command line is one clear line", "[tools][options]") {
    CHECK(contains(refusal({"run"}), "no program"));
    CHECK(contains(refusal({"run", "--"}), "no program"));
    CHECK(contains(refusal({"run", ""}), "no program"));
    CHECK(contains(refusal({"run", "--sede", "1", "true"}), "--sede"));
    CHECK(contains(refusal({"run", "-z", "true"}), "-z"));
    CHECK(contains(refusal({"run", "--seed"}), "--seed"));
    CHECK(contains(refusal({"run", "--seed", "1", "--seed", "2", "true"}), "--seed"));
    CHECK(contains(refusal({"run", "--seed", "-1", "true"}), "'-1' is not a number"));
    CHECK(contains(refusal({"run", "--seed", "1x", "true"}), "--seed"));
    CHECK(contains(refusal({"run", "--uid", "4294967295", "true"}), "--uid"));
    CHECK(contains(refusal({"run", "--max-insns", "99999999999999999999", "true"}), "--max-insns"));
    CHECK(contains(refusal({"run", "-f", "xml", "true"}), "text, json, csv, md, html or svg"));
    CHECK(contains(refusal({"run", "-o", "", "true"}), "--output"));
    CHECK(contains(refusal({"run", "--env", "NOVALUE", "true"}), "KEY=VALUE"));
    CHECK(contains(refusal({"run", "--env", "=x", "true"}), "--env"));
    CHECK(contains(refusal({"run", "--set", "cpu.isb=1", "true"}), "machine.KEY nor kernel.KEY"));
    CHECK(contains(refusal({"run", "--bind", "/a", "true"}), "--bind"));
    CHECK(contains(refusal({"run", "--bind", ":/a", "true"}), "--bind"));
    CHECK(contains(refusal({"run", "--bind", "/a:b", "true"}), "must begin with '/'"));
    CHECK(contains(refusal({"run", "--cwd", "tmp", "true"}), "--cwd"));
}

TEST_CASE("of several mistakes the first on the command line is told", "[tools][options]") {
    const auto told = [](const std::vector<Words>& mistakes, std::string_view first) {
        Words words{"run"};
        for (const Words& mistake : mistakes)
            words.insert(words.end(), mistake.begin(), mistake.end());
        words.push_back("prog");
        INFO(fmt::format("{}", fmt::join(words, " ")));
        CHECK(contains(refusal(words), first));
    };
    // Each is one mistake; the part of its line that no other has.
    const std::vector<std::pair<Words, std::string_view>> mistakes = {
        {{"-p", "nonsense"}, "nonsense"},
        {{"--root", "/no/such/folder"}, "/no/such/folder"},
        {{"--kernel", "v0.1"}, "v0.1"},
        {{"--machine", "abacus"}, "abacus"},
        {{"--set", "machine.no-such=1"}, "no-such"},
        {{"--seed", "x"}, "--seed"},
        {{"--bind", "nowhere"}, "nowhere"},
        {{"--env", "=empty"}, "=empty"},
        {{"--cwd", "relative"}, "relative"},
        {{"--strace-limit", "many"}, "many"},
        {{"-f", "xml"}, "xml"},
    };
    for (std::size_t a = 0; a < mistakes.size(); ++a) {
        for (std::size_t b = 0; b < mistakes.size(); ++b) {
            // A key is looked up in the profile, so a profile that is not there hides it.
            const bool hides = (a == 4 && b == 3);
            if (a != b && !hides) told({mistakes[a].first, mistakes[b].first}, mistakes[a].second);
        }
    }
    told({{"-p", "uprobe:/a:b"}, {"--root", "/no/such"}, {"-p", "nonsense"}}, "/no/such");
    told({{"--set", "machine.ops.isb=1"}, {"-p", "nonsense"}, {"--set", "machine.no-such=1"}},
         "nonsense");
    CHECK(contains(refusal({"run", "--seed", "x"}), "--seed"));
}

TEST_CASE("an unknown command, and words that a command cannot use, are refused",
          "[tools][options]") {
    for (const Words& words : {Words{},
                               {"rnu"},
                               {"help", "rnu"},
                               {"model"},
                               {"model", "lsit"},
                               {"model", "show"},
                               {"model", "show", "nothing"},
                               {"model", "diff", "v6.12", "kunpeng916"},
                               {"model", "check"},
                               {"model", "check", "v6.12", "-f", "html"},
                               {"model", "check", "v6.12", "-o", "/dev/null"},
                               {"scenario", "check", "redis-set", "--sort", "name"},
                               {"bench", "--lines", "-f", "json"},
                               {"bench", "--lines", "--top", "1"},
                               {"reproduce", "--list", "-f", "csv"},
                               {"reproduce", "scaling", "--list"},
                               {"doctor", "--sort", "check"},
                               {"whatif"},
                               {"whatif", "/no/such.json"},
                               {"whatif", "a", "b"}})
        CHECK(run_tool(words, {"/default-root"}) == kExitUserMistake);
}

TEST_CASE("help names every command, every exit status and gives examples", "[tools][options]") {
    const std::string tool = tool_help();
    for (const char* word : {"125", "126", "127", "128 + N"}) CHECK(contains(tool, word));
    for (const Command& command : commands()) {
        INFO(command.name);
        CHECK(contains(tool, fmt::format("\n  {} ", command.name)));
        const std::string text = command_help(command);
        CHECK(contains(text, fmt::format("usage: uprobesim {} ", command.name)));
        CHECK(contains(text, fmt::format("\n  uprobesim {} ", command.name)));
        CHECK(contains(text, "  -h, --help "));
        CHECK(text.find(" \n") == std::string::npos);
        CHECK_FALSE(contains(text, "no-counting"));
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            INFO(line);
            CHECK(line.size() <= kHelpColumns);
        }
    }
}

TEST_CASE("explain takes a target with the kind of its probe, or a probe and a program",
          "[tools][options]") {
    const GuestRequest target =
        good({"explain", "--kind", "uretprobe", "--hit", "3", "--branch-protection", "push"});
    CHECK(target.hit == 3);
    CHECK(target.return_probe == true);
    CHECK(target.branch_protection);
    CHECK(target.kernels == Words{"v6.12", "v6.13+stp"});
    CHECK(target.simulation.program.arguments == Words{"push"});
    CHECK_FALSE(good({"explain", "push"}).return_probe.has_value());
    CHECK(good({"explain", "push", "--hit", "3"}).hit == 3);
    CHECK(good({"explain", "-p", "uprobe:/a:b", "/a", "--hit", "3"}).hit == 0);

    CHECK(contains(refusal({"explain"}), "no target"));
    CHECK(contains(refusal({"explain", "--hit", "0", "push"}), "--hit"));
    CHECK(contains(refusal({"explain", "--kind", "kprobe", "push"}), "kprobe"));
    CHECK(contains(refusal({"explain", "--kind", "uprobe", "-p", "uprobe:/a:b", "/a"}), "--kind"));
    CHECK(contains(refusal({"explain", "-p", "uprobe:/a:b", "--bind", "/x:/y:rw", "/a"}), "rw"));
}

TEST_CASE("a time is a number with its unit, to the nanosecond", "[tools][options]") {
    const auto ns = [](const std::string& time) {
        return good({"run", "--max-sim-time", time, "prog"}).simulation.max_ns;
    };
    CHECK(good({"run", "prog"}).simulation.max_ns == 0);
    CHECK(ns("250ms") == 250'000'000);
    CHECK(ns("1.5s") == 1'500'000'000);
    CHECK(ns("7ns") == 7);
    CHECK(ns("0.001us") == 1);
    CHECK(ns("1000000000s") == 1'000'000'000'000'000'000);
    for (const char* wrong :
         {"", "5", "s", ".s", "1.5ns", "1..5s", "0s", "-1s", "1m", "1 s", "1000000001s", "1e3s"})
        CHECK(contains(refusal({"run", "--max-sim-time", wrong, "prog"}), "--max-sim-time"));
    const GuestRequest repeated =
        good({"compare", "-p", "uprobe:/a:b", "--max-sim-time", "2s", "prog"});
    CHECK(repeated.simulation.option_words == Words{"--max-sim-time", "2s"});
}

TEST_CASE("what shows a run while it goes on is off until one of its options is given",
          "[tools][options]") {
    CHECK_FALSE(good({"run", "prog"}).view.strace);
    CHECK_FALSE(good({"run", "prog"}).view.exceptions);
    CHECK(good({"run", "--strace", "prog"}).view.strace);
    const GuestRequest filtered =
        good({"run", "--strace-filter", "read,%file", "--strace-limit", "7", "prog"});
    CHECK(filtered.view.strace);
    CHECK_FALSE(filtered.view.exceptions);
    CHECK(filtered.view.strace_limit == 7);
    CHECK(filtered.view.strace_filter.shows(63));
    CHECK_FALSE(filtered.view.strace_filter.shows(64));
    CHECK(good({"run", "--log-exceptions-output", "x", "prog"}).view.exceptions_output == "x");
    CHECK(contains(refusal({"run", "--strace-output", "", "prog"}), "--strace-output"));
    CHECK(contains(refusal({"run", "--strace-limit", "many", "prog"}), "strace-limit"));
    CHECK(contains(refusal({"compare", "--strace", "-p", "uprobe:/a:b", "prog"}), "strace"));
}

TEST_CASE("a probe has the handler that it names, or the one of --handler",
          "[tools][options][handlers]") {
    const GuestRequest request = good(
        {"run", "-p", "u:/bin/a:f==ustack:20", "-p", "u:/bin/a:g", "--handler", "hist", "/bin/a"});
    const auto& specs = request.simulation.probes.specs;
    REQUIRE(specs.size() == 2);
    CHECK(specs[0].spec.symbol == "f");
    CHECK(specs[0].handler->name == "ustack:20");
    CHECK(specs[1].handler->name == "hist");
    CHECK(request.simulation.option_words == Words{"--handler", "hist"});
    CHECK(good({"run", "-p", "u:/bin/a:g", "/bin/a"}).simulation.probes.specs[0].handler ==
          nullptr);
}

TEST_CASE("a bpftrace program brings its probes with what their actions take",
          "[tools][options][handlers]") {
    const char* program =
        "BEGIN { printf(\"x\"); } u:/bin/a:f, ur:/bin/a:g { @ = count(); foo(); }";
    const GuestRequest request = good({"compare", "--bpftrace", program, "/bin/a"});
    const ProbeList& probes = request.simulation.probes;
    REQUIRE(probes.specs.size() == 2);
    CHECK(probes.specs[1].spec.kind == ProbeSpec::Kind::Uretprobe);
    CHECK_FALSE(probes.specs[0].handler->parts.empty());
    REQUIRE(probes.notes.size() == 2);
    CHECK(contains(probes.notes[0], "BEGIN is left out"));
    CHECK(contains(probes.notes[1], "'foo()' is not in the price"));
    CHECK(request.simulation.option_words == Words{"--bpftrace", program});
}

TEST_CASE("a wrong handler is one line that names the word and one like it",
          "[tools][options][handlers]") {
    CHECK(contains(refusal({"run", "-p", "u:/bin/a:f", "--handler", "coutn", "/bin/a"}),
                   "--handler: there is no handler 'coutn' (did you mean 'count'?)"));
    CHECK(contains(refusal({"run", "-p", "u:/bin/a:f==prinft:2", "/bin/a"}),
                   "did you mean 'printf'"));
    CHECK(contains(refusal({"run", "-p", "u:/bin/a:f==ustack", "/bin/a"}), "write ustack:DEPTH"));
    CHECK(contains(refusal({"run", "--bpftrace", "kprobe:f { @ = count(); }", "/bin/a"}),
                   "no uprobe and no USDT probe"));
    CHECK(contains(refusal({"explain", "--handler", "nonesuch.toml", "push"}), "nonesuch.toml"));
}

}  // namespace uprobesim
