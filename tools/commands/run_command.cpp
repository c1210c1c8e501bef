// SPDX-License-Identifier: GPL-2.0-or-later
#include <exception>
#include <memory>

#include "sim/base/try.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/commands/run_result.h"
#include "tools/gdb/debugged_run.h"
#include "tools/request/guest_request.h"
#include "tools/simulation/scenario.h"
#include "tools/views/run_views.h"

namespace uprobesim {
namespace {

constexpr std::string_view kRunDescription =
    R"(Runs PROGRAM once and reports instructions, cycles, exceptions, kernel work by named path, probe
hits and time.

A probe is uprobe:BINARY:PLACE[,PLACE...], or uretprobe:... to probe the return. BINARY is a path
in the guest. PLACE is a symbol (malloc), a symbol and an offset (malloc+8), a file offset (0xbaa0),
or a pattern with * or ? (str*). Functions of stripped programs are named fn_OFFSET.

The report begins with how many times as long the run takes with its probes. The time without them
is what is left of this run without its hits and without placing the breakpoints. uprobesim compare
runs the program without probes, and tells a little less where placing reads pages that the program
would have read in itself.

Probes are there from the start, or come to what runs at --attach-at and go at --detach-at, as they
do on a system that is traced later. What attaching takes is a section of the report and delays no
program; --roi attach counts only what happens while the probes are there.

On a terminal, a line on stderr shows the progress of the run; SIGUSR1 prints it once, wherever
stderr goes. Ctrl-C ends the run with a report of what was done until then; a second Ctrl-C exits
immediately, without a report.

--strace and --log-exceptions show events as they happen; they do not change the report. Each of
their other options enables them too. Times are simulated; with --cpus, lines of different CPUs
may be slightly out of order.

--gdb stops the run before the first instruction and waits for gdb-multiarch, which can then debug
the guest, forwards and backwards, and look into hits of probes. Simulated time stands still while
it does, and what it only looks at does not change the report.)";

constexpr std::string_view kRunExamples = R"(uprobesim run /bin/true
uprobesim run -p uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc /bin/ls /usr
uprobesim run -p 'uprobe:/bin/grep:*' --kernel next-20241104+stp /bin/grep -c root /etc/passwd
uprobesim run --bind ~/texts:/data -f json -o report.json /usr/bin/wc -l /data/words.txt
uprobesim run --set machine.ops.ic-ivau=0 -p 'uprobe:/bin/true:*' /bin/true
uprobesim run --strace --strace-filter %file,read /bin/cat /etc/passwd
uprobesim run --log-exceptions --log-exceptions-filter brk,step -p 'uprobe:/bin/ls:*' /bin/ls
uprobesim run --stacks ls.folded -p 'uprobe:/bin/ls:*' /bin/ls
uprobesim run --trace ls.pftrace -p 'uprobe:/bin/ls:*' /bin/ls
uprobesim run --max-sim-time 250ms --strace-output calls.txt /bin/sh -c 'while :; do :; done'
uprobesim run -p 'uprobe:/bin/ls:*' --attach-at main --detach-at +1ms /bin/ls /usr
uprobesim run redis-get --attach-at ready --roi attach
uprobesim run redis-get --cpus 4
uprobesim run --gdb 1234 -p 'uprobe:/bin/ls:*' /bin/ls /usr)";

Result<int> run(const CommandLine& line, const OptionDefaults& defaults) {
    const auto request = TRY(read_guest_request(GuestCommand::Run, line, defaults));
    RunStatus status;
    std::unique_ptr<GdbServer> gdb;
    if (request.gdb) {
        // First of all: gdb may be at the standard streams.
        auto opened =
            TRY(GdbServer::open(*request.gdb, [&status] { return status.wanted_end() != 0; }));
        gdb = std::move(opened);
    }
    auto output = TRY(ReportOutput::open(request.report.output));
    const auto views = TRY(RunViews::open(request.view, &status));
    status.begin({.max_insns = request.simulation.max_insns, .max_ns = request.simulation.max_ns});
    const Observers observers = views->observers(&status);
    const auto report = gdb == nullptr ? simulate(request.simulation, nullptr, observers)
                                       : simulate_under_gdb(*gdb, request.simulation, observers);
    // Lines that could not be written do not cost the report.
    std::exception_ptr lost_lines;
    try {
        views->finish(report ? &*report : nullptr);
    } catch (const HostError&) {
        lost_lines = std::current_exception();
    }
    const int status_code = show_result(request, report, output);
    if (lost_lines) std::rethrow_exception(lost_lines);
    return status_code;
}

}  // namespace

Command run_command() {
    return {.name = "run",
            .meaning = "run a program or a scenario once and report it",
            .help = {{"[options] PROGRAM [ARGUMENTS...]", "[options] SCENARIO [options]"},
                     kRunDescription,
                     kRunExamples,
                     {}},
            .words = ValueSource::Program,
            .rest = RestOfWords::GuestProgram,
            .is_scenario = is_scenario,
            .options = [] { return guest_options(GuestCommand::Run); },
            .run = run};
}

}  // namespace uprobesim
