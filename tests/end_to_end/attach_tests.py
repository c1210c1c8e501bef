# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes that come to programs that run: hits only from then on, and what placing takes by processes and pages."""
import json
import os
import re
import tempfile

import harness

REQUESTS = 2000
SERVER = "/usr/bin/redis-server"
PROBED = ("readQueryFromClient", "processCommand", "beforeSleep")
OF_THE_CLIENT_ITSELF = 2

# What registering takes on 6.12 in EL1 instructions: the first event of the system, an event with its program, the first
# breakpoint of a page and a further one; and what closing them takes.
FIRST, EVENT, PLACE, MORE = 17693, 20605, 6682, 7332
CLOSE, REMOVE, REMOVE_LAST = 24332, 9009, 14305


def attach_part(context):
    with context.guest_root(context.sysroot) as root, tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        for name, test in (("redis-ready", _redis_ready), ("redis-compare", _redis_compare), ("main", _main), ("fork", _fork),
                           ("threads", _threads), ("roi", _roi), ("never", _never), ("formats", _formats), ("bad-input", _bad_input)):
            if context.wants(name):
                context.check(name, test(context, root, folder))


def _scenario(context, folder, name):
    shown = context.simulator.raw(["scenario", "show", name]).stdout.decode()
    text = re.sub(r'"64000"|\b64000\b', lambda m: m.group(0).replace("64000", str(REQUESTS)), shown)
    path = os.path.join(folder, name + ".toml")
    with open(path, "w") as file:
        file.write(text)
    return path


def report_of(context, root, arguments):
    got = context.simulator.raw([arguments[0], "--root", root.path, "-f", "json", *arguments[1:]])
    begin = got.stderr.find(b"{")
    if begin < 0:
        return got, None
    return got, json.JSONDecoder().raw_decode(got.stderr[begin:].decode())[0]


def _hits(report, function):
    return sum(p["hits"] for p in report["probes"]["by_probe"] if p["probe"].endswith(":" + function))


def _pages(report):
    return len({p["file_offset_bytes"] // 4096 for p in report["probes"]["by_probe"]})


def _expected_attach(events, pages, processes):
    return FIRST + EVENT * events + (PLACE * pages + MORE * (events - pages)) * processes


def _without_faults(registration):
    return sum(p["el1_insns"] for p in registration["paths"] if p["path"] != "fault.file.read")


def _redis_ready(context, root, folder):
    path = _scenario(context, folder, "redis-get")
    got, report = report_of(context, root, ["run", "--kernel", "v6.12", "--attach-at", "ready", "--detach-at", "end", path])
    if got.status != 0 or report is None:
        return f"exit status {got.status}; {harness.shown(got.stderr)}"
    _, early = report_of(context, root, ["run", "--kernel", "v6.12", path])
    attach = report["attachment"]["attach"]
    events, pages = len(PROBED), _pages(report)
    # The client maps other files. Two processes have the server's text: when the port is there, a child that redis forks on
    # arm64 looks for a fault of MADV_FREE and fork in old kernels.
    sharing = 2
    if (attach["processes"], attach["events"], attach["breakpoints"], attach["pages"]) != (sharing, events, events * sharing, pages * sharing):
        return f"attached in {attach}"
    if abs(_without_faults(attach) - _expected_attach(events, pages, sharing)) > 1:
        return f"{_without_faults(attach)} EL1 instructions to attach, {_expected_attach(events, pages, sharing)} by hand"
    if _hits(report, "processCommand") != REQUESTS + OF_THE_CLIENT_ITSELF:
        return f"processCommand is hit {_hits(report, 'processCommand')} times by {REQUESTS} requests"
    # The server's event loop has turned before it was ready, which only the early probes have seen.
    late_loop, early_loop = _hits(report, "beforeSleep"), _hits(early, "beforeSleep")
    if not 0 < late_loop or early["probes"]["placing_cycles"] == 0:
        return f"{late_loop} and {early_loop} hits of beforeSleep"
    paths = {p["path"] for p in report["kernel"]["paths"]}
    if "uprobe.place" in paths or any(p.startswith("attach.") for p in paths):
        return f"the guest pays for placing: {sorted(paths)}"
    return None


def _redis_compare(context, root, folder):
    path = _scenario(context, folder, "redis-set")
    got, report = report_of(context, root, ["compare", "--attach-at", "ready", path])
    if got.status != 0 or report is None:
        return f"exit status {got.status}; {harness.shown(got.stderr)}"
    bare, stepped, emulated = report["runs"]
    for run in (stepped, emulated):
        if _hits(run, "processCommand") != REQUESTS + OF_THE_CLIENT_ITSELF:
            return f"processCommand is hit {_hits(run, 'processCommand')} times by {REQUESTS} requests"
    # Until then no run knows of its probes, and these kernels differ in nothing else.
    times = {run["attachment"]["attach"]["at_ns"] for run in report["runs"]}
    if len(times) != 1:
        return f"the runs attach at different times: {times}"
    if bare["attachment"]["attach"]["events"] != 0 or _hits(bare, "processCommand") != 0:
        return "the run without probes attaches some"
    rates = [{row["name"]: row["value"] for row in run["results"]} for run in report["runs"]]
    for figure in rates[0]:
        a, b, c = (rate[figure] for rate in rates)
        # Emulated hits may fit into the time that the server waits for its client.
        if not (a and b and c and b < c <= a):
            return f"{figure}: {a} without probes, {b} stepped, {c} emulated"
    return None


def _main(context, root, folder):
    """ld.so opens the C library's file before main() and the program opens its own files after."""
    probe = ["-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc"]
    program = ["/bin/ls", "/usr"]
    _, early = report_of(context, root, ["run", "--kernel", "v6.12", *probe, *program])
    got, late = report_of(context, root, ["run", "--kernel", "v6.12", *probe, "--attach-at", "main", *program])
    if late is None:
        return f"exit status {got.status}; {harness.shown(got.stderr)}"
    before, after = _hits(early, "malloc"), _hits(late, "malloc")
    attach = late["attachment"]["attach"]
    if not attach["reached"] or attach["breakpoints"] != 1:
        return f"attached: {attach}"
    return None if 0 < after <= before else f"{before} hits from the start, {after} from main on"


def _fork(context, root, folder):
    """A shell's children are forked after attaching: they inherit the breakpoints with the memory."""
    script = "for i in 1 2 3; do (:; echo $i); done"
    probe = ["-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:write"]
    got, report = report_of(context, root, ["run", "--kernel", "v6.12", *probe, "--attach-at", "main", "/bin/sh", "-c", script])
    if report is None or got.stdout != b"1\n2\n3\n":
        return f"{harness.shown(got.stdout)}, {harness.shown(got.stderr)}"
    by_process = {p["pid"]: p["hits"] for p in report["processes"]}
    children = [hits for pid, hits in by_process.items() if pid != min(by_process)]
    if report["attachment"]["attach"]["processes"] != 1 or children != [1, 1, 1]:
        return f"hits by process {by_process}"
    return None


def _threads(context, root, folder):
    """Four CPUs, and probes that come and go while xargs' processes are at work."""
    command = ["/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo $i; done | xargs -P 4 -n 1 /bin/sha256sum /bin/true >/dev/null 2>&1; echo done"]
    probe = ["-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:fread,fwrite"]
    results = [context.simulator.raw(["run", "--root", root.path, "-f", "json", "--cpus", "4", *probe, "--attach-at", "10ms", "--detach-at", "+5ms",
                                      *command]) for _ in range(2)]
    if results[0].stderr != results[1].stderr or results[0].stdout != b"done\n":
        return f"two runs differ, or {harness.shown(results[0].stdout)}"
    return None


def _roi(context, root, folder):
    probe = ["-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc"]
    program = ["/bin/ls", "/usr"]
    arguments = ["run", "--kernel", "v6.12", *probe, "--attach-at", "main"]
    _, whole = report_of(context, root, [*arguments, *program])
    _, part = report_of(context, root, [*arguments, "--roi", "attach", *program])
    if _hits(whole, "malloc") != _hits(part, "malloc"):
        return "the hits of the part are not those of the whole"
    if not 0 < part["user"]["insns"] < whole["user"]["insns"]:
        return f"{part['user']['insns']} of {whole['user']['insns']} instructions are counted"
    total = part["time"]["user_ns"] + part["time"]["kernel_ns"] + part["time"]["idle_ns"]
    begun = whole["attachment"]["attach"]["at_ns"]
    if abs(total - (whole["time"]["total_ns"] - begun)) > 10:
        return f"{total} ns from {begun} on, of {whole['time']['total_ns']}"
    return None


def _never(context, root, folder):
    got = context.simulator.raw(["run", "--root", root.path, "-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc", "--attach-at",
                                 "hit:uprobe:/lib/aarch64-linux-gnu/libc.so.6:abort:5", "/bin/true"])
    said = got.stderr.decode()
    if got.status != 0 or "was never reached" not in said.split("uprobesim: ")[-1] or "never reached" not in said:
        return f"exit status {got.status}: {harness.shown(got.stderr)}"
    return None


def _formats(context, root, folder):
    probe = ["-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc", "--attach-at", "main", "--detach-at", "+1ms"]
    for form in ("text", "md", "html", "json"):
        path = os.path.join(folder, "report." + form)
        got = context.simulator.raw(["run", "--root", root.path, *probe, "-f", form, "-o", path, "/bin/true"])
        text = open(path, encoding="utf-8").read()
        if got.status != 0 or "attach.place" not in text:
            return f"-f {form} does not say what attaching took: {text[:200]}"
    return None


BAD = [
    (["--attach-at", "redy"], "did you mean 'ready'"),
    (["--attach-at", "ready"], "of a scenario's programs"),
    (["--attach-at", "5parsec"], "--attach-at"),
    (["--attach-at", "hit:uprobe:/bin/true:nonesuch:1"], "--attach-at"),
    (["--attach-at", "hit:uprobe:/bin/true:0x1000"], "--attach-at"),
    (["--attach-at", "2ms", "--detach-at", "1ms"], "--detach-at"),
    (["--attach-at", "main", "--detach-at", "main"], "--detach-at"),
    (["--detach-at", "start"], "--detach-at"),
    (["--roi", "atach"], "--roi"),
]


def _bad_input(context, root, folder):
    probe = ["-p", "uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc"]
    for options, said in BAD:
        got = context.simulator.raw(["run", "--root", root.path, *probe, *options, "/bin/true"])
        if got.status != 2 or got.stderr.count(b"\n") != 1 or said not in got.stderr.decode() or got.stdout:
            return f"{options}: exit status {got.status}, {harness.shown(got.stderr)}"
    got = context.simulator.raw(["run", "--root", root.path, "--attach-at", "ready:sever", _scenario(context, folder, "redis-get")])
    if got.status != 2 or b"did you mean 'server'" not in got.stderr:
        return f"ready:sever: exit status {got.status}, {harness.shown(got.stderr)}"
    got = context.simulator.raw(["run", "--root", root.path, "--attach-at", "main", "/bin/true"])
    return None if got.status == 2 and b"no probe to attach" in got.stderr else harness.shown(got.stderr)
