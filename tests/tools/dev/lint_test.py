#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees that break one rule each: the lint must say so, and must pass the tree that breaks none."""
import os
import sys
import tempfile
import unittest

REPOSITORY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(REPOSITORY, "tools", "dev", "lint"))
import layers  # noqa: E402
import lint  # noqa: E402

LICENCE = "// SPDX-License-Identifier: GPL-2.0-or-later\n"


def source(*lines):
    return LICENCE + "\n".join(lines) + "\n"


class LintTest(unittest.TestCase):
    def violations(self, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            found = lint.check_tree(root)
            self.assertEqual(next(found), len(files))
            return list(found)

    def test_a_tree_that_breaks_no_rule_passes(self):
        self.assertEqual(self.violations({
            "sim/base/units.h": source("#pragma once"),
            "sim/mem/frame.h": source('#include "sim/base/units.h"', "#include <vector>"),
            "tools/report/report.cpp": source('#include "sim/mem/frame.h"'),
            "tests/sim/mem/frame_test.cpp": source('#include "sim/mem/frame.h"'),
        }), [])

    def test_an_include_of_a_higher_top_folder_fails(self):
        found = self.violations({
            "sim/base/units.h": source('#include "tools/report/report.h"'),
            "tools/report/report.h": source(),
        })
        self.assertEqual(found, [
            'sim/base/units.h:2: includes "tools/report/report.h": tools/report is not below sim/base'])

    def test_an_upward_include_inside_a_top_folder_fails(self):
        found = self.violations({
            "tools/format/text.h": source('#include "tools/report/report.h"'),
            "tools/report/report.h": source(),
        })
        self.assertEqual(len(found), 1)
        self.assertIn("tools/report is not below tools/format", found[0])

    def test_folders_in_one_row_do_not_see_each_other(self):
        found = self.violations({
            "sim/insn/a.h": source('#include "sim/mem/b.h"'),
            "sim/mem/b.h": source(),
        })
        self.assertEqual(len(found), 1)

    def test_a_ring_of_folders_fails(self):
        found = self.violations({
            "tools/report/a.h": source('#include "tools/views/b.h"'),
            "tools/views/b.h": source(),
            "tools/views/c.h": source('#include "tools/report/d.h"'),
            "tools/report/d.h": source(),
        })
        self.assertIn("tools/report: includes in a ring: tools/report, tools/views", found)

    def test_a_ring_of_files_fails(self):
        found = self.violations({
            "sim/base/a.h": source('#include "sim/base/b.h"'),
            "sim/base/b.h": source('#include "sim/base/a.h"'),
        })
        self.assertEqual(found, ["sim/base/a.h: includes in a ring: sim/base/a.h, sim/base/b.h"])

    def test_a_folder_without_a_layer_fails(self):
        found = self.violations({
            "gadgets/a.h": source('#include "gadgets/b.h"'),
            "gadgets/b.h": source(),
        })
        self.assertEqual(len(found), 1)
        self.assertIn("by its full path", found[0])
        self.assertIsNone(layers.layer_of("gadgets"))

    def test_a_subfolder_does_not_inherit_the_layer_of_its_parent(self):
        self.assertEqual(layers.layer_of("kernel_model/syscall"), "kernel_model/syscall")
        self.assertIsNone(layers.layer_of("kernel_model/syscall/gadgets"))
        found = self.violations({
            "kernel_model/syscall/gadgets/a.h": source('#include "kernel_model/syscall/syscall.h"'),
            "kernel_model/syscall/syscall.h": source(),
        })
        self.assertEqual(found, [
            'kernel_model/syscall/gadgets/a.h:2: has no layer: place "kernel_model/syscall/gadgets" in '
            'tools/dev/lint/layers.py'])

    def test_the_kernel_does_not_include_what_runs_it(self):
        for above in ("signal", "syscall", "syscall/files", "run"):
            found = self.violations({
                "kernel_model/kernel/kernel.cpp": source(f'#include "kernel_model/{above}/a.h"'),
                f"kernel_model/{above}/a.h": source(),
            })
            self.assertEqual(found, [
                f'kernel_model/kernel/kernel.cpp:2: includes "kernel_model/{above}/a.h": kernel_model/{above} is not '
                'below kernel_model/kernel'])

    def test_system_calls_see_the_kernel_and_their_shared_parts_but_not_each_other(self):
        self.assertEqual(self.violations({
            "kernel_model/syscall/files/a.cpp": source('#include "kernel_model/kernel/kernel.h"',
                                                       '#include "kernel_model/syscall/transfer/b.h"'),
            "kernel_model/kernel/kernel.h": source(),
            "kernel_model/syscall/transfer/b.h": source(),
        }), [])
        self.assertEqual(len(self.violations({
            "kernel_model/syscall/files/a.cpp": source('#include "kernel_model/syscall/net/b.h"'),
            "kernel_model/syscall/net/b.h": source(),
        })), 1)

    def test_every_folder_with_sources_has_a_layer(self):
        folders = {os.path.dirname(path) for path in lint.repository_files(REPOSITORY)
                   if lint.is_cpp(path) and layers.top_of(path) in layers.TOPS}
        self.assertEqual(sorted(folder for folder in folders if layers.layer_of(folder) is None), [])

    def test_the_limit_of_sources_in_a_folder(self):
        files = {f"sim/base/f{i}.cpp": source() for i in range(lint.MAX_SOURCES)}
        self.assertEqual(self.violations(files), [])
        files["sim/base/one_more.cpp"] = source()
        self.assertEqual(self.violations(files), ["sim/base: 31 source files in one folder; the limit is 30"])

    def test_the_limit_of_lines_in_a_file(self):
        self.assertEqual(self.violations({"sim/base/a.cpp": source(*["//"] * (lint.MAX_LINES - 1))}), [])
        found = self.violations({"sim/base/a.cpp": source(*["//"] * lint.MAX_LINES)})
        self.assertEqual(found, ["sim/base/a.cpp:501: 501 lines; the limit is 500"])

    def test_a_wrapped_library_stays_in_its_place(self):
        self.assertEqual(self.violations({"sim/cpu/unicorn/engine.cpp": source("#include <unicorn/unicorn.h>")}), [])
        self.assertEqual(len(self.violations({"sim/cpu/cpu.h": source("#include <unicorn/unicorn.h>")})), 1)
        self.assertEqual(len(self.violations({"tools/report/a.h": source("#include <boost/any.hpp>")})), 1)

    def test_banned_calls_and_their_exemption(self):
        self.assertEqual(len(self.violations({"sim/base/a.cpp": source("#include <chrono>")})), 1)
        self.assertEqual(len(self.violations({"sim/base/a.cpp": source("std::unordered_map<int, int> m;")})), 1)
        self.assertEqual(self.violations({
            "sim/base/a.cpp": source("#include <chrono>  // lint: allow (the progress line only)")}), [])

    def test_a_source_without_its_licence_fails(self):
        self.assertEqual(len(self.violations({"sim/base/a.cpp": "int x;\n"})), 1)

    def test_a_test_sees_its_own_top_folder_and_those_below(self):
        self.assertEqual(self.violations({
            "tests/probes/hit_test.cpp": source('#include "kernel_model/kernel/kernel.h"'),
            "kernel_model/kernel/kernel.h": source()}), [])
        self.assertEqual(len(self.violations({
            "tests/sim/cpu_test.cpp": source('#include "kernel_model/kernel/kernel.h"'),
            "kernel_model/kernel/kernel.h": source()})), 1)


if __name__ == "__main__":
    unittest.main()
