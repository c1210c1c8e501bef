// SPDX-License-Identifier: GPL-2.0-or-later
// How a probe on each function of a binary would be handled, without running anything.
#include "sim/base/try.h"
#include "tools/cli/report_options.h"
#include "tools/commands/commands.h"
#include "tools/request/prepared_report.h"

namespace uprobesim {
namespace {

constexpr std::string_view kAuditDescription =
    R"(Tells how each kernel would handle a uprobe on the first instruction of each function: emulated
(one exception), stepped out of line (two exceptions), or refused. Also tells which instructions
functions begin with, how many of them the STP emulation takes off the slow path, and what
emulating one more instruction would gain. With --machines, also what a hit takes on each kernel and
machine, averaged over the functions; csv then has that table. Nothing is run.

BINARY is an arm64 program or library, or a folder of them, by its path on this host; with --root,
by its path inside that folder. Folders are searched recursively without following links; files
that are not arm64 programs are counted and left out. Functions come from the symbol tables and,
in stripped binaries, from .eh_frame (named fn_OFFSET; parts of split functions are among them).
Several names of one address are one entry; indirect functions (IFUNC) are left out.)";

constexpr std::string_view kAuditExamples =
    R"(uprobesim audit /usr/aarch64-linux-gnu/lib/libc.so.6
uprobesim audit --root build/sysroot /usr/bin/redis-server
uprobesim audit --root build/sysroot /usr/bin /usr/lib
uprobesim audit --kernels v6.12,v6.13+stp --functions ./server
uprobesim audit --kernels v6.1,v6.12 --machines kunpeng916,neoverse-n1 -f md ./server
uprobesim audit -f csv -o functions.csv ./server)";

constexpr std::string_view kAuditExitStatus =
    R"(0  audited
2  usage error, or a BINARY is not an arm64 program: one line on stderr names it, nothing else is
   printed
3  host failure)";

Result<int> run_audit(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    return write_report(TRY(prepare_audit(line, defaults)), options, false);
}

}  // namespace

Command audit_command() {
    return {.name = "audit",
            .meaning = "how a uprobe on each function of a binary would be handled",
            .help = {{"[options] BINARY..."}, kAuditDescription, kAuditExamples, kAuditExitStatus},
            .words = ValueSource::File,
            .options = audit_options,
            .run = run_audit};
}

}  // namespace uprobesim
