# SPDX-License-Identifier: GPL-2.0-or-later
"""What cores beyond Armv8.0 execute, as qemu-aarch64 with the same core does, or as the Arm manual and Linux say."""
import os
import tempfile
from dataclasses import dataclass

import harness
import judge
import programs

GUARDED = """name = "guarded"
based-on = "neoverse-v1"
description = "a Neoverse V1 with branch targets"
[isa]
features = { list = ["aes", "pmull", "sha1", "sha2", "crc32", "lse", "rdm", "fp16", "dpb", "pan", "rcpc", "pac", "bti"], \
source = "a test's", confidence = "assumption" }
"""

# The kernel's words for what each core has (its /proc/cpuinfo), without the event stream, which is not modelled, and without
# what neoverse-v1 leaves out.
A72 = "fp asimd aes pmull sha1 sha2 crc32 cpuid"
N1 = "fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs"
V1 = ("fp asimd aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop sha3 sm3 sm4 asimddp "
      "sha512 asimdfhm dit uscat ilrcpc flagm ssbs paca pacg dcpodp dgh rng")


def cpuinfo(mips, features, variant, part, revision):
    return (f"processor\t: 0\nBogoMIPS\t: {mips}\nFeatures\t: {features}\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
            f"CPU variant\t: {variant}\nCPU part\t: {part}\nCPU revision\t: {revision}\n")


# ldadd, ldapr, fadd of halves, sdot, sqrdmlah, pacia, casp, eor3, cfinv, retaa; of a core that has none of them.
LATER = ["f8200020", "b8bfc020", "1ee02820", "4e809400", "6e808420", "dac10020", "48207c22", "ce020020", "d500401f", "d65f0bff"]
# What a Neoverse N1 lacks: sha3, flagm, pac, frint, jscvt, stlur, sb, dc cvadp, rndr, sm4e.
NOT_N1 = ["ce020020", "d500401f", "dac10020", "1e284020", "1e7e0020", "99000020", "d50330ff", "d50b7d21", "d53b2400", "cec08420"]


def undefined(words):
    return "".join(f"{word}: signal 4 code 0\n" for word in words)


@dataclass(frozen=True)
class CoreCase:
    name: str
    machine: str
    argv: list
    cpu: str = None     # the judge: qemu-aarch64 -cpu
    stdout: str = None  # or what must be printed
    cpus: tuple = (1,)
    options: tuple = ()


PROBES = ("-p", "uprobe:/cores:main", "-p", "uprobe:/cores:main+4", "-p", "uretprobe:/cores:lse", "-p", "uretprobe:/cores:called",
          "-p", "uprobe:/cores:called", "-p", "uprobe:/cores:called+8", "-p", "uretprobe:/cores:code_page", "-p", "uprobe:/cores:code_page+4")

CASES = [
    CoreCase("lse", "neoverse-n1", ["lse"], cpu="neoverse-n1", cpus=(1, 4)),
    CoreCase("fp16", "neoverse-n1", ["fp16"], cpu="neoverse-n1"),
    CoreCase("dot", "neoverse-n1", ["dot"], cpu="neoverse-n1"),
    CoreCase("rcpc", "neoverse-n1", ["rcpc"], cpu="neoverse-n1"),
    CoreCase("ssbs", "neoverse-n1", ["ssbs"], stdout="ssbs 1000 0 1000\n"),
    CoreCase("zva", "neoverse-n1", ["zva"], cpu="neoverse-n1"),
    CoreCase("zva-a72", "generic-a72", ["zva"], cpu="cortex-a72"),
    # As Graviton2 shows them; qemu-aarch64 7.2 does not show SSBS.
    CoreCase("hwcaps", "neoverse-n1", ["hwcaps"],
             stdout="hwcap 10119ffb 0\npfr0 110011\npfr1 20\nisar0 100010211120\nisar1 100001\nmmfr2 0\n"),
    CoreCase("hwcaps-a72", "generic-a72", ["hwcaps"], cpu="cortex-a72"),
    CoreCase("variants", "neoverse-n1", ["variants"], cpu="neoverse-n1"),
    CoreCase("variants-a72", "generic-a72", ["variants"], cpu="cortex-a72"),
    CoreCase("cpuinfo-a72", "kunpeng916", ["cpuinfo"], stdout=cpuinfo("100.00", A72, "0x0", "0xd08", 3)),
    CoreCase("cpuinfo-n1", "neoverse-n1", ["cpuinfo"], stdout=cpuinfo("243.75", N1, "0x3", "0xd0c", 1)),
    CoreCase("cpuinfo-v1", "neoverse-v1", ["cpuinfo"], stdout=cpuinfo("2100.00", V1, "0x1", "0xd40", 1)),
    CoreCase("absent-a72", "generic-a72", ["absent", *LATER], stdout=undefined(LATER)),
    CoreCase("absent-n1", "neoverse-n1", ["absent", *NOT_N1], stdout=undefined(NOT_N1)),
    CoreCase("unaligned-n1", "neoverse-n1", ["unaligned"], stdout="""ldar, 4 bytes off: signal 7 code 1
0
ldar across 16 bytes: signal 7 code 1
stlr, 2 bytes off: signal 7 code 1
stlr across 16 bytes: signal 7 code 1
ldapr, 2 bytes off: signal 7 code 1
0
"""),
    CoreCase("unaligned-v1", "neoverse-v1", ["unaligned"], stdout="""ldar, 4 bytes off: signal 0 code 0
b0a090807060504
ldar across 16 bytes: signal 7 code 1
stlr, 2 bytes off: signal 0 code 0
stlr across 16 bytes: signal 7 code 1
ldapr, 2 bytes off: signal 0 code 0
5040302
"""),
    CoreCase("pac", "neoverse-v1", ["pac"], cpu="max"),
    CoreCase("pac-failure", "neoverse-v1", ["pac-failure"], cpu="max"),
    CoreCase("bti", "guarded", ["bti"], cpu="max"),
    # Probes on BTI and PACIASP, out of line, and returns whose address is signed after it was replaced.
    CoreCase("probed-pac", "neoverse-v1", ["pac"], cpu="max", options=PROBES),
    CoreCase("probed-bti", "guarded", ["bti"], cpu="max", options=PROBES),
    CoreCase("probed-lse", "neoverse-v1", ["lse"], cpu="max", cpus=(4,), options=PROBES),
]


def cores_part(context):
    with context.guest_root(context.workloads) as root, tempfile.TemporaryDirectory(prefix="uprobesim-cores-") as folder:
        guarded = os.path.join(folder, "guarded.toml")
        with open(guarded, "w", encoding="utf-8") as file:
            file.write(GUARDED)
        for case in CASES:
            for cpus in case.cpus:
                name = case.name if len(case.cpus) == 1 else f"{case.name}-{cpus}cpu"
                if context.wants(name):
                    machine = guarded if case.machine == "guarded" else case.machine
                    context.check(name, _checked(context, root, case, ["--machine", machine, "--cpus", str(cpus), *case.options]))


def _checked(context, root, case, options):
    run = programs.Case(case.name, ["/cores", *case.argv])
    got = context.simulator.run(root, run, options)
    if case.cpu is not None:
        judged = judge.Judge("qemu-aarch64", lambda: harness.run_qemu(root, run, case.cpu))
        return judged.difference(lambda wanted: harness.difference(run, wanted, got))
    if got.status != 0:
        return f"exit status {got.status}; stderr {harness.shown(got.stderr)}"
    if got.stdout != case.stdout.encode():
        return f"stdout {harness.first_difference(got.stdout, case.stdout.encode(), 'the manual')}"
    return None
