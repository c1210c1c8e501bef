# SPDX-License-Identifier: GPL-2.0-or-later
"""Large programs of Debian, whole: debuggers, language runtimes, servers with their clients. Tables only, as task_programs.py.

They need the sysroot that `tools/setup/fetch-sysroot --whole` fetches (2.2 GB), so that tools/dev/nightly runs them and not
CTest. Each prints what its documentation says.
"""
from task_programs import TaskCase, TEXT

# The loader's cache and Debian's alternatives are made when packages are configured, which nothing is here.
LIBRARIES = ("--env", "LD_LIBRARY_PATH=" + ":".join(f"/usr/lib/aarch64-linux-gnu/{name}" for name in ("blas", "lapack", "pulseaudio")))

STRACE = rb"""
strace -f -o log sh -c '/bin/true; echo shell'
grep -c 'execve(' log; grep -c '+++ exited with 0 +++' log; grep -o 'write(1, "shell.n", 6) *= 6' log | tr -s ' '
strace -e inject=openat:error=EACCES -P /etc/passwd cat /etc/passwd 2>log; echo $?; grep -c INJECTED log
strace -c -o log true; grep -c execve log
sleep 100 & strace -o log -p $! & sleep 0.2; kill $!; wait $!; kill %1; grep -c '^restart_syscall' log
"""
STRACE_SAYS = b"""shell
2
2
write(1, "shell\\n", 6) = 6
1
1
1
1
"""

GDB_PROGRAM = rb"""
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
int total;
int add(int x) { total += x; return total; }
static void* work(void* n) { add(*(int*)n); return 0; }
int main(void) {
    int n = 5; pthread_t t;
    for (int i = 1; i <= 3; i++) add(i);
    pthread_create(&t, 0, work, &n); pthread_join(t, 0);
    raise(SIGUSR1); printf("%d\n", total); return total; }
"""
GDB = rb"""
gcc -g -O0 -pthread -o program program.c
gdb --batch -nx -ex 'set debuginfod enabled off' -ex 'break add if x == 3' -ex run -ex 'print x' -ex 'print total' -ex 'backtrace' -ex 'watch total' -ex continue \
    -ex 'delete' -ex 'break work' -ex continue -ex 'info threads' -ex 'stepi' -ex 'delete' -ex 'handle SIGUSR1 stop' -ex continue -ex 'print $_siginfo.si_signo' -ex 'signal 0' program 2>&1 |
    grep -oE '^\$[0-9]+ = [0-9]+|^#[01] .*add|^#1 .*main|^(Old|New) value = [0-9]+|Thread [0-9] ".*hit Breakpoint|received signal SIGUSR1|^11$|exited with code [0-9]+' | sed 's/0x[0-9a-f]* in //'
"""
GDB_SAYS = b"""$1 = 3
$2 = 3
#0  add
#1  main
Old value = 3
New value = 6
Thread 2 "program" hit Breakpoint
received signal SIGUSR1
$3 = 10
11
exited with code 013
"""

RSYNC = rb"""
mkdir -p a/d; echo one > a/x; echo two > a/d/y; ln -s x a/l; chmod 640 a/x
rsync -a a/ b; diff -r a b && echo same; readlink b/l; stat -c %a b/x
echo three >> a/x; rm a/d/y; touch -d 2001-01-01 a/x a/d; rsync -ai --delete a/ b | cut -c1-3,12- | tr -s ' ' | sort; diff -r a b && echo same
rsync -a --dry-run --stats a/ c | grep 'Number of regular files transferred'
"""
RSYNC_SAYS = b"""same
x
640
*de d/y
.d. d/
>f. x
same
Number of regular files transferred: 1
"""

SSH = rb"""
mkdir -p /run/sshd /root/.ssh /etc/ssh; : > /etc/ssh/sshd_config
grep -q ^sshd /etc/passwd || echo 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin' >> /etc/passwd
ssh-keygen -q -t ed25519 -N '' -f key; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id; cp /root/.ssh/id.pub /root/.ssh/authorized_keys; chmod -R go= /root/.ssh
/usr/sbin/sshd -E log -o HostKey=$PWD/key -o UsePAM=no -o StrictModes=no -o PidFile=$PWD/pid -p 2222; echo sshd $?
s() { ssh -q -o StrictHostKeyChecking=no -i /root/.ssh/id -p 2222 root@127.0.0.1 "$@"; }
s 'echo over ssh; exit 3'; echo $?
seq 1000 | s 'sort -rn | head -n 2'
s -tt 'tty | cut -d/ -f1-3' | tr -d '\r'
head -c 200000 /dev/zero | s 'cat > copy'; stat -c %s /root/copy
kill $(cat pid)
"""
SSH_SAYS = b"""sshd 0
over ssh
3
1000
999
/dev/pts
200000
"""

RELOAD_CONF = b"""user root; worker_processes 2; pid /case/pid; error_log /case/errors;
events { worker_connections 64; }
http { access_log off; client_body_temp_path /case/b; proxy_temp_path /case/p; fastcgi_temp_path /case/f; uwsgi_temp_path /case/u;
scgi_temp_path /case/s; server { listen 127.0.0.1:8080; root /case/www; } }
"""
RELOAD = rb"""
get() { python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:$1/a').read())"; }
mkdir -p /var/lib/nginx /var/log/nginx
nginx -c /case/nginx.conf; get 8080
sed -i 's/8080/8081/' nginx.conf; nginx -c /case/nginx.conf -s reload; sleep 1; get 8081; get 8080 2>&1 | tail -n 1
nginx -c /case/nginx.conf -s quit; sleep 1; test -e pid || echo gone
"""
RELOAD_SAYS = b"""b'one\\n'
b'one\\n'
urllib.error.URLError: <urlopen error [Errno 111] Connection refused>
gone
"""

NODE = rb"""
const fs = require('fs'), http = require('http'), { Worker, isMainThread, parentPort } = require('worker_threads'), cp = require('child_process'), zlib = require('zlib'), crypto = require('crypto');
if (!isMainThread) { parentPort.postMessage(6 * 7); } else {
  console.log([1, 2, 3].map(x => x * 2), crypto.createHash('sha256').update('abc').digest('hex').slice(0, 8));
  new Worker(__filename).on('message', m => { console.log('worker', m);
    const server = http.createServer((q, r) => r.end('you asked ' + q.url)).listen(0, '127.0.0.1', () => {
      http.get({ port: server.address().port, host: '127.0.0.1', path: '/x' }, r => { let s = ''; r.on('data', d => s += d); r.on('end', () => { console.log(s); server.close();
        console.log(cp.execSync('echo child').toString().trim(), zlib.gunzipSync(zlib.gzipSync('z'.repeat(1000))).length);
        fs.writeFileSync('out', 'text'); fs.promises.readFile('out', 'utf8').then(console.log); }); }); }); });
}
"""
NODE_SAYS = b"""[ 2, 4, 6 ] ba7816bf
worker 42
you asked /x
child 1000
text
"""

RUBY = rb"""
require 'socket'; require 'digest'; require 'json'
puts [3, 1, 2].sort.inspect, Digest::SHA256.hexdigest('abc')[0, 8], JSON.parse('{"a": [1, 2]}')['a'].sum
r, w = IO.pipe; pid = fork { r.close; w.puts 'from the child'; exit 3 }; w.close; puts r.read; Process.wait(pid); puts $?.exitstatus
server = TCPServer.new('127.0.0.1', 0); t = Thread.new { c = server.accept; c.puts c.gets.upcase; c.close }
s = TCPSocket.new('127.0.0.1', server.addr[1]); s.puts 'hello'; puts s.gets; t.join
f = Fiber.new { Fiber.yield 1; 2 }; puts f.resume + f.resume
q = Queue.new; 4.times.map { |i| Thread.new { q << i } }.each(&:join); puts 4.times.map { q.pop }.sum
puts `echo back`, $?.success?; trap('USR1') { puts 'usr1' }; Process.kill('USR1', $$); sleep 0.01
begin; Integer('x'); rescue ArgumentError => e; puts e.message; end
"""
RUBY_SAYS = b"""[1, 2, 3]
ba7816bf
3
from the child
3
HELLO
3
6
back
true
usr1
invalid value for Integer(): "x"
"""

JAVA = rb"""
import java.net.*; import java.io.*; import java.nio.file.*; import java.util.*; import java.util.concurrent.*; import java.util.stream.*;
public class Program {
    public static void main(String[] a) throws Exception {
        System.out.println(IntStream.rangeClosed(1, 1000).parallel().sum());
        ExecutorService pool = Executors.newFixedThreadPool(4); List<Future<Integer>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) { final int n = i; all.add(pool.submit(() -> n * n)); }
        int sum = 0; for (Future<Integer> f : all) sum += f.get(); pool.shutdown(); System.out.println(sum);
        ServerSocket server = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"));
        Thread t = new Thread(() -> { try (Socket s = server.accept()) { s.getOutputStream().write("hello\n".getBytes()); } catch (IOException e) { System.out.println(e); } }); t.start();
        try (Socket s = new Socket("127.0.0.1", server.getLocalPort())) { System.out.println(new BufferedReader(new InputStreamReader(s.getInputStream())).readLine()); } t.join();
        Files.writeString(Path.of("out"), "text"); System.out.println(Files.readString(Path.of("out")));
        Process p = new ProcessBuilder("/bin/sh", "-c", "echo child; exit 3").start(); System.out.println(new String(p.getInputStream().readAllBytes()).trim() + " " + p.waitFor());
        try { Object o = null; o.hashCode(); } catch (NullPointerException e) { System.out.println("null"); }
        long h = 0; for (int i = 0; i < 3000000; i++) h = h * 31 + i; System.out.println(h); System.gc();
    }
}
"""
JAVA_SCRIPT = rb"""
PATH=/usr/lib/jvm/java-17-openjdk-arm64/bin:$PATH; mkdir -p /etc/java-17-openjdk
java -Xshare:auto -version 2>&1 | head -n 1 | cut -c1-19
javac Program.java && java Program
"""


def java_hash():
    h = 0
    for i in range(3000000):
        h = (h * 31 + i) & 0xffffffffffffffff
    return h - (1 << 64) if h >> 63 else h


JAVA_SAYS = b"""openjdk version "17
500500
140
hello
text
child 3
null
%d
""" % java_hash()

GO = rb"""
package main

import ("bufio"; "fmt"; "net"; "os/exec"; "sync")

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil { panic(err) }
	go func() {
		for {
			c, err := l.Accept()
			if err != nil { return }
			go func() { s, _ := bufio.NewReader(c).ReadString('\n'); fmt.Fprintf(c, "got %s", s); c.Close() }()
		}
	}()
	var wait sync.WaitGroup
	sum := make(chan int, 20)
	for i := 0; i < 20; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil { panic(err) }
			fmt.Fprintf(c, "%d\n", i)
			var n int
			fmt.Fscanf(c, "got %d\n", &n)
			sum <- n
		}(i)
	}
	wait.Wait()
	total := 0
	for i := 0; i < 20; i++ { total += <-sum }
	out, err := exec.Command("/bin/echo", "child").Output()
	fmt.Println(total, string(out), err)
}
"""
GO_SCRIPT = rb"""
export HOME=$PWD CGO_ENABLED=0; go build -p 2 -o server server.go && file server | grep -o 'statically linked' && ./server
"""

RUST = rb"""
mkdir w; cd w; printf 'one\ntwo three\n' > a; mkdir d; printf 'three\n' > d/b; seq 100000 > d/numbers
rg -c three a; rg --sort path -n three .; rg -c '99$' d/numbers; fdfind --type f | sort; fdfind -x wc -c {} \; '^b$'
hyperfine -N -r 3 -w 1 /bin/true 2>/dev/null | grep -c 'Time (mean'
"""
RUST_SAYS = b"""1
./a:2:two three
./d/b:1:three
1000
a
d/b
d/numbers
6 ./d/b
1
"""

VALGRIND = rb"""valgrind --tool=none -q /bin/echo valgrind; valgrind -q --tool=lackey --basic-counts=no /bin/true 2>&1 | head -n 0; echo $?"""

APT = rb"""
mkdir -p repo/d/DEBIAN repo/d/usr/share/x state/lists/partial cache/archives/partial etc/preferences.d; echo hi > repo/d/usr/share/x/y; : > state/status
printf 'Package: x\nVersion: 1\nArchitecture: arm64\nMaintainer: a <a@b>\nDescription: x\n' > repo/d/DEBIAN/control
cd repo; dpkg-deb -b d x_1_arm64.deb >/dev/null; rm -r d
{ printf 'Package: x\nVersion: 1\nArchitecture: arm64\nMaintainer: a <a@b>\nDescription: x\nFilename: ./x_1_arm64.deb\nSize: %s\n' $(stat -c %s x_1_arm64.deb)
  printf 'SHA256: %s\n' $(sha256sum x_1_arm64.deb | cut -d' ' -f1); } > Packages
cd ..; echo 'deb [trusted=yes] file:/case/repo ./' > etc/sources.list
O="-qq -o Dir::State=/case/state -o Dir::State::status=/case/state/status -o Dir::Cache=/case/cache -o Dir::Etc=/case/etc -o Dir::Log=/case -o APT::Architecture=arm64 -o APT::Sandbox::User="
apt-get $O update; apt-get $O download x; dpkg-deb -c x_1_arm64.deb | grep -o './usr/share/x/y'; apt-cache $O show x | grep ^Version
"""
APT_SAYS = b"""./usr/share/x/y
Version: 1
"""

MAKE = rb"""
i=0; while [ $i -lt 200 ]; do echo "int f$i(int x) { return x + $i; }" > f$i.c; i=$((i+1)); done
{ i=0; while [ $i -lt 200 ]; do echo "int f$i(int);"; i=$((i+1)); done; echo '#include <stdio.h>'; echo 'int main(void) { int s = 0;'
  i=0; while [ $i -lt 200 ]; do echo "s = f$i(s);"; i=$((i+1)); done; echo 'printf("%d\n", s); return 0; }'; } > main.c
printf 'O := $(patsubst %%.c,%%.o,$(wildcard *.c))\nall: $(O)\n\tgcc -o all $(O)\n%%.o: %%.c\n\tgcc -O1 -c $< -o $@\n' > Makefile
make -j4 >log 2>&1 || tail -n 5 log; ./all; make -j4 -q; echo $?; touch f7.c; make -j4 | wc -l
"""
MAKE_SAYS = b"""19900
0
2
"""

FFMPEG = rb"""
ffmpeg -v error -f lavfi -i testsrc=duration=1:size=160x120:rate=25 -f lavfi -i sine=duration=1 -c:v mpeg4 -c:a aac -bitexact -threads 2 out.mp4; echo $?
ffprobe -v error -count_frames -show_entries stream=codec_name,nb_read_frames -of csv out.mp4
"""
FFMPEG_SAYS = b"""0
stream,mpeg4,25
stream,aac,44
"""

TMUX = rb"""
export LANG=C.UTF-8 TERM=xterm
tmux -f /dev/null new-session -d -s a -x 80 -y 24 /bin/sh
tmux send-keys -t a 'echo $((6*7)) > out; tmux wait-for -S done' Enter
tmux wait-for done; cat out; tmux split-window -t a 'echo second > other; tmux wait-for -S other'; tmux wait-for other; cat other
tmux list-sessions -F '#{session_name} #{session_windows}'; tmux kill-server; tmux list-sessions 2>&1 | cut -d' ' -f1-3
"""
TMUX_SAYS = b"""42
second
a 1
no server running
"""

NETWORK = rb"""
ip -o addr show lo | mawk '{print $2, $3, $4}'; ip -o link | mawk '{print $2}'; ip route | wc -l
nc.openbsd -l 127.0.0.1 7000 >got & sleep 0.1; ss -Hltn | mawk '{print $1, $4}'; echo text | nc.openbsd -N 127.0.0.1 7000; wait; cat got
ping -c 1 -W 1 127.0.0.1 | grep -o '1 received'
"""
NETWORK_SAYS = b"""lo inet 127.0.0.1/8
lo inet6 ::1/128
lo:
0
LISTEN 127.0.0.1:7000
text
1 received
"""

WATCH = rb"""
mkdir d; inotifywait -q -t 3 -m d >log 2>/dev/null & sleep 0.5; echo x > d/a; mv d/a d/b; rm d/b; wait; cat log
touch f; setfattr -n user.key -v value f; getfattr --only-values -n user.key f; echo; cp -a f g; getfattr --only-values -n user.key g; echo
setfacl -m u:65534:r f; getfacl -cn f | grep 65534
(flock 9; echo locked) 9>lock; lsof -t lock | wc -l
"""
WATCH_SAYS = b"""d/ CREATE a
d/ OPEN a
d/ MODIFY a
d/ CLOSE_WRITE,CLOSE a
d/ MOVED_FROM a
d/ MOVED_TO b
d/ DELETE b
value
value
user:65534:r--
locked
0
"""

FIO = rb"""
for engine in psync libaio io_uring mmap; do
    fio --name=x --filename=file --size=1m --rw=randrw --bs=4k --ioengine=$engine --iodepth=4 --verify=crc32c --output=log && grep -c 'err= 0' log
done
"""

CASES = [
    TaskCase("strace", ["/bin/bash", "script"], files={"script": STRACE}, judge=TEXT, stdout=STRACE_SAYS, sysroot="whole"),
    TaskCase("gdb", ["/bin/bash", "script"], files={"script": GDB, "program.c": GDB_PROGRAM}, judge=TEXT, stdout=GDB_SAYS, sysroot="whole"),
    TaskCase("rsync", ["/bin/bash", "script"], files={"script": RSYNC}, judge=TEXT, stdout=RSYNC_SAYS, sysroot="whole"),
    TaskCase("ssh", ["/bin/bash", "script"], files={"script": SSH}, judge=TEXT, stdout=SSH_SAYS, sysroot="whole"),
    TaskCase("nginx-reload", ["/bin/bash", "script"], files={"script": RELOAD, "nginx.conf": RELOAD_CONF, "www/a": b"one\n"}, judge=TEXT,
             stdout=RELOAD_SAYS, sysroot="whole"),
    TaskCase("node", ["/usr/bin/node", "script"], files={"script": NODE}, judge=TEXT, stdout=NODE_SAYS, sysroot="whole"),
    TaskCase("ruby", ["/usr/bin/ruby", "script"], files={"script": RUBY}, judge=TEXT, stdout=RUBY_SAYS, sysroot="whole"),
    TaskCase("java", ["/bin/bash", "script"], files={"script": JAVA_SCRIPT, "Program.java": JAVA}, judge=TEXT, stdout=JAVA_SAYS, sysroot="whole"),
    TaskCase("go-server", ["/bin/bash", "script"], files={"script": GO_SCRIPT, "server.go": GO}, judge=TEXT,
             stdout=b"statically linked\n190 child\n <nil>\n", cpus=(4,), sysroot="whole", options=("--memory", "4G")),
    TaskCase("rust-programs", ["/bin/bash", "script"], files={"script": RUST}, judge=TEXT, stdout=RUST_SAYS, sysroot="whole"),
    TaskCase("valgrind", ["/bin/bash", "script"], files={"script": VALGRIND}, judge=TEXT, stdout=b"valgrind\n0\n", cpus=(1,), sysroot="whole"),
    TaskCase("apt-get", ["/bin/bash", "script"], files={"script": APT}, judge=TEXT, stdout=APT_SAYS, sysroot="whole"),
    TaskCase("make-200-files", ["/bin/bash", "script"], files={"script": MAKE}, judge=TEXT, stdout=MAKE_SAYS, cpus=(4,), sysroot="whole"),
    TaskCase("ffmpeg", ["/bin/bash", "script"], files={"script": FFMPEG}, judge=TEXT, stdout=FFMPEG_SAYS, sysroot="whole", options=LIBRARIES),
    TaskCase("tmux", ["/bin/bash", "script"], files={"script": TMUX}, judge=TEXT, stdout=TMUX_SAYS, sysroot="whole"),
    TaskCase("network-tools", ["/bin/bash", "script"], files={"script": NETWORK}, judge=TEXT, stdout=NETWORK_SAYS, sysroot="whole"),
    TaskCase("watch-and-attributes", ["/bin/bash", "script"], files={"script": WATCH}, judge=TEXT, stdout=WATCH_SAYS, sysroot="whole"),
    TaskCase("fio", ["/bin/bash", "script"], files={"script": FIO}, judge=TEXT, stdout=b"1\n" * 4, sysroot="whole"),
]
