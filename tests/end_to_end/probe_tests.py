# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes change nothing a program can see, and the counts change by exactly what the hits explain."""
import harness
import programs

STEPPED, EMULATED = "next-20241104", "next-20241104+stp"
LIBC = "/lib/aarch64-linux-gnu/libc.so.6"

# grep's stack overflow handler parses /proc/self/maps when it is installed. Where a probe was stepped before that, there are
# two lines more to parse, and that takes Debian 12's libsigsegv code this many instructions, on a real kernel too: "[uprobes]",
# and the buffer for the text, which without that page between them is one mapping with the one above it.
GREP_READS_MAPS = 1259

# (name, probe specs, command, instructions by which the program itself may run longer): each on both kernels.
PROBED = [
    ("grep-all", ["uprobe:/bin/grep:*"], ["/bin/grep", "-c", "hello", "words.txt"], GREP_READS_MAPS),
    ("grep-n-all", ["uprobe:/bin/grep:*"], ["/bin/grep", "-nE", "(ka|to|le)[a-z]+ .*lu|noon", "words.txt"], GREP_READS_MAPS),
    ("grep-libc-all", [f"uprobe:{LIBC}:*"], ["/bin/grep", "-n", "noon", "words.txt"], GREP_READS_MAPS),
    ("grep-both", ["uprobe:/bin/grep:*", f"uprobe:{LIBC}:*"], ["/bin/grep", "-E", r"([a-z])\1[a-z]*\1", "numbers.txt"], GREP_READS_MAPS),
    ("sort-libc-all", [f"uprobe:{LIBC}:*"], ["/usr/bin/sort", "numbers.txt"], 0),
    ("perl-libc-all", [f"uprobe:{LIBC}:*"], ["/usr/bin/perl", "-e", "print join(',', sort map { $_ * 7 % 31 } 1..50), qq{\\n}"], 0),
]
OWN = [
    ("push", ["uprobe:/trig_push:uprobe_target_push"], ["/trig_push", "2000"], 2000),
    ("push-both", ["uprobe:/trig_push:uprobe_target_push,empty"], ["/trig_push", "500"], 1000),
    ("ret", ["uprobe:/trig_ret:uprobe_target_ret"], ["/trig_ret", "2000"], 2000),
    ("nop", ["uprobe:/trig_nop:uprobe_target_nop"], ["/trig_nop", "2000"], 2000),
    ("handlers", ["uprobe:/trig_push:uprobe_target_push==printf:1", "uprobe:/trig_push:uprobe_target_push==ustack:20"],
     ["/trig_push", "500"], 500),
    ("offset", ["uprobe:/trig_push:uprobe_target_push+4"], ["/trig_push", "100"], 100),
    ("scanner-all", ["uprobe:/scanner:*"], ["/scanner", "-n", "hello", "-"], None),
    ("kvstore-all", ["uprobe:/kvstore:*"], ["/kvstore", "2000"], None),
    ("faults-all", ["uprobe:/faults:*"], ["/faults"], None),
]


def _count_failure(bare, probed, hits, offset):
    """What is wrong with the counts of a probed run, or None."""
    report = probed.report
    total, stepped, emulated = report.hits(), report.hits("stepped"), report.hits("emulated")
    brk = report.exception("brk") - bare.report.exception("brk")
    if hits is not None and total != hits:
        return f"{total} hits, {hits} were made"
    if total == 0:
        return "no probe was hit"
    if total != stepped + emulated:
        return f"{total} hits are not {stepped} stepped + {emulated} emulated"
    if brk != total:
        return f"{brk} BRK exceptions for {total} hits"
    if report.exception("software-step") != stepped:
        return f"{report.exception('software-step')} step exceptions for {stepped} stepped hits"
    # Each breakpoint counts as executed; a stepped hit also executes the instruction in its slot, an emulated one does not.
    added = report.user_insns - bare.report.user_insns
    if added - stepped not in (0, offset):
        return f"{added} more EL0 instructions for {stepped} stepped hits"
    if report.syscalls != bare.report.syscalls:
        return f"system calls changed from {bare.report.syscalls} to {report.syscalls}"
    return None


def _same_output(bare, probed):
    for what in ("status", "stdout", "stderr"):
        if getattr(bare, what) != getattr(probed, what):
            return f"{what} is {harness.shown(str(getattr(probed, what)).encode())} under probes, {harness.shown(str(getattr(bare, what)).encode())} without"
    return None


def _check(context, root, name, specs, argv, hits=None, offset=0, stdin=b""):
    if not context.wants(name):
        return
    case = programs.Case(name, argv, stdin=stdin)
    try:
        bare = context.simulator.run(root, case)
    except Exception as wrong:  # one case that hangs or has no report must not hide the others
        context.check(name, f"without probes: {wrong}")
        return
    stepped_hits = {}
    for kernel in (STEPPED, EMULATED):
        label = f"{name} on {kernel}"
        options = ["--kernel", kernel]
        for spec in specs:
            options += ["-p", spec]
        try:
            probed = context.simulator.run(root, case, options)
        except Exception as wrong:
            context.check(label, str(wrong))
            continue
        if bare.report is None or probed.report is None:
            context.check(label, f"no report; stderr {harness.shown((probed if bare.report else bare).stderr)}")
            continue
        context.check(label, _same_output(bare, probed) or _count_failure(bare, probed, hits, offset))
        stepped_hits[kernel] = (probed.report.hits(), probed.report.hits("stepped"))
    if len(stepped_hits) == 2:
        (all_stepped, stepped), (all_emulated, rest) = stepped_hits[STEPPED], stepped_hits[EMULATED]
        wrong = all_stepped != all_emulated or rest > stepped
        context.check(f"{name} hits on both", f"{all_stepped} hits, {stepped} stepped; emulated {all_emulated}, {rest} stepped" if wrong else None)


def probes_part(context):
    with context.guest_root(context.workloads) as root:
        for name, specs, argv, hits in OWN:
            _check(context, root, name, specs, argv, hits, stdin=programs.WORDS)
    with context.guest_root(context.sysroot) as root:
        for name, specs, argv, offset in PROBED:
            _check(context, root, name, specs, argv, offset=offset)
