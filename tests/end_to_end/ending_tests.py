# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs that share their start: forked at the attach point, they print and report what runs of their own do, to the byte."""
import json
import os
import re
import signal
import subprocess
import tempfile
import time

import harness
import sweep_tests

LIBC = "uprobe:/lib/aarch64-linux-gnu/libc.so.6:"
REQUESTS = 200

# Before the attach point, getppid(), it makes files, links, folders and a FIFO, and keeps some open, one without a name. After
# it, each column has to find them as they were, and to write its own.
FILES = r"""
chdir "/tmp"; $| = 1; umask 022;
open(A, "+>", "a"); syswrite A, "before\n"; open(R, "<", "a");
open(U, "+>", "gone"); syswrite U, "without a name\n"; unlink "gone";
mkdir "d"; link "a", "d/b"; symlink "a", "d/l"; system("/usr/bin/mkfifo", "d/p"); opendir(D, "d");
chmod 0640, "/etc/hostname"; open(H, ">>", "/etc/hostname"); syswrite H, "more\n";
open(S, ">", "sparse"); sysseek S, 1 << 20, 0; syswrite S, "x"; close S;
$SIG{ALRM} = sub { syswrite A, "alarm\n" }; alarm 1;
pipe(IN, OUT); if (!($child = fork)) { sysread IN, $go, 1; system("echo from the child > d/p"); exit 3 }
getppid();
syswrite A, "after\n"; syswrite U, "still none\n"; sysseek U, 0, 0; sysread U, $u, 100; print "U $u";
syswrite OUT, "x"; open(P, "<", "d/p"); print "P ", <P>; waitpid $child, 0; print "child $?\n";
select undef, undef, undef, 1.5;
print "R ", <R>; rename "d/b", "c"; open(N, ">", "new"); print N "new\n"; close N; rewinddir D;
print join(" ", sort grep !/^\./, readdir D), "\n";
for (qw(a c d d/l d/p new sparse /etc/hostname)) { @s = lstat; print join(" ", $_, @s[0..3, 7, 12]), "\n" }
open(H2, "<", "/etc/hostname"); print <H2>;
"""

# What depends on what the simulator has looked at before the run, if that leaves traces. Times of access are the host's, where
# others read the same files.
TRACES = r"""
open(M, "<", "/proc/meminfo"); print <M>; close M;
for (qw(/lib/aarch64-linux-gnu/libc.so.6 /usr/bin/perl)) { @s = stat; print "@s[0..7, 9..12]\n" }
getppid(); getppid(); opendir(D, "/usr/bin"); print scalar(readdir D), "\n";
"""


def endings_part(context):
    with context.guest_root(context.sysroot) as root, tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        for name, test in (("process", _process), ("files", _files), ("traces", _traces), ("release", _release), ("redis", _redis),
                           ("cpus", _cpus), ("stdin", _stdin), ("machines", _machines), ("refused", _refused), ("killed", _killed),
                           ("interrupted", _interrupted), ("sweep", _sweep)):
            if context.wants(name):
                context.check(name, test(context, root, folder))


def _compare(context, root, options, program, stdin=b""):
    command = [context.simulator.binary, "compare", "--root", root.path, "-f", "json", *options, *program]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=600, check=False)


def _starts(text):
    """Which columns share a start, as --verbose says."""
    return re.findall(r"^uprobesim: (.*) goes on from the start of no uprobe$", text, re.M)


EVERY_WAY = (["-j", "1"], ["-j", "2"], ["--no-share", "-j", "3"])


def _alike(context, root, options, program, sharing, stdin=b"", ways=EVERY_WAY):
    """Compares shared runs, one or two at a time, with separate ones; `sharing`: how many columns go on from the first one's start."""
    alone = _compare(context, root, [*options, "--no-share", "-j", "1"], program, stdin)
    if alone.returncode not in (0, 1) or b"{" not in alone.stderr:
        return f"exit status {alone.returncode}: {harness.shown(alone.stderr)}"
    for more in ways:
        got = _compare(context, root, [*options, *more], program, stdin)
        if (got.returncode, got.stdout, got.stderr) != (alone.returncode, alone.stdout, alone.stderr):
            return f"{more}: {harness.first_difference(got.stdout + got.stderr, alone.stdout + alone.stderr, 'alone')}"
    told = _compare(context, root, [*options, "--verbose"], program, stdin)
    found = _starts(told.stderr.decode())
    return None if len(found) == sharing else f"{found} share their start: {harness.shown(told.stderr[:600])}"


def _process(context, root, folder):
    options = ["-p", LIBC + "malloc,free", "--kernels", "v6.12,v6.13+stp,v6.15", "--attach-at", "main", "--roi", "attach"]
    return _alike(context, root, options, ["/bin/ls", "-l", "/usr"], 3)


def _at_getppid(script):
    return ["--attach-at", f"hit:{LIBC}getppid:1"], ["/usr/bin/perl", "-e", script]


def _files(context, root, folder):
    point, program = _at_getppid(FILES)
    options = [*point, "-p", LIBC + "write,read", "-p", "uprobe:/usr/bin/perl:Perl_pp_*", "--kernels", "v6.12,v6.13+stp"]
    failure = _alike(context, root, options, program, 2)
    if failure:
        return failure
    got = _compare(context, root, options, program)
    report = json.JSONDecoder().raw_decode(got.stderr[got.stderr.find(b"{"):].decode())[0]
    wanted = [b"U without a name\nstill none\n", b"P from the child\n", b"child 768\n", b"before\nafter\nalarm\n", b"l p\n"]
    missing = [text for text in wanted if text not in got.stdout]
    if missing or not report["same_behaviour"] or len({run["stdout"]["hash_fnv1a64"] for run in report["runs"]}) != 1:
        return f"{missing} of {got.stdout.decode()}, {report['differences']}"
    return None


def _traces(context, root, folder):
    point, program = _at_getppid(TRACES)
    return _alike(context, root, [*point, "-p", LIBC + "getppid", "-p", "uprobe:/bin/ls:*"], program, 2)


def _release(context, root, folder):
    """A guest that has asked which kernel it runs on has started otherwise on another one."""
    point, program = _at_getppid('open(V, "<", "/proc/sys/kernel/osrelease"); print <V>; getppid(); getppid()')
    options = [*point, "-p", LIBC + "getppid"]
    return (_alike(context, root, [*options, "--kernels", "v6.12,v6.13+stp"], program, 1) or
            _alike(context, root, [*options, "--kernels", "next-20241104,next-20241104+stp"], program, 2))


def _redis(context, root, folder):
    shown = context.simulator.raw(["scenario", "show", "redis-set"]).stdout.decode()
    path = os.path.join(folder, "redis-set.toml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r'"64000"|\b64000\b', lambda m: m.group(0).replace("64000", str(REQUESTS)), shown))
    ways = [["-j", "2"]] if context.short else EVERY_WAY  # a minute each
    return (_alike(context, root, ["--attach-at", "ready"], [path], 2, ways=ways) or
            _alike(context, root, ["--attach-at", "main", "--roi", "attach"], [path], 2, ways=ways))


def _cpus(context, root, folder):
    """Two CPUs at work, and a point at a time."""
    command = ["/bin/sh", "-c", "for i in 1 2 3 4 5 6; do echo $i; done | xargs -P 3 -n 1 /usr/bin/sha256sum /bin/true >/dev/null 2>&1; echo done"]
    options = ["--cpus", "2", "-p", LIBC + "fread,fwrite", "--kernels", "v6.12,v6.13+stp", "--attach-at", "1ms", "--detach-at", "+1ms"]
    return _alike(context, root, options, command, 2)


def _stdin(context, root, folder):
    """All columns read one input, whichever asks first."""
    options = ["-p", LIBC + "read", "--attach-at", "main"]
    return _alike(context, root, options, ["/bin/cat"], 2, stdin=b"a line\n" * 20000)


def _machines(context, root, folder):
    options = ["-p", LIBC + "malloc", "--attach-at", "main", "--machines", "kunpeng916,neoverse-n1", "--kernels", "v6.12,v6.13+stp"]
    return _alike(context, root, options, ["/bin/ls", "/usr"], 4)


def _refused(context, root, folder):
    """What no column could run is told with the words of a run of its own, before the first one prints anything."""
    options = ["-p", "uprobe:/bin/ls:0x4", "--attach-at", "main"]
    alone = _compare(context, root, [*options, "--no-share", "-j", "1"], ["/bin/ls", "/"])
    shared = _compare(context, root, options, ["/bin/ls", "/"])
    if alone.returncode != 2 or alone.stdout or (alone.returncode, alone.stdout, alone.stderr) != (shared.returncode, shared.stdout, shared.stderr):
        return f"{alone}, {shared}"
    return None


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:  # it has ended
        return []


def _command(pid):
    """The tool's command that a process runs."""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return [*file.read().split("\0"), "", ""][1]
    except OSError:
        return ""


def _started(context, root, stdout):
    """A comparison whose columns are all under way, with the processes of the forked ones."""
    program = ["/usr/bin/perl", "-e", "getppid(); $| = 1; print qq(begun\\n); for (;;) { getppid() }"]
    options = ["--attach-at", f"hit:{LIBC}getppid:1", "-p", LIBC + "getppid", "-f", "json", "-j", "3"]
    process = subprocess.Popen([context.simulator.binary, "compare", "--root", root.path, *options, *program], stdin=subprocess.DEVNULL,
                               stdout=stdout, stderr=subprocess.PIPE, start_new_session=True)
    for _ in range(600):
        children = _children(process.pid)
        if len(children) == 2:
            return process, children
        time.sleep(0.05)
    process.kill()
    return process, []


def _gone(pids):
    for _ in range(100):
        if not any(os.path.exists(f"/proc/{pid}") for pid in pids):
            return True
        time.sleep(0.05)
    return False


def _killed(context, root, folder):
    """A column's process that is killed costs its column; the tool's own end is that of all."""
    script = "getppid(); for (1..300000) { $x = getppid() } print qq(end\\n)"
    options = ["--attach-at", f"hit:{LIBC}getppid:1", "-p", LIBC + "getppid", "-f", "json", "-j", "3"]
    command = [context.simulator.binary, "compare", "--root", root.path, *options, "/usr/bin/perl", "-e", script]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    children = []
    while process.poll() is None and len(children) < 2:
        children = _children(process.pid)
        time.sleep(0.01)
    if len(children) == 2:
        os.kill(children[0], signal.SIGKILL)
    out, said = process.communicate(timeout=300)
    line = b"uprobesim: the run of v6.12: killed by signal 9 (Killed)\n"
    report = json.JSONDecoder().raw_decode(said[said.find(b"{"):].decode())[0]
    if process.returncode != 3 or line not in said or [run["label"] for run in report["runs"]] != ["no uprobe", "v6.13+stp"] or out != b"end\n":
        return f"exit status {process.returncode}, {harness.shown(said[-300:])}"
    process, children = _started(context, root, subprocess.DEVNULL)
    process.kill()
    process.communicate()
    return None if children and _gone(children) else f"{children} live on"


def _interrupted(context, root, folder):
    """Ctrl-C goes to all of them, and ends with a report of the first column."""
    process, children = _started(context, root, subprocess.DEVNULL)
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    report = json.JSONDecoder().raw_decode(said[said.find(b"{"):].decode())[0]
    ends = [(run["label"], run["guest"]["end"]) for run in report["runs"]]
    if process.returncode != 130 or ends != [("no uprobe", "interrupted")] or not _gone(children):
        return f"exit status {process.returncode}, {ends}"
    return None


# Kernels of two starts, a probe that is nowhere, prices that are priced, and programs that print to both streams.
PLAN = """
command = "run"
arguments = ["--root", "ROOT", "--attach-at", "main", "/bin/sh", "-c", "echo $$; echo error >&2; ls /usr"]
[[axis]]
seeds = [1, 2]
[[axis]]
kernels = ["v6.12", "next-20241104", "v6.13+stp", "next-20241104+stp"]
[[axis]]
probes = ["LIBCmalloc", "LIBCfree,malloc", "LIBCnowhere"]
[[axis]]
setting = "machine.ops.ic-ivau"
values = [10, 20]
"""


def _sweep(context, root, folder):
    """Points that share their starts have the results and logs of points that do not."""
    plan = os.path.join(folder, "plan.toml")
    with open(plan, "w", encoding="utf-8") as file:
        file.write(PLAN.replace("ROOT", root.path).replace("LIBC", LIBC))
    dumps = []
    for name, options in (("alone", ["--no-share"]), ("shared", []), ("one", ["-j", "1"])):
        results = os.path.join(folder, name + ".sqlite")
        process = subprocess.Popen([context.simulator.binary, "sweep", plan, "--results", results, *options], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        commands = set()
        while process.poll() is None:
            commands |= {_command(pid) for pid in _children(process.pid)}
            time.sleep(0.002)
        said = process.communicate()[0]
        if process.returncode != 1 or b"48 points: 32 done, 16 failed" not in said:
            return f"{name}: exit status {process.returncode}: {harness.shown(said)}"
        if ("endings" in commands) != (name != "alone"):
            return f"{name}: runs are started by {commands}"
        dumps.append(sweep_tests.dump(results))
    if dumps[0] != dumps[1] or dumps[0] != dumps[2]:
        other = dumps[1] if dumps[0] != dumps[1] else dumps[2]
        return harness.first_difference(other.encode(), dumps[0].encode(), "alone")
    return None
