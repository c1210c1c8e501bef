# SPDX-License-Identifier: GPL-2.0-or-later
"""`run --gdb` with Debian's gdb-multiarch: what it sees, and that it changes nothing of the report."""
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import binutils
import harness

GDB = "gdb-multiarch"
SECONDS = 240
PROGRAM = """
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static pthread_barrier_t all;
__attribute__((noinline)) int job(int x) { __asm__ volatile("" ::: "memory"); return x * 3; }
__attribute__((noinline)) void together(void) { __asm__ volatile("" ::: "memory"); }
static void* thread(void* number) {
    pthread_barrier_wait(&all);
    for (int i = 0; i < 50; i++) job((int)(long)number);
    pthread_barrier_wait(&all);
    return 0;
}
static int threads(void) {
    pthread_t others[3];
    pthread_barrier_init(&all, 0, 4);
    for (long i = 0; i < 3; i++) pthread_create(&others[i], 0, thread, (void*)i);
    pthread_barrier_wait(&all);
    together();
    pthread_barrier_wait(&all);
    for (int i = 0; i < 3; i++) pthread_join(others[i], 0);
    return 0;
}
static int forks(void) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/echo", "echo", "of the child", (char*)0);
        _exit(9);
    }
    waitpid(child, &status, 0);
    together();
    return WEXITSTATUS(status);
}
int main(int argc, char** argv) {
    volatile long word = 1;
    int sum = 0;
    if (argc > 1 && !strcmp(argv[1], "threads")) return threads();
    if (argc > 1 && !strcmp(argv[1], "forks")) return forks();
    for (int i = 0; i < 5; i++) sum += job(i);
    word = sum;
    printf("%ld\\n", word);
    if (argc > 1) *(volatile int*)0 = 1;
    return sum != 30;
}
"""
PROBE = ["-p", "uprobe:/t/debugged:job"]


class Debugged:
    """A program in a folder, and sessions of gdb with it."""

    def __init__(self, context, root, folder):
        self.context, self.root, self.folder = context, root, folder
        source = os.path.join(folder, "debugged.c")
        with open(source, "w") as file:
            file.write(PROGRAM)
        compiler = binutils.PREFIX + "gcc"
        if not shutil.which(compiler):
            raise harness.Missing(f"{compiler} is not installed")
        subprocess.run([compiler, "-g", "-O0", "-pthread", "-o", os.path.join(folder, "debugged"), source], check=True, capture_output=True)

    def words(self, options, arguments, report):
        return ["run", "--root", self.root.path, "--bind", f"{self.folder}:/t", "-f", "json", "-o", report, *options, "/t/debugged", *arguments]

    def gdb(self, commands, options=(), arguments=(), silent=False, pipe=False):
        """What gdb and the guest printed, and the report; `silent`: all of it; `pipe`: gdb starts the tool. Through a pipe gdb reads
        so slowly, a call for each byte, that most sessions have a socket."""
        report, place = os.path.join(self.folder, "report.json"), os.path.join(self.folder, "gdb")
        if os.path.exists(report):
            os.remove(report)
        words = [self.context.simulator.binary, *self.words(["--gdb", "-" if pipe else "unix:" + place, *options], arguments, report)]
        target = "| exec " + " ".join(f"'{word}'" for word in words) if pipe else place
        script = ["set confirm off", "set pagination off", "set width 0", "set debuginfod enabled off", "set remotetimeout 60", f"target remote {target}", *commands]
        read, write = os.pipe()
        both = {"stdin": subprocess.DEVNULL, "stdout": write, "stderr": write}
        tool = None if pipe else subprocess.Popen(words, **both)
        while tool is not None and tool.poll() is None and not os.path.exists(place):
            time.sleep(0.01)
        gdb = subprocess.Popen([GDB, "-nx", "-batch", *(x for line in script for x in ("-ex", line))], **both)
        os.close(write)
        late = threading.Timer(SECONDS, lambda: [process.kill() for process in (gdb, tool) if process is not None])
        late.start()
        with open(read, "rb") as output:
            printed = output.read().decode(errors="replace")
        for process in (gdb, tool):
            if process is not None:
                process.wait()
        late.cancel()
        text = open(report, "rb").read() if os.path.exists(report) else b""
        return printed, text if silent else _without_peak(text)

    def alone(self, options=(), arguments=(), silent=False):
        report = os.path.join(self.folder, "alone.json")
        got = self.context.simulator.raw(self.words(options, arguments, report))
        text = open(report, "rb").read()
        return got, text if silent else _without_peak(text)


def gdb_part(context):
    if not shutil.which(GDB):
        raise harness.Missing(f"{GDB} is not installed")
    with context.guest_root(context.sysroot) as root, tempfile.TemporaryDirectory(prefix="uprobesim-e2e-") as folder:
        debugged = Debugged(context, root, folder)
        for name, test in TESTS.items():
            if context.wants(name):
                context.check(name, test(debugged))


def _without_peak(report):
    """The files that gdb has the server open are known to the modelled kernel, in a page of its memory more or less."""
    return re.sub(rb'"memory_peak_bytes": \d+', b"", report)


def _missing(text, *wanted):
    """The first pattern that is not in the text after those before it."""
    at = 0
    for pattern in wanted:
        found = re.compile(pattern, re.M).search(text, at)
        if not found:
            return f"no {pattern!r} in {harness.shown(text.encode(), 3000)}"
        at = found.end()
    return None


def _values(text, name):
    return [int(v, 0) for v in re.findall(rf"^{name} = (\S+)", text, re.M)]


def _break_in_main(debugged):
    text, _ = debugged.gdb(["break main", "continue", "print argc", "info registers x0 cpsr", "print $v0", "next", "break job", "continue", "bt",
                            "finish", "x/2i $pc", "print $_exitcode", "delete", "continue", "print $_exitcode"])
    return _missing(text, r"Breakpoint 1, main", r"^\$1 = 1$", r"^x0 +0x1 ", r"^cpsr ", r"^\$2 = \{", r"Breakpoint 2, job \(x=0\)", r"#1 .* in main \(argc=1",
                    r"Value returned is \$\d+ = 0", r"^=> 0x", r"^\$\d+ = void", r"exited normally", r"^\$\d+ = 0")


def _step_through_hit(debugged):
    """By the order of the kernel: BRK, slot, and back behind the probed instruction."""
    text, report = debugged.gdb(["break *job", "continue", "printf \"at = %#lx\\n\", $pc", "delete", "stepi", "printf \"slot = %#lx\\n\", $pc",
                                 "monitor uprobes", "info proc mappings", "stepi", "printf \"after = %#lx\\n\", $pc", "monitor uprobes", "continue"],
                                PROBE + ["--kernel", "v6.12"], pipe=True)
    at, slot, after = (_values(text, name) for name in ("at", "slot", "after"))
    if not (at and slot and after):
        return f"no hit: {harness.shown(text.encode(), 3000)}"
    if abs(slot[0] - at[0]) < 1 << 20 or slot[0] % 4096 == 0:
        return f"the slot of {at[0]:#x} is at {slot[0]:#x}"
    if after[0] != at[0] + 4:
        return f"the hit at {at[0]:#x} ends at {after[0]:#x}"
    if report != debugged.alone(PROBE + ["--kernel", "v6.12"])[1]:
        return "the report differs from that of a run without gdb"
    return _missing(text, rf"UTASK_SSTEP.* slot {slot[0]:#x} for {at[0]:#x} \(job\)", r"UTASK_RUNNING", r"exited normally")


def _catch_hits(debugged):
    text, report = debugged.gdb(["monitor catch brk job", "monitor catch slot uprobe:/t/debugged:job", "monitor catch return", "monitor catch",
                                 *["continue", "printf \"at = %#lx\\n\", $pc"] * 4, "monitor catch none", "monitor catch slott", "monitor catch slot jobb",
                                 "monitor nonesuch", "monitor help", "continue"], PROBE + ["--kernel", "v6.12"])
    at = _values(text, "at")
    if len(at) != 4 or at[3] != at[0] or at[2] != at[0] + 4 or abs(at[1] - at[0]) < 1 << 20:
        return f"stops at {[hex(a) for a in at]}: {harness.shown(text.encode(), 2000)}"
    if report != debugged.alone(PROBE + ["--kernel", "v6.12"])[1]:
        return "the report differs from that of a run without gdb"
    return _missing(text, r"before the BRK is taken: uprobe:/t/debugged:job", r"before the instruction in the slot", r"before the return of the hit", "no stops inside hits",
                    r"did you mean 'slot'", r"no probe is named 'jobb'.*did you mean 'job'", r"no command 'nonesuch'", r"monitor uprobes", r"exited normally")


def _watch(debugged):
    text, report = debugged.gdb(["break main", "continue", "watch -l word", "rwatch -l sum", "continue", "continue", "delete 3", "continue", "delete", "continue"])
    if report != debugged.alone()[1]:
        return "the report differs from that of a run without gdb"
    return _missing(text, r"Hardware watchpoint 2: -location word", r"Old value = ", r"New value = 1$", r"Hardware read watchpoint 3", r"Old value = 1$", r"New value = 30",
                    r"^30$|exited normally")


def _threads(debugged):
    text, report = debugged.gdb(["break job if x == 2", "continue", "thread", "delete", "break together", "continue", "info threads",
                                 "thread apply all -q printf \"pc = %#lx\\n\", $pc", "delete", "continue"], ["--cpus", "2"], ["threads"])
    if len(_values(text, "pc")) != 4 or len(re.findall(r"^[* ] +\d+ +Thread 1000\.100\d", text, re.M)) != 4:
        return f"not four threads: {harness.shown(text.encode(), 3000)}"
    if report != debugged.alone(["--cpus", "2"], ["threads"])[1]:
        return "the report differs from that of a run without gdb"
    return _missing(text, r"hit Breakpoint 1, job \(x=2\)", r"Current thread is .*Thread 1000\.100[1-3]", r"exited normally")


def _forks(debugged):
    text, report = debugged.gdb(["break together", "catch fork", "continue", "continue", "print status", "continue"], (), ["forks"])
    wrong = _missing(text, r"Catchpoint 2 \(forked process 1001\)", r"of the child", r"Breakpoint 1, together", r"exited normally")
    if wrong is None and report != debugged.alone((), ["forks"])[1]:
        wrong = "the report differs from that of a run without gdb"
    if wrong:
        return wrong
    text, report = debugged.gdb(["set follow-fork-mode child", "set breakpoint pending on", "catch exec", "continue", "info inferiors", "break write", "continue", "bt 1", "continue"], (), ["forks"])
    return _missing(text, r"Catchpoint 1 \(exec'd /usr/bin/echo|Catchpoint 1 \(exec'd /bin/echo", r"process 1001", r"hit Breakpoint \d+, .*write", r"exited normally")


def _reverse(debugged):
    """Forwards by single steps, backwards again: the registers of each state are the same."""
    state = "info registers x0 x1 x29 x30 sp pc cpsr"
    text, report = debugged.gdb(["break job", "continue", "continue", "echo S1\\n", state, "stepi", "echo S2\\n", state, "stepi", "echo S3\\n", state,
                                 "reverse-stepi", "echo S4\\n", state, "reverse-stepi", "echo S5\\n", state, "reverse-continue", "echo S6\\n", "print x",
                                 "reverse-continue", "continue", "print x", "delete", "break together", "continue"])
    parts = re.split(r"^S\d$", text, flags=re.M)
    if len(parts) != 7:
        return f"not all states: {harness.shown(text.encode(), 3000)}"
    states = ["\n".join(line for line in part.splitlines() if re.match(r"(x\d+|sp|pc|cpsr) ", line)) for part in parts[1:]]
    if not states[0] or states[0] == states[1] or states[1] == states[2]:
        return f"the steps forwards are none: {states[:3]}"
    if states[3] != states[1] or states[4] != states[0]:
        return f"the states differ: {states}"
    wrong = _missing(parts[6], r"^\$1 = 0", r"No more reverse-execution history", r"Breakpoint 1, job", r"^\$2 = 0", r"exited normally")
    if wrong:
        return wrong
    if text.count("\n30\n") != 1:
        return f"the guest's output came {text.count(chr(10) + '30' + chr(10))} times"
    return None if report == debugged.alone()[1] else "the report differs from that of a run without gdb"


def _no_way_back(debugged):
    text, _ = debugged.gdb(["break job", "continue", "set var x = 7", "reverse-stepi", "continue"])
    wrong = _missing(text, r"changed by hand")
    if wrong:
        return wrong
    text, _ = debugged.gdb(["break job", "continue", "reverse-stepi"], ["--strace", "--strace-output", os.path.join(debugged.folder, "calls")])
    return _missing(text, r"--strace shows the run once")


def _signals(debugged):
    text, report = debugged.gdb(["continue", "print $_siginfo", "x/i $pc", "continue"], (), ["crash"])
    wrong = _missing(text, r"Program received signal SIGSEGV", r"=> 0x", r"Program terminated with signal SIGSEGV")
    return wrong or (None if report == debugged.alone((), ["crash"])[1] else "the report differs from that of a run without gdb")


def _same_report(debugged):
    """Nobody says anything, and breakpoints all over the place that are passed."""
    for options, arguments in (((), ()), (PROBE, ()), ([*PROBE, "--cpus", "4"], ["threads"]), ((), ["forks"])):
        text, report = debugged.gdb(["continue"], options, arguments, silent=True)
        if report != debugged.alone(options, arguments, silent=True)[1]:
            return f"{options} {arguments}: another report with a silent gdb; {harness.shown(text.encode(), 1500)}"
        _, wanted = debugged.alone(options, arguments)
        for commands in (["set breakpoint pending on", "break main", "break printf", "break *job+8", "break write", *["continue"] * 12, "delete", "continue"],
                         ["break main", "continue", *["stepi"] * 40, *["next"] * 3, "delete", "continue"], ["watch *(long*)$sp", *["continue"] * 3, "delete", "continue"]):
            text, report = debugged.gdb(commands, options, arguments)
            if report != wanted:
                return f"{options} {arguments} {commands[:4]}: another report; {harness.shown(text.encode(), 1500)}"
    return None


def _detach(debugged):
    text, report = debugged.gdb(["break job", "continue", "detach"])
    deadline = time.monotonic() + SECONDS
    path = os.path.join(debugged.folder, "report.json")
    while not report and time.monotonic() < deadline:
        time.sleep(0.2)
        report = _without_peak(open(path, "rb").read()) if os.path.exists(path) else b""
    return None if report == debugged.alone()[1] else f"the report differs: {harness.shown(text.encode())}"


def _listening(debugged, place):
    report = os.path.join(debugged.folder, "listening.json")
    run = subprocess.Popen([debugged.context.simulator.binary, *debugged.words(["--gdb", place], [], report)], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = run.stderr.readline().decode()
    found = re.search(r"waiting for gdb at (\S+)", line)
    return run, found[1] if found else line, report


def _connect(place):
    if place.startswith("/"):
        line = socket.socket(socket.AF_UNIX)
        line.connect(place)
    else:
        host, _, port = place.rpartition(":")
        line = socket.create_connection((host, int(port)))
    line.settimeout(SECONDS)
    return line


def _frame(payload):
    return b"$" + payload + b"#%02x" % (sum(payload) & 0xFF)


def _read_all(line):
    """A server whose replies nobody takes waits."""
    try:
        while line.recv(1 << 16):
            pass
    except OSError:
        pass


def _random_packets(debugged):
    """Packets of any kind, right sums and wrong ones; the run ends well when the line is closed."""
    wanted = debugged.alone()
    draw = random.Random(5)
    words = [b"g", b"G00", b"p3", b"pzz", b"P3=0", b"m0,4", b"m5500000000,10", b"mffffffffffffffff,ffffffffffffffff", b"Z0,1,4", b"Z2,7fff,0", b"Z9,0,0",
             b"Hgp0.0", b"Hg-1", b"Hcp3e8.3e8", b"T1", b"qfThreadInfo", b"qXfer:features:read:target.xml:0,100", b"qXfer:features:read::ffff,1", b"qXfer:x", b"qRcmd,zz",
             b"qRcmd,63617463682073", b"vFile:open:2f,0,0", b"vFile:pread:9,9,9", b"vFile:fstat:", b"vCont", b"vCont;x", b"vCont;r5,1", b"QPassSignals:zz", b"?", b"z0,0,4",
             b"qSupported:multiprocess+;x", b"qThreadExtraInfo,p1.1", b"D;9", b"X0,1:}", b"M0,1:0", b"b", b"bx", b"c9", b"C", b"Szz", b"vKill;7", b"qXfer:auxv:read::0,7"]
    for place in ("0", "unix:" + os.path.join(debugged.folder, "line")):
        run, where, report = _listening(debugged, place)
        try:
            line = _connect(where)
            replies = threading.Thread(target=_read_all, args=(line,), daemon=True)
            replies.start()
            for _ in range(3000):
                packet = bytearray(_frame(draw.choice(words)))
                if draw.random() < 0.3:
                    packet[draw.randrange(len(packet))] = draw.randrange(256)
                if b"vCont;c" not in packet and b"vKill" not in packet and b"$k" not in packet and b"$D#" not in packet:
                    line.sendall(packet)
            line.sendall(_frame(b"m0,1"))
            line.shutdown(socket.SHUT_WR)
            replies.join()
            line.close()
            output, errors = run.communicate(timeout=SECONDS)
        finally:
            run.kill()
        if run.returncode != wanted[0].status or b"gdb went away" not in errors:
            return f"{place}: exit status {run.returncode}: {harness.shown(errors)}"
        if output != wanted[0].stdout:
            return f"{place}: {harness.shown(output)}"
    return None


def _bad_places(debugged):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        for place, said in ((str(port), "Address already in use"), ("70000", "'70000' is not a port"), ("here", "'here' is not a port"), ("1.2.3:4", "not an IPv4 address"),
                            ("unix:", "path is empty"), ("", "is not a port"), ("192.0.2.7:0", "cannot listen")):
            got = debugged.context.simulator.raw(["run", "--root", debugged.root.path, "--gdb", place, "/bin/true"])
            if got.status != 2 or got.stderr.count(b"\n") != 1 or said not in got.stderr.decode() or got.stdout:
                return f"--gdb {place}: exit status {got.status}, {harness.shown(got.stderr)}"
    return None


def _kill(debugged):
    text, report = debugged.gdb(["break job", "continue", "kill"])
    return None if b'"interrupted"' in report or b"killed by the debugger" in report else f"{harness.shown(report[:500])}; {harness.shown(text.encode())}"


TESTS = {
    "break-in-main": _break_in_main,
    "step-through-hit": _step_through_hit,
    "catch-hits": _catch_hits,
    "watch": _watch,
    "threads": _threads,
    "forks": _forks,
    "reverse": _reverse,
    "no-way-back": _no_way_back,
    "signals": _signals,
    "same-report": _same_report,
    "detach": _detach,
    "kill": _kill,
    "random-packets": _random_packets,
    "bad-places": _bad_places,
}
