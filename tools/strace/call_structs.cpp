// SPDX-License-Identifier: GPL-2.0-or-later
// Structures of times, files, signals and processes. Layouts: the arm64 ABI (asm-generic).
#include "tools/strace/call_structs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/abi/wait.h"
#include "kernel_model/signal/signals.h"
#include "tools/strace/call_kinds.h"

namespace uprobesim {
namespace {

std::uint64_t word(const CallView& v, unsigned i) {
    return v.arguments[i];
}

// --- times
struct Times {
    std::int64_t seconds, parts;
};
std::string time_text(const Times& t, std::string_view part = "tv_nsec") {
    return fmt::format("{{tv_sec={}, {}={}}}", t.seconds, part, t.parts);
}
std::string timespec(CallView& v, unsigned i, const ArgumentKind&) {
    const auto t = v.read<Times>(word(v, i));
    return t ? time_text(*t) : pointer_text(word(v, i));
}
std::string timeval(CallView& v, unsigned i, const ArgumentKind&) {
    const auto t = v.read<Times>(word(v, i));
    return t ? time_text(*t, "tv_usec") : pointer_text(word(v, i));
}
// utimensat's two, with the special values of tv_nsec.
std::string timespec_pair(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::int64_t kUtimeNow = 0x3fffffff, kUtimeOmit = 0x3ffffffe;
    const auto pair = v.read<std::array<Times, 2>>(word(v, i));
    if (!pair) return pointer_text(word(v, i));
    const auto one = [](const Times& t) {
        return t.parts == kUtimeNow    ? "UTIME_NOW"
               : t.parts == kUtimeOmit ? "UTIME_OMIT"
                                       : time_text(t);
    };
    return fmt::format("[{}, {}]", one((*pair)[0]), one((*pair)[1]));
}
std::string interval_text(CallView& v, unsigned i, std::string_view part) {
    const auto pair = v.read<std::array<Times, 2>>(word(v, i));
    if (!pair) return pointer_text(word(v, i));
    return fmt::format("{{it_interval={}, it_value={}}}", time_text((*pair)[0], part),
                       time_text((*pair)[1], part));
}
std::string itimerspec(CallView& v, unsigned i, const ArgumentKind&) {
    return interval_text(v, i, "tv_nsec");
}
std::string itimerval(CallView& v, unsigned i, const ArgumentKind&) {
    return interval_text(v, i, "tv_usec");
}

// --- numbers that pointers refer to
std::string one_int(CallView& v, unsigned i, const ArgumentKind&) {
    const auto n = v.read<std::int32_t>(word(v, i));
    return n ? fmt::format("[{}]", *n) : pointer_text(word(v, i));
}
std::string one_long(CallView& v, unsigned i, const ArgumentKind&) {
    const auto n = v.read<std::int64_t>(word(v, i));
    return n ? fmt::format("[{}]", *n) : pointer_text(word(v, i));
}
std::string two_ints(CallView& v, unsigned i, const ArgumentKind&) {
    const auto pair = v.read<std::array<std::int32_t, 2>>(word(v, i));
    return pair ? fmt::format("[{}, {}]", (*pair)[0], (*pair)[1]) : pointer_text(word(v, i));
}

// --- files
std::string stat(CallView& v, unsigned i, const ArgumentKind&) {
    const auto s = v.read<abi::Stat>(word(v, i));
    if (!s) return pointer_text(word(v, i));
    const std::uint32_t type = s->st_mode & abi::kIfmt;
    const bool device = type == abi::kIfChr || type == abi::kIfBlk;
    const std::string what =
        device ? fmt::format("st_rdev=makedev(0x{:x}, 0x{:x})", abi::device_major(s->st_rdev),
                             abi::device_minor(s->st_rdev))
               : fmt::format("st_size={}", s->st_size);
    return fmt::format("{{st_mode={}, {}, ...}}", mode_text(s->st_mode), what);
}
std::string statx(CallView& v, unsigned i, const ArgumentKind&) {
    const auto s = v.read<abi::Statx>(word(v, i));
    if (!s) return pointer_text(word(v, i));
    return fmt::format("{{stx_mask={}, stx_attributes={:#x}, stx_mode={}, stx_size={}, ...}}",
                       flags_text(names::kStatxBits, s->stx_mask), s->stx_attributes,
                       mode_text(s->stx_mode), s->stx_size);
}
std::string statfs(CallView& v, unsigned i, const ArgumentKind&) {
    const auto s = v.read<abi::Statfs>(word(v, i));
    if (!s) return pointer_text(word(v, i));
    return fmt::format("{{f_type=0x{:x}, f_bsize={}, f_blocks={}, f_bfree={}, f_bavail={}, ...}}",
                       s->f_type, s->f_bsize, s->f_blocks, s->f_bfree, s->f_bavail);
}
std::string entries(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::uint64_t kLengthAt = 16;  // d_reclen, after d_ino and d_off
    const auto size = static_cast<std::uint64_t>(v.result.value_or(0));
    std::uint64_t n = 0;
    for (std::uint64_t at = 0; at < size; ++n) {
        const auto length = v.read<std::uint16_t>(word(v, i) + at + kLengthAt);
        if (!length || *length == 0) break;
        at += *length;
    }
    return fmt::format("{} /* {} entr{} */", pointer_text(word(v, i)), n, n == 1 ? "y" : "ies");
}
std::string open_how(CallView& v, unsigned i, const ArgumentKind&) {
    struct How {
        std::uint64_t flags, mode, resolve;
    };
    const auto how = v.read<How>(word(v, i));
    if (!how) return pointer_text(word(v, i));
    return fmt::format("{{flags={}, mode={}, resolve=0x{:x}}}", open_flags_text(how->flags),
                       octal_text(how->mode), how->resolve);
}

// --- buffers in pieces
std::string iovec(CallView& v, unsigned i, const ArgumentKind&) {
    return iovec_text(v, word(v, i), word(v, i + 1), ~std::uint64_t{0});
}
std::string result_iovec(CallView& v, unsigned i, const ArgumentKind&) {
    return iovec_text(v, word(v, i), word(v, i + 1),
                      static_cast<std::uint64_t>(v.result.value_or(0)));
}

// --- what is waited for
std::string poll_set(CallView& v, unsigned i, const ArgumentKind&) {
    struct PollFd {
        std::int32_t fd;
        std::uint16_t events, revents;
    };
    std::vector<std::string> shown;
    for (std::uint64_t n = 0; n < std::min(word(v, i + 1), kShownItems); ++n) {
        const auto p = v.read<PollFd>(word(v, i) + n * sizeof(PollFd));
        if (!p) return pointer_text(word(v, i));
        shown.push_back(
            fmt::format("{{fd={}, events={}}}", p->fd, flags_text(names::kPollEvents, p->events)));
    }
    if (shown.empty()) return pointer_text(word(v, i));
    return fmt::format("[{}{}]", fmt::join(shown, ", "),
                       word(v, i + 1) > kShownItems ? ", ..." : "");
}
std::string fd_set(CallView& v, unsigned i, const ArgumentKind&) {
    return descriptor_set_text(v, word(v, i), v.arguments[0]).value_or(pointer_text(word(v, i)));
}
struct EpollEvent {
    std::uint32_t events, pad;
    std::uint64_t data;
};
std::string event_text(const EpollEvent& e) {
    return fmt::format("{{events={}, data=0x{:x}}}", flags_text(names::kEpollEvents, e.events),
                       e.data);
}
std::string epoll_event(CallView& v, unsigned i, const ArgumentKind&) {
    const auto e = v.read<EpollEvent>(word(v, i));
    return e ? event_text(*e) : pointer_text(word(v, i));
}
std::string epoll_events(CallView& v, unsigned i, const ArgumentKind&) {
    std::vector<std::string> shown;
    const auto count = static_cast<std::uint64_t>(v.result.value_or(0));
    for (std::uint64_t n = 0; n < std::min(count, kShownItems); ++n) {
        const auto e = v.read<EpollEvent>(word(v, i) + n * sizeof(EpollEvent));
        if (!e) return pointer_text(word(v, i));
        shown.push_back(event_text(*e));
    }
    return fmt::format("[{}]", fmt::join(shown, ", "));
}

// --- signals
std::string sigset(CallView& v, unsigned i, const ArgumentKind&) {
    const auto mask = v.read<std::uint64_t>(word(v, i));
    return mask ? signal_set_text(*mask) : pointer_text(word(v, i));
}
std::string sigaction(CallView& v, unsigned i, const ArgumentKind&) {
    struct Action {
        std::uint64_t handler, flags, restorer, mask;
    };
    const auto a = v.read<Action>(word(v, i));
    if (!a) return pointer_text(word(v, i));
    const std::string handler = a->handler == abi::kSigDfl   ? "SIG_DFL"
                                : a->handler == abi::kSigIgn ? "SIG_IGN"
                                                             : pointer_text(a->handler);
    const std::string restorer = (a->flags & abi::kSaRestorer) == 0
                                     ? ""
                                     : fmt::format(", sa_restorer={}", pointer_text(a->restorer));
    return fmt::format("{{sa_handler={}, sa_mask={}, sa_flags={}{}}}", handler,
                       signal_set_text(a->mask), flags_text(names::kActionFlags, a->flags),
                       restorer);
}
std::string siginfo(CallView& v, unsigned i, const ArgumentKind&) {
    struct Info {
        std::int32_t number, error, code, pad, pid;
        std::uint32_t uid;
        std::int32_t status;
    };
    const auto info = v.read<Info>(word(v, i));
    if (!info) return pointer_text(word(v, i));
    if (info->number == 0) return "{}";
    return siginfo_text({.signal = static_cast<Signal>(info->number),
                         .code = info->code,
                         .pid = info->pid,
                         .uid = info->uid,
                         .status = info->status});
}
// rt_sigreturn takes its frame from the stack: siginfo_t, then uc_flags, uc_link, uc_stack and
// uc_sigmask.
std::string signal_frame(CallView& v, unsigned, const ArgumentKind&) {
    constexpr std::uint64_t kMaskAt = 128 + 8 + 8 + 24;
    const std::uint64_t sp = v.memory().machine().cpu->read(v.task.context, Reg::Sp);
    const auto mask = v.read<std::uint64_t>(sp + kMaskAt);
    return mask ? fmt::format("{{mask={}}}", signal_set_text(*mask)) : pointer_text(sp);
}
std::string alt_stack(CallView& v, unsigned i, const ArgumentKind&) {
    struct Stack {
        std::uint64_t sp;
        std::uint32_t flags, pad;
        std::uint64_t size;
    };
    const auto s = v.read<Stack>(word(v, i));
    if (!s) return pointer_text(word(v, i));
    return fmt::format("{{ss_sp={}, ss_flags={}, ss_size={}}}", pointer_text(s->sp),
                       flags_text(names::kAltStackFlags, s->flags), s->size);
}

// --- processes
std::string status(CallView& v, unsigned i, const ArgumentKind&) {
    if (v.result == 0) return pointer_text(word(v, i));
    const auto given = v.read<std::uint32_t>(word(v, i));
    if (!given) return pointer_text(word(v, i));
    const std::uint32_t s = *given, signal = s & 0x7f;
    if (s == abi::kWaitContinued) return "[{WIFCONTINUED(s)}]";
    if ((s & 0xff) == 0x7f)
        return fmt::format("[{{WIFSTOPPED(s) && WSTOPSIG(s) == {}}}]", signal_text(s >> 8 & 0xff));
    if (signal == 0)
        return fmt::format("[{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}]", s >> 8 & 0xff);
    return fmt::format("[{{WIFSIGNALED(s) && WTERMSIG(s) == {}}}]", signal_text(signal));
}
std::string limit_text(std::uint64_t value) {
    if (value == ~std::uint64_t{0}) return "RLIM64_INFINITY";
    if (value > 1024 && value % 1024 == 0) return fmt::format("{}*1024", value / 1024);
    return fmt::format("{}", value);
}
std::string rlimit(CallView& v, unsigned i, const ArgumentKind&) {
    const auto pair = v.read<std::array<std::uint64_t, 2>>(word(v, i));
    if (!pair) return pointer_text(word(v, i));
    return fmt::format("{{rlim_cur={}, rlim_max={}}}", limit_text((*pair)[0]),
                       limit_text((*pair)[1]));
}
std::string cpu_mask(CallView& v, unsigned i, const ArgumentKind&) {
    const auto mask = v.read<std::uint64_t>(word(v, i));
    if (!mask) return pointer_text(word(v, i));
    std::vector<unsigned> cpus;
    for (unsigned cpu = 0; cpu < 64; ++cpu) {
        if ((*mask >> cpu & 1) != 0) cpus.push_back(cpu);
    }
    return fmt::format("[{}]", fmt::join(cpus, " "));
}
std::string utsname(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::size_t kField = 65;
    const auto system = peek_string(v.memory(), VAddr(word(v, i)), kField);
    const auto node = peek_string(v.memory(), VAddr(word(v, i)) + kField, kField);
    if (!system || !node) return pointer_text(word(v, i));
    return fmt::format("{{sysname={}, nodename={}, ...}}", quoted(system->text, false),
                       quoted(node->text, false));
}
std::string clone_args(CallView& v, unsigned i, const ArgumentKind&) {
    struct Args {
        std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    };
    const auto a = v.read<Args>(word(v, i));
    if (!a) return pointer_text(word(v, i));
    return fmt::format(
        "{{flags={}, child_tid={}, parent_tid={}, exit_signal={}, stack={}, stack_size=0x{:x}, "
        "tls={}}}",
        flags_text(names::kCloneBits, a->flags), pointer_text(a->child_tid),
        pointer_text(a->parent_tid), signal_text(a->exit_signal), pointer_text(a->stack),
        a->stack_size, pointer_text(a->tls));
}

// --- futex: what follows the operation depends on it.
enum FutexOperation : std::uint32_t {
    Wait,
    Wake,
    Requeue = 3,
    CompareRequeue,
    WakeOp,
    LockPi,
    WaitBitset = 9,
    WakeBitset,
    WaitRequeuePi,
    CompareRequeuePi,
    LockPi2
};
constexpr std::uint32_t kFutexPrivate = 128, kFutexClockRealtime = 256;
std::uint32_t futex_operation_of(const CallView& v) {
    return v.low(1) & ~(kFutexPrivate | kFutexClockRealtime);
}
bool futex_is(const CallView& v, std::initializer_list<FutexOperation> operations) {
    return std::find(operations.begin(), operations.end(), futex_operation_of(v)) !=
           operations.end();
}
std::string futex_operation(CallView& v, unsigned i, const ArgumentKind&) {
    std::string text = value_text(names::kFutexOperations, futex_operation_of(v));
    if ((v.low(i) & kFutexPrivate) != 0) text += "_PRIVATE";
    if ((v.low(i) & kFutexClockRealtime) != 0) text += "|FUTEX_CLOCK_REALTIME";
    return text;
}
std::string futex_value(CallView& v, unsigned i, const ArgumentKind&) {
    if (futex_operation_of(v) >= LockPi &&
        !futex_is(v, {WaitBitset, WakeBitset, WaitRequeuePi, CompareRequeuePi}))
        return "";
    return fmt::format("{}", v.low(i));
}
std::string futex_timeout(CallView& v, unsigned i, const ArgumentKind& kind) {
    if (futex_is(v, {Wait, LockPi, WaitBitset, WaitRequeuePi, LockPi2}))
        return timespec(v, i, kind);
    if (futex_is(v, {Requeue, CompareRequeue, WakeOp, CompareRequeuePi}))
        return fmt::format("{}", v.low(i));
    return futex_is(v, {WakeBitset}) ? pointer_text(word(v, i)) : "";
}
std::string futex_second(CallView& v, unsigned i, const ArgumentKind&) {
    if (!futex_is(v, {Requeue, CompareRequeue, WakeOp, WaitBitset, WakeBitset, WaitRequeuePi,
                      CompareRequeuePi}))
        return "";
    return pointer_text(word(v, i));
}
std::string futex_third(CallView& v, unsigned i, const ArgumentKind&) {
    constexpr std::uint32_t kAnyBit = 0xffffffff;
    if (futex_is(v, {CompareRequeue, CompareRequeuePi})) return fmt::format("{}", v.low(i));
    if (futex_is(v, {WakeOp})) return fmt::format("0x{:x}", v.low(i));
    if (!futex_is(v, {WaitBitset, WakeBitset})) return "";
    return v.low(i) == kAnyBit ? "FUTEX_BITSET_MATCH_ANY" : fmt::format("0x{:x}", v.low(i));
}

constexpr ArgumentKind kStructKinds[] = {
    {"timespec", timespec},
    {"out_timespec", timespec, {}, true},
    {"timeval", timeval},
    {"out_timeval", timeval, {}, true},
    {"timespec_pair", timespec_pair},
    {"itimerspec", itimerspec},
    {"out_itimerspec", itimerspec, {}, true},
    {"itimerval", itimerval},
    {"out_itimerval", itimerval, {}, true},
    {"out_int", one_int, {}, true},
    {"out_long", one_long, {}, true},
    {"out_pair", two_ints, {}, true},
    {"out_socket_pair", two_ints, {}, true},
    {"out_stat", stat, {}, true},
    {"out_statx", statx, {}, true},
    {"out_statfs", statfs, {}, true},
    {"out_entries", entries, {}, true},
    {"open_how", open_how},
    {"iovec", iovec},
    {"out_iovec", result_iovec, {}, true},
    {"poll_set", poll_set},
    {"fd_set", fd_set},
    {"epoll_event", epoll_event},
    {"out_epoll_events", epoll_events, {}, true},
    {"sigset", sigset},
    {"out_sigset", sigset, {}, true},
    {"sigaction", sigaction},
    {"out_sigaction", sigaction, {}, true},
    {"out_siginfo", siginfo, {}, true},
    {"signal_frame", signal_frame},
    {"alt_stack", alt_stack},
    {"out_alt_stack", alt_stack, {}, true},
    {"out_status", status, {}, true},
    {"rlimit", rlimit},
    {"out_rlimit", rlimit, {}, true},
    {"cpu_mask", cpu_mask},
    {"out_cpu_mask", cpu_mask, {}, true},
    {"out_utsname", utsname, {}, true},
    {"clone_args", clone_args},
    {"futex_operation", futex_operation},
    {"futex_value", futex_value},
    {"futex_timeout", futex_timeout},
    {"futex_second", futex_second},
    {"futex_third", futex_third},
    {"sockaddr", sockaddr_argument},
    {"out_sockaddr", sockaddr_result, {}, true},
    {"out_length", one_int, {}, true},
    {"option_value", option_value},
    {"out_option_value", option_result, {}, true},
    {"message", message},
    {"out_message", message, {}, true},
};

}  // namespace

std::span<const ArgumentKind> struct_kinds() {
    return kStructKinds;
}

}  // namespace uprobesim
