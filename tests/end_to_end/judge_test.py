#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the judge does when its answers differ, or do not come."""
import os
import select
import subprocess
import sys
import unittest

import judge


def differs_from(ours):
    return lambda answer: None if answer == ours else f"{ours}, not {answer}"


def answers(*given):
    left = list(given)

    def ask():
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
    return ask


class JudgeTest(unittest.TestCase):
    def test_an_equal_first_answer_is_enough(self):
        self.assertIsNone(judge.Judge("j", answers("a")).difference(differs_from("a")))

    def test_a_later_answer_may_be_equal(self):
        self.assertIsNone(judge.Judge("j", answers("b", "a")).difference(differs_from("a")))

    def test_five_other_answers_are_a_difference(self):
        line = judge.Judge("j", answers("b", "c", "b", "b", "b", "a")).difference(differs_from("a"))
        self.assertEqual(line, "a, not b (j answered 5 times)")

    def test_answers_are_kept_for_the_next_comparison(self):
        one = judge.Judge("j", answers("a"), tries=1)
        self.assertIsNone(one.difference(differs_from("a")))
        self.assertIsNone(one.difference(differs_from("a")))
        self.assertEqual(one.difference(differs_from("b")), "b, not a (j answered 1 times)")

    def test_a_judge_that_never_ends_is_named(self):
        silent = judge.Silent("the judge, j, did not end in 1 s")
        self.assertEqual(judge.Judge("j", answers(silent, silent), tries=2).difference(differs_from("a")), str(silent))

    def test_a_run_past_its_limit_is_ended_with_its_children(self):
        with self.assertRaisesRegex(judge.Silent, "the judge, sh, did not end in 0.5 s"):
            judge.run("sh", ["sh", "-c", "sleep 60"], b"", limit=0.5)
        reader, writer = os.pipe()
        with self.assertRaises(judge.Silent):
            judge.run("sh", ["sh", "-c", "sleep 60 & wait"], b"", limit=0.5, pass_fds=(writer,))
        os.close(writer)
        # The child that held the other end is gone.
        self.assertTrue(select.select([reader], [], [], 30)[0])
        self.assertEqual(os.read(reader, 1), b"")
        os.close(reader)

    def test_standard_input_and_output_are_the_case_s(self):
        done = judge.run("cat", ["sh", "-c", "cat; echo err >&2; exit 3"], b"text")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (3, b"text", b"err\n"))

    def test_niceness_and_umask_are_not_those_of_the_tests(self):
        words = [sys.executable, "-c", "import judge; print(judge.run('sh', ['sh', '-c', 'nice; umask'], preexec_fn=lambda: None).stdout.decode(), end='')"]
        niced = subprocess.run(["nice", "-n", "3", "sh", "-c", 'umask 077; exec "$@"', "sh", *words], cwd=os.path.dirname(os.path.abspath(__file__)),
                               check=True, capture_output=True, text=True).stdout
        niceness, mask = niced.split()
        self.assertEqual(mask, "0022")
        if os.geteuid() == 0:  # only the superuser may lower it
            self.assertEqual(niceness, "0")


if __name__ == "__main__":
    unittest.main()
