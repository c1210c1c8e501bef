// SPDX-License-Identifier: GPL-2.0-or-later
// What probes will cost, before any is attached.
#include "sim/base/try.h"
#include "tools/cli/report_options.h"
#include "tools/commands/commands.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kEstimateDescription =
    R"(Tells what probes would cost, from a binary and a rate. Nothing is run and nothing is attached: the
first instruction of each function decides what the kernel does at a hit (emulate it, or step it
out of line), and the kernel and machine profiles say what that takes. Each figure comes with the
range that the confidence of its cost parameters leaves (see uprobesim model show), with the three
parameters that it hangs on most, and with changes that would make the probes cheaper.

SPEC is a probe as list takes it, uprobe:BINARY:FUNCTION, with wildcards. --rate is for each probe
alike. --counts reads how often functions were called: what perf stat -x, printed (with -I it has
the time too), a map that bpftrace printed (@[func]: 123), a uftrace report, lines of a name and a
count, or a report of uprobesim (-f json). --over says in which time they were counted.

What attaching the probes takes and detaching them is in a section of its own: the time on the
CPU of whoever attaches them, by an event for each probe or by one uprobe_multi link, with
--processes that have the probed files mapped already; and what that sleeps for grace periods of
RCU, of which the order of magnitude is known only.

With --cpus N the hits are those of N threads of one process on as many CPUs, and the figures have
what these wait for each other at the locks and cache lines that a hit shares. Each CPU takes its
share of the hits at times by chance; without a rate, the CPUs do nothing but take hits, as those of
bench --producers. Without --cpus the waiting is not in the figures.

What a first hit takes in addition is not in them (uprobesim explain --hit 1 shows it).)";

constexpr std::string_view kEstimateExamples =
    R"(uprobesim estimate --root build/sysroot uprobe:/usr/bin/redis-server:processCommand --rate 100k
uprobesim estimate uprobe:./server:handle_* --counts perf.csv --over 10s --budget 2%
uprobesim estimate --cpus 16 uprobe:./server:handle --rate 2M
uprobesim estimate --kernels v6.12,v6.13,new uprobe:./server:main uretprobe:/opt/server:main)";

constexpr std::string_view kEstimateExitStatus =
    R"(0  estimated, and within the budget where there is one
1  the probes take more than the budget
2  usage error: one line on stderr names it, nothing else is printed
3  host failure)";

Result<int> run_estimate(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, charted_formats(), defaults.no_color));
    return write_report(TRY(prepare_estimate(line, defaults)), options, false);
}

}  // namespace

Command estimate_command() {
    return {.name = "estimate",
            .meaning = "what probes will cost at a rate, before any is attached",
            .help = {{"[options] SPEC..."},
                     kEstimateDescription,
                     kEstimateExamples,
                     kEstimateExitStatus},
            .words = ValueSource::ListedProbe,
            .options = estimate_options,
            .run = run_estimate};
}

}  // namespace uprobesim
