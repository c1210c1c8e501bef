# SPDX-License-Identifier: GPL-2.0-or-later
"""Traces of `run --trace`, compared with the report of the same run."""
import json
import os
import re
import subprocess

import trace_reader

DEBIAN_PYTHON = "/usr/bin/python3"
READERS = {"perfetto": ("trace", trace_reader.read_perfetto), "chrome": ("trace.json", trace_reader.read_chrome)}


def _read(views, form, options, program):
    name, read = READERS[form]
    got = views.run(["--trace", views.path(name), *options, "-f", "json", "-o", views.path("report")], program)
    tracks, events = read(views.path(name))
    return got, tracks, events, trace_reader.slices_of(tracks, events)


def _trace_is_the_report_s(views, form, options, program):
    views.run([*options, "-f", "json", "-o", views.path("plain")], program)
    _, tracks, events, slices = _read(views, form, options, program)
    report = json.load(open(views.path("report")))
    if open(views.path("plain"), "rb").read() != open(views.path("report"), "rb").read():
        return "the report differs"
    counters = [event.value for event in events if event.kind == "C" and tracks[event.track][1] == "probe hits"]
    rates = [event.value for event in events if event.kind == "C" and tracks[event.track][1] == "probe hits a second"]
    if sum(rates) != 1000 * report["probes"]["hits"]:
        return f"windows of a millisecond have {sum(rates) / 1000} hits against {report['probes']['hits']}"
    if counters != sorted(counters) or counters[-1] != report["probes"]["hits"]:
        return f"{counters[-1]} hits counted against {report['probes']['hits']}"
    # All but what is charged before the first return to EL0.
    counts = {row["class"]: row["times"] for row in report["kernel"]["exceptions"]}
    for name in ("brk", "software-step", "svc"):
        got = sum(s.category == "exception" and s.name == name for s in slices)
        if got != counts.get(name, 0):
            return f"{got} slices of {name} against {counts.get(name, 0)}"
    hits = [s for s in slices if s.category == "probe"]
    cycles, wanted = sum(s.arguments["cycles"] for s in hits), report["kernel"]["account_cycles"]["probe-hit"]
    if abs(cycles - wanted) > 0.01 * len(hits):
        return f"{cycles} cycles of hits against {wanted}"
    wrong = _paths_of_hits(report, slices)
    if wrong:
        return wrong
    places = {(s.arguments["probe"], s.arguments["verdict"]) for s in hits}
    rows = {(row["probe"], row["verdict"]) for row in report["probes"]["by_probe"] if row["hits"]}
    if {place for place in places if place[1] != "return"} != rows:
        return f"the hits are of {sorted(places)[:3]}"
    if not all(s.parent and s.parent.category == "probe" for s in slices if s.name in ("brk", "software-step")):
        return "a BRK or a step is outside of a hit"
    wrong = _wakeups(tracks, events)
    if wrong:
        return wrong
    begun = {flow for s in slices for flow in s.flows if s.name == "brk"}
    ended = {flow for s in slices for flow in s.flow_ends if s.name == "software-step"}
    cpus = sum(kind == "cpu" for kind, _ in tracks.values())
    # The run's end finds other CPUs in the middle of a step.
    if not ended <= begun or len(begun - ended) >= cpus or len(ended) != counts.get("software-step", 0):
        return f"{len(begun)} flows, {len(ended)} of them end, {counts.get('software-step', 0)} steps"
    return None if cpus == sum(ns > 0 for ns in report["time"]["cpu_busy_ns"]) else f"{cpus} CPUs have a track"


def _paths_of_hits(report, slices):
    """Paths that only hits take have a slice each time, which add up to the report's cycles."""
    taken = {}
    for s in slices:
        if s.category == "path":
            times, cycles = taken.get(s.name, (0, 0))
            taken[s.name] = times + 1, cycles + s.arguments["cycles"]
    checked = 0
    for row in report["kernel"]["paths"]:
        if set(row.get("accounts", {})) != {"probe-hit"}:
            continue
        times, cycles = taken.get(row["path"], (0, 0))
        checked += 1
        if times != row["times"] or abs(cycles - row["cycles"]) > 0.01 * times:
            return f"{row['path']}: {times} slices of {cycles} cycles against {row['times']} of {row['cycles']}"
    return None if checked else "no path is that of hits alone"


def _wakeups(tracks, events):
    """Each one leads from a task to the one that it names, and ends no earlier than it begins."""
    begun = {flow: event for event in events if event.kind == "I" for flow in event.flows}
    for event in events:
        for flow in event.flow_ends:
            if flow in begun:
                waker = begun.pop(flow)
                if not waker.name.startswith(f"wakes {tracks[event.track][1]} ") or waker.track == event.track:
                    return f"{waker.name} on {tracks[waker.track]} ends on {tracks[event.track]}"
    # Tasks that the run's end left no time to go on.
    return f"{len(begun)} wake-ups have no end" if len(begun) > 2 else None


def _protobuf(views, program):
    """Google's reader finds in the file what ours does."""
    views.run(["--trace", views.path("trace"), *program[0], "-o", views.path("report")], program[1])
    done = subprocess.run([DEBIAN_PYTHON, os.path.join(os.path.dirname(__file__), "trace_protobuf.py"), views.path("trace")], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        print("skipped trace-protobuf: python3-protobuf is not installed")
        return None
    return None if done.returncode == 0 and int(done.stdout) > 100 else f"{done.stdout}{done.stderr}"


def _limit(views, program):
    got, _, _, slices = _read(views, "perfetto", ["--trace-limit", "16K"], program)
    size = os.path.getsize(views.path("trace"))
    if not 16384 <= size < 20000 or not slices:
        return f"{size} bytes"
    line = rb"uprobesim: .*: the trace ends at 0\.\d{9} s, at its limit of size \(--trace-limit SIZE\)\n"
    return None if re.search(line, got.stderr) else f"stderr is {got.stderr!r}"


def check_traces(views, programs):
    for name, (options, program) in programs.items():
        for form in READERS:
            views.check(f"trace-{name}-{form}", lambda: _trace_is_the_report_s(views, form, options, program))
    views.check("trace-protobuf", lambda: _protobuf(views, next(iter(programs.values()))))
    views.check("trace-limit", lambda: _limit(views, ["/bin/ls", "/usr"]))
