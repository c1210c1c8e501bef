// SPDX-License-Identifier: GPL-2.0-or-later
// Preloaded into the tool, it lets the Nth system call of a kind fail, as a bad disk or a full
// process would. A seccomp filter sends the calls of the kind here, those of libraries included;
// this file's own calls, which the filter knows by their address, are let through.
//
//   FAILING_KIND   a name of kKinds; nothing is done without it
//   FAILING_AT     the number of the call that fails, from 1; 0: none, calls are only counted
//   FAILING_HOW    the errno, or "short": half is transferred
//   FAILING_ON     not empty: every later call fails as well
//   FAILING_COUNT  a file of eight bytes in which the calls are counted
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" long own_syscall(long number, long a, long b, long c, long d, long e, long f);
extern "C" const char kOwnSyscallEnd[];
asm(R"(
    .text
    .globl own_syscall
    .globl kOwnSyscallEnd
own_syscall:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
kOwnSyscallEnd:
    ret
)");

namespace {

constexpr std::size_t kMostCalls = 8;

struct Kind {
    const char* name;
    long calls[kMostCalls];  // filled up with -1
};

constexpr long kNone = -1;
constexpr Kind kKinds[] = {
    {"read", {SYS_read, SYS_pread64, SYS_readv, SYS_preadv, kNone, kNone, kNone, kNone}},
    {"write", {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, kNone, kNone, kNone, kNone}},
    {"open", {SYS_open, SYS_openat, SYS_openat2, kNone, kNone, kNone, kNone, kNone}},
    {"status", {SYS_stat, SYS_fstat, SYS_lstat, SYS_newfstatat, SYS_statx, kNone, kNone, kNone}},
    {"list", {SYS_getdents64, SYS_getdents, kNone, kNone, kNone, kNone, kNone, kNone}},
    {"link", {SYS_readlink, SYS_readlinkat, kNone, kNone, kNone, kNone, kNone, kNone}},
    {"size", {SYS_ftruncate, SYS_fallocate, SYS_lseek, kNone, kNone, kNone, kNone, kNone}},
    {"sync", {SYS_fsync, SYS_fdatasync, kNone, kNone, kNone, kNone, kNone, kNone}},
    {"rename", {SYS_rename, SYS_renameat, SYS_renameat2, kNone, kNone, kNone, kNone, kNone}},
    {"make", {SYS_mkdir, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat, kNone, kNone, kNone}},
    {"remove", {SYS_unlink, SYS_unlinkat, SYS_rmdir, kNone, kNone, kNone, kNone, kNone}},
    {"attribute",
     {SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_fchownat, SYS_utimensat, 452, kNone, kNone}},
    {"close", {SYS_close, kNone, kNone, kNone, kNone, kNone, kNone, kNone}},
    {"lock", {SYS_flock, SYS_fcntl, kNone, kNone, kNone, kNone, kNone, kNone}},
    {"mount", {SYS_open_tree, SYS_mount_setattr, kNone, kNone, kNone, kNone, kNone, kNone}},
    {"memory", {SYS_mmap, SYS_mremap, SYS_brk, SYS_mprotect, kNone, kNone, kNone, kNone}},
};

long fails_at = 0, fails_with = 0;
bool goes_on = false, is_short = false;
std::uint64_t own_count = 0;
std::uint64_t* count = &own_count;

bool is_close(long number) {
    return number == SYS_close;
}

void on_call(int, siginfo_t* info, void* context) {
    greg_t* regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const auto number = static_cast<long>(info->si_syscall);
    const auto nth = static_cast<long>(__atomic_add_fetch(count, 1, __ATOMIC_RELAXED));
    bool fails = fails_at != 0 && (nth == fails_at || (goes_on && nth > fails_at));
    // What interrupts the guest's streams is a signal that ends the run.
    if (fails_with == EINTR && regs[REG_RDI] <= 2) fails = false;
    long length = regs[REG_RDX];
    if (fails && is_short && length > 1) length /= 2;
    if (fails && !is_short && !is_close(number)) {
        // brk answers with the old end.
        regs[REG_RAX] = number == SYS_brk ? own_syscall(SYS_brk, 0, 0, 0, 0, 0, 0) : -fails_with;
        return;
    }
    regs[REG_RAX] = own_syscall(number, regs[REG_RDI], regs[REG_RSI], length, regs[REG_R10],
                                regs[REG_R8], regs[REG_R9]);
    // The descriptor is gone, whatever close answers.
    if (fails && is_close(number)) regs[REG_RAX] = -fails_with;
}

[[noreturn]] void refuse(const char* what) {
    std::fprintf(stderr, "failing_calls: %s\n", what);
    std::_Exit(99);
}

const Kind& kind_named(const char* name) {
    for (const Kind& kind : kKinds)
        if (std::strcmp(kind.name, name) == 0) return kind;
    refuse("no such kind");
}

// Calls of the kind trap, but those that own_syscall makes.
void install(const Kind& kind) {
    const auto first = reinterpret_cast<std::uintptr_t>(&own_syscall);
    const auto last = reinterpret_cast<std::uintptr_t>(kOwnSyscallEnd);
    const auto low = static_cast<std::uint32_t>(first),
               high = static_cast<std::uint32_t>(first >> 32u);
    constexpr std::uint32_t kPc = offsetof(seccomp_data, instruction_pointer);
    sock_filter filter[16 + 2 * kMostCalls];
    std::size_t n = 0;
    const auto add = [&](sock_filter line) { filter[n++] = line; };
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kPc + 4));
    add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 0, 4));
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kPc));
    add(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, low, 0, 2));
    add(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, static_cast<std::uint32_t>(last), 1, 0));
    add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (const long call : kind.calls) {
        if (call < 0) continue;
        add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    }
    add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    const sock_fprog program{static_cast<unsigned short>(n), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        refuse("the host has no seccomp filters");
}

const char* setting(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

__attribute__((constructor)) void begin() {
    if (*setting("FAILING_KIND") == '\0') return;
    const Kind& kind = kind_named(setting("FAILING_KIND"));
    fails_at = std::strtol(setting("FAILING_AT"), nullptr, 10);
    is_short = std::strcmp(setting("FAILING_HOW"), "short") == 0;
    fails_with = is_short ? 0 : std::strtol(setting("FAILING_HOW"), nullptr, 10);
    goes_on = *setting("FAILING_ON") != '\0';
    if (*setting("FAILING_COUNT") != '\0') {
        const int fd = open(setting("FAILING_COUNT"), O_RDWR | O_CLOEXEC);
        void* page = mmap(nullptr, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd < 0 || page == MAP_FAILED) refuse("the file of the count cannot be mapped");
        close(fd);
        count = static_cast<std::uint64_t*>(page);
    }
    struct sigaction action {};
    action.sa_sigaction = on_call;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (sigaction(SIGSYS, &action, nullptr) != 0) refuse("no handler");
    install(kind);
}

}  // namespace
