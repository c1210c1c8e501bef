# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that need the host's devices, compared with qemu-aarch64: terminals, shells with job control, /proc. Tables only."""
from task_programs import HERE, TaskCase

SHELLS = rb"""
import fcntl, os, pty, re, select, struct, sys, termios, time
sys.stdout.flush()
print('status', os.waitstatus_to_exitcode(pty.spawn(['sh', '-c', 'tty | cut -c1-9; echo to err >&2; stty size < /dev/tty; test -t 0 && echo tty; exit 3'])))
class Shell:
    def __init__(self, *argv, rows=25, columns=80):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1='$ ', TERM='dumb', HISTFILE='', INPUTRC='/dev/null'); os.execvp(argv[0], argv)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('4H', rows, columns, 0, 0)); self.seen = b''
    def expect(self, what):
        end = time.monotonic() + 20
        while what not in self.seen:
            if time.monotonic() > end or not select.select([self.fd], [], [], 20)[0]: print('NOT SEEN', what, self.seen); sys.exit(1)
            try: got = os.read(self.fd, 4096)
            except OSError: got = b''
            if not got: print('ENDED', what, self.seen); sys.exit(1)
            self.seen += got
        at = self.seen.index(what) + len(what); before, self.seen = self.seen[:at], self.seen[at:]
        return before
    def send(self, text): os.write(self.fd, text)
    def run(self, text, prompt=b'$ ', masked='$^'):
        self.send(text + b'\n'); echo = self.expect(b'\r\n')
        print(re.sub(masked, 'Killed', re.sub(r'\[1\] [0-9]+', '[1] PID', (echo + self.expect(prompt)).decode().replace('\r\n', '\n'))))
s = Shell('bash', '--norc', '--noprofile', '--noediting', '-i'); s.expect(b'$ ')
s.run(b'echo hello'); s.run(b'stty size'); s.run(b'test -t 1 && echo terminal')
s.send(b'sleep 100\n'); s.expect(b'\r\n'); time.sleep(0.3); s.send(b'\003'); print(s.expect(b'$ ')); s.run(b'echo $?')
s.send(b'sleep 100\n'); s.expect(b'\r\n'); time.sleep(0.3); s.send(b'\032'); print(s.expect(b'$ ').replace(b'\r\n', b'\n').decode()); s.run(b'jobs')
s.run(b'bg'); s.run(b'jobs'); s.send(b'fg\n'); s.expect(b'sleep 100\r\n'); time.sleep(0.3); s.send(b'\003'); print(s.expect(b'$ ')); s.run(b'jobs')
s.run(b'cat > /dev/null & wait -n; kill -KILL %1; sleep 0.3; jobs | wc -l', masked=r'\[1\][+ ]  Killed')  # the mark depends on when bash learns of it
s.send(b'cat\n'); s.expect(b'\r\n'); time.sleep(0.2); s.send(b'typed\n'); print(s.expect(b'typed\r\ntyped\r\n')); s.send(b'\004'); s.expect(b'$ '); s.run(b'echo $?')
s.run(b'trap "echo winch" WINCH'); fcntl.ioctl(s.fd, termios.TIOCSWINSZ, struct.pack('4H', 40, 100, 0, 0)); s.run(b'stty size')
s.run(b'sh -c "kill -STOP \\$\\$"; echo stopped $?'); s.run(b'fg >/dev/null; echo ended $?'); s.run(b'(sleep 0.1; exit 3) & wait $!; echo waited $?')
s.send(b'read -s -p "secret: " x; echo "got $x"\n'); s.expect(b'\r\n'); s.expect(b'secret: '); time.sleep(0.2); s.send(b'abc\n'); print(s.expect(b'$ '))
s.send(b'exit 9\n')
try:
    while os.read(s.fd, 1000): pass
except OSError as e: print(e.strerror)
print(os.waitstatus_to_exitcode(os.waitpid(s.pid, 0)[1]))
e = Shell('bash', '--norc', '--noprofile', '-i'); e.expect(b'$ '); e.send(b'echo ab\177c\001\005d\n'); e.expect(b'acd\r\n'); e.expect(b'$ '); e.send(b'echo un\x15echo $((6*7))\n'); e.expect(b'42\r\n'); e.expect(b'$ '); os.close(e.fd); print('hung up', os.waitstatus_to_exitcode(os.waitpid(e.pid, 0)[1]))
d = Shell('dash', '-i'); d.expect(b'$ '); d.run(b'echo dash'); d.send(b'sleep 50\n'); time.sleep(0.3); d.send(b'\032'); d.expect(b'$ '); d.run(b'kill %1; fg; echo $?'); d.send(b'\004'); print(os.waitstatus_to_exitcode(os.waitpid(d.pid, 0)[1]))
p = Shell('python3', '-q', '-i', '-c', 'pass'); p.expect(b'>>> '); p.send(b'1+41\n'); p.expect(b'42\r\n>>> '); p.send(b'exit()\n'); print(os.waitstatus_to_exitcode(os.waitpid(p.pid, 0)[1]))
"""

SCRIPT = rb"""
script -qc 'tty | cut -c1-9; echo in script; stty -a | head -n 1 | cut -d";" -f1; exit 4' typescript < /dev/null; echo "status $?"
script -qec 'test -t 0 && test -t 1 && echo terminals; exit 4' t2 < /dev/null; echo "status $?"; sed -n 2p t2 | tr -d '\r'
setsid -w sh -c 'echo session; (: < /dev/tty) 2>&1 | grep -o "No such device.*"'; ls /dev/pts | tail -n 1; mesg < /dev/null 2>&1 | head -n 1
"""

CASES = [
    TaskCase("terminals", ["/terminals"], judge=HERE),
    TaskCase("events", ["/events"], judge=HERE),  # reads /proc, which qemu-aarch64's own root lacks
    TaskCase("python-terminals", ["/usr/bin/python3", "script"], files={"script": SHELLS}, wide=True),
    TaskCase("typescript", ["/bin/sh", "script"], files={"script": SCRIPT}, wide=True),
]
