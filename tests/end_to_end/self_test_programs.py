# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that Debian's packages bring of themselves: CPython's, systemd's and stress-ng's, which judge by themselves. A table
only, of the sysroot that `tools/setup/fetch-sysroot --whole` fetches.

Left out is what needs what is not modelled: a process 1, control groups, block devices, other modules of the kernel.
"""
from task_programs import TaskCase, TEXT

PYTHON_CALLS = """
os posix signal mmap select poll epoll selectors fcntl ioctl pty openpty resource thread threadsignals fork1 wait3 wait4
""".split()
PYTHON_NETWORK = """
socket socketserver asyncore asynchat ftplib httplib ssl threading eintr faulthandler time timeout
""".split()
PYTHON_FILES = """
subprocess tempfile pathlib stat largefile fileio io file pipes popen pwd grp spwd ctypes tarfile
""".split()
SYSTEMD = """
acl-util af-list alloc-util architecture arphrd-util async audit-type bcd bitmap blockdev-util bootspec bus-address
bus-error bus-introspect bus-objects bus-queue-ref-cycle bus-server bus-signature bus-util bus-vtable bus-vtable-cc
bus-watch-bind busctl-introspect calendarspec cap-list capability catalog cgroup-cpu cgroup-setup chown-rec clock compress
compress-benchmark conf-files conf-parser copy coredump-util cpu-set-util cryptolib daemon data-fd-util date dev-setup
device-nodes device-util devnum-util dhcp-client dhcp-option dhcp6-client dns-domain dns-packet dnssec efi-string ellipsize
emergency-action env-file env-util errno-list errno-util escape ether-addr-util event exec-util execve exit-status
extract-word fd-util fdset fido-id-desc fileio firewall-util format-util fs-util fstab-util glob-util gpt hash-funcs hashmap
hexdecoct hmac hostname-setup hostname-util id128 import-util in-addr-prefix-util in-addr-util install-file install-root
io-util ip-protocol-list ipv4ll job-type journal-config journal-enum journal-flush journal-importer journal-init
journal-match journal-send journal-syslog journal-verify json kbd-util libcrypt-util libmount libsystemd-sym libudev
libudev-sym list lldp-rx local-addresses locale-util localed-util log login-shared login-tables loopback machine-tables
macro manager math-util mkdir mmap-cache modhex ndisc-ra ndisc-rs net-naming-scheme network-generator network-tables
networkd-address networkd-conf networkd-util nspawn-tables nspawn-util offline-passwd ordered-set os-util parse-argument
parse-helpers parse-util path-lookup path-util percent-util pretty-print prioq proc-cmdline procfs-util psi-util qrcode-util
random-util ratelimit recurse-dir replace-var resolve resolve-tables resolved-etc-hosts resolved-packet resolved-stream
rlimit-util rm-rf sbat sd-device-thread sd-dhcp-lease sd-path seccomp selinux serialize set set-disable-mempool sha256
sigbus signal-util siphash24 sizeof socket-netlink socket-util specifier stat-util static-destruct strbuf string-util
strip-tab-ansi strv strxcpyx sysctl-util tables terminal-util time-util timesync tmpfile-util tmpfiles tpm2 udev-builtin
udev-device-thread udev-node uid-alloc-range uid-range umask-util umount unaligned unit-file user-util utf8 util utmp
varlink verbs verify web-util xattr-util xdg-autostart xml
""".split()
STRESSORS = """
access af-alg affinity aio aiol alarm apparmor atomic bad-altstack bad-ioctl bigheap branch brk bsearch cache cacheline
chattr chmod chown chroot clock clone close context copy-file cpu cpu-online crypt cyclic daemon dccp dekker dentry dev-shm
dir dirdeep dirmany dnotify dup dynlib enosys env epoll eventfd exec exit-group fallocate fanotify fault fcntl fiemap fifo
file-ioctl filename flock flushcache fork fp fp-error fpunch fsize fstat full funccall funcret futex get getdent getrandom
goto gpu handle hash hdd heapsort hrtimers hsearch icache icmp-flood idle-page inode-flags inotify io io-uring iomix ioport
ioprio ipsec-mb itimer judy kcmp key kill klog kvm landlock lease list locka lockbus lockf lockofd longjmp loop malloc
matrix matrix-3d mcontend membarrier memcpy memfd memhotplug memthrash mergesort mincore misaligned mknod mlock mmapaddr
mmapfixed mmaphuge mmapmany mprotect mq msg msync msyncmany munmap mutex nanosleep netdev nice nop null opcode open pagemove
pageswap personality peterson physpage pidfd ping-sock pipe pipeherd pkey plugin poll prctl priv-instr procfs pthread ptrace
pty qsort quota race-sched radixsort ramfs randlist rawpkt rawsock rawudp rdrand readahead reboot regs remap rename resched
resources revio ring-pipe rlimit rmap rotate rseq rtc schedpolicy sctp seal seccomp secretmem seek sem sem-sysv sendfile
session set shm shm-sysv sigabrt sigchld sigfd sigio signal signest sigpending sigpipe sigq sigrt sigsegv sigsuspend sigtrap
skiplist sleep sock sockabuse sockdiag sockfd sockmany sockpair softlockup sparsematrix spawn splice stack stackmmap str
stream switch sync-file sysbadaddr syscall sysinfo tee timer timerfd tlb-shootdown touch tsc tsearch tun udp udp-flood
umount unshare urandom userfaultfd usersyscall utime vdso vecfp vecmath vecshuf vecwide verity vfork vforkmany vm vm-addr
vm-rw vm-segv vm-splice wait waitcpu wcs x86cpuid x86syscall yield zero zlib zombie
""".split()

# They print the names of those that fail. 77, and 3 and 4 of stress-ng, say that the machine lacks what a test needs.
SYSTEMD_SCRIPT = "for t in " + " ".join(SYSTEMD) + """; do
    /usr/lib/systemd/tests/test-$t </dev/null >log 2>&1; s=$?; [ $s = 0 ] || [ $s = 77 ] || { echo $t $s; tail -n 1 log >&2; }
done"""


def _stress_script(names):
    return "for s in " + " ".join(names) + """; do
    stress-ng --seed 1 --$s 1 --$s-ops 5 --verify --temp-path . -t 3 </dev/null >log 2>&1; r=$?
    case $r in 0|3|4) ;; *) echo $s $r; tail -n 3 log >&2 ;; esac
done"""


def _python(name, tests):
    command = "/usr/bin/python3 -m test -u network,largefile,subprocess " + " ".join(f"test_{t}" for t in tests)
    return TaskCase(name, ["/bin/sh", "-c", command + " >log 2>&1; s=$?; grep '^Tests result' log; exit $s"], judge=TEXT,
                    stdout=b"Tests result: SUCCESS\n", cpus=(1,), sysroot="whole")


def _stress(part, parts=4):
    script = _stress_script(STRESSORS[part::parts])
    return TaskCase(f"stress-ng-{part + 1}", ["/bin/sh", "-c", script], judge=TEXT, stdout=b"", cpus=(1,), sysroot="whole")


CASES = [
    _python("cpython-calls", PYTHON_CALLS),
    _python("cpython-network", PYTHON_NETWORK),
    _python("cpython-files", PYTHON_FILES),
    TaskCase("systemd", ["/bin/sh", "-c", SYSTEMD_SCRIPT], judge=TEXT, stdout=b"", cpus=(1,), sysroot="whole"),
    *(_stress(part) for part in range(4)),
]
