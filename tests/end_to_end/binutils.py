# SPDX-License-Identifier: GPL-2.0-or-later
"""What binutils say of an arm64 file: where functions, PLT entries and USDT probes are, as file offsets."""
import re
import shutil
import subprocess

import harness

PREFIX = "aarch64-linux-gnu-"


def tool(name, *words):
    if not shutil.which(PREFIX + name):
        raise harness.Missing(f"{PREFIX}{name} is not installed")
    run = subprocess.run([PREFIX + name, *words], capture_output=True, text=True, errors="replace", timeout=300)
    if run.returncode != 0 and not run.stdout:
        raise AssertionError(f"{name} {' '.join(words)}: {run.stderr.strip()}")
    return run.stdout


class Binary:
    def __init__(self, path):
        self.path = path
        self.code = []  # (address, offset, size) of executable sections
        self.loaded = []  # the same of segments
        headers = tool("readelf", "-SlW", path)
        for line in headers.splitlines():
            section = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+(\S+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+([0-9a-f]+)\s+\S+\s+([A-Za-z]*)\s", line)
            if section and section[2] == "PROGBITS" and "X" in section[6]:
                self.code.append(tuple(int(section[i], 16) for i in (3, 4, 5)))
            segment = re.match(r"\s*LOAD\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)", line)
            if segment:
                self.loaded.append((int(segment[2], 16), int(segment[1], 16), int(segment[3], 16)))

    def offset(self, address, places=None):
        for start, offset, size in self.code if places is None else places:
            if start <= address < start + size:
                return offset + address - start
        return None

    def symbols(self):
        """{(offset, name)} of functions, and the same of IFUNCs. A version that is not the default stays in the name."""
        functions, indirect = set(), set()
        for line in tool("readelf", "-sW", "--syms", "--dyn-syms", self.path).splitlines():
            row = re.match(r"\s*\d+:\s+([0-9a-f]+)\s+\S+\s+(FUNC|IFUNC)\s+\S+\s+\S+\s+(?:\[.*?\]\s+)?(\S+)\s+(.+?)(?:\s+\(\d+\))?$", line)
            if not row or row[3] == "UND":
                continue
            offset = self.offset(int(row[1], 16))
            if offset is None:
                continue
            name = row[4].split("@@")[0] if "@@" in row[4] else row[4]
            (functions if row[2] == "FUNC" else indirect).add((offset, name))
        return functions, indirect

    def _plt(self):
        for line in tool("objdump", "-d", "-j", ".plt", self.path).splitlines():
            row = re.match(r"([0-9a-f]{16}) <(\S+)@plt>:$", line)
            if row:
                yield self.offset(int(row[1], 16)), row[2]

    def plt(self):
        """{(offset, name)} by the disassembler's own names of the entries."""
        # It counts relocations, and takes those of thread-local variables (TLSDESC) for entries, which they have none of.
        variables = {line.split()[4] for line in tool("readelf", "-rW", self.path).splitlines() if "TLSDESC" in line and len(line.split()) > 4}
        names = {(offset, name) for offset, name in self._plt() if not name.startswith("*ABS*")}
        return {(offset, f"{name}@plt") for offset, name in names if name.split("@")[0] not in {v.split("@")[0] for v in variables}}

    def nameless_plt(self):
        """Offsets of entries that call what an IFUNC of the file itself returned."""
        return {offset for offset, name in self._plt() if name.startswith("*ABS*")}

    def notes(self):
        """[(offset, provider:name, arguments, semaphore's offset or None)], sorted."""
        found, note = [], {}
        for line in tool("readelf", "-n", self.path).splitlines():
            row = re.match(r"\s+(Provider|Name|Arguments): ?(.*)$", line)
            if row:
                note[row[1]] = row[2]
            row = re.match(r"\s+Location: 0x([0-9a-f]+), Base: 0x([0-9a-f]+), Semaphore: 0x([0-9a-f]+)", line)
            if row:
                note["Location"], note["Semaphore"] = int(row[1], 16), int(row[3], 16)
            if line.strip().startswith("Arguments:"):
                semaphore = self.offset(note["Semaphore"], self.loaded) if note["Semaphore"] else None
                found.append((self.offset(note["Location"]), f"{note['Provider']}:{note['Name']}", note["Arguments"], semaphore))
        return sorted(found, key=str)


def demangled(names):
    run = subprocess.run([PREFIX + "c++filt", "-i"], input="\n".join(names), capture_output=True, text=True, timeout=300)
    return dict(zip(names, run.stdout.split("\n")))
