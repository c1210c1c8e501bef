// SPDX-License-Identifier: GPL-2.0-or-later
// A small report made by hand: 1 GHz, so that a cycle is a nanosecond.
#pragma once

#include "tools/report/report.h"

namespace uprobesim {

// All of the row on one account.
template <class Row>
void charge_to(Row& row, Account account) {
    auto& share = row.accounts[static_cast<std::size_t>(account)];
    share.times = row.times;
    if constexpr (requires { row.units; }) share.units = row.units;
    share.cycles = row.cycles;
}

inline RunReport hand_made_report() {
    RunReport r;
    r.provenance.version = "9.9";
    r.provenance.kernel = {"k1", "a kernel", "1111", "./k1.toml", {{"stp", "none"}}};
    r.provenance.machine = {"m1", "a machine", "2222", "m1", {{"core", "c1"}}};
    r.provenance.seed = 5;
    r.provenance.arguments = {"/bin/prog", "-x"};
    r.provenance.probes = {"uprobe:/bin/prog:*"};
    r.provenance.settings = {"machine.ops.isb=0"};
    r.provenance.options = {"--uid", "7"};
    r.provenance.program = "/usr/bin/prog";
    r.provenance.program_hash = "3333";
    r.exit = {ExitKind::Exited, 1, ""};
    r.user_insns = InsnCount(2000);
    r.user_cycles = CentiCycles(100000);
    r.classes = {{"int-alu", 1500}, {"load", 500}};
    r.exceptions = {{"svc", 2, CentiCycles(40000)},
                    {"brk", 3, CentiCycles(60000)},
                    {"software-step", 1, CentiCycles(20000)}};
    r.paths = {
        {"brk.entry", "", WorkGroup::Probes, 3, 0, 900, CentiCycles(150000)},
        {"uprobe.place", "", WorkGroup::Probes, 1, 0, 400, CentiCycles(50000)},
        {"sys.read.file", "byte", WorkGroup::SystemCalls, 2, 4096, 300.5, CentiCycles(30050)}};
    charge_to(r.exceptions[0], Account::Guest);
    charge_to(r.exceptions[1], Account::ProbeHit);
    charge_to(r.exceptions[2], Account::ProbeHit);
    charge_to(r.paths[0], Account::ProbeHit);
    charge_to(r.paths[1], Account::ProbePlace);
    charge_to(r.paths[2], Account::Guest);
    r.syscalls = {{"read", 2}};
    r.specs = {{"uprobe:/bin/prog:*", 2, {{"locked", 64, "ldxr x0, [x1]", "exclusive"}}}};
    r.probes = {
        {"uprobe:/bin/prog:main", "/bin/prog", 1024, "stp x29, x30, [sp, #-16]!", "step", 1, 1, 0,
         CentiCycles(130000)},
        {"uprobe:/bin/prog:leaf", "/bin/prog", 2048, "nop", "nop", 2, 0, 2, CentiCycles(100000)}};
    r.unmodelled = {{"madvise", 3, "counted only"}};
    r.frequency_hz = 1e9;
    r.memory_peak_bytes = 3 << 20;
    return r;
}

// The same program without probes.
inline RunReport plain_report() {
    RunReport r = hand_made_report();
    r.provenance.probes.clear();
    r.specs.clear();
    r.probes.clear();
    r.exceptions.resize(1);
    r.paths.erase(r.paths.begin(), r.paths.begin() + 2);
    return r;
}

inline CompareReport hand_made_comparison() {
    CompareReport c;
    c.title = "Prog";
    c.runs = {{"no uprobe", plain_report(), "aaaa", "bbbb", 10, 0},
              {"single-stepped STP", hand_made_report(), "aaaa", "bbbb", 10, 0}};
    return c;
}

}  // namespace uprobesim
