#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Assembles tools/measure/trigger.S and writes its bytes into tools/measure/measure; with --check, only compares."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HOME = pathlib.Path(__file__).resolve().parents[1] / "measure"
BLOCK = re.compile(r"(?<=    # BEGIN trigger\n).*?(?=    # END trigger\n)", re.S)
PREFIX = "aarch64-linux-gnu-"
BYTES_A_LINE = 28


def assembled():
    with tempfile.TemporaryDirectory() as folder:
        part, whole = f"{folder}/trigger.o", f"{folder}/trigger"
        subprocess.run([PREFIX + "gcc", "-c", "-o", part, HOME / "trigger.S"], check=True)
        subprocess.run([PREFIX + "ld", "-n", "-T", HOME / "trigger.ld", "-o", whole, part], check=True)
        subprocess.run([PREFIX + "strip", "--strip-unneeded", "--wildcard", "--keep-symbol=uprobe_target_*", whole], check=True)
        return pathlib.Path(whole).read_bytes()


def shell_lines(data):
    """printf with octal escapes, which every POSIX shell has."""
    lines = []
    for at in range(0, len(data), BYTES_A_LINE):
        octal = "".join(f"\\{byte:03o}" for byte in data[at : at + BYTES_A_LINE])
        lines.append(f"    printf '{octal}'\n")
    return "".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; status 1 where they differ")
    check = parser.parse_args().check
    script = HOME / "measure"
    text = script.read_text(encoding="utf-8")
    lines = shell_lines(assembled())
    if check and BLOCK.search(text)[0] != lines:
        sys.exit("tools/measure/measure has other bytes than trigger.S: run tools/dev/embed_trigger.py")
    if not check:
        script.write_text(BLOCK.sub(lambda _: lines, text), encoding="utf-8")


if __name__ == "__main__":
    main()
