# SPDX-License-Identifier: GPL-2.0-or-later
"""Servers with their clients, databases, compilers, version control: tables only, as task_programs.py."""
from task_programs import TaskCase, TEXT

ASYNCIO = rb"""
import asyncio
async def main():
    async def handle(r, w):
        while line := await r.readline():
            w.write(line.upper()); await w.drain()
        w.close()
    srv = await asyncio.start_server(handle, '127.0.0.1', 0); port = srv.sockets[0].getsockname()[1]
    async def client(n):
        r, w = await asyncio.open_connection('127.0.0.1', port)
        out = []
        for i in range(3):
            w.write(f'hello {n} {i}\n'.encode()); out.append((await r.readline()).decode().strip())
        w.close(); await w.wait_closed(); return out
    for res in await asyncio.gather(*(client(n) for n in range(3))): print(res)
    p = await asyncio.create_subprocess_exec('tr', 'a-z', 'A-Z', stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print((await p.communicate(b'async sub'))[0], p.returncode)
    try: await asyncio.wait_for(asyncio.sleep(5), 0.01)
    except asyncio.TimeoutError: print('timeout')
    print(await asyncio.get_running_loop().run_in_executor(None, lambda: 42)); srv.close()
asyncio.run(main())
"""

PROCESSES = rb"""
import multiprocessing, os, sys
def sq(n): return n*n
def work(q, n): q.put((n, os.getpid() != os.getppid()))
if __name__ == '__main__':
    with multiprocessing.Pool(3) as pool: print(pool.map(sq, range(8)))
    q = multiprocessing.Queue(); ps = [multiprocessing.Process(target=work, args=(q, n)) for n in range(3)]
    [p.start() for p in ps]; print(sorted(q.get() for _ in ps)); [p.join() for p in ps]; print([p.exitcode for p in ps])
    v = multiprocessing.Value('i', 0)
    def inc():
        for _ in range(50):
            with v.get_lock(): v.value += 1
    ps = [multiprocessing.Process(target=inc) for _ in range(3)]; [p.start() for p in ps]; [p.join() for p in ps]; print(v.value)
    a, b = multiprocessing.Pipe(); p = multiprocessing.Process(target=lambda: b.send({'x': [1, 2]})); p.start(); print(a.recv()); p.join()
    from multiprocessing import shared_memory
    m = shared_memory.SharedMemory(create=True, size=100); m.buf[0] = 7; n = shared_memory.SharedMemory(name=m.name); print(n.buf[0]); n.close(); m.close(); m.unlink()
    s = multiprocessing.get_context('spawn')
    p = s.Process(target=sq, args=(3,)); p.start(); p.join(); print('spawn', p.exitcode)
    s = multiprocessing.get_context('forkserver')
    p = s.Process(target=sq, args=(3,)); p.start(); p.join(); print('forkserver', p.exitcode)
    with multiprocessing.Manager() as mgr:
        d = mgr.dict(); d['a'] = 1; print(dict(d))
"""

LIBRARY = rb"""
import ctypes, fcntl, hashlib, http.server, mmap, os, pathlib, resource, select, shutil, socket, sys, tempfile, threading, time, urllib.request, zlib
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header('Content-Length', str(len(self.path))); self.end_headers(); self.wfile.write(self.path.encode())
    def log_message(self, *a): pass
hs = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H); t = threading.Thread(target=hs.serve_forever); t.start()
print(urllib.request.urlopen(f'http://127.0.0.1:{hs.server_port}/abc').read()); hs.shutdown(); t.join(); hs.server_close()
x, y = socket.socketpair(); print(select.select([x], [y], [], 0.01)[0:2] == ([], [y])); y.send(b'1'); po = select.poll(); po.register(x, select.POLLIN); print(po.poll(10)[0][1])
ep = select.epoll(); ep.register(x.fileno(), select.EPOLLIN | select.EPOLLET); print(len(ep.poll(1)), len(ep.poll(0))); ep.close()
with tempfile.TemporaryDirectory() as d:
    f = pathlib.Path(d) / 'f'; f.write_text('x' * 10000); fd = os.open(f, os.O_RDWR); fcntl.flock(fd, fcntl.LOCK_EX); mm = mmap.mmap(fd, 10000); mm[0:3] = b'abc'; mm.flush(); print(f.read_bytes()[:5], mm.find(b'c')); mm.close(); os.close(fd)
    shutil.copytree(d, d + '2'); print(sorted(os.listdir(d + '2')), os.stat(d + '2/f').st_size); shutil.rmtree(d + '2')
print(hashlib.sha256(b'x' * 100000).hexdigest()[:8], zlib.crc32(b'abc')); print(os.popen('echo popen').read(), os.system('exit 3') >> 8)
print(ctypes.CDLL(None).abs(-5), os.cpu_count() == len(os.sched_getaffinity(0)) )
r = os.pidfd_open(os.getpid()); print(r > 2, os.get_terminal_size.__name__, os.isatty(0)); print(os.sysconf('SC_PAGE_SIZE'), os.getloadavg() is not None)
import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 10, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0)
print(socket.gethostname() != ''); print(time.strftime('%Y', time.gmtime(0)))
sys.exit(9)
"""

PERL_SOCKETS = rb"""
use strict; use warnings; use Socket; use IO::Socket::INET; use IO::Socket::UNIX; use IO::Select; use IO::Handle; $| = 1;
socketpair(my $p, my $q, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die; $p->autoflush(1); $q->autoflush(1);
my $pid = fork(); if (!$pid) { close $p; while (my $l = <$q>) { print $q "got $l" } exit 5 }
close $q; print $p "one\n"; print scalar <$p>; print $p "two\n"; print scalar <$p>; shutdown($p, 1); waitpid($pid, 0); print $? >> 8, "\n";
my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", Proto => "tcp", ReuseAddr => 1) or die "$@"; my $port = $s->sockport;
my @kids; for my $n (1..3) { my $k = fork(); if (!$k) { my $c = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die; print $c "client $n\n"; my $r = <$c>; exit($r eq "CLIENT $n\n" ? $n : 99) } push @kids, $k }
for (1..3) { my $c = $s->accept; my $l = <$c>; print $c uc $l; close $c } for (@kids) { waitpid($_, 0); print $? >> 8, " " } print "\n";
my $u = IO::Socket::UNIX->new(Local => "u.sock", Listen => 1) or die; if (!fork) { my $c = IO::Socket::UNIX->new(Peer => "u.sock") or die; print $c "unix\n"; exit 0 }
my $c = $u->accept; print scalar <$c>; wait; unlink "u.sock";
pipe(my $r, my $w); my $sel = IO::Select->new($r); print scalar($sel->can_read(0.01)), "\n"; syswrite $w, "abc"; print scalar($sel->can_read(1)), "\n"; sysread $r, my $buf, 10; print "$buf\n";
my $d = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1") or die; my $e = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1", PeerPort => $d->sockport); send($e, "dgram", 0); recv($d, $buf, 100, 0); print "$buf\n";
$SIG{PIPE} = 'IGNORE'; close $r; print syswrite($w, "x") // "error " . ($!{EPIPE} ? "EPIPE" : $!), "\n";
open(my $save, ">&", \*STDOUT); open(STDOUT, ">", "out.txt"); print "to file\n"; system("echo from child"); open(STDOUT, ">&", $save); open(my $f, "<", "out.txt"); print <$f>;
system("sh", "-c", "kill -9 \$\$"); print $? & 127, "\n"; local $ENV{X} = "y"; print `echo \$X`; print join(",", map { chomp; $_ } `printf 'a\nb\n'`), "\n";
flock($f, 2); print "locked\n"; print -s "out.txt", " ", (stat "out.txt")[7], "\n"; my @sorted = sort { $a <=> $b } map { ($_ * 7919) % 1000 } 1..1000; print "$sorted[0] $sorted[-1]\n";
"""

MEMCACHED_CLIENT = rb"""
import socket, sys, time
def connect(port):
    for _ in range(200):
        try: return socket.create_connection(('127.0.0.1', port))
        except ConnectionRefusedError: time.sleep(0.02)
s = connect(11211); f = s.makefile('rb')
def ask(text, lines=1):
    s.sendall(text.encode()); return [f.readline().decode().strip() for _ in range(lines)]
print(ask('set n 0 0 2\r\n10\r\n'), ask('incr n 5\r\n'), ask('decr n 3\r\n'), ask('get n\r\n', 3))
got = ask('gets n\r\n', 3); cas = got[0].split()[-1]
print(ask(f'cas n 0 0 1 {cas}\r\n7\r\n'), ask(f'cas n 0 0 1 {cas}\r\n8\r\n'), ask('get n missing\r\n', 3))
print(ask('add n 0 0 1\r\nx\r\n'), ask('append n 0 0 2\r\nab\r\n'), ask('prepend n 0 0 1\r\n>\r\n'), ask('get n\r\n', 3))
print(ask('touch n 100\r\n'), ask('delete n\r\n'), ask('delete n\r\n'), ask('bogus\r\n'))
s.sendall(b'set big 0 0 500000\r\n' + b'z' * 500000 + b'\r\n'); print(f.readline()); s.sendall(b'get big\r\n'); print(f.readline()); print(len(f.readline())); print(f.readline())
for i in range(300): s.sendall(f'set k{i} 0 0 {len(str(i))} noreply\r\n{i}\r\n'.encode())
s.sendall(('get ' + ' '.join(f'k{i}' for i in range(0, 300, 50)) + '\r\n').encode())
out = []
while (l := f.readline()) != b'END\r\n': out.append(l.strip())
print(out)
others = [connect(11211) for _ in range(10)]
for o in others: o.sendall(b'incr c 1\r\nversion\r\n')
print({o.makefile().readline().strip() for o in others})
s.sendall(b'stats\r\n'); stats = {}
while (l := f.readline()) != b'END\r\n': _, k, v = l.decode().split(None, 2); stats[k] = v.strip()
print({k: stats[k] for k in ('cmd_set', 'get_hits', 'get_misses', 'curr_items', 'incr_hits', 'incr_misses', 'cas_hits', 'cas_badval', 'delete_hits', 'threads')})
s.sendall(b'flush_all\r\nget big\r\nquit\r\n'); print(f.read())
"""

MEMCACHED = rb"""
memcached -u root -l 127.0.0.1 -p 11211 -U 0 & pid=$!
python3 client; kill $pid; wait $pid; echo "status $?"
bash -c 'memcached -u root -s mc.sock -t 2 & p=$!; until [ -S mc.sock ]; do sleep 0.1; done; sleep 0.2; printf "set a 0 0 1\r\nb\r\nget a\r\nquit\r\n" | nc.openbsd -U mc.sock; kill -INT $p; wait $p; echo "status $?"'
"""

NGINX_CONF = rb"""
user root; worker_processes 2; pid nginx.pid; error_log err.log info;
events { worker_connections 64; }
http { access_log access.log; sendfile on; tcp_nopush on; keepalive_timeout 5; default_type text/plain; gzip on; gzip_min_length 10;
  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen 127.0.0.1:8080; root www; location /dir { autoindex off; } location /ret { return 200 "returned $arg_x\n"; } location /old { return 301 /new; }
    location /proxy/ { proxy_pass http://127.0.0.1:8081/; } }
  server { listen 127.0.0.1:8081; listen unix:n.sock; location / { return 200 "behind $uri\n"; } } }
"""

NGINX = rb"""
nginx -p $PWD -c $PWD/nginx.conf; echo "started $?"
C="curl -sS --max-time 20"; U=http://127.0.0.1:8080
$C $U/hello.txt $U/dir/ $U/ret?x=5 -w '%{http_code} %{num_connects}\n'
$C -o copy $U/big.bin -w '%{size_download} %{http_code}\n'; cmp copy www/big.bin && echo same
$C -r 1000-1099 -o part $U/big.bin -w '%{size_download} %{http_code}\n'; wc -c < part
$C -o /dev/null -w '%{http_code}\n' $U/missing; $C -I $U/old | grep -E '^(HTTP|Location)' | tr -d '\r'
$C $U/proxy/x; $C --unix-socket n.sock http://x/y; $C --compressed -H 'Accept-Encoding: gzip' $U/hello.txt
$C -X POST -d 'a=b' -o /dev/null -w '%{http_code}\n' $U/hello.txt
for i in 1 2 3 4 5 6; do $C -o c$i $U/big.bin & done; wait; cat c? | wc -c
nginx -p $PWD -c $PWD/nginx.conf -s reload; sleep 0.2; $C $U/hello.txt
pid=$(cat nginx.pid); nginx -p $PWD -c $PWD/nginx.conf -s quit; while kill -0 $pid 2>/dev/null; do sleep 0.05; done; echo gone
wc -l < access.log; $C $U/hello.txt || echo "curl $?"; grep -cE 'crit|alert|emerg' err.log || true
"""

GIT_CLONE = rb"""
export HOME=$PWD GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_PAGER=cat
git config --global user.name Ada; git config --global user.email ada@example.org; git config --global init.defaultBranch main
git init -q origin && cd origin && mkdir src && seq 1000 > src/a && echo hi > f && ln -s f l && git add . && git commit -q -m first && seq 2000 > src/a && git commit -q -am second && git tag -a v1 -m tag && git branch topic
cd .. && git clone -q origin copy && cd copy && git log --oneline --decorate=no && git branch -a && git describe && git ls-files -s
git clone -q --no-local --depth 1 file://$PWD/../origin ../shallow 2>&1; git -C ../shallow rev-list --count HEAD
git checkout -q -b work && sed -i 's/^500$/five hundred/' src/a && git diff --stat && git commit -q -am third && git push -q origin work 2>&1; git -C ../origin log --format=%s work | head -n 1
git checkout -q main && echo x >> f && git stash -q && git stash list && git stash pop -q && git status --short && git commit -q -am four && git rebase -q work 2>&1 && git log --format='%h %s'
git gc -q 2>&1; git count-objects -v | grep -E '^(count|in-pack|packs|garbage)'; git fsck --full 2>&1; git archive HEAD | tar t; git blame -s f; git bundle create -q b HEAD 2>&1 && git bundle verify b 2>&1 | tail -n 1
git fetch -q origin && git merge-base main origin/main && git grep -c five src/a && git show HEAD:f && git rev-parse HEAD 'HEAD^{tree}' v1
git init -q --bare ../bare.git && git push -q ../bare.git main v1 2>&1 && git ls-remote ../bare.git && git worktree add -q ../wt topic 2>&1 && git worktree list | wc -l; git submodule status; git bisect start HEAD v1 -q 2>&1; git bisect run sh -c 'exit 0' 2>&1 | tail -n 1
"""

GCC = rb"""
cat > hello.c <<'X'
#include <stdio.h>
#include <stdlib.h>
static int cmp(const void*a,const void*b){return *(const int*)a-*(const int*)b;}
int main(int argc,char**argv){int v[]={5,3,9,1};qsort(v,4,sizeof *v,cmp);for(int i=0;i<4;i++)printf("%d%c",v[i],i<3?' ':'\n');printf("%d args\n",argc);return 3;}
X
gcc -O2 -Wall -o hello hello.c && ./hello a b; echo $?
gcc -static -O1 -g -o hello2 hello.c && ./hello2; echo $?
echo 'int main(void){return x;}' | gcc -x c - -o bad 2>&1; echo $?
gcc -pipe -c hello.c && nm hello.o | grep -c T && ar rcs lib.a hello.o && ar t lib.a && size hello.o | tail -n1 | wc -w && objdump -d hello.o | grep -c ret
"""

LUA = rb"""
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) print(co(), co(), co())
local t = {} for w in ("the quick brown fox"):gmatch("%a+") do t[#t + 1] = w end table.sort(t) print(table.concat(t, " "))
local f = assert(io.open("l.txt", "w")) f:write("a\n", 1, "\n", 2.5, "\n") f:close() for l in io.lines("l.txt") do io.write("[", l, "]") end print()
print(os.execute("exit 3")) print(select(2, pcall(error, {code = 2})).code) print(select("#", os.rename("l.txt", "m.txt")), os.remove("m.txt")) print(string.format("%q %5.2f %x", "a\nb", 3.14159, 255), 7 // 2, 2^53)
print(load("return 1 + ...")(41), math.type(3), utf8.char(228, 8364), #string.pack("i4d", 1, 2)) print(os.getenv("HOME") ~= nil, io.popen("cat", "w"):write("to cat\n"):close())
"""

JQ = rb"""
echo '[{"n":1,"t":"a"},{"n":2,"t":"b"},{"n":3,"t":"a"}]' > j.json
jq -c 'group_by(.t) | map({t: .[0].t, s: (map(.n) | add)})' j.json; jq -r '.[] | select(.n > 1) | @csv "\([.n, .t])"' j.json; jq -n '[range(5)] | map(. * .) | @base64 "\(tostring)"'; seq 5 | jq -s 'add / length'; jq -e '.[9]' j.json; echo $?; jq --arg x y -n '$x, env.TERM, now > 0'; echo '{"b":1,"a":[true,null]}' | jq -S --tab .
"""

ARCHIVES = rb"""
tar cJf t.tar.xz tree words.txt; tar tf t.tar.xz | sort; xz -l t.tar.xz | wc -l; tar czf t.tgz --sort=name tree; tar xzf t.tgz --to-stdout | cksum; seq 100000 | xz -T2 -3 | xz -dc | md5sum; seq 100000 | gzip -9 | zcat | tail -n 1; seq 50000 | bzip2 | bunzip2 | cksum; mkdir out; tar c tree | tar x -C out -f - && diff -r tree out/tree && echo same
"""

TOOLS = rb"""
cp words.txt j.json
find tree words.txt -type f -print0 | xargs -0 -n 1 -P 2 wc -c | sort
seq 20 | xargs -P 4 -I{} sh -c 'echo $(({} * 2))' | sort -n | tail -n 1
timeout 0.2 sleep 50
echo $?
timeout -s INT 2 sh -c 'trap "echo int
exit 9" INT
sleep 50'
echo $?
(sleep 0.1
echo late) | cat
nohup sh -c 'echo nohup' 2>/dev/null | cat
env -i A=b $(command -v env)
nice -n 5 nice
stdbuf -oL echo buf
mkfifo ff
(echo through > ff &)
cat ff
tee a b < j.json | wc -c
cmp a b && echo equal
split -n 3 j.json
cat x?? | cmp - j.json && echo joined
seq 3 | tac | paste -sd+ | bc
echo 'BEGIN { "date -u -d @0 +%Y" | getline y
print y
while (("seq 3" | getline l) > 0) s += l
print s
print "x" | "cat"
close("cat")
system("exit 3") }' > p.awk
mawk -f p.awk
flock j.json echo locked
(flock -n 9 && flock -n j.json echo no || echo busy) 9< j.json
setsid sh -c 'echo session'
diff3 a b j.json
od -An -tx1 j.json | head -n 1
tail -n 1 -f j.json > tailed & t=$!
until [ -s tailed ]; do sleep 0.1; done
echo more >> j.json
until grep -q more tailed; do sleep 0.1; done
kill $t
wait $t 2>/dev/null
echo $?
tail -n 1 tailed
sqlite3 s.db 'create table t(a); insert into t values(1),(2); select sum(a) from t; pragma journal_mode=wal; insert into t values(3); select count(*) from t;' '.mode csv' 'select * from t'
(sqlite3 s.db 'select max(a) from t') & wait
"""

POSTGRES = rb"""
export PATH=/usr/lib/postgresql/15/bin:$PATH; mkdir /tmp/pg; cd /tmp/pg
initdb -D data --no-locale -E UTF8 -A trust -N --no-sync -U postgres > /dev/null; echo "initdb $?"
cat > q.sql <<X
create table t(a int primary key, b text);
insert into t select i, md5(i::text) from generate_series(1, 1000) i;
create index on t(b);
update t set b = upper(b) where a % 10 = 0;
delete from t where a > 900;
select count(*), sum(a), max(b) from t where b = upper(b);
begin;
drop table t;
rollback;
select count(*) from t;
select 1/0;
with recursive f(n, x) as (select 1, 1::numeric union all select n + 1, x * (n + 1) from f where n < 25) select max(x) from f;
vacuum analyze t;
X
postgres --single -D data -F -c log_checkpoints=off postgres < q.sql 2>&1 | grep -oE '(count|sum|max) = "[^"]*"|ERROR:.*'
pg_ctl -D data -w -l log -o '-k /tmp/pg -c listen_addresses=127.0.0.1' start > /dev/null; echo "started $?"
export PGUSER=postgres PGHOST=127.0.0.1
psql -h /tmp/pg -XAt -c 'create table s(a int)' -c 'insert into s select generate_series(1,100)' -c 'select sum(a), version() like $$PostgreSQL 15%$$ from s'
for i in 1 2 3 4; do psql -XqAt -c "insert into s select $i" & done; wait
psql -XAt -c 'select count(*) from s' -c 'select count(distinct pid) > 3 from pg_stat_activity' -c 'select a from t order by a desc limit 1'
pgbench -i -q postgres > /dev/null 2>&1; pgbench -c 2 -j 2 -t 10 -n postgres 2>&1 | grep -E 'actually|failed'
psql -XAt -c 'select count(*), sum(abalance) = (select sum(bbalance) from pgbench_branches) from pgbench_accounts'
pg_ctl -D data -m fast stop > /dev/null; echo "stopped $?"; grep -cE 'FATAL|PANIC|ERROR|WARN' log || true
"""

WWW = {"www/hello.txt": b"hello from nginx\n", "www/dir/index.html": b"<p>index</p>\n", "www/big.bin": bytes(range(256)) * 4096}

MEMCACHED_SAYS = rb"""['STORED'] ['15'] ['12'] ['VALUE n 0 2', '12', 'END']
['STORED'] ['EXISTS'] ['VALUE n 0 1', '7', 'END']
['NOT_STORED'] ['STORED'] ['STORED'] ['VALUE n 0 4', '>7ab', 'END']
['TOUCHED'] ['DELETED'] ['NOT_FOUND'] ['ERROR']
b'STORED\r\n'
b'VALUE big 0 500000\r\n'
500002
b'END\r\n'
[b'VALUE k0 0 1', b'0', b'VALUE k50 0 2', b'50', b'VALUE k100 0 3', b'100', b'VALUE k150 0 3', b'150', b'VALUE k200 0 3', b'200', b'VALUE k250 0 3', b'250']
{'NOT_FOUND'}
{'cmd_set': '307', 'get_hits': '11', 'get_misses': '1', 'curr_items': '301', 'incr_hits': '1', 'incr_misses': '10', 'cas_hits': '1', 'cas_badval': '1', 'delete_hits': '1', 'threads': '4'}
b'OK\r\nEND\r\n'
status 0
""" + b"STORED\r\nVALUE a 0 1\r\nb\r\nEND\r\nstatus 0\n"

NGINX_SAYS = b"""started 0
hello from nginx
200 1
<p>index</p>
200 0
returned 5
200 0
1048576 200
same
100 206
100
404
HTTP/1.1 301 Moved Permanently
Location: http://127.0.0.1:8080/new
behind /x
behind /y
hello from nginx
405
6291456
hello from nginx
gone
19
curl 7
0
"""

GCC_SAYS = b"""1 3 5 9
3 args
3
1 3 5 9
1 args
3
<stdin>: In function 'main':
<stdin>:1:23: error: 'x' undeclared (first use in this function)
<stdin>:1:23: note: each undeclared identifier is reported only once for each function it appears in
1
1
hello.o
6
2
"""

LUA_SAYS = """1\t2\t3
brown fox quick the
[a][1][2.5]
nil\texit\t3
2
1\ttrue
"a\\\nb"  3.14 ff\t3\t9.007199254741e+15
42\tinteger\t\u00e4\u20ac\t12
to cat
true\ttrue\texit\t0
""".encode()

POSTGRES_SAYS = b"""initdb 0
count = "90"
sum = "40950"
max = "FE73F687E5BC5280214E0486B273A5F9"
count = "900"
ERROR:  division by zero
max = "15511210043330985984000000"
started 0
CREATE TABLE
INSERT 0 100
5050|t
104
t
900
number of transactions actually processed: 20/20
number of failed transactions: 0 (0.000%)
100000|t
stopped 0
0
"""

NOBODY = 65534  # postgres does not run as root, and looks its user up

CASES = [
    TaskCase("python-asyncio", ["/usr/bin/python3", "script"], files={"script": ASYNCIO}, wide=True),
    TaskCase("python-multiprocessing", ["/usr/bin/python3", "script"], files={"script": PROCESSES}, wide=True),
    TaskCase("python-library", ["/usr/bin/python3", "script"], files={"script": LIBRARY}, wide=True),
    TaskCase("perl-sockets", ["/usr/bin/perl", "script"], files={"script": PERL_SOCKETS}),
    TaskCase("memcached-client", ["/bin/sh", "script"], files={"script": MEMCACHED, "client": MEMCACHED_CLIENT}, wide=True, judge=TEXT,
             stdout=MEMCACHED_SAYS),
    TaskCase("nginx-workers", ["/bin/sh", "script"], files={"script": NGINX, "nginx.conf": NGINX_CONF, **WWW}, wide=True, judge=TEXT,
             stdout=NGINX_SAYS),
    TaskCase("git-clone", ["/bin/sh", "script"], files={"script": GIT_CLONE}, wide=True),
    TaskCase("gcc-link", ["/bin/sh", "script"], files={"script": GCC}, wide=True, judge=TEXT, stdout=GCC_SAYS, cpus=(1,)),
    TaskCase("lua-script", ["/usr/bin/lua5.4", "script"], files={"script": LUA}, wide=True, judge=TEXT, stdout=LUA_SAYS, cpus=(1,)),
    TaskCase("jq-script", ["/bin/sh", "script"], files={"script": JQ}, wide=True, cpus=(1,)),
    TaskCase("archives", ["/bin/sh", "script"], files={"script": ARCHIVES}, wide=True),
    TaskCase("shell-tools", ["/bin/sh", "script"], files={"script": TOOLS}, wide=True),
    TaskCase("postgres", ["/bin/sh", "script"], files={"script": POSTGRES}, wide=True, judge=TEXT, stdout=POSTGRES_SAYS,
             options=("--uid", str(NOBODY))),
]
