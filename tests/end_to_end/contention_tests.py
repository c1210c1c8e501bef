# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs whose threads hit one probe on several CPUs: they do what they do without probes, hits are as many as calls, and
what is waited for are the lines that Linux 6.12 shares."""
import os
import tempfile

import harness
from attach_tests import report_of

MACHINE = ["--machine", "kunpeng916"]

# What a hit of 6.12 shares with other CPUs: all look the uprobe up, those that are stepped count references and want a slot.
LOOKED_UP, STEPPED = {"mmap-lock"}, {"mmap-lock", "uprobe-ref", "slot-bitmap", "siglock"}

ALLOCATORS, BLOCKS = "/allocators", 400
THREADS, COUNTING_THREADS, ROUNDS = 16, 64, 40
REQUESTS, CONNECTIONS = 150, 6
COMMANDS = 4000

MEMCACHED = f"""
title = "memcached"
description = "four threads and their client"
cpus = 6
probes = ["uprobe:/lib/aarch64-linux-gnu/libc.so.6:pthread_mutex_lock"]
kernels = ["v6.12"]

[[file]]
path = "/client.py"
text = '''
import socket, threading

def client(n):
    server = socket.create_connection(("127.0.0.1", 11211))
    lines = server.makefile("rb")
    for i in range({REQUESTS}):
        server.sendall(b"set k%d-%d 0 0 4\\r\\nabcd\\r\\nget k%d-%d\\r\\n" % (n, i, n, i))
        got = [lines.readline().strip() for _ in range(4)]
        assert got == [b"STORED", b"VALUE k%d-%d 0 4" % (n, i), b"abcd", b"END"], got

threads = [threading.Thread(target=client, args=(n,)) for n in range({CONNECTIONS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("all stored and found")
'''

[[process]]
name = "server"
arguments = ["/usr/bin/memcached", "-u", "root", "-l", "127.0.0.1", "-p", "11211", "-U", "0", "-t", "4"]
ready-port = 11211

[[process]]
name = "client"
arguments = ["/usr/bin/python3", "/client.py"]
"""


def contention_part(context):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        for source, tests in ((context.workloads, (("allocators", _allocators), ("return-probe", _return_probe), ("one-cpu", _one_cpu))),
                              (context.sysroot, (("redis-io-threads", _redis),)),
                              (context.sysroot + "-wide", (("memcached", _memcached),))):
            wanted = [test for test in tests if context.wants(test[0])]
            if not wanted:
                continue
            with context.guest_root(source) as root:
                for name, test in wanted:
                    context.check(name, test(context, root, folder))


def _compared(context, root, words):
    """The report of a comparison whose runs behave alike, and what is wrong."""
    got, report = report_of(context, root, ["compare", *MACHINE, *words])
    if got.status != 0 or report is None:
        return None, f"exit status {got.status}; {harness.shown(got.stderr)}"
    if not report["same_behaviour"]:
        return None, f"probes change what the programs do: {report['differences']}"
    return report, None


def _written(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def _wrong_waiting(run, lines):
    """Of one run of a report: whether exactly these of the lines that hits share were waited for."""
    contention = run["contention"]
    waited = {line["line"]: line["waited_cycles"] for line in contention["lines"] if line["waited_cycles"] > 0}
    if not lines <= set(waited):
        return f"nobody waited for {sorted(lines - set(waited))}, only for {sorted(waited)}"
    if abs(sum(waited.values()) - contention["wait_cycles"]) > 1:
        return f"{sum(waited.values())} cycles waited by line, {contention['wait_cycles']} in all"
    return None


def _hits(run):
    return sum(probe["hits"] for probe in run["probes"]["by_probe"])


def _allocators(context, root, folder):
    del folder
    words = ["--cpus", "8", "--kernels", "v6.12", "-p", f"uprobe:{ALLOCATORS}:take_block,give_back", ALLOCATORS, str(THREADS), str(BLOCKS)]
    report, wrong = _compared(context, root, words)
    if wrong:
        return wrong
    run = report["runs"][1]
    if _hits(run) != 2 * THREADS * BLOCKS:
        return f"{_hits(run)} hits of {THREADS * BLOCKS} blocks, each taken and given back"
    again, wrong = _compared(context, root, words)
    return wrong or ("the same command gives another report" if again != report else None) or _wrong_waiting(run, STEPPED)


def _return_probe(context, root, folder):
    del folder
    words = ["--cpus", "64", "--kernels", "v6.12", "-p", "uretprobe:/threads:hot", "/threads", str(COUNTING_THREADS), str(ROUNDS)]
    report, wrong = _compared(context, root, words)
    if wrong:
        return wrong
    run = report["runs"][1]
    returns = sum(probe["returns"] for probe in run["probes"]["by_probe"])
    if (_hits(run), returns) != (COUNTING_THREADS * ROUNDS, COUNTING_THREADS * ROUNDS):
        return f"{_hits(run)} hits and {returns} returns of {COUNTING_THREADS * ROUNDS} calls"
    return _wrong_waiting(run, LOOKED_UP)


def _one_cpu(context, root, folder):
    """The same threads on one CPU wait for nobody."""
    del folder
    report, wrong = _compared(context, root, ["--kernels", "v6.12", "-p", f"uprobe:{ALLOCATORS}:take_block", ALLOCATORS, str(THREADS), str(BLOCKS)])
    if wrong:
        return wrong
    contention = report["runs"][1].get("contention")
    return None if contention is None or contention["wait_cycles"] == 0 else f"a lone CPU waited {contention['wait_cycles']} cycles"


def _redis(context, root, folder):
    shown = context.simulator.raw(["scenario", "show", "redis-io-threads"]).stdout.decode()
    report, wrong = _compared(context, root, [_written(folder, "redis.toml", shown.replace("32000", str(COMMANDS)))])
    if wrong:
        return wrong
    for run in report["runs"][1:]:
        commands = sum(probe["hits"] for probe in run["probes"]["by_probe"] if probe["probe"].endswith(":processCommand"))
        if commands != COMMANDS + 2:  # two of redis-benchmark's own
            return f"{run['label']}: {commands} commands executed of {COMMANDS}"
        if wrong := _wrong_waiting(run, LOOKED_UP):
            return f"{run['label']}: {wrong}"
    return None


def _memcached(context, root, folder):
    report, wrong = _compared(context, root, [_written(folder, "memcached.toml", MEMCACHED)])
    if wrong:
        return wrong
    run = report["runs"][1]
    # Each request takes several locks.
    if _hits(run) < REQUESTS * CONNECTIONS:
        return f"{_hits(run)} hits of {REQUESTS * CONNECTIONS} requests"
    return _wrong_waiting(run, STEPPED)
