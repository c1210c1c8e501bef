#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The behaviours of Linux that programs rely on: the modelled kernel must show each as its judge does.

    tests/conformance/run.py --uprobesim build/release/bin/uprobesim --programs build/release/conformance [-v] [THEME[:NAME] ...]

A judge runs in real time and may lose a race on a busy machine: where it differs it is asked again, alone.
"""
import argparse
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../end_to_end"))
import judge  # noqa: E402 (of the end-to-end tests)

LIMIT_SECONDS = 300
QEMU = "qemu-aarch64-static"
# A judge has namespaces of its own, so that it sees few processes and no network, and leaves nothing on the host.
ALONE = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--net", "--ipc", "--uts", "--",
         "sh", "-c", 'mount -t tmpfs tmpfs "$TMPDIR" && exec "$@"', "sh"]
WHO = {"qemu": "qemu-aarch64", "native": "the host's kernel", "documented": "the documentation"}


def behaviours_of(text):
    """{name: what it printed}, of a theme's output."""
    found, name = {}, None
    for line in text.decode(errors="replace").splitlines():
        if line.startswith("== "):
            name = line[3:]
            found[name] = []
        elif name is not None:
            found[name].append(line)
    return found


class Theme:
    def __init__(self, args, name):
        self.args, self.name = args, name
        self.host, self.arm64 = (os.path.join(args.programs, machine, name) for machine in ("host", "arm64"))
        listed = subprocess.run([self.host, "list"], check=True, capture_output=True, text=True).stdout
        self.judge_of = {row.split()[1]: row.split()[0] for row in listed.splitlines()}

    def judged(self, which, names):
        """What a judge shows: of all that it judges, or of some names."""
        if which == "documented":
            return behaviours_of(subprocess.run([self.host, "expected"], check=True, capture_output=True).stdout)
        program = [QEMU, self.arm64] if which == "qemu" else [self.host]
        with tempfile.TemporaryDirectory(prefix="uprobesim-conformance-") as folder:
            run = judge.run(WHO[which], [*ALONE, *program, *names], b"", LIMIT_SECONDS, env={**os.environ, "TMPDIR": folder})
        return behaviours_of(run.stdout)

    def simulated(self, names, cpus):
        with tempfile.TemporaryDirectory(prefix="uprobesim-conformance-") as root:
            os.mkdir(os.path.join(root, "tmp"))
            shutil.copy(self.arm64, os.path.join(root, self.name))
            words = [self.args.uprobesim, "run", "--root", root, "--cpus", str(cpus), "-o", os.devnull, "--", f"/{self.name}", *names]
            run = subprocess.run(words, capture_output=True, timeout=LIMIT_SECONDS, stdin=subprocess.DEVNULL)
        return behaviours_of(run.stdout), run.stderr.decode(errors="replace")


def difference(wanted, got):
    if got is None:
        return "was not run here"
    if wanted is None:
        return "the judge did not run it"
    for i in range(max(len(wanted), len(got))):
        theirs, ours = (lines[i] if i < len(lines) else "(nothing)" for lines in (wanted, got))
        if theirs != ours:
            return f"here: {ours}\n    judge: {theirs}"
    return None


def check(args, theme, names):
    """[(name, judge, difference or None)]"""
    words = names or ["all"]
    runs = [theme.simulated(words, cpus) for cpus in args.cpus]
    wanted = {}
    for which in sorted(set(theme.judge_of[name] for name in names or theme.judge_of)):
        wanted.update(theme.judged(which, names or [which]))
    rows = []
    for name in names or theme.judge_of:
        which, found = theme.judge_of[name], None
        for (shown, errors), cpus in zip(runs, args.cpus):
            def ask(first=[wanted.get(name)]):  # what all were asked together, then alone
                return first.pop() if first else theme.judged(which, [name]).get(name)
            asked = judge.Judge(WHO[which], ask, 1 if which == "documented" else judge.TRIES)
            found = asked.difference(lambda answer: difference(answer, shown.get(name)))
            if found:
                last = errors.strip().splitlines()[-1:] if name not in shown else []
                found = " ".join([f"on {cpus} CPU{'s' if cpus > 1 else ''}", found, *last])
                break
        rows.append((name, which, found))
    return rows


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uprobesim", required=True, type=os.path.abspath)
    parser.add_argument("--programs", required=True, type=os.path.abspath)
    parser.add_argument("--cpus", type=lambda text: [int(n) for n in text.split(",")], default=[1, 4], help="numbers of simulated CPUs (default 1,4)")
    parser.add_argument("-v", "--verbose", action="store_true", help="print each behaviour")
    parser.add_argument("names", nargs="*", metavar="THEME[:NAME]")
    return parser.parse_args()


def wanted_themes(args):
    """{theme: [names], empty for all}"""
    there = sorted(os.listdir(os.path.join(args.programs, "arm64")))
    themes = {}
    for word in args.names or there:
        theme, _, name = word.partition(":")
        if theme not in there:
            sys.exit(f"run.py: no theme '{theme}' (there are: {', '.join(there)})")
        themes.setdefault(theme, []).extend([name] if name else [])
    return themes


def main():
    args = parse()
    if not shutil.which(QEMU) or not shutil.which("unshare"):
        print(f"conformance: skipped: {QEMU} or unshare is not installed")
        return 77
    if os.geteuid() != 0:
        print("conformance: skipped: a judge is the superuser in namespaces of its own, and this user may not be")
        return 77
    total, judges, failed = 0, {}, 0
    themes = wanted_themes(args)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {theme: pool.submit(check, args, Theme(args, theme), names) for theme, names in themes.items()}
        for theme, job in jobs.items():
            for name, which, found in job.result():
                total += 1
                judges[which] = judges.get(which, 0) + 1
                failed += found is not None
                if found or args.verbose:
                    print(f"{'FAIL' if found else 'ok  '} {theme}:{name} ({WHO[which]})" + (f"\n    {found}" if found else ""))
    by_judge = ", ".join(f"{count} by {WHO[which]}" for which, count in sorted(judges.items()))
    print(f"{total} behaviours of {len(themes)} themes: {total - failed} as judged ({by_judge}), {failed} not")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
