# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios: shorter forms of the built-in ones, a user's own, and one with a server that does not become ready."""
import json
import os
import re
import tempfile

import harness

REQUESTS = 2000
# (name, what is hit once for each command, how often before the first): redis-benchmark asks for `save` and `appendonly` in one
# request before it begins.
SCENARIOS = [
    ("redis-set", "processCommand", 2),
    ("redis-set-pushes", "processInputBuffer", 1),
    ("redis-get", "processCommand", 2),
]

NGINX = r"""
title = "nginx"
description = "curl fetches a page twice"
cpus = 2
probes = ["uprobe:/usr/sbin/nginx:main"]
kernels = ["v6.12"]

[[file]]
path = "/srv/index.html"
text = "hello\n"

[[file]]
path = "/srv/nginx.conf"
text = '''
user root; daemon off; error_log /srv/err.log; pid /srv/nginx.pid;
events { worker_connections 16; }
http { access_log off; client_body_temp_path /srv/1; proxy_temp_path /srv/2; fastcgi_temp_path /srv/3; uwsgi_temp_path /srv/4;
  scgi_temp_path /srv/5; server { listen 127.0.0.1:8080; root /srv; } }
'''

[[process]]
name = "server"
arguments = ["/usr/sbin/nginx", "-c", "/srv/nginx.conf"]
ready-port = 8080

[[process]]
name = "client"
arguments = ["/usr/bin/curl", "-sS", "-w", "%{http_code} %{size_download}\n", "http://127.0.0.1:8080/index.html", "http://127.0.0.1:8080/"]

[[result]]
name = "bytes"
unit = "bytes"
better = "higher"
process = "client"
pattern = '^200 ([0-9]+)$'
"""


def scenarios_part(context):
    with context.guest_root(context.sysroot) as root, tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        for name, function, own in SCENARIOS:
            if context.wants(name):
                context.check(name, _redis(context, root, folder, name, function, own))
        if context.wants("not-ready"):
            context.check("not-ready", _not_ready(context, root, folder))
    if context.wants("nginx"):
        with context.guest_root(context.sysroot + "-wide") as root, tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
            context.check("nginx", _nginx(context, root, folder))


def _write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def _compare(context, root, path):
    got = context.simulator.raw(["compare", "--root", root.path, "-f", "json", path])
    # The client's own output goes to stdout, the report to stderr.
    begin = got.stderr.find(b"{")
    return got, json.loads(got.stderr[begin:]) if got.status == 0 and begin >= 0 else None


def _hits(run, function):
    return sum(p["hits"] for p in run["probes"]["by_probe"] if p["probe"].endswith(":" + function))


def _redis(context, root, folder, name, function, own):
    shown = context.simulator.raw(["scenario", "show", name])
    text, requests = re.subn(r'"64000"|\b64000\b', lambda m: m.group(0).replace("64000", str(REQUESTS)), shown.stdout.decode())
    if requests < 2:
        return f"the scenario does not say its requests: {harness.shown(shown.stdout)}"
    got, report = _compare(context, root, _write(folder, name + ".toml", text))
    if report is None:
        return f"exit status {got.status}; stderr {harness.shown(got.stderr)}"
    if not report["same_behaviour"]:
        return f"the runs differ: {report['differences']}"
    bare, stepped, emulated = report["runs"]
    for run in (stepped, emulated):
        if _hits(run, function) != REQUESTS + own:
            return f"{function} is hit {_hits(run, function)} times by {REQUESTS} requests"
        if _hits(run, "readQueryFromClient") < REQUESTS:
            return f"readQueryFromClient is hit {_hits(run, 'readQueryFromClient')} times by {REQUESTS} requests"
    if _hits(bare, function) != 0:
        return "the run without probes has hits"
    if name == "redis-set-pushes" and emulated["probes"]["stepped"] != 0:
        return f"{emulated['probes']['stepped']} hits of pushes are stepped where they are emulated"
    rates = [{row["name"]: row["value"] for row in run["results"]} for run in report["runs"]]
    for figure in rates[0]:
        a, b, c = (rate[figure] for rate in rates)
        # Emulated hits may fit into the time that the server waits for its client.
        if not (a and b and c and b < c <= a):
            return f"{figure}: {a} without probes, {b} stepped, {c} emulated"
    return None


def _not_ready(context, root, folder):
    """A server that refuses its arguments ends the scenario with what it said; nothing is reported."""
    text = context.simulator.raw(["scenario", "show", "redis-set"]).stdout.decode().replace('"--save", ""', '"--no-such-option", "1"')
    got = context.simulator.raw(["run", "--root", root.path, _write(folder, "bad.toml", text)])
    said = got.stderr.decode()
    if got.status == 0 or said.count("\n") != 1 or "server ended before it was ready" not in said or "no-such-option" not in said:
        return f"exit status {got.status}, {harness.shown(got.stderr)}"
    return None


def _nginx(context, root, folder):
    got, report = _compare(context, root, _write(folder, "nginx.toml", NGINX))
    if report is None:
        return f"exit status {got.status}; stderr {harness.shown(got.stderr)}"
    if got.stdout != b"hello\n200 6\nhello\n200 6\n":
        return f"curl prints {harness.shown(got.stdout)}"
    hits = [_hits(run, "main") for run in report["runs"]]
    values = [run["results"][0]["value"] for run in report["runs"]]
    return None if hits == [0, 1] and values == [6, 6] else f"{hits} hits of main, {values} bytes"
