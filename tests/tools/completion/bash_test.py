#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Completes command lines in a real bash, on a pseudo terminal: bash_test.py UPROBESIM WORKLOADS.

Each row types a line, presses TAB and then Enter, where the command is a function that prints the words it was given:
so the test sees what a user would have run.
"""
import os
import pty
import select
import shutil
import sys
import tempfile
import time

# What is typed before TAB, and the words that then stand there.
ROWS = [
    ("uprobesim comp", ["compare"]),
    ("uprobesim run --max-i", ["run", "--max-insns"]),
    ("uprobesim run --kernel next-20240918+s", ["run", "--kernel", "next-20240918+skip"]),
    ("uprobesim run --kernel=next-20240918+s", ["run", "--kernel=next-20240918+skip"]),
    ("uprobesim compare --kernels v6.1,next-20240918+s", ["compare", "--kernels", "v6.1,next-20240918+skip"]),
    ("uprobesim run --set machine.ops.ic-", ["run", "--set", "machine.ops.ic-ivau="]),
    ("uprobesim run -p upr", ["run", "-p", "uprobe:"]),
    ("uprobesim run -p uprobe:/b", ["run", "-p", "uprobe:/bin/"]),
    ("uprobesim run -p uprobe:/bin/tr", ["run", "-p", "uprobe:/bin/trig_push:"]),
    ("uprobesim run -p uprobe:/bin/trig_push:uprobe_t", ["run", "-p", "uprobe:/bin/trig_push:uprobe_target_push"]),
    ("uprobesim run -p 'uprobe:/bin/trig_push:uprobe_t", ["run", "-p", "uprobe:/bin/trig_push:uprobe_target_push"]),
    ("uprobesim run -p uprobe:/bin/trig_push:x /bin/tr", ["run", "-p", "uprobe:/bin/trig_push:x", "/bin/trig_push"]),
    ("uprobesim run -o out-fi", ["run", "-o", "out-file"]),
    ("uprobesim reproduce sca", ["reproduce", "scaling"]),
    ("uprobesim scenario show redis-g", ["scenario", "show", "redis-get"]),
]
SECONDS = 20


class Bash:
    """A bash that has read nothing of the user's, with the completion and a function that prints its words."""

    def __init__(self, folder, script):
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.environ.update(PS1="$ ", TERM="dumb", INPUTRC="/dev/null", HISTFILE="")
            os.execvp("bash", ["bash", "--noprofile", "--rcfile", script, "-i"])

    def read_until(self, mark):
        text, end = "", time.monotonic() + SECONDS
        while mark not in text and time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.1)[0]:
                text += os.read(self.terminal, 65536).decode(errors="replace")
        return text

    def words_after_tab(self, line):
        os.write(self.terminal, f"{line}\t\n".encode())
        text = self.read_until("<end>\r\n")
        return [part.split(">")[0] for part in text.split("<word ")[1:]]


def main():
    tool, workloads = (os.path.abspath(path) for path in sys.argv[1:3])
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../tools/completion/uprobesim.bash")
    if shutil.which("bash") is None or not os.path.exists(os.path.join(workloads, "trig_push")):
        print("bash or the workloads are missing")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "root/bin"))
        os.makedirs(os.path.join(folder, "path"))
        shutil.copy(os.path.join(workloads, "trig_push"), os.path.join(folder, "root/bin"))
        open(os.path.join(folder, "out-file"), "w").close()
        os.symlink(tool, os.path.join(folder, "path/uprobesim"))
        start = os.path.join(folder, "rc")
        with open(start, "w", encoding="ascii") as rc:
            # The completion asks the program by its name, as a file; typed, the name is the function.
            rc.write(f"PATH='{folder}/path':$PATH; export UPROBESIM_SYSROOT='{folder}/root'\n. '{script}'\n"
                     "uprobesim() { printf '<word %s>' \"$@\"; printf '<end>\\n'; }\n"
                     "PS1='$ '\nbind 'set bell-style none' 'set enable-bracketed-paste off'\n")
        failures = 0
        for line, expected in ROWS:
            bash = Bash(folder, start)
            bash.read_until("$ ")
            words = bash.words_after_tab(line)
            os.close(bash.terminal)
            if words != expected:
                failures += 1
                print(f"{line}<TAB>\n  gives    {words}\n  expected {expected}")
    print(f"{len(ROWS) - failures} passed, {failures} failed")
    sys.exit(1 if failures else 0)


main()
