# SPDX-License-Identifier: GPL-2.0-or-later
"""list names what binutils and bpftrace name, at the same places; specs of every form reach their places in a run."""
import json
import os
import shutil
import subprocess
import tempfile

import binutils
import harness
import made_programs

# Of Debian, by kind: C with and without USDT, C++, stripped, with symbols, IFUNCs, versions, from gold, large and small.
DEBIAN = [
    "bin/grep", "bin/dash", "bin/bash", "usr/bin/perl", "usr/bin/python3.11", "usr/bin/redis-server", "usr/bin/make", "usr/bin/git",
    "usr/bin/jq", "usr/bin/sort", "bin/tar", "usr/lib/postgresql/15/bin/postgres",
    "usr/bin/aarch64-linux-gnu-ld.gold", "usr/bin/aarch64-linux-gnu-gcc-12", "usr/lib/gcc/aarch64-linux-gnu/12/collect2",
    "lib/aarch64-linux-gnu/libc.so.6", "lib/aarch64-linux-gnu/libm.so.6", "lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
    "lib/aarch64-linux-gnu/libpthread.so.0", "lib/aarch64-linux-gnu/libresolv.so.2",
    "lib/aarch64-linux-gnu/libselinux.so.1", "lib/aarch64-linux-gnu/libz.so.1", "usr/lib/aarch64-linux-gnu/libstdc++.so.6",
    "usr/lib/aarch64-linux-gnu/libcrypto.so.3", "usr/lib/aarch64-linux-gnu/libssl.so.3", "usr/lib/aarch64-linux-gnu/libsframe.so.0.0.0",
    "usr/lib/aarch64-linux-gnu/liblsan.so.0.0.0", "usr/lib/aarch64-linux-gnu/libubsan.so.1.0.0", "usr/lib/aarch64-linux-gnu/libgmp.so.10",
    "usr/lib/aarch64-linux-gnu/libpq.so.5", "lib/aarch64-linux-gnu/libgcc_s.so.1", "usr/lib/aarch64-linux-gnu/libicuuc.so.72",
]
OWN = ["scanner", "kvstore", "usdt", "trig_push", "threads"]
AT_LEAST = {True: 20, False: 12}  # of DEBIAN, by whether the sysroot is the wide one


def listed(context, words):
    run = context.simulator.raw(["list", "-f", "json", *words])
    if run.status != 0:
        raise AssertionError(harness.shown(run.stderr))
    return [probe for binary in json.loads(run.stdout)["binaries"] for probe in binary["probes"]]


def named(probes, kind):
    return {(p["file_offset_bytes"], name) for p in probes if p["kind"] == kind for name in [p["name"], *p["aliases"]]}


def set_difference(got, wanted, who):
    if got == wanted:
        return None
    return f"{len(got - wanted)} only here: {sorted(got - wanted)[:3]}; {len(wanted - got)} only in {who}: {sorted(wanted - got)[:3]}"


def binary_failure(context, words, path):
    """What is wrong with the list of everything in a binary, or None."""
    probes = listed(context, words)
    wanted = binutils.Binary(path)
    functions, indirect = wanted.symbols()
    everything = named(probes, "function") | named(probes, "IFUNC resolver")
    ours = {(offset, name) for offset, name in everything if name != f"fn_{offset:x}"}
    failure = set_difference(ours, functions | indirect, "readelf")
    resolvers = {offset for offset, _ in named(probes, "IFUNC resolver")}
    failure = failure or set_difference(resolvers, {offset for offset, _ in indirect}, "readelf")
    # A static program's entries, and those of a library's own IFUNCs, name no symbol to the disassembler.
    plt, entries, nameless = named(probes, "PLT entry"), wanted.plt(), wanted.nameless_plt()
    if entries or nameless:
        failure = failure or set_difference({e for e in plt if e[0] not in nameless}, entries, "objdump")
    if failure:
        return failure
    notes = sorted(((p["file_offset_bytes"], p["name"], p["arguments"], p["semaphore_offset_bytes"]) for p in probes if p["kind"] == "USDT"), key=str)
    wanted_notes = wanted.notes()
    if notes != wanted_notes:
        return f"USDT probes {notes[:3]}, readelf has {wanted_notes[:3]}"
    with open(path, "rb") as file:
        content = file.read()
    for probe in probes:
        offset = probe["file_offset_bytes"]
        if int(probe["word"], 16) != int.from_bytes(content[offset : offset + 4], "little"):
            return f"{probe['name']}: word {probe['word']} is not what the file has at {offset:#x}"
    places = [(p["file_offset_bytes"], p["kind"]) for p in probes if p["kind"] != "USDT"]
    if len(places) != len(set(places)):
        return "two lines for one place"
    mangled = [p["name"] for p in probes if p["kind"] == "function" and p["name"].startswith("_Z") and "@" not in p["name"]][:2000]
    if mangled:
        by_binutils = binutils.demangled(mangled)
        for probe in probes:
            other = by_binutils.get(probe["name"])
            if other is not None and other != probe["name"] and probe["demangled"] != other:
                return f"{probe['name']} is {probe['demangled']}, c++filt says {other}"
    return None


def _binutils(context, sysroot):
    found = 0
    for name in DEBIAN:
        path = os.path.realpath(os.path.join(sysroot, name))
        if not os.path.isfile(path) or not path.startswith(os.path.realpath(sysroot)):
            continue
        found += 1
        if context.wants(name):
            context.check(name, binary_failure(context, ["--root", sysroot, "/" + name], path))
    if context.wants("stripped"):
        # It exports some names, and has no others.
        run = context.simulator.raw(["list", "--root", sysroot, "uprobe:/bin/ls:main"])
        said = b"the file is stripped" in run.stderr and b"named fn_OFFSET" in run.stderr
        context.check("stripped", None if said else f"says {harness.shown(run.stderr)}")
    context.check("debian binaries", None if found >= AT_LEAST[sysroot.endswith("-wide")] else f"only {found} of {len(DEBIAN)} are there")
    for name in OWN:
        path = os.path.join(context.workloads, name)
        if context.wants(name):
            context.check(name, binary_failure(context, [path], path))


def bpftrace_names(path, kind):
    run = subprocess.run(["bpftrace", "-l", f"{kind}:{path}:*"], capture_output=True, text=True, timeout=300)
    prefix = f"{kind}:{path}:"
    return {line[len(prefix) :] for line in run.stdout.splitlines() if line.startswith(prefix)}


def _bpftrace(context, sysroot):
    """bpftrace reads files of other machines too. It lists symbols, without versions and without stripped ones."""
    if not shutil.which("bpftrace"):
        print("bpftrace is not installed: not compared with its -l", flush=True)
        return
    compared = 0
    for name in DEBIAN:
        path = os.path.realpath(os.path.join(sysroot, name))
        wanted = bpftrace_names(path, "uprobe")
        if not os.path.isfile(path) or not wanted or not context.wants(f"bpftrace {name}"):
            continue
        probes = listed(context, ["--root", sysroot, f"uprobe:/{name}:*"])
        ours = {n.split("@")[0] for p in probes for n in [p["name"], *p["aliases"]] if not n.startswith("fn_")}
        # In a program at fixed addresses bpftrace takes a PLT entry whose address is used for the function itself.
        plt = {name for _, name in binutils.Binary(path).plt()}
        wanted = {name for name in wanted if name in ours or f"{name}@plt" not in plt}
        compared += 1
        context.check(f"bpftrace {name}", set_difference(ours & wanted, wanted, "bpftrace"))
    if context.wants("bpftrace binaries"):
        # It lists nothing of those that are stripped and export nothing.
        context.check("bpftrace binaries", None if compared >= AT_LEAST[sysroot.endswith("-wide")] - 4 else f"only {compared} could be compared")
    for name in ("usr/bin/python3.11", "usr/lib/postgresql/15/bin/postgres", "usr/lib/aarch64-linux-gnu/libstdc++.so.6"):
        path = os.path.realpath(os.path.join(sysroot, name))
        wanted = bpftrace_names(path, "usdt")
        if not os.path.isfile(path) or not wanted or not context.wants(f"bpftrace usdt {name}"):
            continue
        ours = {p["name"] for p in listed(context, ["--root", sysroot, f"usdt:/{name}:*"])}
        context.check(f"bpftrace usdt {name}", set_difference(ours, wanted, "bpftrace"))


def _hits(context, folder, spec, argv, root):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as work:
        report = os.path.join(work, "report.json")
        words = ["run", "--root", root, "--bind", f"{folder}:/t", "-o", report, "-f", "json", "-p", spec, "--", *argv]
        run = context.simulator.raw(words)
        if not os.path.isfile(report) or os.path.getsize(report) == 0:
            return None, run.stderr.decode(errors="replace").strip()
        return harness.Report(open(report).read()).hits(), run.stdout.decode(errors="replace")


def _specs(context):
    """(spec, program with its arguments, hits) of programs made for it, and (spec, what the refusal has to say)."""
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        made = made_programs.make(folder)
        root = os.path.join(folder, "root")
        os.mkdir(root)
        for name, spec, argv, hits in made.runs:
            if context.wants(name):
                got, said = _hits(context, folder, spec, argv, root)
                context.check(f"spec {name}", None if got == hits else f"{got} hits, {hits} were made; {harness.shown(said.encode())}")
        for name, spec, argv, said in made.refusals:
            if context.wants(name):
                got, line = _hits(context, folder, spec, argv, root)
                missing = [part for part in said if part not in line]
                wrong = "the run was not refused" if got is not None else f"says {line!r}, without {missing}" if missing else None
                context.check(f"refusal {name}", wrong or ("more than one line" if "\n" in line else None))
        for name, words, path in made.listed:
            if context.wants(name):
                context.check(f"list {name}", binary_failure(context, words, path))
        for name, words, wanted in made.named:
            if context.wants(name):
                got = {(p["name"], p["file_offset_bytes"]) for p in listed(context, words)}
                context.check(f"names {name}", None if wanted <= got else f"not found: {sorted(wanted - got)[:3]} in {sorted(got)[:6]}")


# (spec, hits, what the program prints of `slow`'s semaphore in itself, in its child and after execve): see workloads/src/usdt.c.
SEMAPHORES = [
    ("usdt:/t/usdt:demo:tick", 12, 0),
    ("usdt:/t/usdt:demo:slow", 12, 1),
    ("usdt:/t/usdt:slow,demo:slow", 12, 1),
    ("usdt:/t/usdt:*", 24, 1),
    ("uprobe:/t/usdt:slow", 0, 0),
]


def _usdt(context):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        root = os.path.join(folder, "root")
        os.mkdir(root)
        shutil.copy(os.path.join(context.workloads, "usdt"), folder)
        for spec, hits, semaphore in SEMAPHORES:
            if context.wants(spec):
                got, said = _hits(context, folder, spec, ["/t/usdt"], root)
                wanted = "".join(f"{who} slow {semaphore} other 0\n" for who in ("first", "child", "again"))
                context.check(f"semaphore {spec}", None if (got, said) == (hits, wanted) else f"{got} hits, {hits} expected; {harness.shown(said.encode())}")


PYTHON, POSTGRES = "/usr/bin/python3.11", "/usr/lib/postgresql/15/bin/postgres"
COLLECTS = "import gc\ngc.disable()\nfor i in range({}): gc.collect()"  # and some at the interpreter's end
QUERIES = b"select 1;\nselect 2;\nbegin;\nselect 3;\nrollback;\n"
SINGLE = """export PATH=/usr/lib/postgresql/15/bin:$PATH; mkdir /tmp/pg; cd /tmp/pg
initdb -D data --no-locale -E UTF8 -A trust -N --no-sync -U postgres > /dev/null
/t/postgres --single -D data -F postgres < /t/queries > out 2>&1; grep -c '= "' out
"""
# Of QUERIES: each is one, and one is rolled back.
POSTGRES_HITS = {"query__start": 5, "query__done": 5, "transaction__abort": 1}


def _hits_by_note(context, words):
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as work:
        report = os.path.join(work, "report.json")
        run = context.simulator.raw(["run", "-o", report, "-f", "json", *words])
        if not os.path.isfile(report) or os.path.getsize(report) == 0:
            raise AssertionError(harness.shown(run.stderr))
        rows = json.load(open(report))["probes"]["by_probe"]
    return {row["probe"].rsplit(":", 1)[1]: row["hits"] for row in rows}, {row["file_offset_bytes"] for row in rows}, run.stdout


def _usdt_of_debian(context, sysroot):
    """Notes behind semaphores: they are come to while a probe is on them, as often as what they tell of happens, and else not at all."""
    if context.wants("usdt python") and os.path.isfile(sysroot + PYTHON):
        def collected(times, probes):
            return _hits_by_note(context, ["--root", sysroot, *probes, PYTHON, "-S", "-E", "-c", COLLECTS.format(times)])

        notes = ["-p", f"usdt:{PYTHON}:python:gc__start,gc__done"]
        (few, places, _), (more, _, _) = collected(3, notes), collected(8, notes)
        right = few["gc__start"] == few["gc__done"] >= 3 and more["gc__start"] == more["gc__done"] == few["gc__start"] + 5
        context.check("usdt python", None if right else f"{few} with 3 collections, {more} with 8")
        # The same places, without the counter: the program does not come there.
        silent, _, _ = collected(3, [word for place in sorted(places) for word in ("-p", f"uprobe:{PYTHON}:{place:#x}")])
        context.check("usdt python not enabled", f"{silent} hits" if any(silent.values()) else None)
    if context.wants("usdt postgres") and os.path.isfile(sysroot + POSTGRES):
        with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
            os.chmod(folder, 0o755)
            shutil.copy(sysroot + POSTGRES, folder)  # a file of its own: initdb runs the other
            with open(os.path.join(folder, "queries"), "wb") as file:
                file.write(QUERIES)
            words = ["--root", sysroot, "--bind", f"{folder}:/t", "--uid", "65534", "-p", f"usdt:/t/postgres:postgresql:{','.join(POSTGRES_HITS)}"]
            got, _, said = _hits_by_note(context, [*words, "/bin/sh", "-c", SINGLE])
        context.check("usdt postgres", None if (got, said) == (POSTGRES_HITS, b"3\n") else f"{got}, {POSTGRES_HITS} expected; prints {said}")


def _inodes(context):
    """A probe is on a file, not on its name: what takes the name later is not probed. A bind goes where a link leads."""
    busybox = os.path.join(context.sysroot, "bin/busybox")
    if not os.path.isfile(busybox):
        return
    with tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as root:
        os.mkdir(os.path.join(root, "tmp"))
        shutil.copy(os.path.join(context.workloads, "trig_nop"), os.path.join(root, "probed"))
        shutil.copy(busybox, os.path.join(root, "busybox"))
        script = "/probed 5; /busybox cp /probed /copy; /busybox mv /copy /probed; /probed 7"
        got, said = _hits(context, root, "uprobe:/probed:uprobe_target_nop", ["/busybox", "sh", "-c", script], root)
        context.check("replaced while probed", None if got == 5 else f"{got} hits, 5 were made; {harness.shown(said.encode())}")
        # It is written before anything maps it: another instruction is there then, in the same file. push and nop differ by the
        # stack pointer, so that the wrong one would not return.
        shutil.copy(os.path.join(context.workloads, "trig_nop"), os.path.join(root, "written"))
        shutil.copy(os.path.join(context.workloads, "trig_push"), os.path.join(root, "push"))
        script = "/busybox cat /push > /written && /written 7 && echo returned"
        got, said = _hits(context, root, "uprobe:/written:uprobe_target_nop", ["/busybox", "sh", "-c", script], root)
        context.check("written in place", None if (got, said) == (7, "returned\n") else f"{got} hits, 7 were made; {harness.shown(said.encode())}")
        os.makedirs(os.path.join(root, "usr/lib"))
        os.symlink("usr/lib", os.path.join(root, "lib"))
        bound = os.path.join(root, "tmp/bound")
        with open(bound, "w") as file:
            file.write("bound\n")
        for there, seen in (("/lib/file", "/usr/lib/file"), ("/usr/lib/file", "/lib/file"), ("/lib/file", "/lib/file")):
            run = context.simulator.raw(["run", "--root", root, "--bind", f"{bound}:{there}", "-o", os.devnull, "/busybox", "cat", seen])
            context.check(f"bind at {there}, read at {seen}", None if run.stdout == b"bound\n" else harness.shown(run.stdout + run.stderr))


def list_part(context):
    wide = context.sysroot if context.sysroot.endswith("-wide") else context.sysroot + "-wide"
    sysroot = wide if os.path.isdir(wide) else context.sysroot
    if not os.path.isdir(sysroot):
        raise harness.Missing(f"{sysroot} is not there")
    _specs(context)
    _usdt(context)
    _usdt_of_debian(context, sysroot)
    if context.wants("inodes"):
        _inodes(context)
    _binutils(context, sysroot)
    _bpftrace(context, sysroot)
