# SPDX-License-Identifier: GPL-2.0-or-later
"""Mistakes and hostile guests: one clear line or a guest signal each, never a crash, nothing written outside the scratch layer."""
import os
import subprocess

import harness
import programs

NOT_RUN = (126, 127)  # the program could not be run or found
MISTAKE = (2,)


def _one_line_failure(got, statuses, words):
    """What is wrong with how a mistake was told, or None."""
    lines = got.stderr.decode(errors="replace").splitlines()
    if got.status not in statuses:
        return f"exit status {got.status} instead of {' or '.join(map(str, statuses))}; stderr {harness.shown(got.stderr)}"
    if len(lines) != 1 or not lines[0].startswith("uprobesim: "):
        return f"not one line of ours: {harness.shown(got.stderr)}"
    for word in words:
        if word not in lines[0]:
            return f"'{word}' is not named: {lines[0]}"
    if got.stdout:
        return f"prints {harness.shown(got.stdout)}"
    return None


# (name, words after "run", exit statuses, what the line must name). ROOT is the folder of the workloads.
MISTAKES = [
    ("no-program", ["--root", "ROOT"], MISTAKE, ["program"]),
    ("missing-root", ["--root", "/no/such/root", "/counts"], MISTAKE, ["/no/such/root"]),
    ("root-is-file", ["--root", "ROOT/counts", "/counts"], MISTAKE, ["counts"]),
    ("missing-program", ["--root", "ROOT", "/nosuch"], NOT_RUN, ["/nosuch"]),
    ("program-of-host", ["--root", "ROOT/folder", "ROOT/counts"], NOT_RUN, ["no such file (the host has one: --bind /", "/counts:/counts shows it to the guest, as /counts)"]),
    ("program-is-folder", ["--root", "ROOT", "/folder"], NOT_RUN, ["/folder"]),
    ("program-is-text", ["--root", "ROOT", "/text"], NOT_RUN, ["/text"]),
    ("unknown-option", ["--root", "ROOT", "--frobnicate", "/counts"], MISTAKE, ["frobnicate"]),
    ("near-option", ["--root", "ROOT", "--kernal", "v6.12", "/counts"], MISTAKE, ["--kernal: run has no such option", "did you mean '--kernel'"]),
    ("other-commands-option", ["--root", "ROOT", "--range", "/counts"], MISTAKE, ["--range", "it is an option of whatif"]),
    ("near-kernel", ["--root", "ROOT", "--kernel", "v6.21", "/counts"], MISTAKE, ["--kernel", "v6.21", "did you mean ", "'v6.12'"]),
    ("near-machine", ["--root", "ROOT", "--machine", "kunpeng961", "/counts"], MISTAKE, ["--machine", "did you mean 'kunpeng916'"]),
    ("two-kernels", ["--root", "ROOT", "--kernels", "v6.12,v6.13", "/counts"], MISTAKE, ["--kernels", "one name is needed"]),
    ("near-format", ["--root", "ROOT", "-f", "jsno", "/counts"], MISTAKE, ["--format", "did you mean 'json'?"]),
    ("ready-timeout-of-program", ["--root", "ROOT", "--ready-timeout", "5s", "/counts"], MISTAKE, ["--ready-timeout", "scenario"]),
    ("no-cpus", ["--root", "ROOT", "--cpus", "0", "/counts"], MISTAKE, ["--cpus: '0' is not a number from 1 to 64"]),
    ("near-scenario-of-run", ["--root", "ROOT", "redis-gett"], NOT_RUN, ["did you mean 'redis-get'"]),
    ("scenario-is-folder", ["--root", "ROOT", "ROOT/folder.toml"], MISTAKE, ["folder.toml: the", "is a folder"]),
    ("kernel-is-folder", ["--root", "ROOT", "--kernel", "ROOT/folder.toml", "/counts"], MISTAKE, ["folder.toml: the", "is a folder"]),
    ("scenario-with-words", ["redis-set", "/counts"], MISTAKE, ["redis-set", "takes no arguments"]),
    ("unknown-kernel", ["--root", "ROOT", "--kernel", "v0.1", "/counts"], MISTAKE, ["v0.1"]),
    ("unknown-machine", ["--root", "ROOT", "--machine", "abacus", "/counts"], MISTAKE, ["abacus"]),
    ("bad-set", ["--root", "ROOT", "--set", "kernel.nosuch=1", "/counts"], MISTAKE, ["nosuch"]),
    ("set-without-kind", ["--root", "ROOT", "--set", "ops.ic-ivau=0", "/counts"], MISTAKE, ["--set: 'ops.ic-ivau'", "did you mean machine.ops.ic-ivau?"]),
    ("set-of-no-profile", ["--root", "ROOT", "--set", "frobnicate=0", "/counts"], MISTAKE, ["--set: 'frobnicate'", "uprobesim model show"]),
    ("machine-is-kernel", ["--root", "ROOT", "--machine", "v6.12", "/counts"], MISTAKE, ["--machine: 'v6.12' is a kernel profile, not a machine profile", "--kernel"]),
    ("machine-file-is-kernel", ["--root", "ROOT", "--machine", "ROOT/kernel-copy.toml", "/counts"], MISTAKE, ["--machine: ", "kernel-copy.toml' is a kernel profile", "--kernel"]),
    ("kernel-file-is-machine", ["--root", "ROOT", "--kernel", "ROOT/machine-copy.toml", "/counts"], MISTAKE, ["--kernel: ", "machine-copy.toml' is a machine profile", "--machine"]),
    ("bad-set-form", ["--root", "ROOT", "--set", "kernel", "/counts"], MISTAKE, ["kernel"]),
    ("bad-bind", ["--root", "ROOT", "--bind", "/nosuch:/x", "/counts"], MISTAKE, ["/nosuch"]),
    ("bad-bind-form", ["--root", "ROOT", "--bind", "x", "/counts"], MISTAKE, ["--bind"]),
    ("bad-number", ["--root", "ROOT", "--max-insns", "-1", "/counts"], MISTAKE, ["max-insns"]),
    ("bad-time", ["--root", "ROOT", "--max-sim-time", "5", "/counts"], MISTAKE, ["--max-sim-time", "'5'"]),
    ("bad-scratch-limit", ["--root", "ROOT", "--scratch-limit", "much", "/counts"], MISTAKE, ["much", "--scratch-limit"]),
    ("bad-strace-filter", ["--root", "ROOT", "--strace-filter", "opnat", "/counts"], MISTAKE, ["opnat", "openat"]),
    ("bad-strace-class", ["--root", "ROOT", "--strace-filter", "%files", "/counts"], MISTAKE, ["%files", "did you mean '%file'?"]),
    ("bad-strace-output", ["--root", "ROOT", "--strace-output", "/no/such/folder/calls", "/counts"], MISTAKE, ["/no/such/folder"]),
    ("bad-exception-class", ["--root", "ROOT", "--log-exceptions-filter", "brk,trap", "/counts"], MISTAKE, ["trap", "brk"]),
    ("bad-format", ["--root", "ROOT", "-f", "xml", "/counts"], MISTAKE, ["xml"]),
    ("bad-output", ["--root", "ROOT", "-o", "/no/such/folder/report", "/counts"], MISTAKE, ["/no/such/folder"]),
    ("probe-form", ["--root", "ROOT", "-p", "uprobe", "/counts"], MISTAKE, ["uprobe"]),
    ("probe-kind", ["--root", "ROOT", "-p", "nosuch:/counts:main", "/counts"], MISTAKE, ["nosuch"]),
    ("near-handler", ["--root", "ROOT", "-p", "uprobe:/counts:main==coutn", "/counts"], MISTAKE, ["did you mean 'count'"]),
    ("handler-of-returns", ["--root", "ROOT", "-p", "uprobe:/counts:main==latency-pair", "/counts"], MISTAKE, ["give it a uretprobe"]),
    ("handler-not-toml", ["--root", "ROOT", "--handler", "ROOT/text", "-p", "uprobe:/counts:main", "/counts"], MISTAKE, ["text"]),
    ("bpftrace-no-uprobe", ["--root", "ROOT", "--bpftrace", "BEGIN { }", "/counts"], MISTAKE, ["no uprobe and no USDT probe"]),
    ("bpf-missing", ["--root", "ROOT", "--bpf", "/no/such.bpf.o", "/counts"], MISTAKE, ["/no/such.bpf.o: no such BPF object file"]),
    ("bpf-text", ["--root", "ROOT", "--bpf", "ROOT/text", "/counts"], MISTAKE, ["/text: it is no ELF file"]),
    ("bpf-arm64", ["--root", "ROOT", "--bpf", "ROOT/counts", "/counts"], MISTAKE, ["machine 183, not for BPF"]),
    ("bpf-device", ["--root", "ROOT", "--bpf", "/dev/zero", "/counts"], MISTAKE, ["/dev/zero"]),
    ("bpf-handler", ["--root", "ROOT", "-p", "uprobe:/counts:main==/no/such.bpf.o:f", "/counts"], MISTAKE, ["no such BPF object file"]),
    ("near-probe-kind", ["--root", "ROOT", "-p", "urpobe:/counts:main", "/counts"], MISTAKE, ["did you mean 'uprobe'"]),
    ("probe-without-kind", ["--root", "ROOT", "-p", "/counts:main", "/counts"], MISTAKE, ["write uprobe:/counts:main"]),
    ("probe-no-binary", ["--root", "ROOT", "-p", "uprobe:/nosuch:main", "/counts"], MISTAKE, ["/nosuch"]),
    ("probe-of-host", ["--root", "ROOT", "-p", "uprobe:./server:main", "/counts"], MISTAKE, ["--bind $PWD/server:/server", "uprobe:/server:"]),
    ("probe-not-elf", ["--root", "ROOT", "-p", "uprobe:/text:main", "/counts"], MISTAKE, ["/text"]),
    ("probe-short-name", ["--root", "ROOT", "-p", "uprobe:nosuch:main", "/counts"], MISTAKE, ["'nosuch' is neither a program", "--bind $PWD/nosuch:/nosuch"]),
    ("probe-x86", ["--root", "ROOT", "-p", "uprobe:/x86:main", "/counts"], MISTAKE, ["/x86"]),
    ("probe-no-symbol", ["--root", "ROOT", "-p", "uprobe:/counts:nosuch", "/counts"], MISTAKE, ["nosuch"]),
    ("probe-no-match", ["--root", "ROOT", "-p", "uprobe:/counts:zz*", "/counts"], MISTAKE, ["no function of /counts matches 'zz*'"]),
    ("probe-unaligned", ["--root", "ROOT", "-p", "uprobe:/trig_push:uprobe_target_push+2", "/trig_push"], MISTAKE, ["+2"]),
    ("probe-outside", ["--root", "ROOT", "-p", "uprobe:/counts:0x7fffffff0", "/counts"], MISTAKE, ["0x7fffffff0"]),
    ("probe-data", ["--root", "ROOT", "-p", "uprobe:/scanner:stdout", "/scanner"], MISTAKE, ["stdout"]),
    ("elf-truncated-header", ["--root", "ROOT", "/truncated-20"], NOT_RUN, ["/truncated-20"]),
    ("elf-truncated-table", ["--root", "ROOT", "/truncated-100"], NOT_RUN, ["/truncated-100"]),
    ("elf-x86", ["--root", "ROOT", "/x86"], NOT_RUN, ["/x86"]),
    ("elf-big-endian", ["--root", "ROOT", "/big-endian"], NOT_RUN, ["/big-endian"]),
    ("elf-empty", ["--root", "ROOT", "/empty-program"], NOT_RUN, ["/empty-program"]),
    ("elf-no-interpreter", ["--root", "ROOT", "/no-interpreter"], NOT_RUN, ["/no-interpreter"]),
]

# The same for the other commands: the words begin with the command.
COMMAND_MISTAKES = [
    ("no-command", [], MISTAKE, ["no command"]),
    ("near-command", ["runn", "/counts"], MISTAKE, ["unknown command 'runn' (did you mean 'run'?)"]),
    ("far-command", ["frobnicate"], MISTAKE, ["unknown command 'frobnicate'"]),
    ("option-before-command", ["--all", "run", "/counts"], MISTAKE, ["--all: the command comes first"]),
    ("near-version", ["--versoin"], MISTAKE, ["--versoin: ", "did you mean '--version'?"]),
    ("other-version", ["-V"], MISTAKE, ["-V: ", "did you mean '--version'?"]),
    ("compare-nothing", ["compare"], MISTAKE, ["no program is given (for example: uprobesim compare -p "]),
    ("machines-of-one-name", ["bench", "--machines", "neoverse-n1,ROOT/machine-copy.toml"], MISTAKE, ["--machines: ", "both named 'neoverse-n1'", "machine-copy.toml a name of its own"]),
    ("machines-of-one-name-compared", ["compare", "--root", "ROOT", "--machines", "ROOT/machine-copy.toml,neoverse-n1", "-p", "uprobe:/counts:main", "/counts"], MISTAKE,
     ["--machines: ", "both named 'neoverse-n1'"]),
    ("kernels-of-one-name", ["audit", "--kernels", "v6.12,ROOT/kernel-copy.toml", "ROOT/counts"], MISTAKE, ["--kernels: ", "both named 'v6.12'"]),
    ("near-sub-command", ["model", "lsit"], MISTAKE, ["unknown sub-command 'lsit'", "did you mean 'list'?"]),
    ("near-profile", ["model", "show", "kunpeng961"], MISTAKE, ["did you mean 'kunpeng916'"]),
    ("near-scenario-of-compare", ["compare", "redis-gett"], MISTAKE, ["did you mean 'redis-get'"]),
    ("near-scenario", ["scenario", "show", "redis-sit"], MISTAKE, ["did you mean 'redis-set"]),
    ("near-variant", ["bench", "uprobe-psh"], MISTAKE, ["did you mean 'uprobe-push'"]),
    ("bench-kernel", ["bench", "--kernels", "v6.12,v0.1"], MISTAKE, ["--kernels: ", "v0.1"]),
    ("bench-handler", ["bench", "--handler", "ustack"], MISTAKE, ["--handler: ", "write ustack:DEPTH"]),
    ("bench-machine", ["bench", "--machine", "nosuch"], MISTAKE, ["--machine: ", "nosuch"]),
    ("near-table", ["reproduce", "app-grp"], MISTAKE, ["did you mean 'app-grep'?"]),
    ("option-after-scenario", ["compare", "redis-set", "--kernels", "v0.1"], MISTAKE, ["v0.1"]),
    ("audit-nothing", ["audit"], MISTAKE, ["binary"]),
    ("audit-missing", ["audit", "/no/such/file"], MISTAKE, ["/no/such/file"]),
    ("audit-text", ["audit", "ROOT/text"], MISTAKE, ["/text"]),
    ("audit-x86", ["audit", "ROOT/counts", "ROOT/x86"], MISTAKE, ["/x86", "x86-64", "--root"]),
    ("audit-truncated", ["audit", "ROOT/truncated-100"], MISTAKE, ["/truncated-100"]),
    ("audit-no-programs", ["audit", "ROOT/folder"], MISTAKE, ["/folder"]),
    ("audit-device", ["audit", "/dev/null"], MISTAKE, ["/dev/null"]),
    ("audit-missing-root", ["audit", "--root", "/no/such/root", "/counts"], MISTAKE, ["/no/such/root"]),
    ("audit-outside-root", ["audit", "--root", "ROOT/folder", "/../counts"], MISTAKE, ["/../counts"]),
    ("audit-kernel", ["audit", "--kernels", "v6.12,v0.1", "ROOT/counts"], MISTAKE, ["--kernels: ", "v0.1"]),
    ("audit-format", ["audit", "-f", "xml", "ROOT/counts"], MISTAKE, ["xml"]),
    ("audit-set", ["audit", "--set", "machine.ops.isb=0", "ROOT/counts"], MISTAKE, ["machine.ops.isb"]),
    ("audit-machine", ["audit", "--machines", "nosuch", "ROOT/counts"], MISTAKE, ["--machines: ", "nosuch"]),
    ("list-handler", ["list", "--root", "ROOT", "uprobe:/counts:main==count"], MISTAKE, ["'==count'", "list has no use for", "uprobesim estimate 'uprobe:/counts:main==count'"]),
    ("estimate-bpf", ["estimate", "--root", "ROOT", "--bpf", "ROOT/text"], MISTAKE, ["/text: it is no ELF file"]),
    ("estimate-nothing", ["estimate"], MISTAKE, ["probe"]),
    ("estimate-kernel", ["estimate", "--root", "ROOT", "--kernels", "v0.1", "uprobe:/counts:main"], MISTAKE, ["--kernels: ", "v0.1"]),
    ("estimate-kprobe", ["estimate", "--root", "ROOT", "kprobe:do_sys_open"], MISTAKE, ["'kprobe' is no probe of a program"]),
    ("estimate-bpftrace-bracket", ["estimate", "--root", "ROOT", "--bpftrace", "uprobe:/counts:main { printf((1); }"], MISTAKE, ["--bpftrace:1: '}' stands where ')' should"]),
    ("estimate-short-name", ["estimate", "--root", "ROOT", "uprobe:libnosuch:f"], MISTAKE, ["'libnosuch' is neither a program"]),
    ("estimate-missing", ["estimate", "uprobe:/no/such/file:main"], MISTAKE, ["/no/such/file"]),
    ("estimate-function", ["estimate", "--root", "ROOT", "uprobe:/trig_nop:uprobe_target_nip"], MISTAKE, ["uprobe_target_nip", "did you mean uprobe_target_nop"]),
    ("estimate-rate", ["estimate", "--root", "ROOT", "--rate", "fast", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--rate", "fast"]),
    ("estimate-rate-zero", ["estimate", "--root", "ROOT", "--rate", "0", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--rate", "0"]),
    ("estimate-counts", ["estimate", "--root", "ROOT", "--counts", "ROOT/text", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["/text"]),
    ("estimate-over", ["estimate", "--root", "ROOT", "--over", "10s", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--over", "--counts"]),
    ("estimate-budget", ["estimate", "--root", "ROOT", "--budget", "2%", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--budget", "--rate"]),
    ("estimate-cpus-zero", ["estimate", "--root", "ROOT", "--cpus", "0", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--cpus", "1 to 64"]),
    ("estimate-cpus-many", ["estimate", "--root", "ROOT", "--cpus", "65", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--cpus", "64"]),
    ("estimate-pin-alone", ["estimate", "--root", "ROOT", "--pin", "scatter", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--pin", "--cpus"]),
    ("estimate-pin-short", ["estimate", "--root", "ROOT", "--cpus", "4", "--pin", "1,2", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--pin", "list a CPU for each"]),
    ("estimate-shared-event", ["estimate", "--root", "ROOT", "uprobe:/trig_nop:uprobe_target_nop==count+ftrace"], MISTAKE, ["'ftrace' is no BPF program on an event", "attach it by itself"]),
    ("estimate-share", ["estimate", "--root", "ROOT", "--budget", "lots", "uprobe:/trig_nop:uprobe_target_nop"], MISTAKE, ["--budget", "lots"]),
    ("audit-option", ["audit", "--frobnicate", "ROOT/counts"], MISTAKE, ["frobnicate"]),
    ("explain-nothing", ["explain"], MISTAKE, ["target"]),
    ("explain-target", ["explain", "pop"], MISTAKE, ["pop"]),
    ("explain-probe", ["explain", "uprobe:/trig_ret:_start"], MISTAKE, ["a probe is no target", "explain -p 'uprobe:/trig_ret:_start' PROGRAM"]),
    ("explain-short-word", ["explain", "d503201"], MISTAKE, ["d503201"]),
    ("explain-refused", ["explain", "d4000001"], MISTAKE, ["svc"]),
    ("explain-arguments", ["explain", "push", "5"], MISTAKE, ["push"]),
    ("bench-svg-sort", ["bench", "-f", "svg", "--sort", "cycles"], MISTAKE, ["--sort", "SVG"]),
    ("list-svg", ["list", "-f", "svg", "uprobe:/bin/ls:*"], MISTAKE, ["--format", "svg"]),
    ("explain-html-top", ["explain", "-f", "html", "--top", "3", "push"], MISTAKE, ["--top", "HTML"]),
    ("doctor-html", ["doctor", "-f", "html"], MISTAKE, ["html"]),
    ("explain-hit", ["explain", "--hit", "0", "push"], MISTAKE, ["--hit"]),
    ("explain-exception", ["explain", "--exception", "fault", "/trig_ret"], MISTAKE, ["'fault'", "--exception"]),
    ("explain-exception-number", ["explain", "--exception", "svc", "0", "--", "/trig_ret"], MISTAKE, ["from 1"]),
    ("explain-exception-hit", ["explain", "--exception", "svc", "--hit", "2", "/trig_ret"], MISTAKE, ["--hit"]),
    ("explain-exception-program", ["explain", "--exception", "svc", "2", "--"], MISTAKE, ["no program"]),
    ("explain-too-few-exceptions", ["explain", "--root", "ROOT", "--exception", "svc", "99", "--", "/trig_ret"], MISTAKE, ["1 system call only, not 99"]),
    ("explain-no-exception", ["explain", "--root", "ROOT", "--exception", "brk", "/trig_ret"], MISTAKE, ["no BRK"]),
    ("explain-kind", ["explain", "--kind", "kprobe", "push"], MISTAKE, ["kprobe"]),
    ("explain-kernel", ["explain", "--kernels", "v0.1", "push"], MISTAKE, ["v0.1"]),
    ("explain-output", ["explain", "-o", "/no/such/folder/report", "push"], MISTAKE, ["/no/such/folder"]),
    ("explain-no-probe", ["explain", "--root", "ROOT", "/trig_push"], MISTAKE, ["/trig_push"]),
    ("explain-kind-of-probe", ["explain", "--root", "ROOT", "--kind", "uprobe", "-p", "uprobe:/trig_ret:_start", "/trig_ret"], MISTAKE, ["--kind"]),
    ("explain-too-few-hits", ["explain", "--root", "ROOT", "-p", "uprobe:/trig_ret:_start", "--hit", "2", "/trig_ret"], MISTAKE, ["1 time"]),
    ("explain-never-hit", ["explain", "--root", "ROOT", "-p", "uprobe:/trig_ret:_start", "/trig_nop"], MISTAKE, ["not hit"]),
    ("explain-missing-program", ["explain", "--root", "ROOT", "-p", "uprobe:/trig_ret:_start", "/nosuch"], NOT_RUN, ["/nosuch"]),
    ("sweep-nothing", ["sweep"], MISTAKE, ["sweep needs"]),
    ("sweep-near", ["sweep", "statsu", "ROOT/plan.toml"], MISTAKE, ["did you mean 'status'?"]),
    ("sweep-missing", ["sweep", "/no/such/plan.toml"], MISTAKE, ["/no/such/plan.toml"]),
    ("sweep-no-plan", ["sweep", "ROOT/text"], MISTAKE, ["/text: a plan's name ends in .toml"]),
    ("sweep-text", ["sweep", "ROOT/wrong-plan.toml"], MISTAKE, ["wrong-plan.toml:2", "frobnicate"]),
    ("sweep-chunk", ["sweep", "--chunk", "3/2", "ROOT/plan.toml"], MISTAKE, ["--chunk", "3/2"]),
    ("sweep-only", ["sweep", "--only", "ROOT/text", "ROOT/plan.toml"], MISTAKE, ["/text:1", "17-40"]),
    ("sweep-parts", ["sweep", "--parts", "/no/such/folder", "ROOT/plan.toml"], MISTAKE, ["/no/such/folder"]),
    ("sweep-parts-and-results", ["sweep", "--parts", "ROOT/folder", "--results", "ROOT/r", "ROOT/plan.toml"], MISTAKE, ["--parts, --results"]),
    ("sweep-results", ["sweep", "--results", "ROOT/text", "ROOT/plan.toml"], MISTAKE, ["/text"]),
    ("sweep-submit", ["sweep", "submit", "ROOT/plan.toml"], MISTAKE, ["--slurm"]),
    ("sweep-figure", ["sweep", "collect", "--figures", "total_nss", "ROOT/plan.toml"], MISTAKE, ["total_nss"]),
    ("sweep-indices", ["sweep", "indices", "ROOT/plan.toml"], MISTAKE, ["saltelli"]),
    # Rows of one kernel that synchronises the slot at every step: the two costs of a step always come together.
    ("calibrate-untold", ["calibrate", "--free", "machine.kernel-cpi,machine.slot-refetch-per-core,machine.ops.mdscr-write", "ROOT/bench.txt"], MISTAKE,
     ["--free: ", "machine.ops.mdscr-write", "the rows cannot tell it from machine.slot-refetch-per-core", "leave it out, or measure uprobe-push on v6.13 too"]),
    ("calibrate-one-row", ["calibrate", "ROOT/one-row.txt"], MISTAKE, ["one-row: the rows tell none of the parameters", "measure ", " too: a fit needs more rows than parameters, and there is 1"]),
    ("calibrate-machine", ["calibrate", "--machine", "nosuch", "ROOT/bench.txt"], MISTAKE, ["--machine: ", "nosuch"]),
    ("calibrate-free", ["calibrate", "--free", "nosuch", "ROOT/one-row.txt"], MISTAKE, ["nosuch"]),
    ("calibrate-few-rows", ["calibrate", "--free", "machine.kernel-cpi", "ROOT/one-row.txt"], MISTAKE, ["--free: 1 row cannot fit 1 parameter", "measure more rows"]),
    ("calibrate-no-rows", ["calibrate", "ROOT/text"], MISTAKE, ["/text"]),
    ("calibrate-no-kernel", ["calibrate", "ROOT/no-kernel.txt"], MISTAKE, ["no-kernel.txt", "--kernel"]),
    ("calibrate-missing", ["calibrate", "/no/such/bench.txt"], MISTAKE, ["/no/such/bench.txt"]),
    ("calibrate-cost", ["calibrate", "--tables", "scaling", "--free", "machine.contention.transfer-sockt"], MISTAKE, ["--free: 'machine.contention.transfer-sockt' cannot be fitted", "did you mean 'machine.contention.transfer-socket'"]),
    ("calibrate-no-cost", ["calibrate", "--tables", "scaling", "--free", "machine.kernel-cpi"], MISTAKE, ["--free: rows of several CPUs tell none of these"]),
    ("calibrate-nothing", ["calibrate", "--machine", "kunpeng916", "--free", "machine.kernel-cpi", "ROOT/several.txt"], MISTAKE, ["several/uprobe-nop, rows of several CPUs: there is nothing to fit", "--free names no cost that they tell"]),
    ("calibrate-one-cpu", ["calibrate", "--free", "machine.contention.transfer-socket", "ROOT/bench.txt"], MISTAKE, ["--free: no row is of several CPUs"]),
    ("calibrate-scaling-machine", ["calibrate", "--tables", "scaling", "--machine", "neoverse-n1"], MISTAKE, ["'scaling' has no rows of neoverse-n1"]),
    ("calibrate-scaling-beside", ["calibrate", "--tables", "scaling,next-20241104"], MISTAKE, ["'scaling' has rows of several CPUs and stands alone"]),
    ("calibrate-rows-and-file", ["calibrate", "--rows", "linux-arm-kernel-2024", "ROOT/bench.txt"], MISTAKE, ["--rows", "a FILE has rows of its own"]),
    ("audit-output", ["audit", "-o", "/no/such/folder/report", "ROOT/counts"], MISTAKE, ["/no/such/folder"]),
]

# A program's own end: how the shell would see it.
GUEST_ENDS = [
    ("jump", 139), ("data", 139), ("illegal", 132), ("recurse", 139), ("kernel", 139), ("oddpc", 135), ("badstack", 139),
    ("sigreturn", 139), ("years", 125), ("terabyte", 0), ("wild", 0),
]


def _write(root, name, data):
    path = os.path.join(root.path, name)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o755)


def _patched(data, changes):
    copy = bytearray(data)
    for at, value in changes.items():
        copy[at] = value
    return bytes(copy)


def _make_files(root):
    with open(os.path.join(root.path, "counts"), "rb") as file:
        good = file.read()
    _write(root, "text", b"not a program\n")
    _write(root, "empty-program", b"")
    _write(root, "truncated-20", good[:20])
    _write(root, "truncated-100", good[:100])
    # ELF header: EI_DATA at 5, e_machine at 18.
    _write(root, "x86", _patched(good, {18: 62, 19: 0}))
    _write(root, "big-endian", _patched(good, {5: 2, 18: 0, 19: 183}))
    # The second program header becomes a PT_INTERP whose text is the start of the file, which names no file.
    headers = int.from_bytes(good[32:40], "little")
    interpreter = _patched(good, {headers: 3})
    _write(root, "no-interpreter", interpreter)
    plan = b'command = "run"\narguments = ["--root", "' + root.path.encode() + b'", "/counts"]\n[[axis]]\nseeds = [1]\n'
    _write(root, "plan.toml", plan)
    _write(root, "wrong-plan.toml", plan.replace(b"arguments", b"frobnicate"))
    rows = b"uprobe-nop ( 1 cpus): 0.418 \xc2\xb1 0.001M/s\nuprobe-push ( 1 cpus): 0.411 \xc2\xb1 0.001M/s\nuprobe-ret ( 1 cpus): 2.056 \xc2\xb1 0.005M/s\n"
    rows += b"uretprobe-nop ( 1 cpus): 0.365 \xc2\xb1 0.001M/s\nuretprobe-ret ( 1 cpus): 1.051 \xc2\xb1 0.002M/s\n"
    _write(root, "no-kernel.txt", rows)
    _write(root, "one-row.txt", b"# kernel: 6.12.43\n" + rows.splitlines(keepends=True)[0])
    _write(root, "several.txt", b"# kernel: 6.12.43\nuprobe-nop ( 8 cpus): 5.328M/s\n")
    _write(root, "bench.txt", b"# kernel: 6.12.43\n# frequency: 2.4 GHz\n" + rows)
    _write(root, "machine-copy.toml", b'based-on = "neoverse-n1"\n')
    _write(root, "kernel-copy.toml", b'based-on = "v6.12"\n')
    for folder in ("folder", "folder.toml"):
        os.makedirs(os.path.join(root.path, folder))
    return good


def _mistakes(context, root):
    for name, words, statuses, named in [(m[0], ["run", *m[1]], *m[2:]) for m in MISTAKES] + COMMAND_MISTAKES:
        if context.wants(name):
            words = [word.replace("ROOT", root.path) for word in words]
            got = context.simulator.raw(words)
            context.check(name, _one_line_failure(got, statuses, named))


# (name, the profile's text, what the line must name besides the file).
HEAD = 'name = "mine"\nbased-on = "v6.12"\ndescription = "a test"\n'
PROFILES = [
    ("profile-unknown-key", HEAD + "nonsense-key = 1\n", [":4", "nonsense-key"]),
    ("profile-unknown-path", HEAD + '[paths]\n"no.such-path" = { insns = 1, source = "x", confidence = "low" }\n', [":5", "no.such-path"]),
    ("profile-path-without-table", HEAD + '"uprobe.lookup" = { insns = 1, source = "x", confidence = "low" }\n', [":4", "'uprobe.lookup'", "[paths]"]),
    ("profile-access-without-table", HEAD + '"uprobe.lookup" = { list = ["write mmap-lock at 6"], source = "x", confidence = "low" }\n', [":4", "'uprobe.lookup'", "[accesses]"]),
    ("profile-not-toml", HEAD + "this is = = not toml\n", [":4"]),
    ("profile-wrong-type", HEAD + '[paths]\n"uretprobe.return" = { insns = "many", source = "x", confidence = "low" }\n', [":5", "insns"]),
    ("profile-unknown-base", 'name = "mine"\nbased-on = "v0.0"\ndescription = "a test"\n', ["v0.0"]),
    ("profile-empty", "", []),
]


def _profiles(context, root):
    for name, text, named in PROFILES:
        if not context.wants(name):
            continue
        path = os.path.join(root.temporary, name + ".toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        got = context.simulator.raw(["run", "--root", root.path, "--kernel", path, "/counts"])
        context.check(name, _one_line_failure(got, MISTAKE, [name + ".toml", *named]))


# (name, how the good report's text is spoiled, options, what the line must name besides the file).
REPORTS = [
    ("report-not-json", lambda text: "uprobesim 0.1.0: run\n", [], [":1", "JSON"]),
    ("report-empty", lambda text: "", [], [":1"]),
    ("report-truncated", lambda text: text[:len(text) * 2 // 3], [], ["too early"]),
    ("report-other-schema", lambda text: text.replace("uprobesim.run/2", "uprobesim.run/99"), [], ["schema", "uprobesim.run/99"]),
    ("report-negative-count", lambda text: text.replace('"times": ', '"times": -', 1), [], ["times"]),
    ("report-unknown-path", lambda text: text.replace('"sys.exit"', '"sys.exeunt"'), [], ["sys.exeunt"]),
]
# (name, options over the good report, what the line must name).
WHATIFS = [
    ("whatif-missing-report", ["/no/such/report.json"], ["/no/such/report.json"]),
    ("whatif-behaviour", ["REPORT", "--set", "kernel.slot-copy=if-changed"], ["kernel.slot-copy", "uprobesim run "]),
    ("whatif-other-kernel", ["REPORT", "--kernel", "v6.1"], ["kernel.", "uprobesim run "]),
    ("whatif-unknown-kernel", ["REPORT", "--kernel", "v0.1"], ["--kernel: ", "v0.1"]),
    ("whatif-unknown-machine", ["REPORT", "--machine", "nosuch"], ["--machine: ", "nosuch"]),
    ("whatif-bad-set", ["REPORT", "--set", "machine.nosuch=1"], ["machine.nosuch"]),
    ("whatif-bad-output", ["REPORT", "-o", "/no/such/folder/report"], ["/no/such/folder"]),
]


def _reports(context, root):
    report = os.path.join(root.temporary, "report.json")
    made = context.simulator.raw(["run", "--root", root.path, "-f", "json", "-o", report, "/counts"])
    if not os.path.exists(report):
        context.check("whatif-report", f"no report: {harness.shown(made.stderr)}")
        return
    with open(report, encoding="utf-8") as file:
        good = file.read()
    for name, spoil, options, named in REPORTS:
        if context.wants(name):
            path = os.path.join(root.temporary, name + ".json")
            with open(path, "w", encoding="utf-8") as file:
                file.write(spoil(good))
            got = context.simulator.raw(["whatif", path, *options])
            context.check(name, _one_line_failure(got, MISTAKE, [name + ".json", *named]))
    for name, words, named in WHATIFS:
        if context.wants(name):
            got = context.simulator.raw(["whatif"] + [report if word == "REPORT" else word for word in words])
            context.check(name, _one_line_failure(got, MISTAKE, named))
    if context.wants("whatif-good"):
        got = context.simulator.raw(["whatif", report])
        context.check("whatif-good", None if got.status == 0 and not got.stderr else harness.shown(got.stderr))


# Profiles that only `model check` sees: it must name file and line.
CHECKED = [
    ("check-no-kind", 'name = "mine"\n', [":1"]),
    ("check-circle", 'name = "mine"\nbased-on = "check-circle.toml"\n', [":2", "circle"]),
    ("check-missing-base", 'name = "mine"\nbased-on = "gone.toml"\n', [":2", "gone.toml"]),
    ("check-unit", 'name = "mine"\nbased-on = "kunpeng916"\n[ops]\nisb = { value = 1, unit = "ns", source = "x", confidence = "low" }\n',
     [":4", "ops.isb.unit", "cycles"]),
    ("check-core", 'name = "mine"\nbased-on = "kunpeng916"\ncore = "abacus"\n', [":3", "abacus"]),
]


def _checked_profiles(context, root):
    for name, text, named in CHECKED + PROFILES:
        if not context.wants(name):
            continue
        path = os.path.join(root.temporary, name + ".toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        got = context.simulator.raw(["model", "check", path])
        context.check(f"{name}-checked" if (name, text, named) in PROFILES else name, _one_line_failure(got, MISTAKE, [name + ".toml", *named]))


def _corrupt_programs(context, root, good):
    """The ELF and program headers with one byte changed at a time: an ending of the guest's or a clear line, in time."""
    name = "elf-corrupt"
    if not context.wants(name):
        return
    bad = []
    for at in range(0, 0x40 + 56 * 3):
        for value in (0x00, 0x7f, 0xff):
            _write(root, "corrupt", _patched(good, {at: value}))
            try:
                got = context.simulator.raw(["run", "--root", root.path, "--max-insns", "2000000", "-o", os.devnull, "/corrupt"], timeout=20)
            except subprocess.TimeoutExpired:
                bad.append(f"byte {at:#x} = {value:#x} hangs")
                continue
            # A host crash is a negative status here, a guest's signal 128 + its number.
            if got.status < 0 or got.status == 3:
                bad.append(f"byte {at:#x} = {value:#x}: status {got.status} {harness.shown(got.stderr, 100)}")
    context.check(name, "; ".join(bad[:5]) if bad else None)


def _hostile(context, root):
    for mode, status in GUEST_ENDS:
        name = f"hostile-{mode}"
        if not context.wants(name):
            continue
        case = programs.Case(name, ["/hostile", mode])
        try:
            got = context.simulator.run(root, case)
        except (subprocess.TimeoutExpired, AssertionError) as wrong:
            context.check(name, str(wrong))
            continue
        failure = None if got.status == status else f"exit status {got.status} instead of {status}; {harness.shown(got.stderr)}"
        if not failure and mode == "wild" and b"alive after" not in got.stdout:
            failure = f"prints {harness.shown(got.stdout)}"
        context.check(name, failure)


def _outside(context, root):
    """A guest cannot leave its root, by dots or by links."""
    secret = os.path.join(root.temporary, "secret")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("hello secret\n")
    os.symlink(secret, os.path.join(root.path, "absolute-link"))
    os.symlink("../secret", os.path.join(root.path, "relative-link"))
    for name, path in (("dots", "/../secret"), ("more-dots", "/folder/../../../../../../.." + secret), ("absolute-link", "/absolute-link"),
                       ("relative-link", "/relative-link"), ("proc-root", "/proc/self/root/.." + secret)):
        if context.wants(f"outside-{name}"):
            got = context.simulator.raw(["run", "--root", root.path, "-o", os.devnull, "/scanner", "hello", path])
            context.check(f"outside-{name}", None if got.status == 2 and not got.stdout else f"status {got.status}, prints {harness.shown(got.stdout)}")


def bad_input_part(context):
    with context.guest_root(context.workloads) as root:
        good = _make_files(root)
        before = harness.listing(root.path)
        scratch = os.path.join(root.temporary, "scratch-layers")
        os.mkdir(scratch)
        os.environ["TMPDIR"] = scratch
        _mistakes(context, root)
        _profiles(context, root)
        _checked_profiles(context, root)
        _reports(context, root)
        context.check("nothing-written", None if harness.listing(root.path) == before else "the root has changed")
        context.check("nothing-left", None if not os.listdir(scratch) else f"a refused run leaves {os.listdir(scratch)}")
        del os.environ["TMPDIR"]
        _hostile(context, root)
        _outside(context, root)
        _corrupt_programs(context, root, good)
