// SPDX-License-Identifier: GPL-2.0-or-later
// What --help says. It teaches by example: most people read no further than the first one that
// fits.
#include "tools/commands/help.h"

#include <fmt/format.h>

#include "tools/commands/command.h"
#include "tools/commands/commands.h"

namespace uprobesim {
namespace {

constexpr std::string_view kIntroduction =
    "uprobesim runs arm64 Linux programs on a simulated machine and says what a uprobe costs, and "
    "why.\n";

constexpr std::string_view kTool =
    R"(       uprobesim VERB      --help                            options and examples of one verb
       uprobesim --version

The first example to try:
  uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3

PROGRAM is a path inside the guest's file tree (--root), or a name to be found in the guest's PATH. Everything after it
goes to the program. The program's output is its own; the report goes to stderr or, with -o, to a file.

Exit status:
  run      the program's own, 128 + N if signal N ended it
  compare  0 if all runs behaved alike, 1 if not
  both     2    a mistake in the command line, a profile or a probe: one line says which
           3    the host failed (memory, disk)
           125  the simulation ended before the program (--max-insns, --max-sim-time, or nothing left to run)
           126  PROGRAM cannot be executed
           127  PROGRAM was not found
           130, 143  SIGINT (Ctrl-C) or SIGTERM ended the run; the report has what was done until then
)";

constexpr std::string_view kRun = R"(usage: uprobesim run [options] PROGRAM [ARGUMENTS...]

Runs PROGRAM once and reports instructions, cycles, exceptions, kernel work by named path, probe hits and time.

Examples:
  uprobesim run /bin/true
  uprobesim run -p uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc /bin/ls /usr
  uprobesim run -p 'uprobe:/bin/grep:*' --kernel next-20241104+stp /bin/grep -c GNU /usr/share/common-licenses/GPL-3
  uprobesim run --bind ~/texts:/data -f json -o report.json /usr/bin/wc -l /data/words.txt
  uprobesim run --set machine.ops.ic-ivau=0 --set kernel.slot-copy=if-changed -p uprobe:/bin/true:* /bin/true
  uprobesim run --strace --strace-filter %file,read /bin/cat /etc/passwd
  uprobesim run --log-exceptions --log-exceptions-filter brk,step -p 'uprobe:/bin/ls:*' /bin/ls
  uprobesim run --max-sim-time 250ms --strace-output calls.txt /bin/sh -c 'while :; do :; done'

A probe is uprobe:BINARY:PLACE[,PLACE...], or uretprobe: in front to catch the return. BINARY is a guest path. PLACE
is a symbol (main), a symbol and an offset (main+8), a file offset (0xbaa0), or a pattern (str*). Functions of stripped
programs are named fn_OFFSET.

On a terminal a line on stderr says how far the run is; SIGUSR1 to the simulator prints it once, wherever stderr goes.
Ctrl-C ends the run with a report of what was done until then, a second one at once. --strace and --log-exceptions show
what happens while it happens; they change nothing in the report. Their other options switch them on too. Times are
simulated; with --cpus, lines of different CPUs may be slightly out of order.

Options:
)";

constexpr std::string_view kCompare = R"(usage: uprobesim compare [options] PROGRAM [ARGUMENTS...]

Runs PROGRAM without probes, then with them on each kernel, and prints one table. The program sees the same files, the
same seed and the same standard input in every run; what it writes to files is discarded. Its output is printed once; if
a run prints or returns something else than the first, the report says so and the exit status is 1.

Examples:
  uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep -c GNU /usr/share/common-licenses/GPL-3
  uprobesim compare -p 'uprobe:/bin/grep:*' --kernels v6.12,v6.13,v6.13+stp-copy /bin/grep -c GNU /usr/share/common-licenses/GPL-3
  uprobesim compare -p 'uprobe:/bin/ls:*' -f json -o table.json /bin/ls /usr

Options:
)";

}  // namespace

std::string tool_help() {
    std::string usage;
    for (const Verb& verb : verbs()) {
        usage += fmt::format("{} uprobesim {:<9} {:<33} {}\n", usage.empty() ? "usage:" : "      ",
                             verb.name, verb.synopsis, verb.meaning);
    }
    return fmt::format("{}\n{}{}", kIntroduction, usage, kTool);
}

std::string run_help() {
    return std::string(kRun) + guest_option_list(GuestVerb::Run);
}

std::string compare_help() {
    return std::string(kCompare) + guest_option_list(GuestVerb::Compare);
}

}  // namespace uprobesim
