// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/bench_lines.h"

#include <fmt/format.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/support/host.h"

namespace uprobesim {
namespace {

BenchLines good(std::string_view text) {
    auto lines = parse_bench_lines(text, "bench.txt");
    if (!lines) FAIL(lines.error().line());
    return *lines;
}

std::string refusal(std::string_view text) {
    const auto lines = parse_bench_lines(text, "bench.txt");
    return lines ? "no refusal" : lines.error().line();
}

}  // namespace

TEST_CASE("rows are read in each form in which the kernel's benchmark prints them",
          "[tools][calibrate]") {
    // The list thread's; run_bench_uprobes.sh of 6.13; bench itself, of 6.12.
    const BenchLines lines = good(
        "# kernel: 6.12.43+deb13-arm64\n# frequency: 2.4 GHz\n# machine: any\n"
        "uprobe-nop      ( 1 cpus):    1.566 ± 0.006M/s  (  1.566M/s/cpu)\n"
        "uprobe-push    :    0.868 ± 0.001M/s\n"
        "Setting up benchmark 'trig-uretprobe-ret'...\n"
        "Benchmark 'trig-uretprobe-ret' started.\n"
        "Summary: hits    0.878 ± 0.002M/s (  0.878M/prod), drops    0.000 ± 0.000M/s\r\n"
        "uretprobe-push ( 1 cpus): 0.616 +- 0.001M/s\n"
        "uretprobe-nop  ( 1 cpus): 0.871 \xb1 0.003M/s (latin-1)\n");
    CHECK(lines.kernel == "6.12.43+deb13-arm64");
    CHECK(lines.frequency_hz == 2.4e9);
    REQUIRE(lines.rows.size() == 5);
    const struct {
        const char* name;
        double value, plus_minus;
    } expected[] = {{"uprobe-nop", 1.566, 0.006},
                    {"uprobe-push", 0.868, 0.001},
                    {"uretprobe-ret", 0.878, 0.002},
                    {"uretprobe-push", 0.616, 0.001},
                    {"uretprobe-nop", 0.871, 0.003}};
    for (std::size_t i = 0; i < lines.rows.size(); ++i) {
        INFO(i);
        CHECK(lines.rows[i].name == expected[i].name);
        CHECK(lines.rows[i].value == expected[i].value);
        CHECK(lines.rows[i].plus_minus == expected[i].plus_minus);
    }
}

TEST_CASE("rows of several CPUs are kept apart, and those without a probe are left out and named",
          "[tools][calibrate]") {
    const BenchLines lines = good(
        "usermode-count ( 1 cpus): 500.1 ± 0.1M/s\nuprobe-nop ( 8 cpus): 9.1 ± 0.1M/s\n"
        "uprobe-nop5    ( 1 cpus): 2.1 ± 0.1M/s\nuprobe-nop ( 1 cpus): 1.5 ± 0.1M/s\n"
        "uprobe-ret (16 cpus): 5.5 ± 0.1M/s\nuprobe-nop (64 cpus): 2.5 ± 0.1M/s\n"
        "uprobe-nop (80 cpus): 2.1 ± 0.1M/s\n");
    CHECK(lines.rows.size() == 1);
    REQUIRE(lines.unused.size() == 3);
    CHECK(lines.unused[0].first == "usermode-count");
    CHECK(lines.unused[1].first == "uprobe-nop5");
    CHECK(lines.unused[2].first == "uprobe-nop (80 cpus)");
    REQUIRE(lines.contended.size() == 2);
    CHECK(lines.contended[0].name == "uprobe-nop");
    REQUIRE(lines.contended[0].rows.size() == 2);
    CHECK(lines.contended[0].rows[0].cpus == 8);
    CHECK(lines.contended[0].rows[1].cpus == 64);
    CHECK(lines.contended[0].rows[1].rate == 2.5);
    CHECK(lines.contended[1].variant.name() == "uprobe-ret");
}

TEST_CASE("a summary of several producers is a row of so many CPUs", "[tools][calibrate]") {
    const auto summary = [](const char* rates) {
        return good(std::string("Setting up benchmark 'trig-uprobe-nop'...\nSummary: hits ") +
                    rates + "\nuprobe-ret ( 1 cpus): 2.0M/s\n");
    };
    // Published rates and what bench prints of each producer.
    const BenchLines eight = summary("   5.328 ± 0.012M/s (  0.666M/prod), drops    0.000");
    REQUIRE(eight.contended.size() == 1);
    CHECK(eight.contended[0].rows[0].cpus == 8);
    CHECK(eight.contended[0].rows[0].rate == 5.328);
    CHECK(summary("   0.985 ± 0.001M/s (  0.985M/prod), drops").rows.size() == 2);
    const BenchLines many = summary("   1.293 ± 0.001M/s (  0.020M/prod), drops");
    REQUIRE(many.unused.size() == 1);
    CHECK(many.unused[0].first == "uprobe-nop (64 to 66 cpus)");
    CHECK_THAT(many.unused[0].second, Catch::Contains("too coarse"));
}

TEST_CASE("a wrong line is told with its number", "[tools][calibrate]") {
    using Catch::Contains;
    CHECK_THAT(refusal("\nuprobe-nop ( 1 cpus): fast M/s\n"), Contains("bench.txt:2"));
    CHECK_THAT(refusal("uprobe-nop ( 1 cpus): 0.000 ± 0.000M/s\n"), Contains("bench.txt:1"));
    CHECK_THAT(refusal("uprobe-nop ( 1 cpus): 9999999999999999 ± 0.0M/s\n"), Contains("no rate"));
    CHECK_THAT(refusal("uprobe-nop ( 1 0.000\n"), Contains("no line of bench"));
    CHECK_THAT(refusal("# frequency: fast\nuprobe-nop: 1M/s\n"), Contains("no frequency"));
    CHECK_THAT(refusal("Summary: hits 1.0 ± 0.1M/s (\n"), Contains("Setting up benchmark"));
    CHECK_THAT(refusal("usermode-count: 1.0 ± 0.0M/s\n"), Contains("no line of the uprobe"));
    CHECK_THAT(refusal(""), Contains("bench.txt"));
    std::string many;
    for (int i = 0; i < 5001; ++i) many += "uprobe-nop ( 8 cpus): 5.3M/s\n";
    CHECK_THAT(refusal(many), Contains("bench.txt:5001") && Contains("more than 5000 rows"));
}

TEST_CASE("a release names the profile of its version, and others are not guessed",
          "[tools][calibrate]") {
    CHECK(kernel_of_release("6.12.43+deb13-arm64", "f").value() == "v6.12");
    CHECK(kernel_of_release("6.1.0-44-arm64", "f").value() == "v6.1");
    CHECK(kernel_of_release("6.13", "f").value() == "v6.13");
    CHECK(kernel_of_release("next-20241104+stp", "f").value() == "next-20241104+stp");
    const auto other = kernel_of_release("6.8.0-49-generic", "bench.txt");
    REQUIRE_FALSE(other.has_value());
    CHECK_THAT(other.error().line(), Catch::Contains("6.8") && Catch::Contains("--kernel"));
    CHECK_FALSE(kernel_of_release("v6.99", "f").has_value());
}

TEST_CASE("a frequency is remembered with the file and line that state it", "[tools][calibrate]") {
    const TempFolder folder;
    const std::string path = folder.write(
        "own.txt",
        "# kernel: 6.12.43\n\n# frequency: 2.5 GHz\nuprobe-nop ( 1 cpus): 1.5 ± 0.1M/s\n");
    const auto file = read_bench_file(path, "", "generic-a72");
    if (!file) FAIL(file.error().line());
    CHECK(file->frequency_hz == 2.5e9);
    CHECK(file->frequency_place == "own.txt:3");
}

TEST_CASE("a frequency that no machine has is told with file and line", "[tools][calibrate]") {
    char path[] = "/tmp/bench_lines_XXXXXX";
    const int fd = mkstemp(path);
    REQUIRE(fd >= 0);
    const std::string_view text =
        "# kernel: 6.12.43\n# frequency: 5000 GHz\nuprobe-nop ( 1 cpus): 1.5 ± 0.1M/s\n";
    REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(fd);
    const auto file = read_bench_file(path, "", "generic-a72");
    unlink(path);
    REQUIRE_FALSE(file.has_value());
    CHECK(file.error().where == fmt::format("{}:2", path));
    CHECK_THAT(file.error().line(), !Catch::Contains("--set"));
}

}  // namespace uprobesim
