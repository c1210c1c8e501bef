# SPDX-License-Identifier: GPL-2.0-or-later
"""Breakpoints in whole programs that never hit one, against EL1 instructions that real kernels executed (Debian 6.12.117 and
6.1 in QEMU): the difference to the same program while another file is probed, over its life from execve to exit. And a grep
with thousands of hits: the exceptions that it took there by kind, and EL1 instructions of its hits and faults."""
import hashlib

import harness
import programs

LIBC = "/lib/aarch64-linux-gnu/libc.so.6"
BUSYBOX, TRUE = ["/bin/busybox", "true"], ["/bin/true"]
OTHER = "uprobe:/bin/cat:0x2000"


def _in_one_page(binary, start, probes):
    places = ",".join(hex(start + 4 * n) for n in range(probes))
    return f"uprobe:{binary}:{places}"


# Places that `true` does not reach: of busybox beside ones that it does, of libc in 64 KiB of which it uses nothing.
BUSYBOX_PAGE, LIBC_PAGE = 0x1000, 0x100000

# (name, kernel, command, probe spec, probes, life without, difference)
ROWS = [
    ("static-1", "v6.12", BUSYBOX, _in_one_page("/bin/busybox", BUSYBOX_PAGE, 1), 1, 472846.5, 9349.5),
    ("static-100", "v6.12", BUSYBOX, _in_one_page("/bin/busybox", BUSYBOX_PAGE, 100), 100, 472846.5, 621888),
    ("dynamic-1", "v6.12", TRUE, _in_one_page(LIBC, LIBC_PAGE, 1), 1, 668769.5, 33281.5),
    ("dynamic-100", "v6.12", TRUE, _in_one_page(LIBC, LIBC_PAGE, 100), 100, 668769.5, 819391.5),
    ("static-1-v6.1", "v6.1", BUSYBOX, _in_one_page("/bin/busybox", BUSYBOX_PAGE, 1), 1, 484642, 7612),
    ("static-100-v6.1", "v6.1", BUSYBOX, _in_one_page("/bin/busybox", BUSYBOX_PAGE, 100), 100, 484642, 581615),
    ("dynamic-1-v6.1", "v6.1", TRUE, _in_one_page(LIBC, LIBC_PAGE, 1), 1, 729039.5, 32241.5),
    ("dynamic-100-v6.1", "v6.1", TRUE, _in_one_page(LIBC, LIBC_PAGE, 100), 100, 729039.5, 744114.5),
]

def _insns(report):
    return report.json["kernel"]["el1_insns"]


def _failure(row, bare, probed):
    name, kernel, command, spec, probes, life, difference = row
    if probed.report.hits() != 0:
        return f"{probed.report.hits()} hits"
    found = {path["path"]: path for path in probed.report.json["kernel"]["paths"]}
    again = found.get("uprobe.place.again", {"times": 0})["times"]
    if found["uprobe.place"]["times"] != probes:
        return f"{found['uprobe.place']['times']} breakpoints placed, {probes} registered"
    # ld.so maps a library whole and then lays its data over the end; a program at fixed addresses is mapped once.
    if again != (probes if command is TRUE else 0):
        return f"{again} breakpoints found again"
    ours = _insns(probed.report) - _insns(bare.report)
    if probes == 100 and abs(ours - difference) > 0.05 * difference:
        return f"{ours:.0f} EL1 instructions more, {difference} on a real kernel"
    if abs(ours - difference) > 0.02 * (life + difference):
        return f"{ours:.0f} EL1 instructions more, {difference} of {life} on a real kernel"
    return None


# A text of 20000 lines, made of the same syllables as that which the real kernels' grep read: its hash is that one's.
SYLLABLES = "ka to mi re lu sa no ti ba de fo gu ha ji ko la me nu po ri su ta vo ze".split()
TEXT_MD5 = "5827bf4ac51d32cf58e22dc01534e882"
GREP = ["/bin/grep", "-nE", "(ka|to)[a-z]+ .*lu", "text"]
LINES_FOUND = 5448

# (name, probe, exceptions by class, EL1 instructions of faults from EL0, those of a hit without interrupts), on v6.12.
# fwrite_unlocked of the C library and a function of grep begin with a push. Where the parent's wait fell into the measurement,
# its system call and its two faults are left out.
GREP_RUNS = [
    ("grep", [], {"brk": 0, "software-step": 0, "svc": 173, "data-abort": 62, "insn-abort": 18, "data-abort-same-el": 27}, 489695, 0),
    ("grep-uprobe", ["-p", f"uprobe:{LIBC}:0x78800"],
     {"brk": 5448, "software-step": 5448, "svc": 173, "data-abort": 62, "insn-abort": 18, "data-abort-same-el": 27}, 524275, 5448 * 1672),
    ("grep-uretprobe", ["-p", f"uretprobe:{LIBC}:0x78800"],
     {"brk": 10896, "software-step": 5448, "svc": 173, "data-abort": 62, "insn-abort": 18, "data-abort-same-el": 27}, 500231, 5448 * 2512),
    ("grep-function", ["-p", "uprobe:/bin/grep:0xbaa0"],
     {"brk": 9549, "software-step": 9549, "svc": 173, "data-abort": 61, "insn-abort": 19, "data-abort-same-el": 27}, 503420, 9549 * 1672),
]
GREP_EL0_INSNS = 18045884  # without a probe


def _text():
    state = 42

    def number():
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) & 0xFFFFFFFF

    lines = []
    for _ in range(20000):
        words = []
        for _ in range(4 + number() % 8):
            words.append("".join(SYLLABLES[number() % len(SYLLABLES)] for _ in range(2 + number() % 3)))
        lines.append(" ".join(words) + "\n")
    text = "".join(lines).encode()
    if hashlib.md5(text).hexdigest() != TEXT_MD5:
        raise AssertionError("the text is another one")
    return text


def _grep_failure(row, run):
    _, _, exceptions, faults, hits = row
    lines = run.stdout.count(b"\n")
    if run.report is None or lines != LINES_FOUND:
        return f"{lines} lines found, {LINES_FOUND} on a real kernel; stderr {harness.shown(run.stderr)}"
    kernel = run.report.json["kernel"]
    got = {e["class"]: e["times"] for e in kernel["exceptions"]}
    for kind, times in exceptions.items():
        # Where pages lie decides on a fault; the output is a pipe here and was a file there.
        slack = 0 if kind in ("brk", "software-step") else 1
        if abs(got.get(kind, 0) - times) > slack:
            return f"{got.get(kind, 0)} of {kind}, {times} on a real kernel"
    groups = {}
    for path in kernel["paths"]:
        groups[path["group"]] = groups.get(path["group"], 0) + path["el1_insns"]
    if abs(groups["faults"] - faults) > 0.1 * faults:
        return f"{groups['faults']:.0f} EL1 instructions of faults, {faults} on a real kernel"
    if hits and abs(groups["probes"] - hits) > 0.005 * hits:
        return f"{groups['probes']:.0f} EL1 instructions of hits and placing, {hits} of hits on a real kernel"
    if not hits and abs(run.report.user_insns - GREP_EL0_INSNS) > 0.001 * GREP_EL0_INSNS:
        return f"{run.report.user_insns} EL0 instructions, {GREP_EL0_INSNS} on a real kernel"
    return None


def placing_part(context):
    with context.guest_root(context.sysroot) as root:
        for row in GREP_RUNS:
            if context.wants(row[0]):
                case = programs.Case(row[0], GREP)
                run = context.simulator.run(root, case, ["--kernel", "v6.12", *row[1]], {"text": _text()})
                context.check(row[0], _grep_failure(row, run))
        for row in ROWS:
            name, kernel, command, spec = row[:4]
            if not context.wants(name):
                continue
            case = programs.Case(name, command)
            bare = context.simulator.run(root, case, ["--kernel", kernel, "-p", OTHER])
            probed = context.simulator.run(root, case, ["--kernel", kernel, "-p", spec])
            context.check(name, _failure(row, bare, probed))
