// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark, on a simulated machine.
#include "sim/base/try.h"
#include "tools/cli/report_options.h"
#include "tools/commands/commands.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kBenchDescription =
    R"(Runs the kernel's uprobe benchmark (selftests/bpf, trig-uprobe-*) on a simulated machine: a loop
around one function, a probe with an empty BPF program on its first instruction, one producer.
Prints the benchmark's own line, to be compared with a measured one, and below it where the cycles
of one hit are spent. Its cycles are those of an iteration of the loop: a hit, as run counts it, and
the loop's own instructions (explain has the probed one only). The deviation is 0.000 because a
simulated run is exactly repeatable.

With --producers so many threads of one process hit the probe, each on a CPU of its own, and wait
for each other's cache lines and locks: which lines is in the kernel profile, what their way costs
in the machine profile. The order in which CPUs get a line hardly changes once they have begun, so
that a row is the mean of --starts, with their range.

VARIANT is one of uprobe-nop, uprobe-push, uprobe-ret, uretprobe-nop, uretprobe-push,
uretprobe-ret (default: all six).)";

constexpr std::string_view kBenchExamples = R"(uprobesim bench
uprobesim bench --lines --kernels next-20240909,next-20240909+stp
uprobesim bench uprobe-push uretprobe-push --kernels v6.12,v6.13,v6.13+stp-copy
uprobesim bench --branch-protection --lines
uprobesim bench uprobe-push --machines kunpeng916,neoverse-n1 --kernels v6.1,v6.12,v6.13
uprobesim bench uprobe-push --handler hist
uprobesim bench --producers 1,2,4,8,16,32,64 uprobe-nop uprobe-push --kernel v6.13 --svg charts
uprobesim bench --producers 8 --pin 0,8,16,24,32,40,48,56 uprobe-ret --machine kunpeng916
uprobesim bench uprobe-push --machine generic-a72 --set kernel.slot-copy=if-changed)";

Result<int> run_bench(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    if (line.given("lines"))
        TRY(refuse_report_options(line, "--lines prints the benchmark's lines, no report",
                                  LinesGo::WhereReportsGo));
    return write_report(TRY(prepare_bench(line, defaults)), options, line.given("lines"));
}

}  // namespace

Command bench_command() {
    return {.name = "bench",
            .meaning = "the kernel's uprobe benchmark, with a breakdown of each hit",
            .help = {{"[options] [VARIANT...]"}, kBenchDescription, kBenchExamples, {}},
            .words = ValueSource::Variant,
            .options = bench_options,
            .run = run_bench};
}

}  // namespace uprobesim
