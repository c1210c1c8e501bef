# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's redis-server and redis-cli: the answers they give on qemu-aarch64, and each command probed and counted."""
import json
import os
import re
import socket
import subprocess
import tempfile
import tomllib

import harness
import judge
import programs

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "redis")
SERVER = "/usr/bin/redis-server"
PROBED = ["-p", f"uprobe:{SERVER}:readQueryFromClient,processCommand,call"]
PORTS = 2  # the server's and its replica's

# (name, options): each must print what qemu-aarch64 prints.
RUNS = [
    ("session", []),
    ("session-2cpu", ["--cpus", "2"]),
    ("session-probed", PROBED),
    ("session-probed-4cpu", [*PROBED, "--cpus", "4", "--kernel", "next-20241104+stp"]),
]


def files():
    return {name: open(os.path.join(HERE, name), "rb").read() for name in sorted(os.listdir(HERE))}


def commands(name, but=None):
    """The commands of a file; without the sections whose titles begin with one of the given words."""
    kept, keep = [], True
    for line in files()[name].splitlines(keepends=True):
        if line.startswith(b"ECHO "):
            keep = not (but and line[len("ECHO "):].startswith(but))
        if keep:
            kept.append(line)
    return b"".join(kept)


def _script(name, environment, stdin=b"", leaves=()):
    return programs.Case(name, ["/bin/sh", name + ".sh"], stdin=stdin, environment=tuple(environment.items()), pipe=True, leaves=leaves)


def _free_ports():
    sockets = [socket.socket() for _ in range(PORTS)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return {"PORT": str(ports[0]), "REPLICA_PORT": str(ports[1])}


def _on_qemu(root, case, environment):
    """The script by the host's shell, its programs by qemu-aarch64 with the host's loopback."""
    run = f"{harness.find_qemu()} -L {root.path} {root.path}/usr/bin/"
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        harness.write_files(folder, files())
        shell = judge.run("qemu-aarch64", case.argv, case.stdin, cwd=folder,
                          env={**dict(programs.ENVIRONMENT), **environment, "RUN": run})
        return harness.Result(shell.returncode, shell.stdout, shell.stderr, {})


def _session(context, root):
    def judged():
        # Only replies that name the port would differ, and there the script masks it.
        ports = _free_ports()
        return _on_qemu(root, _script("session", ports), ports)

    qemu = judge.Judge("qemu-aarch64", judged)
    for name, options in RUNS:
        if not context.wants(name):
            continue
        try:
            got = context.simulator.run(root, _script("session", {**_free_ports(), "RUN": ""}), options, files())
        except (subprocess.TimeoutExpired, AssertionError) as failure:
            context.check(name, str(failure))
            continue
        context.check(name, qemu.difference(lambda wanted: _session_difference(wanted, got)))


def _session_difference(wanted, got):
    if got.report is None:
        return f"no report; stderr {harness.shown(got.stderr)}"
    if (got.status, got.stdout) != (wanted.status, wanted.stdout):
        return f"exit status {got.status}, stdout {harness.first_difference(got.stdout, wanted.stdout, 'qemu-aarch64')}; stderr {harness.shown(got.stderr)}"
    return None


def _hits(report, symbol):
    return sum(row["hits"] for row in report.probes if re.search(rf"\b{symbol}$", row["probe"]))


# (name, commands, what is hit once for each command that the server says it processed). call is: a script's own commands and those
# of a transaction go through it. processCommand is where nothing is queued, refused or called by a script.
COUNTED = [
    ("counts-all", commands("data_types.redis") + commands("scripts.redis"), ("call",)),
    ("counts-plain", commands("data_types.redis", but=b"mistakes"), ("call", "processCommand")),
]


def _counts(context, root, name, stdin, symbols):
    results = {}
    for label, options in (("bare", []), ("stepped", PROBED), ("emulated", [*PROBED, "--kernel", "next-20241104+stp", "--cpus", "2"])):
        case = _script("counts", {"PORT": "6379", "RUN": ""}, stdin=stdin, leaves=("processed",))
        results[label] = context.simulator.run(root, case, options, files())
    bare = results["bare"]
    for label in ("stepped", "emulated"):
        got = results[label]
        failure = None
        if got.report is None:
            failure = f"no report; stderr {harness.shown(got.stderr)}"
        elif (got.status, got.stdout) != (bare.status, bare.stdout):
            failure = f"stdout {harness.first_difference(got.stdout, bare.stdout, 'the run without probes')}"
        else:
            processed = int(got.files["processed"]) + 1  # and the one that asked
            for symbol in symbols:
                if _hits(got.report, symbol) != processed:
                    failure = f"{symbol} was hit {_hits(got.report, symbol)} times for {processed} commands"
            if processed < stdin.count(b"\n") // 2 or _hits(got.report, "readQueryFromClient") == 0:
                failure = f"only {processed} commands were processed"
        context.check(f"{name}-{label}", failure)


# Of the list thread's SET on next-20241104 (2024-11-05): requests a second, and hits of each probe meanwhile; a hit of
# processCommand is a request. Debian's build has aeApiPoll inlined: beforeSleep is what is called once before each of its waits.
PUBLISHED_RATE = 47220.9
PUBLISHED_HITS = {"readQueryFromClient": 1277710, "processCommand": 1275160, "beforeSleep": 554565}


def _estimate(context):
    """What estimate says of the published rates against what the run of the published workload says of itself."""
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        counts, report = os.path.join(folder, "counts"), os.path.join(folder, "report.json")
        with open(counts, "w") as file:
            file.writelines(f"{name} {hits}\n" for name, hits in PUBLISHED_HITS.items())
        seconds = PUBLISHED_HITS["processCommand"] / PUBLISHED_RATE
        machine = ["--machine", "kunpeng916", "-f", "json"]
        # What the scenario says that the kernel's instructions cost there.
        scenario = tomllib.loads(context.simulator.raw(["scenario", "show", "redis-set"]).stdout.decode())
        settings = [word for setting in scenario["settings"] for word in ("--set", setting)]
        estimated = context.simulator.raw(["estimate", "--root", context.sysroot, *machine, *settings, "--kernels", "next-20241104", "--counts", counts,
                                           "--over", f"{seconds * 1000:.0f}ms", f"uprobe:{SERVER}:{','.join(PUBLISHED_HITS)}"])
        ran = context.simulator.raw(["run", "redis-set", "--root", context.sysroot, *machine, "--kernel", "next-20241104", "-o", report])
        if estimated.status != 0 or ran.status != 0:
            context.check("estimate", f"{harness.shown(estimated.stderr)}; {harness.shown(ran.stderr)}")
            return
        estimate, run = json.loads(estimated.stdout), json.load(open(report))
    own = {row["probe"].rsplit(":", 1)[1]: row for row in run["probes"]["by_probe"]}
    for hit, probe in zip(estimate["places"][0]["hits"], estimate["probes"]):
        name = probe["function"]
        wrong = None
        if not hit["low_ns"] <= own[name]["mean_hit_ns"] <= hit["high_ns"]:
            wrong = f"{own[name]['mean_hit_ns']} ns a hit are not {hit['low_ns']} to {hit['high_ns']}"
        # How often the loop waits hangs on what the run's server has to do: it is saturated, the published one was not.
        share = own[name]["hits"] * own[name]["mean_hit_ns"] / run["time"]["total_ns"]
        low, high = (hit["cpu_share"] * hit[end] / hit["ns"] for end in ("low_ns", "high_ns"))
        if name != "beforeSleep" and not low <= share <= high:
            wrong = wrong or f"{share:.4f} of a CPU is not {low:.4f} to {high:.4f}"
        context.check(f"estimate {name}", wrong)


# Debian's redis-server is a link to redis-check-rdb, and its functions are named by .symtab.
def _names(context, root):
    run = context.simulator.raw(["run", "--root", root.path, "-p", f"uprobe:{SERVER}:version", SERVER, "--version"])
    said = " ".join(run.stderr.decode(errors="replace").split())
    wanted = (r"program /usr/bin/redis-check-rdb \[[0-9a-f]{16}\], by the link /usr/bin/redis-server ", rf"probe uprobe:{SERVER}:version ")
    missing = [pattern for pattern in wanted if not re.search(pattern, said)]
    context.check("names", f"not said: {missing}; {harness.shown(run.stderr)}" if missing else None)


def redis_part(context):
    with context.guest_root(context.sysroot) as root:
        if not os.path.exists(root.path + SERVER):
            raise harness.Missing(f"{SERVER} is not in the sysroot")
        _session(context, root)
        if context.wants("names"):
            _names(context, root)
        for name, stdin, symbols in COUNTED:
            if context.wants(name):
                _counts(context, root, name, stdin, symbols)
    if context.wants("estimate"):
        _estimate(context)
