// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/guest_options.h"

#include <fmt/format.h>

#include "tools/cli/default_profiles.h"
#include "tools/cli/handler_option.h"
#include "tools/explain/exception_kind.h"
#include "tools/gdb/gdb_options.h"
#include "tools/views/view_options.h"

namespace uprobesim {
namespace {

void add_probe_options(OptionTable& table, GuestCommand command) {
    table.section("Probes, kernel and machine");
    table
        .list("probe", "SPEC",
              "attach a probe, uprobe:BINARY:PLACE or usdt:BINARY:PROVIDER:NAME, with ==HANDLER "
              "after it or not; can be repeated")
        .short_name('p')
        .from(ValueSource::Probe);
    add_handler_option(table);
    add_program_options(table);
    if (command == GuestCommand::Explain) {
        table.text(
            "hit", "N",
            "number of the hit to explain, from 1 (default: 2 for a TARGET, the first hit in "
            "the steady state; else 1)");
        table
            .text("exception", "KIND [N]",
                  "explain an exception of PROGRAM in place of a hit: the first, or the Nth of the "
                  "run, "
                  "where a number stands after KIND")
            .one_of(exception_words())
            .and_number();
        table.text("kind", "KIND", "a TARGET's probe: uprobe or uretprobe (default uprobe)")
            .one_of({"uprobe", "uretprobe"});
        table.flag("branch-protection",
                   "build the TARGET as distributions do: it begins with bti c or paciasp");
    }
    if (command == GuestCommand::Run) {
        add_kernel_option(table, fmt::format("kernel profile: a name or a TOML file (default {})",
                                             kDefaultKernel));
    } else {
        add_kernels_option(
            table, fmt::format("kernel profiles: names or TOML files, one run each (default {})",
                               kDefaultPair));
    }
    if (command == GuestCommand::Run) {
        add_machine_option(table, fmt::format("machine profile: a name or a TOML file (default {})",
                                              kDefaultMachine));
    } else {
        add_machines_option(table, fmt::format("machine profiles: names or TOML files (default {})",
                                               kDefaultMachine));
    }
    add_set_option(table, "change one key, machine.KEY or kernel.KEY; can be repeated");
}

void add_attach_options(OptionTable& table) {
    table.section("Attaching late");
    table
        .text(
            "attach-at", "POINT",
            "place the probes in what runs at that point: start (default: they are there before "
            "the first program), main, ready or ready:PROGRAM of a scenario, a simulated time, or "
            "hit:SPEC:N, before an instruction is executed for the Nth time")
        .one_of({"start", "main", "ready", "hit:"});
    table
        .text("detach-at", "POINT",
              "take the probes away at that point: such a one, +TIME after attaching, or end "
              "(default)")
        .one_of({"end", "main", "ready", "hit:"});
    table
        .text("roi", "WHAT",
              "what the report counts: all (default), or attach: what happens while the probes are "
              "there")
        .one_of({"all", "attach"});
}

void add_guest_options(OptionTable& table, GuestCommand command) {
    table.section("Guest");
    table
        .text("root", "DIR",
              "host folder that the guest sees as / (default: see uprobesim sysroot list)")
        .from(ValueSource::Folder);
    if (command == GuestCommand::Run) {
        table
            .list("bind", "HOST:GUEST[:rw]",
                  "make a host file or folder visible at GUEST, read-only unless rw; can be "
                  "repeated")
            .from(ValueSource::Bind);
        table
            .text(
                "scratch", "DIR",
                "keep what the guest writes, removes and changes in DIR for the next run (default: "
                "it is discarded)")
            .from(ValueSource::Folder);
        table.text("scratch-limit", "SIZE",
                   "space for the files that the guest writes, with K, M or G; beyond it writes "
                   "fail with ENOSPC (default: no limit)");
    } else {
        table
            .list("bind", "HOST:GUEST",
                  "make a host file or folder visible at GUEST, read-only; can be repeated")
            .from(ValueSource::Bind);
    }
    table.list("env", "K=V",
               "set an environment variable of the guest; can be repeated (default: HOME, LANG, "
               "PATH and TERM only)");
    table.text("cwd", "DIR", "working directory of the guest (default /)");
    table.text("uid", "N", "user id of the guest (default 0)");
    table.text("cpus", "N", "number of simulated CPUs, 1 to 64 (default 1)");
    table.text("memory", "SIZE", "memory of the guest, with K, M or G (default 2G)");
    table.text("seed", "N", "seed of all random numbers that the guest sees (default 1)");
    table.flag("no-counting", "benchmark only: do not count instructions").hide();
}

void add_running_options(OptionTable& table) {
    table.section("Running");
    table.text("jobs", "N", "make so many runs at a time (default: the host's CPUs)")
        .short_name('j');
    table.flag("no-share", "let each run begin at its own start, also where they are the same");
    table.flag("verbose", "say on stderr which runs have a start of their own, and why")
        .short_name('v');
}

void add_limit_options(OptionTable& table, GuestCommand command) {
    table.section("Limits");
    table.text("max-insns", "N", "stop after N guest instructions (default: no limit)");
    table.text("max-sim-time", "TIME",
               "stop at this simulated time, with ns, us, ms or s, such as 1.5s (default: no "
               "limit)");
    if (command != GuestCommand::Explain)
        table.text("ready-timeout", "TIME",
                   "stop if a program of the scenario is not ready after this simulated time "
                   "(default: the scenario's ready-timeout, else 10s)");
}

}  // namespace

const std::vector<ReportFormat>& guest_formats(GuestCommand command) {
    return command == GuestCommand::Explain ? all_formats() : charted_formats();
}

OptionTable guest_options(GuestCommand command) {
    OptionTable table;
    add_probe_options(table, command);
    if (command != GuestCommand::Explain) add_attach_options(table);
    add_guest_options(table, command);
    add_limit_options(table, command);
    if (command == GuestCommand::Run) {
        add_view_options(table);
        add_gdb_option(table);
    }
    if (command == GuestCommand::Compare) add_running_options(table);
    if (command != GuestCommand::Explain) {
        table.section("Report");
        table.flag("per-process",
                   "also report time, instructions, exceptions, hits and probe cost by process and "
                   "by thread");
    }
    add_report_options(table, guest_formats(command),
                       command == GuestCommand::Explain ? "stdout" : "stderr");
    return table;
}

}  // namespace uprobesim
