# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of several tasks: tables only. Who judges is part of the row.

qemu-aarch64 runs one process: it cannot start a program from a program without the host's help. So a script is judged by
the host's own shell, perl or python (the same text, another architecture), or by what the program's documentation says.
"""
import os
from dataclasses import dataclass, field

import programs

QEMU, HOST, TEXT = "qemu-aarch64", "the host's own program", "its documentation"
HERE = "qemu-aarch64 with the host's devices"


@dataclass(frozen=True)
class TaskCase:
    name: str
    argv: list
    judge: str = HOST
    stdout: bytes = None  # judge TEXT: what must be printed; None: anything that ends well
    status: int = 0
    cpus: tuple = (1, 4)
    stdin: bytes = b""
    files: dict = field(default_factory=dict)  # written to the case's folder before
    wide: bool = False  # needs the wide sysroot
    sysroot: str = ""  # or the one of this name
    environment: tuple = ()
    options: tuple = ()

    def as_case(self):
        return programs.Case(self.name, self.argv, stdin=self.stdin, environment=self.environment, pipe=True)


SHELL = rb"""
upper=$(echo hi | tr a-z A-Z); echo "$upper"
for i in 1 2 3; do (echo sub $i; exit $i); echo "status $?"; done
cat <<EOF | sort -r | head -n 2
b
a
c $upper
EOF
trap 'echo got usr1' USR1
kill -USR1 $$
sleep 0.05 & p=$!
wait $p; echo waited $?
(sleep 0.1; echo background) & wait; echo joined
double() { echo $(($1 * 2)); }
double 21
seq 1 2000 | while read n; do [ $((n % 500)) -eq 0 ] && echo $n; done
seq 1 20000 | head -n 3
{ echo one; echo two >&2; } 2>&1 | cat
(kill -TERM $(sh -c 'echo $PPID')); echo "killed $?"
if ! false; then echo no; fi; false || true && echo yes
exec 3>out; echo through three >&3; exec 3>&-; cat out
echo a b c | { read x y; echo "$y"; }
mkdir d && cd d && touch x y && ls | wc -l && cd .. && rm -r d
set -- $(echo 1 2 3); echo $#
(trap 'echo leaving' EXIT; exit 4); echo $?
yes | sed 5q | wc -l
trap 'echo bye' EXIT
"""

BASH = SHELL + rb"""
declare -A map=([k]=v [l]=w); for key in "${!map[@]}"; do echo "$key"; done | sort
diff <(printf '1\n2\n') <(printf '1\n3\n'); echo "diff $?"
coproc cat; echo to coproc >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"; eval "exec ${COPROC[1]}>&-"; wait
set -o pipefail; false | true; echo "pipefail $?"
arr=(); while IFS= read -r l; do arr+=("$l"); done < <(seq 3); echo "${#arr[@]}"
jobs_before=$(jobs | wc -l); sleep 50 & until grep -q sleep /proc/$!/comm; do :; done; kill %1 2>/dev/null || kill $!; wait $! 2>/dev/null; echo "job $? $jobs_before"
printf '%s\n' "${BASH_VERSINFO[0]}"
for i in {1..20}; do (echo $((i * i))) & done | sort -n | tail -n 1; wait
"""

PERL = rb"""
use strict; use warnings; use POSIX ":sys_wait_h"; $| = 1;
pipe(my $r, my $w) or die;
my $pid = fork();
if (!$pid) { close $r; print $w "line $_\n" for 1..5; exit 3 }
close $w; print while <$r>; waitpid($pid, 0); print $? >> 8, "\n";
print `echo back; exit 2`, $? >> 8, "\n";
open(my $f, "-|", "seq 3") or die; print while <$f>; close $f;
open(my $s, "|-", "sort -r") or die; print $s "$_\n" for qw(a c b); close $s;
my $got = 0; $SIG{CHLD} = sub { $got++ while waitpid(-1, WNOHANG) > 0 };
for (1..4) { if (!fork()) { exit 0 } }
select(undef, undef, undef, 0.01) while $got < 4; print "reaped $got\n";
$SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select(undef, undef, undef, 5) while 1; }; print $@;
my $sum = 0; for my $n (1..8) { my $k = open(my $c, "-|") // die; if (!$k) { print $n * $n; exit } $sum += <$c>; close $c } print "$sum\n";
kill "STOP", my $child = fork() || do { sleep 1 while 1 }; waitpid($child, WUNTRACED); print WIFSTOPPED($?) ? "stopped\n" : "no\n";
kill "CONT", $child; kill "KILL", $child; waitpid($child, 0); print $? & 127, "\n";
"""

PYTHON = rb"""
import json, os, queue, signal, sqlite3, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
q = queue.Queue(maxsize=5)
def produce(n):
    for i in range(100): q.put(n * i)
threads = [threading.Thread(target=produce, args=(i,)) for i in range(4)]
[t.start() for t in threads]; print(sum(q.get() for _ in range(400))); [t.join() for t in threads]
done = subprocess.run(['sh', '-c', 'cat; exit 5'], input=b'sub\n', capture_output=True); print(done.returncode, done.stdout)
with ThreadPoolExecutor(8) as pool: print(list(pool.map(lambda n: n * n, range(10))))
event = threading.Event(); threading.Timer(0.05, event.set).start(); print(event.wait(5), event.is_set())
db = sqlite3.connect('t.db'); db.execute('create table t(a, b)')
db.executemany('insert into t values(?, ?)', [(i, str(i)) for i in range(10)]); db.commit()
print(db.execute('select sum(a), max(b) from t').fetchone()); db.close()
print(json.dumps({'a': [1, 2.5, {'b': None}]}, sort_keys=True))
r, w = os.pipe()
if os.fork() == 0:
    os.write(w, b'child'); os._exit(7)
print(os.read(r, 10), os.waitstatus_to_exitcode(os.wait()[1]))
signal.signal(signal.SIGUSR1, lambda s, f: print('usr1')); os.kill(os.getpid(), signal.SIGUSR1)
try:
    subprocess.run(['sleep', '5'], timeout=0.1)
except subprocess.TimeoutExpired as e:
    print('timeout', round(e.timeout, 1))
lock, total = threading.Lock(), 0
def add():
    global total
    for _ in range(1000):
        with lock: total += 1
ts = [threading.Thread(target=add) for _ in range(8)]; [t.start() for t in ts]; [t.join() for t in ts]; print(total)
p = subprocess.Popen(['sort'], stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(p.communicate(b'c\na\nb\n' * 20000)[0][:6])
"""

SOCKETS = rb"""
import socket, threading, selectors, os, struct
server = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]
def serve():
    for _ in range(3):
        c, _ = server.accept()
        with c:
            data = b''
            while (chunk := c.recv(4096)): data += chunk
            c.sendall(str(len(data)).encode() + data[:5])
t = threading.Thread(target=serve); t.start()
for n in (1, 5000, 1000000):
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(b'x' * n); s.shutdown(socket.SHUT_WR)
        got = b''
        while (chunk := s.recv(100)): got += chunk
        print(got)
t.join(); server.close()
try:
    socket.create_connection(('127.0.0.1', port))
except ConnectionRefusedError as e:
    print(e.strerror)
a, b = socket.socketpair(); a.sendall(b'pair'); print(b.recv(10)); a.close(); print(b.recv(10))
u = socket.socket(socket.AF_UNIX); u.bind('sock'); u.listen(); c = socket.socket(socket.AF_UNIX); c.connect('sock')
s, _ = u.accept(); r, w = os.pipe(); socket.send_fds(c, [b'fd'], [w]); data, fds, _, _ = socket.recv_fds(s, 10, 4)
os.write(fds[0], b'passed'); print(data, os.read(r, 10))
d1 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); d1.bind(('127.0.0.1', 0)); d2 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
d2.sendto(b'datagram', d1.getsockname()); print(d1.recvfrom(3)[0])
sel = selectors.DefaultSelector(); x, y = socket.socketpair(); x.setblocking(False); sel.register(x, selectors.EVENT_READ)
print(sel.select(0.01)); y.send(b'!'); print([key.fileobj is x for key, _ in sel.select(1)])
six = socket.create_server(('::1', 0), family=socket.AF_INET6); z = socket.create_connection(six.getsockname()[:2]); print(six.accept()[1][0])
"""

MAKEFILE = b"""all: a.out b.out c.out d.out
\t@cat $^ > all.out; cat all.out
%.out: %.in
\t@tr a-z A-Z < $< > $@
"""

MAKE_FILES = {"Makefile": MAKEFILE, **{f"{n}.in": f"text {n}\n".encode() for n in "abcd"}}

GIT = b"""export HOME=$PWD GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'
git config --global user.name Ada; git config --global user.email ada@example.org
git init -q -b main repo && cd repo && echo hi > f && git add f && git commit -q -m first
echo more >> f && git commit -q -a -m second && git log --format='%h %s' && git status --short && git diff HEAD~1 --stat | cat
git checkout -q -b side HEAD~1 && git merge -q main && git rev-parse HEAD && git fsck 2>&1
"""

SERVER_CLIENT = b"""memcached -u root -l 127.0.0.1 -p 11211 -U 0 & pid=$!
for i in 1 2 3 4 5 6 7 8 9 10; do nc.openbsd -z 127.0.0.1 11211 && break; sleep 0.1; done
printf 'set key 0 0 5\\r\\nhello\\r\\nget key\\r\\nincr key 1\\r\\ndelete key\\r\\nget key\\r\\nquit\\r\\n' | nc.openbsd 127.0.0.1 11211
kill $pid; wait $pid; echo "status $?"
"""

NGINX_CONF = b"""daemon off; user root; worker_processes 2; pid nginx.pid; error_log stderr;
events { worker_connections 64; }
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen 127.0.0.1:8080; root /case/www; } }
"""

NGINX = b"""nginx -p /case -c /case/nginx.conf & pid=$!
for i in 1 2 3 4 5 6 7 8 9 10; do nc.openbsd -z 127.0.0.1 8080 && break; sleep 0.1; done
curl -s http://127.0.0.1:8080/hello.txt; curl -s -o big.copy http://127.0.0.1:8080/big.bin; cmp big.copy www/big.bin && echo same
curl -s -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:8080/missing
kill -QUIT $pid; wait $pid; echo "status $?"
"""

def _expected(name):
    return open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected", name), "rb").read()


CASES = [
    TaskCase("dash-script", ["/bin/dash", "script"], files={"script": SHELL}, cpus=(1, 2, 4)),
    TaskCase("bash-script", ["/bin/bash", "script"], files={"script": BASH}, wide=True, cpus=(1, 2, 4)),
    TaskCase("perl-processes", ["/usr/bin/perl", "script"], files={"script": PERL}),
    TaskCase("dump", ["/dump"], judge=TEXT, cpus=(1, 2, 4),
             stdout=b"child: count 1, page bb\nchild: count 2, page cc\ndumped: 3 mappings or more, registers 272, vectors 528\n"
                    b"child: count 3, page dd\nchild: count 4, page ee\nrestored: count 2\nchild: count 3, page dd\nended by signal 9\n"),
    TaskCase("forks", ["/forks", "200"], judge=TEXT, stdout=b"200 rounds: right\n", cpus=(1, 2, 4)),
    TaskCase("threads", ["/threads", "64", "2000"], judge=QEMU, cpus=(1, 2, 4, 16)),
    # More than 10^8 instructions on any number of CPUs.
    TaskCase("threads-probed", ["/threads", "64", "5200"], judge=QEMU, cpus=(1, 2, 4, 16),
             options=("-p", "uprobe:/threads:hot", "--kernel", "v6.12")),
    # qemu-aarch64 has no locks with priority inheritance: what the program prints when it is compiled for the host's Linux.
    TaskCase("mutexes", ["/mutexes"], judge=TEXT, stdout=_expected("mutexes"), cpus=(1, 2, 4)),
    # What the program prints when it is compiled for the host's Linux: qemu-aarch64 cannot execute a program of its kind.
    TaskCase("textbusy", ["/textbusy"], judge=TEXT, stdout=_expected("textbusy"), cpus=(1,)),
    TaskCase("execat", ["/execat"], judge=TEXT, stdout=_expected("execat"), cpus=(1,)),
    TaskCase("python-tasks", ["/usr/bin/python3", "script"], files={"script": PYTHON}, wide=True, cpus=(1, 4)),
    TaskCase("python-sockets", ["/usr/bin/python3", "script"], files={"script": SOCKETS}, wide=True, cpus=(1, 4)),
    TaskCase("make-j4", ["/usr/bin/make", "-j4"], judge=TEXT, files=MAKE_FILES, wide=True,
             stdout=b"TEXT A\nTEXT B\nTEXT C\nTEXT D\n"),
    TaskCase("tar-xz", ["/bin/sh", "-c", "tar c --sort=name tree words.txt | xz | xz -d | tar xf - --to-stdout | md5sum; cat tree/*/*.txt tree/.hidden | wc -c"],
             judge=HOST),
    TaskCase("git", ["/bin/sh", "script"], files={"script": GIT}, wide=True),
    TaskCase("gcc-assembly", ["/bin/sh", "-c", "gcc -O2 -S -o - hello.c | grep -E '^main:|bl|ret|b\\s|\"hi\"'"], wide=True, judge=TEXT,
             files={"hello.c": b'int puts(const char*);\nint main(void) {\n    return puts("hi") < 0;\n}\n'}),
    TaskCase("lua", ["/usr/bin/lua5.4", "-e", "local p = io.popen('seq 4'); local s = 0; for l in p:lines() do s = s + l end print(s, p:close())"],
             wide=True, judge=TEXT, stdout=b"10\ttrue\texit\t0\n"),
    TaskCase("jq", ["/bin/sh", "-c", """echo '{"a":[3,1,2],"b":{"c":null}}' | jq -c '.a|sort,add' | cat"""], wide=True, judge=TEXT,
             stdout=b"[1,2,3]\n6\n"),
    TaskCase("memcached", ["/bin/sh", "script"], files={"script": SERVER_CLIENT}, wide=True, judge=TEXT,
             stdout=b"STORED\r\nVALUE key 0 5\r\nhello\r\nEND\r\n"
                    b"CLIENT_ERROR cannot increment or decrement non-numeric value\r\nDELETED\r\nEND\r\nstatus 0\n"),
    TaskCase("nginx-curl", ["/bin/sh", "script"], wide=True, judge=TEXT, stdout=b"hello from nginx\nsame\n404\nstatus 0\n",
             files={"script": NGINX, "nginx.conf": NGINX_CONF, "www/hello.txt": b"hello from nginx\n", "www/big.bin": bytes(range(256)) * 8000}),
    TaskCase("ps", ["/bin/sh", "-c", "sleep 1 & ps -o stat=,comm= -p $!,$$ | sed 's/ *$//'; kill $!"], wide=True, judge=TEXT,
             stdout=b"Ss   sh\nS    sleep\n"),
]
