# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tool asks of its host, by strace: no path but those that the command line names and the host's libraries, and no network."""
import os
import re
import shutil
import subprocess

import harness
import programs

SECONDS = 1200
# What any program of the host opens before its main, and what the simulator asks of the machine.
COMMON = ("/etc/ld.so", "/lib/", "/lib64/", "/usr/lib/", "/usr/local/lib/", "/proc/self/", "/proc/sys/", "/sys/devices/system/cpu", "/dev/null", "/proc/cpuinfo",
          "/proc/meminfo", "/sys/kernel/mm/", "/sys/fs/cgroup", "/usr/share/zoneinfo", "/etc/localtime")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\((.*)")
# A text, and the descriptor before it that it is looked up from.
TEXT = re.compile(r'(?:(\d+), )?"((?:[^"\\]|\\.)*)"')
NETWORK = re.compile("socket|connect|bind|listen|accept|send|recv|shutdown|peername|sockname|sockopt")


def traced(binary, words, log, environment, **more):
    """Runs the tool under strace."""
    command = ["strace", "-f", "-s", "4096", "-e", "trace=%file,%network", "-o", log, binary, *words]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, timeout=SECONDS, check=False, **more)


def stray_call(log, binary, allowed, above):
    """The first call of a log that reaches outside of `allowed`, or of the network; None: there is none. `above`: what is looked up from the
    host's root down."""
    # Beside the tool is the build that it belongs to, which may have a sysroot.
    allowed = (*COMMON, *allowed, binary, f"{os.path.dirname(binary)}/../CMakeCache.txt")
    calls = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            call = CALL.match(line)
            if not call:
                continue
            calls += 1
            name, rest = call.groups()
            words = TEXT.findall(rest)
            if NETWORK.match(name):
                return f"a call of the network: {line.strip()[:200]}"
            if name == "openat2" and "RESOLVE_BENEATH" not in rest and "RESOLVE_IN_ROOT" not in rest:
                return f"not confined: {line.strip()}"
            if name in ("openat2", "execve", "symlinkat"):
                continue
            if name.startswith("readlink"):
                words = words[:1]  # the second is what was read
            for folder, word in words:
                confined = folder and "/" not in word and word != ".."  # one name below a descriptor, or the descriptor itself
                if word and not confined and not word.startswith(allowed):
                    # Before the run: what lies in what, and where the user's sysroots are.
                    is_above = name == "readlink" and any(path.startswith(word) for path in above)
                    if is_above or (name == "openat" and word == "..") or word.endswith("/.uprobesim-sysroot"):
                        continue
                    return f"opens {word}: {line.strip()[:200]}"
    return None if calls > 10 else f"strace saw {calls} calls"


def _trace(context, root, case):
    root.fresh_case()
    work = os.path.join(root.temporary, "work")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(os.path.join(work, "scratch"))
    log = os.path.join(work, "calls")
    words = context.simulator.command(root, case, [], os.path.join(work, "report.json"), os.path.join(work, "scratch"))[1:]
    own = {"TMPDIR": work, "HOME": work, "XDG_CACHE_HOME": work}
    with harness.stdin_of(case) as stdin:
        traced(context.simulator.binary, words, log, own, **({"input": stdin} if case.pipe else {"stdin": stdin}))
    if not os.path.exists(os.path.join(work, "report.json")):
        return "no report was written"
    return stray_call(log, context.simulator.binary, (root.path, work), (root.path, work))


def host_calls_part(context):
    if not shutil.which("strace"):
        raise harness.Missing("strace is not installed")
    for source, cases in ((context.workloads, programs.WORKLOADS), (context.sysroot, programs.PROGRAMS)):
        with context.guest_root(source) as root:
            for case in cases:
                if context.wants(case.name):
                    context.check(case.name, _trace(context, root, case))
