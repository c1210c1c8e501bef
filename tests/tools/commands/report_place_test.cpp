// SPDX-License-Identifier: GPL-2.0-or-later
// Where commands write, and in which formats, as their help says it.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "sim/profile/machine_profile.h"
#include "tests/support/host.h"
#include "tools/bench/trigger_programs.h"
#include "tools/commands/command_help.h"
#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

struct Printed {
    int status = 0;
    std::string out, err;
};

// A stream of the process in a file for a while.
class Redirected {
public:
    Redirected(std::FILE* stream, const std::string& path)
        : stream_(stream), kept_(dup(fileno(stream))) {
        std::fflush(stream_);
        const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        REQUIRE(file >= 0);
        REQUIRE(dup2(file, fileno(stream_)) >= 0);
        close(file);
    }
    ~Redirected() {
        std::fflush(stream_);
        dup2(kept_, fileno(stream_));
        close(kept_);
    }
    Redirected(const Redirected&) = delete;
    Redirected& operator=(const Redirected&) = delete;

private:
    std::FILE* stream_;
    int kept_;
};

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Printed printed(const TempFolder& folder, const Words& words) {
    const std::string out = folder.path() + "/out", err = folder.path() + "/err";
    Printed all;
    {
        const Redirected to_out(stdout, out), to_err(stderr, err);
        all.status = run_tool(words, {"/default-root"});
    }
    all.out = text_of(out);
    all.err = text_of(err);
    return all;
}

}  // namespace

TEST_CASE("calibrate -o - has the profile alone on stdout and the report on stderr",
          "[tools][calibrate][options]") {
    if (trigger_programs().empty()) return;
    const TempFolder folder;
    const std::string rows =
        folder.write("bench.txt",
                     "# kernel: 6.12.43\n# frequency: 2.5 GHz\nuprobe-nop ( 1 cpus): 1.5 ± 0.1M/s\n"
                     "uprobe-ret ( 1 cpus): 2.9 ± 0.1M/s\n");
    const Printed both = printed(folder, {"calibrate", rows, "-f", "json", "-o", "-"});
    CHECK(both.status == 0);
    CHECK(both.err.starts_with("{"));
    const auto profile = parse_machine_profile(both.out, "stdout", {});
    if (!profile) FAIL(profile.error().line());
    CHECK(profile->frequency_hz.source == "measured: bench.txt:2");
    // --set wins over the file's line.
    const Printed set =
        printed(folder, {"calibrate", rows, "--set", "machine.frequency=3e9", "-o", "-"});
    const auto other = parse_machine_profile(set.out, "stdout", {});
    if (!other) FAIL(other.error().line());
    CHECK(other->frequency_hz.value == 3e9);
    CHECK(other->frequency_hz.source == "given: --set");
    const Printed alone = printed(folder, {"calibrate", rows, "-f", "json"});
    CHECK(alone.out.starts_with("{"));
    CHECK(alone.err.empty());
}

TEST_CASE("the formats in a command's help and in its refusal of another are the same",
          "[tools][options]") {
    const TempFolder folder;
    for (const Command& command : commands()) {
        const OptionTable options = command.options();
        const OptionRow* format = options.find("format");
        if (format == nullptr) continue;
        INFO(command.name);
        const auto line = CommandLine::parse({.command = command.name,
                                              .rest = command.rest,
                                              .is_scenario = command.is_scenario,
                                              .program_needs = {}},
                                             options, {"-f", "nonsense"});
        const auto refused =
            line ? command.run(*line, {"/default-root"}) : tl::make_unexpected(line.error());
        REQUIRE_FALSE(refused.has_value());
        const std::string told = refused.error().line();
        INFO(told);
        const std::size_t begin = told.rfind('('), end = told.rfind(')');
        REQUIRE(begin < end);
        const std::string known = told.substr(begin + 1, end - begin - 1);
        CHECK(format->meaning.find(": " + known + " (default ") != std::string::npos);
    }
}

}  // namespace uprobesim
