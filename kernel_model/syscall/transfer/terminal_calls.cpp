// SPDX-License-Identifier: GPL-2.0-or-later
// drivers/tty/tty_jobctrl.c, tty_ioctl.c, pty.c; ioctl_tty(2), termios(3).
#include "kernel_model/syscall/transfer/terminal_calls.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/signal/signals.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kTenthNs = 100'000'000;

bool leads_session(const Process& process) {
    return process.session == process.pid;
}

bool controls(const SysCall& call, const Terminal& terminal) {
    return terminal.session != 0 && terminal.session == call.process.session;
}

void take_session(SysCall& call, Terminal& terminal) {
    terminal.session = call.process.session;
    terminal.foreground = call.process.group;
}

// tty_check_change: what a background process may not do to its terminal. A value: the call ends or
// waits with it.
std::optional<SysOutcome> check_background(SysCall& call, const Terminal& terminal, Signal signal) {
    const std::int32_t group = call.process.group;
    if (!controls(call, terminal) || terminal.foreground == 0 || terminal.foreground == group)
        return std::nullopt;
    const bool blocked = (call.task.sigmask & signal_bit(signal)) != 0;
    if (blocked || call.process.actions[static_cast<std::size_t>(signal)].handler == kSigIgn) {
        if (signal == Signal::Ttin) return Errno::Io;
        return std::nullopt;
    }
    if (call.kernel.orphaned(group)) return Errno::Io;
    call.kernel.terminals().signal_group(group, signal);
    call.task.tif_sigpending = true;
    return Block{};  // entered again when it is continued
}

// VMIN and VTIME, where lines are not asked for (n_tty_read).
std::optional<SysOutcome> wait_for_characters(SysCall& call, PtyFile& file, std::uint64_t size) {
    Terminal& terminal = file.pty().terminal;
    Task& task = call.task;
    const std::uint64_t least = terminal.settings().characters[abi::Vmin];
    const std::uint64_t tenths = terminal.settings().characters[abi::Vtime];
    const std::uint64_t there = terminal.readable(), now = call.kernel.monotonic_ns();
    const bool over = task.wait_deadline_ns != kNoDeadline && now >= task.wait_deadline_ns;
    if (there >= std::clamp<std::uint64_t>(least, 1, size) || (over && there > 0))
        return std::nullopt;
    if (over || (least == 0 && tenths == 0)) return 0;
    if ((file.flags & abi::kONonblock) != 0) {
        if (there > 0) return std::nullopt;
        return Errno::Again;
    }
    if (least == 0) {
        if (task.wait_deadline_ns == kNoDeadline) task.wait_deadline_ns = now + tenths * kTenthNs;
    } else if (tenths != 0 && there != task.call_progress) {
        // The time counts from the last character.
        task.call_progress = there;
        call.kernel.timers().cancel(task.wait_timer);
        task.wait_timer = 0;
        task.wait_deadline_ns = now + tenths * kTenthNs;
    }
    call.wait_on(file.waiters());
    return Block{};
}

// --- ioctl: one row per request

struct Request {
    SysCall& call;
    PtyFile& file;
    Pty& pty;
    Terminal& terminal;
};

template <class T>
SysOutcome give(Request& r, const T& value) {
    if (!r.call.memory().put(r.call.address(2), value)) return Errno::Fault;
    return 0;
}

SysOutcome get_settings(Request& r) {
    return give(r, r.terminal.settings());
}

template <bool kDropsInput>
SysOutcome set_settings(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    const auto wanted = r.call.memory().get<abi::Termios>(r.call.address(2));
    if (!wanted) return Errno::Fault;
    if (kDropsInput) r.terminal.drop_input();
    abi::Termios settings = *wanted;
    // pty_set_termios: a pty has characters of 8 bits and always receives.
    settings.control = (settings.control & ~std::uint32_t{0460}) | abi::kCs8 | abi::kCread;
    settings.line = r.terminal.settings().line;
    r.terminal.set(settings);
    return 0;
}

SysOutcome drain(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    return 0;
}

SysOutcome flow(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    enum : std::int32_t { kStopOutput = 0, kStartOutput = 1, kStopInput = 2, kStartInput = 3 };
    switch (r.call.int32(2)) {
        case kStopOutput: return r.terminal.stop(), 0u;
        case kStartOutput: return r.terminal.start(), 0u;
        case kStopInput:
        case kStartInput: return 0;
        default: return Errno::Inval;
    }
}

SysOutcome flush(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    enum : std::int32_t { kInput = 0, kOutput = 1, kBoth = 2 };
    const std::int32_t which = r.call.int32(2);
    if (which < kInput || which > kBoth) return Errno::Inval;
    if (which != kOutput) r.terminal.drop_input();
    if (which != kInput) r.terminal.drop_output();
    return 0;
}

SysOutcome take_control(Request& r) {
    const Process& process = r.call.process;
    if (r.file.master()) return Errno::NotTty;
    if (leads_session(process) && r.terminal.session == process.session) return 0;
    if (!leads_session(process) || r.call.kernel.terminals().of_session(process.session) != nullptr)
        return Errno::Perm;
    const bool steals = r.call.int32(2) == 1 && process.uid == 0;
    if (r.terminal.session != 0 && !steals) return Errno::Perm;
    take_session(r.call, r.terminal);
    return 0;
}

SysOutcome give_control_up(Request& r) {
    if (r.file.master() || !controls(r.call, r.terminal)) return Errno::NotTty;
    if (!leads_session(r.call.process)) {
        r.call.kernel.note_unmodelled("ioctl TIOCNOTTY",
                                      "a process that leads no session keeps its terminal");
        return 0;
    }
    const std::int32_t foreground = r.terminal.foreground;
    r.terminal.session = r.terminal.foreground = 0;
    if (foreground == 0) return 0;
    r.call.kernel.terminals().signal_group(foreground, Signal::Hup);
    r.call.kernel.terminals().signal_group(foreground, Signal::Cont);
    return 0;
}

SysOutcome get_foreground(Request& r) {
    if (!r.file.master() && !controls(r.call, r.terminal)) return Errno::NotTty;
    return give(r, r.terminal.foreground);
}

SysOutcome set_foreground(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) {
        if (const auto* error = std::get_if<Errno>(&*stops);
            error != nullptr && *error == Errno::Io)
            return Errno::NotTty;
        return *stops;
    }
    if (!controls(r.call, r.terminal)) return Errno::NotTty;
    const auto group = r.call.memory().get<std::int32_t>(r.call.address(2));
    if (!group) return Errno::Fault;
    if (*group < 0) return Errno::Inval;
    bool exists = false, in_session = false;
    for (const auto& [pid, process] : r.call.kernel.processes()) {
        if (process->group != *group) continue;
        exists = true;
        in_session |= process->session == r.call.process.session;
    }
    if (!exists) return Errno::Srch;
    if (!in_session) return Errno::Perm;
    r.terminal.foreground = *group;
    return 0;
}

SysOutcome get_session(Request& r) {
    if (!r.file.master() && !controls(r.call, r.terminal)) return Errno::NotTty;
    if (r.terminal.session == 0) return Errno::NotTty;
    return give(r, r.terminal.session);
}

SysOutcome get_window(Request& r) {
    return give(r, r.terminal.window());
}
SysOutcome set_window(Request& r) {
    const auto window = r.call.memory().get<abi::WindowSize>(r.call.address(2));
    if (!window) return Errno::Fault;
    r.terminal.set_window(*window);
    return 0;
}

SysOutcome count_input(Request& r) {
    return give(r, static_cast<std::int32_t>(r.file.master() ? r.terminal.output_bytes()
                                                             : r.terminal.readable()));
}
SysOutcome count_output(Request& r) {
    return give(r, std::int32_t{0});
}
SysOutcome get_discipline(Request& r) {
    return give(r, std::int32_t{r.terminal.settings().line});
}

// --- the master's own

SysOutcome get_number(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    return give(r, r.pty.index);
}
SysOutcome set_lock(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    const auto locked = r.call.memory().get<std::int32_t>(r.call.address(2));
    if (!locked) return Errno::Fault;
    r.pty.locked = *locked != 0;
    return 0;
}
SysOutcome get_lock(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    return give(r, std::int32_t{r.pty.locked});
}
SysOutcome open_peer(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    const auto flags = r.call.uint32(2);
    auto file = r.call.kernel.terminals().open_slave(r.pty);
    file->flags = flags & (abi::kOAccmode | abi::kONonblock);
    if (const auto error = opened_terminal(r.call, *file, flags | abi::kONoctty)) return *error;
    const auto fd = TRY(r.call.process.files.add(std::move(file), (flags & abi::kOCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

struct Row {
    std::uint32_t number;
    SysOutcome (*work)(Request&);
};
constexpr Row kRows[] = {
    {0x5401, get_settings},         // TCGETS
    {0x5402, set_settings<false>},  // TCSETS
    {0x5403, set_settings<false>},  // TCSETSW: what is printed is with the master at once
    {0x5404, set_settings<true>},   // TCSETSF
    {0x5409, drain},                // TCSBRK
    {0x540a, flow},                 // TCXONC
    {0x540b, flush},                // TCFLSH
    {0x540e, take_control},         // TIOCSCTTY
    {0x540f, get_foreground},       // TIOCGPGRP
    {0x5410, set_foreground},       // TIOCSPGRP
    {0x5411, count_output},         // TIOCOUTQ
    {0x5413, get_window},           // TIOCGWINSZ
    {0x5414, set_window},           // TIOCSWINSZ
    {0x541b, count_input},          // FIONREAD
    {0x5422, give_control_up},      // TIOCNOTTY
    {0x5424, get_discipline},       // TIOCGETD
    {0x5429, get_session},          // TIOCGSID
    {0x5441, open_peer},            // TIOCGPTPEER
    {0x80045430, get_number},       // TIOCGPTN
    {0x40045431, set_lock},         // TIOCSPTLCK
    {0x80045439, get_lock},         // TIOCGPTLCK
};

}  // namespace

std::optional<SysOutcome> before_terminal_transfer(SysCall& call, PtyFile& file,
                                                   Direction direction, std::uint64_t size) {
    if (file.master() || file.hung_up()) return std::nullopt;
    Terminal& terminal = file.pty().terminal;
    if (direction == Direction::Write) {
        if ((terminal.settings().local & abi::kTostop) == 0) return std::nullopt;
        return check_background(call, terminal, Signal::Ttou);
    }
    if (auto stops = check_background(call, terminal, Signal::Ttin)) return stops;
    if (terminal.canonical() || size == 0) return std::nullopt;
    return wait_for_characters(call, file, size);
}

SysOutcome terminal_ioctl(SysCall& call, PtyFile& file) {
    if (file.hung_up())
        return call.uint32(1) == 0x5410 ? Errno::NotTty : Errno::Io;  // hung_up_tty_ioctl
    for (const Row& row : kRows) {
        if (row.number != call.uint32(1)) continue;
        Request request{call, file, file.pty(), file.pty().terminal};
        return row.work(request);
    }
    return Errno::NotTty;
}

std::optional<Errno> opened_terminal(SysCall& call, PtyFile& file, std::uint32_t flags) {
    if (file.master()) return std::nullopt;
    Terminal& terminal = file.pty().terminal;
    if (file.pty().locked) return Errno::Io;
    const bool may_control =
        (flags & abi::kONoctty) == 0 && (flags & abi::kOAccmode) != abi::kOWronly;
    const bool has_one = call.kernel.terminals().of_session(call.process.session) != nullptr;
    if (may_control && leads_session(call.process) && !has_one && terminal.session == 0)
        take_session(call, terminal);
    return std::nullopt;
}

}  // namespace uprobesim
