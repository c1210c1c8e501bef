// SPDX-License-Identifier: GPL-2.0-or-later
// drivers/tty/tty_jobctrl.c, tty_ioctl.c, pty.c; ioctl_tty(2), termios(3).
#include "kernel_model/syscall/transfer/terminal_calls.h"

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/syscall/transfer/terminal_settings.h"
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

// tty_check_change: stops a background process that tries to change its terminal. A value: the
// outcome of the call.
std::optional<SysOutcome> check_background(SysCall& call, const Terminal& terminal, Signal signal) {
    const std::int32_t group = call.process.group;
    if (!controls(call, terminal) || terminal.foreground == 0 || terminal.foreground == group)
        return std::nullopt;
    const bool blocked = (call.task.sigmask & signal_bit(signal)) != 0;
    if (blocked || call.process.actions[static_cast<std::size_t>(signal)].handler == abi::kSigIgn) {
        if (signal == Signal::Ttin) return Errno::Io;
        return std::nullopt;
    }
    if (call.kernel.processes().orphaned(group)) return Errno::Io;
    call.kernel.terminals().signal_group(group, signal);
    call.task.tif_sigpending = true;
    return Block{};  // the call is entered again when the task is continued
}

// VMIN and VTIME of a terminal in non-canonical mode (n_tty_read).
std::optional<SysOutcome> wait_for_characters(SysCall& call, PtyFile& file, std::uint64_t size) {
    Terminal& terminal = file.pty().terminal;
    Task& task = call.task;
    const std::uint64_t least = terminal.settings().characters[abi::Vmin];
    const std::uint64_t tenths = terminal.settings().characters[abi::Vtime];
    const std::uint64_t there = terminal.readable(), now = call.kernel.clock().monotonic_ns();
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
        // VTIME counts from the last character.
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

SysOutcome drain(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    return 0;
}

SysOutcome flow(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    switch (r.call.int32(2)) {
        case abi::kTcooff: return r.terminal.stop(), 0u;
        case abi::kTcoon: return r.terminal.start(), 0u;
        case abi::kTcioff:
        case abi::kTcion: return 0;
        default: return Errno::Inval;
    }
}

SysOutcome flush(Request& r) {
    if (auto stops = check_background(r.call, r.terminal, Signal::Ttou)) return *stops;
    const std::int32_t which = r.call.int32(2);
    if (which < abi::kTciflush || which > abi::kTcioflush) return Errno::Inval;
    if (which != abi::kTcoflush) r.terminal.drop_input();
    if (which != abi::kTciflush) r.terminal.drop_output();
    return 0;
}

SysOutcome take_control(Request& r) {
    const Process& process = r.call.process;
    if (r.file.master()) return Errno::NotTty;
    if (leads_session(process) && r.terminal.session == process.session) return 0;
    if (!leads_session(process) || r.call.kernel.terminals().of_session(process.session) != nullptr)
        return Errno::Perm;
    const bool steals = r.call.int32(2) == 1 && r.call.capable(Capability::SysAdmin);
    if (r.terminal.session != 0 && !steals) return Errno::Perm;
    take_session(r.call, r.terminal);
    return 0;
}

SysOutcome give_control_up(Request& r) {
    if (r.file.master() || !controls(r.call, r.terminal)) return Errno::NotTty;
    if (!leads_session(r.call.process)) {
        r.call.kernel.counters().note_unmodelled(
            "ioctl TIOCNOTTY", "a process that leads no session keeps its terminal");
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
    return give(r, r.call.number_of(r.terminal.foreground));
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
    const std::int32_t id = r.call.id_of(*group);
    bool exists = false, in_session = false;
    for (const auto& [pid, process] : r.call.kernel.processes().all()) {
        if (process->group != id) continue;
        exists = true;
        in_session |= process->session == r.call.process.session;
    }
    if (!exists) return Errno::Srch;
    if (!in_session) return Errno::Perm;
    r.terminal.foreground = id;
    return 0;
}

SysOutcome get_session(Request& r) {
    if (!r.file.master() && !controls(r.call, r.terminal)) return Errno::NotTty;
    if (r.terminal.session == 0) return Errno::NotTty;
    return give(r, r.call.number_of(r.terminal.session));
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

SysOutcome set_discipline(Request& r) {
    const auto wanted = r.call.memory().get<std::int32_t>(r.call.address(2));
    if (!wanted) return Errno::Fault;
    const bool null = *wanted == abi::kNNull && !r.file.master();
    if (*wanted != abi::kNTty && !null) return Errno::Inval;
    if (!r.file.master() && r.terminal.settings().line != *wanted)
        r.terminal.set_discipline(static_cast<std::uint8_t>(*wanted));
    return 0;
}

SysOutcome hang_up(Request& r) {
    if (!r.call.capable(Capability::SysAdmin)) return Errno::Perm;
    r.call.kernel.terminals().hang_up(r.pty);
    return 0;
}

template <bool kOn>
SysOutcome set_exclusive(Request& r) {
    r.terminal.exclusive = kOn;
    return 0;
}
SysOutcome get_exclusive(Request& r) {
    return give(r, std::int32_t{r.terminal.exclusive});
}

// TIOCSTI, as with dev.tty.legacy_tiocsti = 0.
SysOutcome type_character(Request& r) {
    if (!r.call.capable(Capability::SysAdmin)) return Errno::Io;
    const auto character = r.call.memory().get<std::byte>(r.call.address(2));
    if (!character) return Errno::Fault;
    if (!r.file.master()) (void)r.terminal.type(std::span(&*character, 1));
    return 0;
}

// --- the master's own

// pty_signal
SysOutcome send_signal(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    const auto signal = static_cast<Signal>(r.call.int32(2));
    if (signal != Signal::Int && signal != Signal::Quit && signal != Signal::Tstp)
        return Errno::Inval;
    r.terminal.signal_foreground(signal);
    return 0;
}

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
SysOutcome set_packets(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    const auto on = r.call.memory().get<std::int32_t>(r.call.address(2));
    if (!on) return Errno::Fault;
    r.terminal.set_packets(*on != 0);
    return 0;
}
SysOutcome get_packets(Request& r) {
    if (!r.file.master()) return Errno::NotTty;
    return give(r, std::int32_t{r.terminal.packets()});
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
    {abi::kTcsbrk, drain},
    {abi::kTcsbrkp, drain},
    {abi::kTiocsbrk, drain},
    {abi::kTioccbrk, drain},
    {abi::kTiocexcl, set_exclusive<true>},
    {abi::kTiocnxcl, set_exclusive<false>},
    {abi::kTiocgexcl, get_exclusive},
    {abi::kTiocsti, type_character},
    {abi::kTiocsetd, set_discipline},
    {abi::kTiocvhangup, hang_up},
    {abi::kTiocpkt, set_packets},
    {abi::kTiocgpkt, get_packets},
    {abi::kTiocsig, send_signal},
    {abi::kTcxonc, flow},
    {abi::kTcflsh, flush},
    {abi::kTiocsctty, take_control},
    {abi::kTiocgpgrp, get_foreground},
    {abi::kTiocspgrp, set_foreground},
    {abi::kTiocoutq, count_output},
    {abi::kTiocgwinsz, get_window},
    {abi::kTiocswinsz, set_window},
    {abi::kFionread, count_input},
    {abi::kTiocnotty, give_control_up},
    {abi::kTiocgetd, get_discipline},
    {abi::kTiocgsid, get_session},
    {abi::kTiocgptpeer, open_peer},
    {abi::kTiocgptn, get_number},
    {abi::kTiocsptlck, set_lock},
    {abi::kTiocgptlck, get_lock},
};

}  // namespace

std::optional<SysOutcome> before_terminal_transfer(SysCall& call, PtyFile& file,
                                                   Direction direction, std::uint64_t size) {
    if (file.master()) return std::nullopt;
    // n_tty_read: who waits while the other end is closed learns of it; later there is the end of
    // the file.
    if (file.hung_up()) {
        const bool waited = direction == Direction::Read && call.task.call_holds != nullptr;
        if (waited && !file.pty().master_open) return Errno::Io;
        return std::nullopt;
    }
    if (direction == Direction::Read)
        call.task.call_holds = call.process.files.share(call.int32(0));
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
        return call.uint32(1) == abi::kTiocspgrp ? Errno::NotTty : Errno::Io;  // hung_up_tty_ioctl
    const std::uint32_t wanted = call.uint32(1);
    // n_tty_ioctl_helper is the discipline's.
    if (!file.master() && !file.pty().terminal.has_discipline() && is_of_discipline(wanted))
        return Errno::Inval;
    if (changes_settings(wanted)) {
        if (auto stops = check_background(call, file.pty().terminal, Signal::Ttou)) return *stops;
    }
    if (const auto done = settings_ioctl(call, file.pty().terminal, wanted)) return *done;
    for (const Row& row : kRows) {
        if (row.number != wanted) continue;
        Request request{call, file, file.pty(), file.pty().terminal};
        return row.work(request);
    }
    return Errno::NotTty;
}

std::optional<Errno> opened_terminal(SysCall& call, PtyFile& file, std::uint32_t flags) {
    if (file.master()) return std::nullopt;
    Terminal& terminal = file.pty().terminal;
    if (file.pty().locked) return Errno::Io;
    if (terminal.exclusive && !call.capable(Capability::SysAdmin)) return Errno::Busy;
    const bool may_control =
        (flags & abi::kONoctty) == 0 && (flags & abi::kOAccmode) != abi::kOWronly;
    const bool has_one = call.kernel.terminals().of_session(call.process.session) != nullptr;
    if (may_control && leads_session(call.process) && !has_one && terminal.session == 0)
        take_session(call, terminal);
    return std::nullopt;
}

}  // namespace uprobesim
