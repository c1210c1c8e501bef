# SPDX-License-Identifier: GPL-2.0-or-later
"""Breakpoints in whole programs that never hit one, against EL1 instructions that real kernels executed (Debian 6.12.117 and
6.1 in QEMU): the difference to the same program while another file is probed, over its life from execve to exit."""
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


def placing_part(context):
    with context.guest_root(context.sysroot) as root:
        for row in ROWS:
            name, kernel, command, spec = row[:4]
            if not context.wants(name):
                continue
            case = programs.Case(name, command)
            bare = context.simulator.run(root, case, ["--kernel", kernel, "-p", OTHER])
            probed = context.simulator.run(root, case, ["--kernel", kernel, "-p", spec])
            context.check(name, _failure(row, bare, probed))
