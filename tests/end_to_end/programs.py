# SPDX-License-Identifier: GPL-2.0-or-later
"""What the end-to-end tests run: a table of commands over a small tree of files. No logic but the making of the files.

Every command runs in a fresh copy of TREE as its working folder. What it prints and returns, and the files it leaves, must
be the same on uprobesim and on qemu-aarch64. To add a program: one row.
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    argv: list
    stdin: bytes = b""
    environment: tuple = ()  # more (key, value) pairs than ENVIRONMENT
    any_order: bool = False  # the program prints folder entries in the file system's order, which promises none
    stderr: bool = True  # false: the text names something that differs, such as an address
    pipe: bool = False  # stdin is a pipe instead of a file
    leaves: tuple = ()  # files the command writes, compared byte by byte


# What the tool gives a guest by default, and the one locale every program has. Sorted by key.
ENVIRONMENT = (
    ("HOME", "/root"),
    ("LANG", "C"),
    ("LC_ALL", "C"),
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("TERM", "dumb"),
)


def _words(seed, lines):
    """English-like lines from a linear congruential generator (Knuth's MMIX constants)."""
    vocabulary = "the of and hello world banana letter committee noon level kernel probe stack page fault moon root".split()
    state, out = seed, []
    for number in range(lines):
        line = []
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        for _ in range(2 + (state >> 60)):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            line.append(vocabulary[(state >> 40) % len(vocabulary)] + ("" if state >> 62 else str((state >> 33) % 1000)))
        out.append(" ".join(line))
    return ("\n".join(out) + "\n").encode()


WORDS = _words(1, 4000)
NUMBERS = "".join(f"{(i * 7919) % 1009} item{i % 17} {i}\n" for i in range(500)).encode()

TREE = {
    "words.txt": WORDS,
    "numbers.txt": NUMBERS,
    "empty": b"",
    "no-newline": b"first\nlast without end",
    "bytes.bin": bytes((i * i + i // 256) % 256 for i in range(20000)),
    "people.csv": b"name,age,town\nada,36,london\nalan,41,wilmslow\ngrace,85,arlington\nlinus,54,portland\n",
    "tree/a/one.txt": b"hello from one\nnothing\n",
    "tree/a/two.txt": b"nothing here\n",
    "tree/b/three.txt": _words(3, 50),
    "tree/b/deep/four.txt": b"say hello twice, hello\n",
    "tree/.hidden": b"hello hidden\n",
}

SQL = """
create table item(id integer primary key, name text, price real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
  insert into item select i, 'name-' || (i * 7919 % 1009), i * 1.25 from n;
create index by_name on item(name);
select count(*), sum(price), min(name), max(name) from item;
select name, count(*) from item group by name having count(*) > 1 order by 2 desc, 1 limit 5;
begin; update item set price = price * 2 where id % 3 = 0; delete from item where id % 7 = 0; commit;
select count(*), round(sum(price), 2) from item;
select group_concat(name, '|') from (select name from item where name like 'name-1%' order by name limit 8);
"""

GREP = [
    Case("grep-c", ["/bin/grep", "-c", "hello", "words.txt"]),
    Case("grep-n", ["/bin/grep", "-n", "noon.*moon", "words.txt"]),
    Case("grep-n-lines", ["/bin/grep", "-n", "hello", "words.txt"]),
    Case("grep-backreference", ["/bin/grep", "-E", r"([a-z])\1[a-z]*([a-z])\2", "words.txt"]),
    Case("grep-E", ["/bin/grep", "-cE", "(ka|to|le)[a-z]+ .*[0-9]{3}", "words.txt"]),
    Case("grep-P", ["/bin/grep", "-P", r"\b(\w+) \1\b", "words.txt"]),
    Case("grep-P-look", ["/bin/grep", "-cP", r"(?<=hello)\d+(?! world)", "words.txt"]),
    Case("grep-r", ["/bin/grep", "-r", "hello", "tree"], any_order=True),
    Case("grep-rl", ["/bin/grep", "-rlc", "hello", "."], any_order=True),
    Case("grep-missing", ["/bin/grep", "hello", "nosuch.txt"]),
    Case("grep-some-missing", ["/bin/grep", "first", "nosuch.txt", "no-newline"]),
    Case("grep-none", ["/bin/grep", "zebra", "words.txt"]),
    Case("grep-stdin", ["/bin/grep", "-o", "l[a-z]*", "-"], stdin=WORDS[:3000], pipe=True),
    Case("grep-i-w-v", ["/bin/grep", "-iwvc", "HELLO", "words.txt"]),
    Case("grep-binary", ["/bin/grep", "a", "bytes.bin"]),
    Case("grep-bad-expression", ["/bin/grep", "-E", "a(b", "words.txt"]),
    Case("grep-context", ["/bin/grep", "-m3", "-A1", "-B2", "committee", "words.txt"]),
    Case("grep-utf8", ["/bin/grep", "-o", "h.llo", "-"], stdin="hällo hello\n".encode(), environment=(("LC_ALL", "C.UTF-8"),)),
    Case("grep-folder", ["/bin/grep", "x", "tree"]),
]

COREUTILS = [
    Case("cat", ["/bin/cat", "words.txt", "empty", "no-newline"]),
    Case("cat-stdin", ["/bin/cat", "-n", "-", "no-newline"], stdin=b"from stdin\n\nend", pipe=True),
    Case("cat-missing", ["/bin/cat", "nosuch", "empty"]),
    Case("cat-folder", ["/bin/cat", "tree"]),
    Case("wc", ["/usr/bin/wc", "words.txt", "empty", "bytes.bin"]),
    Case("wc-stdin", ["/usr/bin/wc", "-l"], stdin=WORDS, pipe=True),
    Case("sort", ["/usr/bin/sort", "words.txt"]),
    Case("sort-keys", ["/usr/bin/sort", "-k2,2", "-k1,1nr", "numbers.txt"]),
    Case("sort-unique", ["/usr/bin/sort", "-u", "-r", "words.txt", "numbers.txt"]),
    Case("uniq", ["/usr/bin/uniq", "-c", "-f1", "numbers.txt"]),
    Case("uniq-stdin", ["/usr/bin/uniq", "-d"], stdin=b"a\na\nb\nc\nc\nc\n"),
    Case("head", ["/usr/bin/head", "-n", "7", "words.txt"]),
    Case("head-c", ["/usr/bin/head", "-c", "100", "words.txt", "numbers.txt"]),
    Case("tail", ["/usr/bin/tail", "-n", "5", "words.txt"]),
    Case("tail-from", ["/usr/bin/tail", "-n", "+495", "numbers.txt"]),
    Case("tail-stdin", ["/usr/bin/tail", "-c", "30"], stdin=NUMBERS, pipe=True),
    Case("cut", ["/usr/bin/cut", "-d,", "-f1,3", "people.csv"]),
    Case("cut-bytes", ["/usr/bin/cut", "-b", "2-5,9", "numbers.txt"]),
    Case("tr", ["/usr/bin/tr", "a-z", "A-Z"], stdin=WORDS[:5000]),
    Case("tr-squeeze", ["/usr/bin/tr", "-cs", "[:alnum:]", "\\n"], stdin=WORDS[:5000]),
    Case("ls", ["/bin/ls"]),
    Case("ls-l", ["/bin/ls", "-lA", "--time-style=+%s", "tree"]),
    Case("ls-R", ["/bin/ls", "-RF", "."]),
    Case("ls-size", ["/bin/ls", "-S", "--size", "--block-size=1", "--format=single-column"]),
    Case("ls-missing", ["/bin/ls", "nosuch"]),
    Case("ls-links", ["/bin/ls", "-l", "--time-style=+", "/bin/sh", "/bin/rbash"]),
    Case("stat", ["/usr/bin/stat", "-c", "%n %s %F %a %U %u %g %h %Y %y", "words.txt", "tree"]),
    Case("stat-file-link", ["/usr/bin/stat", "-c", "%N %s %F", "/bin/rbash", "/bin/sh"]),
    Case("md5sum", ["/usr/bin/md5sum", "words.txt", "bytes.bin", "empty"]),
    Case("md5sum-check", ["/usr/bin/md5sum", "-c"], stdin=b"d41d8cd98f00b204e9800998ecf8427e  empty\n00000000000000000000000000000000  words.txt\n"),
    Case("sha256sum", ["/usr/bin/sha256sum", "words.txt", "bytes.bin"]),
    Case("sha256sum-stdin", ["/usr/bin/sha256sum"], stdin=WORDS),
    Case("seq", ["/usr/bin/seq", "1", "3", "100"]),
    Case("seq-format", ["/usr/bin/seq", "-f", "%08.3f", "0.1", "0.01", "0.3"]),
    Case("od", ["/usr/bin/od", "-A", "d", "-t", "x1z", "-N", "400", "bytes.bin"]),
    Case("od-float", ["/usr/bin/od", "-t", "fDu4", "-N", "64", "bytes.bin"]),
    Case("date", ["/bin/date", "-u", "-d", "@0"]),
    Case("date-format", ["/bin/date", "-u", "-d", "2024-11-04 09:10:11 UTC + 100 days", "+%A %F %T %s %j %U"]),
    Case("date-bad", ["/bin/date", "-d", "no such day"]),
    Case("date-file", ["/bin/date", "-u", "-r", "words.txt", "+%F"]),
    Case("printf", ["/usr/bin/printf", "%s|%5d|%-8x|%.3f|%q\\n", "text", "42", "255", "3.14159", "a b"]),
    Case("printf-bad", ["/usr/bin/printf", "%d\\n", "twelve"]),
    Case("env", ["/usr/bin/env"]),
    Case("true", ["/bin/true"]),
    Case("false", ["/bin/false"]),
    Case("echo", ["/bin/echo", "-e", "a\\tb\\x41"]),
    Case("pwd", ["/bin/pwd"]),
    Case("id", ["/usr/bin/id", "-u"]),
    Case("base64", ["/usr/bin/base64", "bytes.bin"]),
    Case("cp", ["/bin/cp", "-v", "words.txt", "copy.txt"], leaves=("copy.txt",)),
    Case("mkdir", ["/bin/mkdir", "-pv", "new/deep/er"]),
    Case("mv", ["/bin/mv", "-v", "numbers.txt", "moved.txt"], leaves=("moved.txt",)),
    Case("rm", ["/bin/rm", "-rv", "tree"], any_order=True),
    Case("ln", ["/bin/ln", "-sv", "words.txt", "link"]),
    Case("dd", ["/bin/dd", "if=words.txt", "of=part", "bs=1000", "skip=2", "count=5", "status=none"], leaves=("part",)),
    Case("tee", ["/usr/bin/tee", "teed"], stdin=b"to both\n", leaves=("teed",), pipe=True),
    Case("split", ["/usr/bin/split", "-n", "2", "words.txt", "half-"], leaves=("half-aa", "half-ab")),
    Case("comm", ["/usr/bin/comm", "-12", "empty", "no-newline"]),
    Case("sort-output", ["/usr/bin/sort", "-o", "numbers.txt", "numbers.txt"], leaves=("numbers.txt",)),
]

BUSYBOX = [
    Case("busybox-awk", ["/bin/busybox", "awk", "{ n += NF; c[$1]++ } END { print n, length(c), substr(FILENAME, 2, 3) }", "words.txt"]),
    Case("busybox-sed", ["/bin/busybox", "sed", "-n", "s/hello/HELLO/gp;$=", "words.txt"]),
    Case("busybox-sed-i", ["/bin/busybox", "sed", "-i", "s/item/thing/", "numbers.txt"], leaves=("numbers.txt",)),
    Case("busybox-gzip", ["/bin/busybox", "gzip", "-c", "words.txt"]),
    Case("busybox-gzip-file", ["/bin/busybox", "gzip", "words.txt"], leaves=("words.txt.gz",)),
    Case("busybox-tar", ["/bin/busybox", "tar", "-cf", "-", "people.csv", "words.txt"]),
    Case("busybox-tar-folder", ["/bin/busybox", "tar", "-cvf", "/dev/null", "tree"], any_order=True),
    Case("busybox-find", ["/bin/busybox", "find", ".", "-name", "*.txt", "-size", "-2"], any_order=True),
    Case("busybox-sort", ["/bin/busybox", "sort", "-n", "numbers.txt"]),
    Case("busybox-wc", ["/bin/busybox", "wc", "words.txt", "empty"]),
    Case("busybox-md5sum", ["/bin/busybox", "md5sum", "words.txt"]),
    Case("busybox-no-applet", ["/bin/busybox", "nosuchapplet"]),
]

LARGER = [
    Case("sqlite-memory", ["/usr/bin/sqlite3", ":memory:", SQL]),
    Case("sqlite-stdin", ["/usr/bin/sqlite3", "-batch"], stdin=SQL.encode()),
    Case("sqlite-file", ["/usr/bin/sqlite3", "data.db", SQL], leaves=("data.db",)),
    Case("sqlite-error", ["/usr/bin/sqlite3", ":memory:", "select nonsense from nowhere;"]),
    Case("perl", ["/usr/bin/perl", "-e", 'my %c; while (<>) { $c{$_}++ for split } print "$_ $c{$_}\\n" for sort keys %c; printf "%.10f\\n", exp(1)', "words.txt"]),
    Case("perl-regex", ["/usr/bin/perl", "-ne", 'print "$.: $1\\n" if /(\\b\\w*(\\w)\\2\\w*\\b).*hello/', "words.txt"]),
    Case("perl-die", ["/usr/bin/perl", "-e", 'die "dead\\n"']),
    Case("perl-eval", ["/usr/bin/perl", "-MList::Util=sum", "-e", 'local $SIG{USR1} = sub { print "caught\\n" }; kill USR1 => $$; print sum(1..100), "\\n"; eval { die { code => 7 } }; print $@->{code}, "\\n"; exit 3']),
    Case("gawk", ["/usr/bin/gawk", "-F,", "NR > 1 { s += $2; print toupper($1) } END { print s, s / (NR - 1), length($0) }", "people.csv"]),
    Case("mawk", ["/usr/bin/mawk", "{ n += NF; c[$1]++ } END { print n, c[\"hello\"]; printf \"%.6f\\n\", atan2(0, -1) }", "words.txt"]),
    Case("bc", ["/usr/bin/bc", "-l"], stdin=b"scale=30\n4*a(1)\n2^200\nsqrt(2)\n1/0\n", pipe=True),
    Case("xz", ["/usr/bin/xz", "-c", "-T1", "words.txt"]),
    Case("xz-file", ["/usr/bin/xz", "-T1", "-k", "numbers.txt"], leaves=("numbers.txt.xz",)),
    Case("bzip2", ["/bin/bzip2", "-c", "words.txt"]),
    Case("bzip2-file", ["/bin/bzip2", "-k", "numbers.txt"], leaves=("numbers.txt.bz2",)),
    Case("gzip", ["/bin/gzip", "-9nc", "words.txt"]),
    Case("sed", ["/bin/sed", "-E", "s/([a-z]+) ([a-z]+)/\\2 \\1/;5q", "words.txt"]),
    Case("tar", ["/bin/tar", "-c", "--sort=name", "--owner=0", "--group=0", "--mtime=@0", "tree"]),
    Case("find", ["/usr/bin/find", "tree", "-type", "f", "-printf", "%p %s %m\\n"], any_order=True),
    Case("dash", ["/bin/dash", "-c", 'i=0; while [ $i -lt 50 ]; do i=$((i + 1)); done; echo $i "$0"; exit 4', "name"]),
    Case("bash", ["/bin/bash", "-c", 'declare -A m=([a]=1 [b]=2); for k in a b; do echo $k ${m[$k]}; done; printf "%03d\\n" $((16#ff)); exit 5']),
]

PROGRAMS = GREP + COREUTILS + BUSYBOX + LARGER

# Our own programs (workloads/), which need no sysroot. Run with the folder of the built programs as their root.
WORKLOADS = [
    Case("counts", ["/counts"]),
    Case("addresses", ["/addresses"]),
    Case("clocks", ["/clocks"]),
    Case("interrupts", ["/interrupts"]),
    Case("removed", ["/removed"]),
    Case("tags", ["/tags"]),
    Case("readiness", ["/readiness"]),
    Case("sockets", ["/sockets"]),
    Case("faults", ["/faults"]),
    Case("faults-abort", ["/faults", "6"]),
    Case("kvstore", ["/kvstore"]),
    Case("locks", ["/locks"]),
    Case("pipes", ["/pipes"]),
    Case("scanner-stdin", ["/scanner", "-n", "hello", "-"], stdin=WORDS),
    Case("scanner-none", ["/scanner", "-c", "zebra", "-"], stdin=WORDS, pipe=True),
    Case("scanner-usage", ["/scanner"]),
    Case("scanner-missing", ["/scanner", "x", "/nosuch"]),
    Case("trig-push", ["/trig_push", "1000"]),
] + [Case(f"hostile-{mode}", ["/hostile", mode])
     for mode in ("jump", "data", "illegal", "recurse", "kernel", "oddpc", "badstack", "sigreturn")]

# Static programs without a C library: their totals are compared with qemu-aarch64 -singlestep.
COUNTED = [["/counts"], ["/trig_nop", "500"], ["/trig_push", "700"], ["/trig_ret", "900"], ["/trig_push", "0"]]
