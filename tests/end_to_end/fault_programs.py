# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that meet a killed peer, a full disk, pipe or memory, or no descriptor: tables only, the scripts are in faults/.

If the host's shell and perl cannot give the expected output, the table has it: as the same script prints it with
redis on qemu-aarch64 and, for the disk, in a tmpfs of 1 MiB. The effects of a user's limits and of the machine's
memory are documented (redis.conf, malloc(3), getrlimit(2)).
"""
import os

from task_programs import HOST, TEXT, TaskCase

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "faults")


def _case(name, **more):
    script = open(os.path.join(FOLDER, name + ".sh"), "rb").read()
    expected = os.path.join(FOLDER, name + ".expected")
    judged = {"judge": TEXT, "stdout": open(expected, "rb").read()} if os.path.exists(expected) else {"judge": HOST}
    # In a folder that every user may write.
    return TaskCase(name, ["/bin/sh", "-c", "cd /tmp && sh /case/script.sh"] if judged["judge"] == TEXT else ["/bin/sh", "script.sh"],
                    files={"script.sh": script}, **judged, **more)


CASES = [
    _case("killed"),
    _case("descriptors"),
    _case("descriptors_redis", options=("--uid", "1000")),
    _case("pipes"),
    _case("file_size"),
    _case("full_disk", options=("--scratch-limit", "1M")),
    _case("full_disk_redis", options=("--scratch-limit", "1M")),
    _case("memory", options=("--memory", "64M")),
    TaskCase("memory-first-process", ["/usr/bin/perl", "-e", 'push @a, "y" x 10000 while 1'], judge=TEXT, stdout=b"", status=137,
             options=("--memory", "32M")),
    TaskCase("scratch-limit-0", ["/bin/sh", "-c", "echo x > file; echo $?"], judge=TEXT, stdout=b"1\n", options=("--scratch-limit", "0")),
]
