// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/transfer/terminal_settings.h"

#include <algorithm>

#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/termios.h"

namespace uprobesim {
namespace {

using namespace abi;

// Bits per second by the number in CBAUD; with CBAUDEX the second half (asm-generic/termbits.h).
constexpr std::uint32_t kSpeeds[] = {
    0,      50,     75,      110,     134,     150,     200,     300,     600,     1200,   1800,
    2400,   4800,   9600,    19200,   38400,   0,       57600,   115200,  230400,  460800, 500000,
    576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

std::uint32_t speed_of(std::uint32_t number, std::uint32_t other) {
    if (number == kBother) return other;
    const std::uint32_t at = (number & 017) + ((number & kCbaudex) != 0 ? 16 : 0);
    return kSpeeds[at];
}

// tty_termios_baud_rate, and the input's where CIBAUD names one.
void set_speeds(Termios2& wanted) {
    wanted.output_speed = speed_of(wanted.base.control & kCbaud, wanted.output_speed);
    const std::uint32_t input = wanted.base.control >> kIbshift & kCbaud;
    wanted.input_speed = input == 0 ? wanted.output_speed : speed_of(input, wanted.input_speed);
}

// unset_locked_termios: locked bits stay as they are.
void keep_locked(Termios& wanted, const Termios& now, const Termios& locked) {
    const auto keep = [](std::uint32_t& to, std::uint32_t from, std::uint32_t bits) {
        to = (to & ~bits) | (from & bits);
    };
    keep(wanted.input, now.input, locked.input);
    keep(wanted.output, now.output, locked.output);
    keep(wanted.control, now.control, locked.control);
    keep(wanted.local, now.local, locked.local);
    for (std::size_t i = 0; i < wanted.characters.size(); ++i) {
        if (locked.characters[i] != 0) wanted.characters[i] = now.characters[i];
    }
}

void set(Terminal& terminal, Termios2 wanted) {
    Termios& base = wanted.base;
    keep_locked(base, terminal.settings(), terminal.locked);
    // pty_set_termios: a pty has characters of 8 bits and always receives.
    base.control = (base.control & ~(kCsize | kParenb)) | kCs8 | kCread;
    base.line = terminal.settings().line;
    terminal.input_speed = wanted.input_speed;
    terminal.output_speed = wanted.output_speed;
    terminal.set(base);
}

enum class Form { Termios, Termios2, Termio };

Termios2 now(const Terminal& terminal) {
    return {terminal.settings(), terminal.input_speed, terminal.output_speed};
}

SysOutcome get_settings(SysCall& call, const Terminal& terminal, Form form) {
    const Termios2 all = now(terminal);
    const Termios& base = all.base;
    bool given = false;
    if (form == Form::Termios) {
        given = call.memory().put(call.address(2), base);
    } else if (form == Form::Termios2) {
        given = call.memory().put(call.address(2), all);
    } else {
        Termio old{.input = static_cast<std::uint16_t>(base.input),
                   .output = static_cast<std::uint16_t>(base.output),
                   .control = static_cast<std::uint16_t>(base.control),
                   .local = static_cast<std::uint16_t>(base.local),
                   .line = base.line};
        std::copy_n(base.characters.begin(), old.characters.size(), old.characters.begin());
        given = call.memory().put(call.address(2), old);
    }
    return given ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

// The settings that the guest gives, the others as they are.
std::optional<Termios2> wanted_settings(SysCall& call, const Terminal& terminal, Form form) {
    Termios2 wanted = now(terminal);
    if (form == Form::Termios) {
        const auto given = call.memory().get<Termios>(call.address(2));
        if (!given) return std::nullopt;
        wanted.base = *given;
    } else if (form == Form::Termios2) {
        const auto given = call.memory().get<Termios2>(call.address(2));
        if (!given) return std::nullopt;
        wanted = *given;
    } else {
        const auto given = call.memory().get<Termio>(call.address(2));
        if (!given) return std::nullopt;
        const auto low = [](std::uint32_t& to, std::uint16_t from) {
            to = (to & 0xffff0000) | from;
        };
        low(wanted.base.input, given->input);
        low(wanted.base.output, given->output);
        low(wanted.base.control, given->control);
        low(wanted.base.local, given->local);
        std::copy(given->characters.begin(), given->characters.end(),
                  wanted.base.characters.begin());
    }
    set_speeds(wanted);
    return wanted;
}

struct SettingsRow {
    std::uint32_t request;
    Form form;
    bool sets;
    bool drops_input;
};
// No output is left to drain: it reaches the master at once.
constexpr SettingsRow kSettingsRows[] = {
    {kTcgets, Form::Termios, false, false},   {kTcsets, Form::Termios, true, false},
    {kTcsetsw, Form::Termios, true, false},   {kTcsetsf, Form::Termios, true, true},
    {kTcgets2, Form::Termios2, false, false}, {kTcsets2, Form::Termios2, true, false},
    {kTcsetsw2, Form::Termios2, true, false}, {kTcsetsf2, Form::Termios2, true, true},
    {kTcgeta, Form::Termio, false, false},    {kTcseta, Form::Termio, true, false},
    {kTcsetaw, Form::Termio, true, false},    {kTcsetaf, Form::Termio, true, true},
};

const SettingsRow* row_of(std::uint32_t request) {
    const auto row = std::ranges::find(kSettingsRows, request, &SettingsRow::request);
    return row == std::end(kSettingsRows) ? nullptr : row;
}

SysOutcome lock_settings(SysCall& call, Terminal& terminal) {
    if (!call.capable(Capability::SysAdmin) && !call.capable(Capability::CheckpointRestore))
        return Errno::Perm;
    const auto locked = call.memory().get<Termios>(call.address(2));
    if (!locked) return Errno::Fault;
    terminal.locked = *locked;
    return 0;
}

}  // namespace

bool changes_settings(std::uint32_t request) {
    const SettingsRow* const row = row_of(request);
    return row != nullptr && row->sets;
}

bool is_of_discipline(std::uint32_t request) {
    return row_of(request) != nullptr || request == kTcxonc || request == kTcflsh;
}

std::optional<SysOutcome> settings_ioctl(SysCall& call, Terminal& terminal, std::uint32_t request) {
    if (request == kTiocglcktrmios)
        return call.memory().put(call.address(2), terminal.locked) ? SysOutcome(0)
                                                                   : SysOutcome(Errno::Fault);
    if (request == kTiocslcktrmios) return lock_settings(call, terminal);
    const SettingsRow* const row = row_of(request);
    if (row == nullptr) return std::nullopt;
    if (!row->sets) return get_settings(call, terminal, row->form);
    const auto wanted = wanted_settings(call, terminal, row->form);
    if (!wanted) return Errno::Fault;
    if (row->drops_input) terminal.drop_input();
    set(terminal, *wanted);
    return 0;
}

}  // namespace uprobesim
