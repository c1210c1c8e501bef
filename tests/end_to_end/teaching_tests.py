# SPDX-License-Identifier: GPL-2.0-or-later
"""The course of docs/teaching: every command runs, every query gives one value, which is what the Arm manual, Linux, the published
measurements or the machine's figures say; the right answer is accepted and a wrong one refused with a hint that does not tell."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import tomllib

import harness

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
COURSE = DOCS / "teaching"
DATA = DOCS.parent / "sim/data"
SECONDS = 120
RIGHT, WRONG, MISTAKE = 0, 1, 2

# What the Arm manual and Linux say.
KNOWN = {
    "1a": (0xd42000a0, "BRK #imm16 is 11010100 001 imm16 00000; UPROBES_BRK_IMM is 5"),
    "1b": (0x3c, "ESR_EL1.EC: BRK instruction execution in AArch64 state"),
    "1c": (5, "UPROBES_BRK_IMM of arch/arm64/include/asm/brk-imm.h"),
    "1d": (0, "the preferred return address of a BRK is its own"),
    "1e": ("TIF_UPROBE", "uprobe_pre_sstep_notifier"),
    "1f": (2, "a BRK and a software step"),
    "2a": (0xa9bf7bfd, "stp x29, x30, [sp, #-16]!, as GNU as assembles it"),
    "2b": (4, "slot 0 is the trampoline; UPROBE_XOL_SLOT_BYTES is 4"),
    "2c": (1, "SPSR_EL1.SS: one instruction is executed before the software step exception"),
    "2d": (4, "the preferred return address of a software step is the next instruction's"),
    "2e": (4, "arch_uprobe_post_xol: utask->vaddr + 4"),
    "2f": ("insn-abort", "the XOL page is a special mapping, whose first fetch faults"),
    "2g": (0, "arm_probe_decode_insn: ADR is INSN_GOOD_NO_SLOT"),
    "3b": (1, "no software step"),
    "4b": (2, "caches_clean_inval_pou: one after the clean, one after the invalidation"),
    "5a": (2, "the function's entry and the trampoline"),
    "5b": (0, "xol_create_area: the trampoline is the first slot"),
    "5d": (1, "one call"),
    "5f": ("uretprobe.lease", "hprobe_init_leased came with 6.13"),
    "6a": (0, "the instruction was not executed"),
    "6b": ("UTASK_SSTEP_TRAPPED", "uprobe_deny_signal"),
    "6c": (0, "arch_uprobe_abort_xol: utask->vaddr"),
    "6d": ("SIGSEGV", "a load of an address that is not mapped"),
    "6e": (4688 + 16, "sizeof(struct rt_sigframe) and a frame record"),
    "6f": ("rt_sigreturn", "sigreturn of the vDSO"),
}


def measured(simulator):
    """What measurements and other commands say: by question a value and how far off it may be."""
    def json_of(*words):
        return json.loads(subprocess.run([simulator.binary, *words, "-f", "json"], check=True, capture_output=True).stdout)
    tables = {table["id"]: {row["name"]: table["frequency_hz"] / (row["published_mhits_per_s"] * 1e6) for row in table["rows"]}
              for table in json_of("reproduce")["tables"]}
    stepped, pinned = tables["next-20241104-xol-stp"], tables["next-20241104-sim-stp"]
    copied, skipped = tables["next-20241104-sim-stp-copy_to_user"], tables["next-20240918-flush-if-changed"]
    said = re.search(r"uprobe\.slot\.sync +1 +45 +([\d,]+) +([\d.]+)%", (DOCS / "results.md").read_text(encoding="utf-8"))
    line = float(said[1].replace(",", ""))
    machine = tomllib.loads((DATA / "machines/kunpeng916.toml").read_text(encoding="utf-8"))
    cores, barrier, refetch = (machine[key]["value"] for key in ("shareability-cores", "dsb-ish-per-core", "slot-refetch-per-core"))
    far = cores * (2 * barrier + refetch)
    pair = machine["exception-entry"]["value"] + machine["exception-return"]["value"]
    paths = json_of("bench", "--machine", "kunpeng916", "--kernels", "next-20241104+stp", "uprobe-push")["tables"][0]["rows"][0]["paths_per_hit"]
    (emulated,) = (path["cycles"] for path in paths if path["name"].startswith("uprobe.emulate"))
    off = 0.03  # most deviations of rows are less
    return {
        "3a": (stepped["uprobe-push"] - pinned["uprobe-push"], off * stepped["uprobe-push"]),
        "3c": (pair, 0),
        "3d": (emulated, 0.01),
        "3e": (float(said[2]), 0.2),
        "3f": (pinned["uprobe-push"] - copied["uprobe-push"], off * pinned["uprobe-push"]),
        "4a": (line, 1),
        "4c": (2 * (machine["ops"]["dsb-ish"]["value"] + cores * barrier), 0.01),
        "4d": (far, 0.01),
        "4e": (line + far, 1),
        "4f": (skipped["uprobe-push"], off * skipped["uprobe-push"]),
        "5e": (stepped["uretprobe-ret"] - stepped["uprobe-ret"], off * stepped["uretprobe-ret"]),
    }


class Course:
    def __init__(self, context):
        self.context = context
        self.table = tomllib.loads((COURSE / "exercises.toml").read_text(encoding="utf-8"))
        self.environment = {**os.environ, "UPROBESIM": context.simulator.binary, "UPROBESIM_SYSROOT": context.sysroot}

    def grade(self, *words):
        return subprocess.run([COURSE / "grade", *words], env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False)

    def solution(self, name):
        done = self.grade("--solution", name)
        if done.returncode != RIGHT or len(done.stdout.split()) != 1:
            return None, f"--solution gives status {done.returncode}, {done.stdout!r}, {done.stderr!r}"
        return done.stdout.strip(), None

    def command_runs(self, command):
        words = [self.context.simulator.binary, *shlex.split(command)[1:]]
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        return None if done.returncode == 0 and "EXCEPTION" in done.stdout else f"status {done.returncode}, {done.stderr!r}"

    def on_page(self, exercise):
        page = (COURSE / exercise["page"]).read_text(encoding="utf-8")
        told = (COURSE / "README.md").read_text(encoding="utf-8")
        absent = [q["id"] for q in exercise["question"] if f"**{q['id']}.**" not in page]
        if absent:
            return f"{exercise['page']} does not ask {absent}"
        if exercise["command"] not in page or f"# Exercise {exercise['number']}: {exercise['title'][0].lower()}" not in page:
            return f"{exercise['page']} has another command or title"
        row = re.search(rf"\[{exercise['number']}\. {re.escape(exercise['title'])}\]\({exercise['page']}\).*\| (\d+) \|", told)
        return None if row and int(row[1]) == exercise["minutes"] else "the README says otherwise"

    def accepted_and_refused(self, question, right):
        told = self.grade(question["id"], right)
        if (told.returncode, told.stdout) != (RIGHT, f"{question['id']}: right\n"):
            return f"the right answer gives {told.stdout!r} {told.stderr!r}"
        form = question["form"]
        wrong = "nothing" if form == "word" else f"{int(right, 16) + 4:x}" if form == "hex" else f"{float(right) + 2 * question.get('within', 0) + 1:.6g}"
        told = self.grade(question["id"], wrong)
        if told.returncode != WRONG or question["hint"] not in told.stdout:
            return f"the wrong answer {wrong} gives {told.stdout!r} {told.stderr!r}"
        if form != "number" and right.lower() in told.stdout.lower():
            return f"the hint tells: {told.stdout!r}"
        if form != "word" and self.grade(question["id"], "nothing").returncode != MISTAKE:
            return "a word in place of a number is not refused"
        return None


def _is_expected(question, right, expected):
    if question["id"] not in expected:
        return "nothing outside of the tool says what is right"
    wanted, off = expected[question["id"]]
    if question["form"] == "word":
        return None if right == wanted else f"{right}, not {wanted}"
    value = int(right, 16) if question["form"] == "hex" else float(right)
    return None if abs(value - wanted) <= off else f"{value}, not {wanted} within {off}"


def _sheet(course, answers):
    with tempfile.TemporaryDirectory(prefix="teaching.") as folder:
        path = pathlib.Path(folder, "answers")
        path.write_text("# a student's\n" + "".join(f"{name} {answer}\n" for name, answer in answers.items()), encoding="utf-8")
        whole = course.grade("--sheet", str(path))
        if whole.returncode != RIGHT or f"{len(answers)} of {len(answers)} right, 0 not answered" not in whole.stdout:
            return f"all right gives {whole.stdout!r} {whole.stderr!r}"
        path.write_text("1b 1\n1b 60\n1c 7\n", encoding="utf-8")
        part = course.grade("--sheet", str(path))
        if part.returncode != WRONG or not part.stdout.endswith(f"1 of {len(answers)} right, {len(answers) - 2} not answered\n"):
            return f"the last answer counts: {part.stdout!r}"
        path.write_text("1b\n", encoding="utf-8")
        return None if course.grade("--sheet", str(path)).returncode == MISTAKE else "half a line is taken"


def teaching_part(context):
    if shutil.which("jq") is None:
        raise harness.Missing("jq is not installed")
    if not os.path.isdir(context.sysroot):
        raise harness.Missing(f"{context.sysroot} is not there (tools/setup/fetch-sysroot)")
    course = Course(context)
    expected = {name: (value, 0) for name, (value, _) in KNOWN.items()} | measured(context.simulator)
    before = json.loads(subprocess.run([context.simulator.binary, "explain", "-f", "json", "--kind", "uretprobe", "ret"], check=True,
                                       capture_output=True).stdout)["runs"][0]["before"]
    expected["5c"] = (int(before["x30"], 16), 0)  # the program goes on where x30 said at the function's entry
    answers = {}
    for exercise in course.table["exercise"]:
        context.check(f"page-{exercise['number']}", course.on_page(exercise))
        for question in exercise["question"]:
            name = question["id"]
            answers[name], failure = course.solution(name)
            context.check(f"answer-{name}", failure or _is_expected(question, answers[name], expected))
            if context.wants(f"grade-{name}") and not failure:
                context.check(f"grade-{name}", course.accepted_and_refused(question, answers[name]))
    for command in sorted({q.get("command", e["command"]) for e in course.table["exercise"] for q in e["question"]}):
        context.check(f"command {command.strip()}", course.command_runs(command))
    context.check("sheet", _sheet(course, answers))
    unknown = course.grade("7z", "1")
    context.check("unknown-question", None if unknown.returncode == MISTAKE and "7z" in unknown.stderr else unknown.stderr)
