# SPDX-License-Identifier: GPL-2.0-or-later
"""Small arm64 programs with what specs have to cope with: names of every language, paths, versions, debug files."""
import os
import shutil
import subprocess
import zipfile

import binutils
import harness

JOB = """
__attribute__((noinline)) int job(int x) { asm volatile(""); return x * 3; }
int main(void) { int s = 0; for (int i = 0; i < 5; i++) s += job(i); return s != 30; }
"""
# Ten functions, which objcopy gives names that C cannot.
NAMES = """
#define F(n) __attribute__((noinline)) int n(int x) { asm volatile(""); return x + 1; }
F(f0) F(f1) F(f2) F(f3) F(f4) F(f5) F(f6) F(f7) F(f8) F(f9)
int main(void) {
    int s = 0;
    for (int i = 0; i < 3; i++) { s = f0(s); s = f1(s); s = f2(s); s = f3(s); s = f4(s); s = f5(s); s = f6(s); s = f7(s); s = f8(s); s = f9(s); }
    return s != 30;
}
"""
RENAMED = [
    "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "_ZN51_$LT$demo..Look$u20$as$u20$core..cmp..PartialEq$GT$2eq17h1123456789abcdefE",
    "main.(*Server).Handle", "main.Map[go.shape.int,go.shape.string]", "main.(*Pool[...]).Get-fm", "type..eq.[2]interface {}",
    "helper.constprop.0", "-[Thing doIt:with:]", "plus+four", "_ZN3foo3barEii",
]
LIBRARY = """
int table[5000] = {1};
const char ro[70000] = {2};
__attribute__((noinline)) int plug(int x) { asm volatile(""); return x + table[0] + ro[0]; }
"""
LOADER = """
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
int main(int argc, char** argv) {
    (void)argc;
    struct stat st;
    int fd = open(argv[1], O_RDONLY), sum = 0;
    long offset = strtol(argv[2], 0, 0);
    fstat(fd, &st);
    char* map = mmap(0, ((size_t)st.st_size + 4095) & ~4095ul, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    for (int i = 0; i < 5; i++) sum = ((int (*)(int))(map + offset))(sum);
    return sum == 0;
}
"""
PLUG_ALONE = '__attribute__((noinline)) int plug(int x) { asm volatile(""); return x + 1; }\n'
VERSIONED = """
__attribute__((noinline)) int first(int x) { asm volatile(""); return x + 1; }
__attribute__((noinline)) int second(int x) { asm volatile(""); return x + 2; }
__asm__(".symver first,call@V1");
__asm__(".symver second,call@@V2");
"""
VERSIONS = "V1 { };\nV2 { global: call; local: *; } V1;\n"
PAIR = """
__attribute__((naked, noinline)) int add(int* p) {
    asm volatile("1: ldxr w1, [x0]\\n add w1, w1, #1\\n stxr w2, w1, [x0]\\n cbnz w2, 1b\\n mov w0, w1\\n ret");
}
int main(void) { int n = 0; for (int i = 0; i < 4; i++) add(&n); return n != 4; }
"""
IFUNC = """
static int one(int x) { return x + 1; }
static int (*pick(void))(int) { return one; }
int chosen(int) __attribute__((ifunc("pick")));
int main(void) { return chosen(0) != 1; }
"""
CPP = """
namespace ns {
struct Shape { __attribute__((noinline)) int area(int x) { asm volatile(""); return x * 2; } };
template <class A, class B> __attribute__((noinline)) A both(A a, B b) { asm volatile(""); return a + A(b); }
__attribute__((noinline)) int over(int x) { asm volatile(""); return x + 1; }
__attribute__((noinline)) int over(int x, char y) { asm volatile(""); return x + y; }
}
extern "C" void _start() {
    ns::Shape shape;
    int s = 0;
    for (int i = 0; i < 3; i++) s = shape.area(s) + ns::both<int, long>(s, 2L) + ns::over(s) + ns::over(s, 'a');
    asm volatile("mov x0, #0\\n mov x8, #93\\n svc #0" : : "r"(s) : "x0", "x8");
}
"""


class Made:
    def __init__(self, folder):
        self.folder = folder
        # (name, spec, program, hits), (name, spec, program, parts of the line), (name, words of list, file), (name, words, {(name, offset)})
        self.runs, self.refusals, self.listed, self.named = [], [], [], []

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, name, source, *flags, compiler=None):
        path = self.path(name + (".cc" if compiler and "++" in compiler[0] else ".c"))
        with open(path, "w") as file:
            file.write(source)
        command = [*(compiler or [binutils.PREFIX + "gcc", "-O1", "-static"]), *flags, "-o", self.path(name), path]
        if not shutil.which(command[0]):
            raise harness.Missing(f"{command[0]} is not installed")
        subprocess.run(command, check=True, capture_output=True)
        return self.path(name)

    def offset(self, path, name):
        functions, indirect = binutils.Binary(path).symbols()
        return next(offset for offset, other in sorted(functions | indirect) if other == name)


def _paths(made):
    job = made.compile("job", JOB)
    for folder in ("jdk-17.0.8+7", "with#hash", "plat007,shared", "two words", "lib:v2", "a*b"):
        os.mkdir(made.path(folder))
        shutil.copy(job, made.path(f"{folder}/prog"))
        made.runs.append((f"path {folder}", f"uprobe:/t/{folder}/prog:job", [f"/t/{folder}/prog"], 5))
    made.runs += [
        ("glob", "uprobe:/t/plat*/pro?:job", ["/t/plat007,shared/prog"], 5),
        ("perf", "-x /t/job ev=job", ["/t/job"], 5),
        ("return", "uprobe:/t/job:job%return", ["/t/job"], 5),
        ("event line", f"p:grp/ev /t/job:{made.offset(job, 'job'):#x} x=%x0", ["/t/job"], 5),
    ]
    address = next(line.split()[0] for line in binutils.tool("nm", job).splitlines() if line.endswith(" job"))
    made.refusals += [
        ("address", f"uprobe:/t/job:0x{address}", ["/t/job"], [f"0x{address.lstrip('0')} is an address", f"file offset is {made.offset(job, 'job'):#x}", "/t/job:job"]),
        ("past the end", "uprobe:/t/job:job+0x4000", ["/t/job"], ["is past its end"]),
        ("unaligned", "uprobe:/t/job:job+2", ["/t/job"], ["not a multiple of 4"]),
        ("misspelt", "uprobe:/t/job:jobb", ["/t/job"], ["did you mean", "job"]),
        ("no offset", "uprobe:/t/job:job+x", ["/t/job"], ["'x' is not an offset"]),
        ("wildcard with offset", "uprobe:/t/job:jo*+4", ["/t/job"], ["a wildcard takes no offset"]),
        ("relative", "uprobe:./job:job", ["/t/job"], ["absolute guest path"]),
        ("misspelt path", "uprobe:/t/jobs:job", ["/t/job"], ["cannot be opened", "did you mean 'job'"]),
        ("function of another file", "uprobe:/t/app:puts", ["/t/app"], ["called through puts@plt"]),
        ("no notes", "usdt:/t/job:a:b", ["/t/job"], ["has no USDT probes"]),
        ("no lines", "uprobe:/t/job@job.c:3", ["/t/job"], ["no line tables", "-g"]),
    ]


    dynamic = '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n'
    made.compile("app", dynamic, compiler=[binutils.PREFIX + "gcc", "-O1"])


def _names(made):
    made.compile("names0", NAMES)
    words = [f"--redefine-sym=f{i}={name}" for i, name in enumerate(RENAMED)]
    binutils.tool("objcopy", *words, made.path("names0"), made.path("names"))
    for name in RENAMED:
        made.runs.append((f"name {name}", f"uprobe:/t/names:{name}", ["/t/names"], 3))
    for name in ("cpp:\"foo::bar\"", "cpp:foo::bar(int,int)", "foo::bar", "\"foo::bar(int, int)\"", "rust:core::fmt::Write::write_fmt",
                 "core::fmt::Write::write_fmt", "<demo::Look as core::cmp::PartialEq>::eq", "main.(*S*"):
        made.runs.append((f"source name {name}", f"uprobe:/t/names:{name}", ["/t/names"], 3))
    made.runs.append(("several names", "uprobe:/t/names:plus+four,main.Map[go.shape.int,go.shape.string],helper*", ["/t/names"], 9))
    made.listed.append(("renamed", [made.path("names")], made.path("names")))


def _files(made):
    stripped = made.compile("gone", JOB, "-g", "-Wl,--build-id")
    job = made.offset(stripped, "job")
    binutils.tool("objcopy", "--only-keep-debug", stripped, stripped + ".debug")
    shutil.copy(stripped, made.path("mini"))
    binutils.tool("strip", stripped)
    binutils.tool("objcopy", f"--add-gnu-debuglink={stripped}.debug", stripped)
    made.runs.append(("debug link", "uprobe:/t/gone:job", ["/t/gone"], 5))
    made.runs.append(("source line", "uprobe:/t/gone@gone.c:2", ["/t/gone"], 5))
    made.refusals.append(("debug file", "uprobe:/t/gone.debug:job", ["/t/gone"], ["this is a debug file", "name the program itself"]))
    made.refusals.append(("line without code", "uprobe:/t/gone@gone.c:90", ["/t/gone"], ["has no code"]))
    made.named.append(("debug link", [f"uprobe:{stripped}:job"], {("job", job)}))
    # A build of another program with the same link is none.
    shutil.copytree(made.folder, made.path("other"), ignore=lambda _, names: [n for n in names if not n.startswith("gone")])
    made.compile("other/gone.debug", JOB.replace("5", "6"), "-g", "-Wl,--build-id")
    made.refusals.append(("debug file of another build", "uprobe:/t/other/gone:job", ["/t/gone"], ["there is no function 'job'", "the file is stripped"]))
    if shutil.which("xz"):
        mini = made.path("mini")
        binutils.tool("objcopy", "-S", "--keep-symbol=job", mini, mini + ".syms")
        subprocess.run(["xz", "-f", mini + ".syms"], check=True)
        binutils.tool("strip", mini)
        binutils.tool("objcopy", f"--add-section=.gnu_debugdata={mini}.syms.xz", mini)
        made.runs.append(("gnu_debugdata", "uprobe:/t/mini:job", ["/t/mini"], 5))
    plug = made.compile("plug.so", PLUG_ALONE, "-shared", "-fPIC", compiler=[binutils.PREFIX + "gcc", "-O2"])
    with zipfile.ZipFile(made.path("app.apk"), "w") as archive:
        member = zipfile.ZipInfo("lib/plug.so")
        # Aligned to a page, as zipalign -p does it.
        pad = 4096 - 30 - len(member.filename) - 4
        member.extra = b"\0\0" + pad.to_bytes(2, "little") + bytes(pad)
        with open(plug, "rb") as file:
            archive.writestr(member, file.read())
        archive.writestr("packed", "x" * 1000, zipfile.ZIP_DEFLATED)
    made.compile("loader", LOADER)
    at = 4096 + made.offset(plug, "plug")
    argv = ["/t/loader", "/t/app.apk", str(at)]
    made.runs += [("offset in any file", f"uprobe:/t/app.apk:{at:#x}", argv, 5), ("member of a zip file", "uprobe:/t/app.apk!/lib/plug.so:plug", argv, 5)]
    made.refusals += [
        ("name in no ELF", "uprobe:/t/app.apk:plug", argv, ["not an ELF file", "a file offset can be given in any"]),
        ("packed member", "uprobe:/t/app.apk!/packed:plug", argv, ["compressed"]),
        ("no member", "uprobe:/t/app.apk!/lib/plug:plug", argv, ["no such member", "did you mean 'lib/plug.so'"]),
    ]


def _kinds(made):
    shared = [binutils.PREFIX + "gcc", "-O2", "-fPIC", "-shared"]
    with open(made.path("versions"), "w") as file:
        file.write(VERSIONS)
    versioned = made.compile("versioned.so", VERSIONED, f"-Wl,--version-script={made.path('versions')}", compiler=shared)
    first, second = made.offset(versioned, "first"), made.offset(versioned, "second")
    binutils.tool("strip", versioned)
    made.named += [
        ("default version", [f"uprobe:{versioned}:call"], {("call", second)}),
        ("version", [f"uprobe:{versioned}:call@@V2"], {("call", second)}),
        ("other version", [f"uprobe:{versioned}:call@V1"], {("call@V1", first)}),
    ]
    made.listed.append(("versioned", [versioned], versioned))
    made.listed.append(("separate code", [made.compile("separate.so", LIBRARY, "-Wl,-z,separate-code", compiler=shared)], made.path("separate.so")))
    ifunc = made.compile("ifunc", IFUNC)
    made.listed.append(("IFUNC", [ifunc], ifunc))
    made.refusals.append(("IFUNC", "uprobe:/t/ifunc:chosen", ["/t/ifunc"], ["indirect function (IFUNC)", f"{made.offset(ifunc, 'chosen'):#x}"]))
    pair = made.compile("pair", PAIR)
    for offset in (0, 4, 8):
        made.refusals.append((f"exclusive pair +{offset}", f"uprobe:/t/pair:add+{offset}", ["/t/pair"], ["loop for ever", "before it or after it"]))
    made.runs.append(("after the pair", "uprobe:/t/pair:add+12", ["/t/pair"], 4))
    made.listed.append(("exclusive pair", [pair], pair))
    if shutil.which("clang++") and shutil.which("ld.lld"):
        clang = ["clang++", "--target=aarch64-linux-gnu", "-fuse-ld=lld", "-O1", "-nostdlib", "-ffreestanding", "-fno-exceptions", "-static"]
        cpp = made.compile("cpp", CPP, compiler=clang)
        made.listed.append(("C++ of clang and lld", [cpp], cpp))
        for name, hits in (("cpp:\"ns::Shape::area\"", 3), ("cpp:ns::over", 6), ("ns::over(int, char)", 3), ("\"ns::both<int,long>(int, long)\"", 3), ("cpp:ns::o*", 6)):
            made.runs.append((f"C++ {name}", f"uprobe:/t/cpp:{name}", ["/t/cpp"], hits))
        lld = ["clang", "--target=aarch64-linux-gnu", "-fuse-ld=lld", "-O1", "-fPIC", "-shared", "-nostdlib"]
        made.listed.append(("library of lld", [made.compile("lld.so", LIBRARY, compiler=lld)], made.path("lld.so")))


def make(folder):
    made = Made(folder)
    _paths(made)
    _names(made)
    _files(made)
    _kinds(made)
    return made
