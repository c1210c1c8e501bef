# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a judge (qemu-aarch64, or the host's own program) what a case must answer, and compares.

A judge runs in real time. On a busy machine it may lose a race that the case's program leaves open, or take long. So a
different answer is not held against the simulator at once: the judge is asked again, and each of its answers is one that
Linux gives. Where all of them agree with each other and not with the simulator, the case fails.
"""
import os
import signal
import subprocess

TRIES = 5
LIMIT_SECONDS = 120  # of one try


class Silent(Exception):
    """The judge did not end in time."""


def _begin(enter):
    """What a judge must not take over from whoever started the tests: niceness and umask are those of a fresh login."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    except PermissionError:  # only the superuser may lower it
        pass
    os.umask(0o022)
    if enter:
        enter()


def run(who, words, stdin=None, limit=LIMIT_SECONDS, preexec_fn=None, **options):
    """Runs a judge in a session of its own, and leaves none of its processes behind."""
    given = {"stdin": stdin} if stdin is None or hasattr(stdin, "fileno") else {"stdin": subprocess.PIPE}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                          preexec_fn=lambda: _begin(preexec_fn), **given, **options) as process:
        try:
            stdout, stderr = process.communicate(stdin if given["stdin"] == subprocess.PIPE else None, timeout=limit)
        except subprocess.TimeoutExpired:
            raise Silent(f"the judge, {who}, did not end in {limit} s") from None
        finally:
            _end_session(process.pid)
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def _end_session(leader):
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Judge:
    """What a judge answers, asked for when it is needed and kept."""

    def __init__(self, who, ask, tries=TRIES):
        self.who, self.ask, self.tries_left, self.answers, self.silences = who, ask, tries, [], []

    def difference(self, compare):
        """None where some answer of the judge is ours. `compare`: a line that says how one answer differs, or None."""
        first = None
        for answer in self._each():
            line = compare(answer)
            if line is None:
                return None
            first = first or line
        if not self.answers:
            return self.silences[0]
        return f"{first} ({self.who} answered {len(self.answers)} times)"

    def _each(self):
        yield from self.answers
        while self.tries_left > 0:
            self.tries_left -= 1
            try:
                self.answers.append(self.ask())
            except Silent as silence:
                self.silences.append(str(silence))
                continue
            yield self.answers[-1]
