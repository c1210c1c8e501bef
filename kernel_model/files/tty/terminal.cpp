// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/tty/terminal.h"

#include <algorithm>
#include <utility>

namespace uprobesim {

using namespace abi;

namespace {
bool is_control(std::uint8_t c) {
    return c < 0x20 || c == 0x7f;
}

// Output is stopped and started by ^S and ^Q.
bool stops_by_keys(const Termios& settings) {
    return (settings.input & kIxon) != 0 && settings.characters[Vstop] == 'S' - '@' &&
           settings.characters[Vstart] == 'Q' - '@';
}
}  // namespace

SysResult<std::uint64_t> Terminal::type(std::span<const std::byte> from) {
    if (!has_discipline()) return std::uint64_t{from.size()};
    std::uint64_t done = 0;
    while (done < from.size() && can_type()) {
        // In a line that is too long, a new character replaces the last one, so that the line can
        // still be ended.
        if (input_.size() >= kInputBytes) input_.pop_back();
        receive(std::to_integer<std::uint8_t>(from[done++]));
    }
    slave_waits.wake();
    master_waits.wake();
    if (done == 0 && !from.empty()) return tl::make_unexpected(Errno::Again);
    return done;
}

// n_tty_read of the master.
SysResult<std::uint64_t> Terminal::take_output(std::span<std::byte> to) {
    if (has_news()) {
        to.front() = std::byte{std::exchange(news_, std::uint8_t{0})};
        return std::uint64_t{1};
    }
    if (output_.empty()) return tl::make_unexpected(Errno::Again);
    const std::size_t head = packets_ ? 1 : 0;
    if (packets_) to.front() = std::byte{kTiocpktData};
    const auto front = output_.front(to.size() - head);
    std::ranges::copy(front, to.begin() + static_cast<std::ptrdiff_t>(head));
    const std::uint64_t taken = front.size();
    output_.drop(taken);
    slave_waits.wake();
    return taken + head;
}

void Terminal::set_packets(bool on) {
    if (on && !packets_) news_ = 0;
    packets_ = on;
}

void Terminal::tell_master(std::uint8_t news, std::uint8_t instead_of) {
    if (!packets_) return;
    news_ = static_cast<std::uint8_t>((news_ & ~instead_of) | news);
    master_waits.wake();
}

// tty_set_ldisc: what was typed for the other one is gone.
void Terminal::set_discipline(std::uint8_t discipline) {
    drop_input();
    termios_.line = discipline;
}

SysResult<std::uint64_t> Terminal::take(std::span<std::byte> to) {
    if (readable() == 0) return tl::make_unexpected(Errno::Again);
    const bool lines = canonical();
    std::uint64_t done = 0;
    while (!input_.empty() && (!lines || complete_ > 0)) {
        const Cell cell = input_.front();
        const bool end_of_file = lines && cell.end_of_file;
        if (done == to.size() && !end_of_file) break;
        input_.pop_front();
        if (complete_ > 0) --complete_;
        if (!end_of_file) to[done++] = std::byte{cell.character};
        if (lines && cell.ends_line) break;
    }
    master_waits.wake();
    return done;
}

SysResult<std::uint64_t> Terminal::print(std::span<const std::byte> from) {
    std::uint64_t done = 0;
    for (; done < from.size() && can_print(); ++done)
        process(std::to_integer<std::uint8_t>(from[done]));
    begin_line();
    if (done > 0) master_waits.wake();
    if (done == 0 && !from.empty()) return tl::make_unexpected(Errno::Again);
    return done;
}

void Terminal::set(const Termios& settings) {
    const bool toggled = ((settings.local ^ termios_.local) & kIcanon) != 0;
    const bool starts = (termios_.input & kIxon) != 0 && (settings.input & kIxon) == 0;
    const bool stopped_by_keys = stops_by_keys(termios_);
    termios_ = settings;
    // pty_set_termios
    if (const bool now = stops_by_keys(termios_); now != stopped_by_keys)
        tell_master(now ? kTiocpktDostop : kTiocpktNostop, kTiocpktDostop | kTiocpktNostop);
    if (toggled) {
        // On a switch of canonical mode, the pending input becomes one line, or single characters.
        complete_ = canonical() ? input_.size() : 0;
        for (Cell& cell : input_) cell = {.character = cell.character};
        if (canonical() && !input_.empty()) input_.back().ends_line = true;
        literal_ = false;
    }
    if (starts) start();
    slave_waits.wake();
}

void Terminal::drop_input() {
    input_.clear();
    complete_ = 0;
    literal_ = false;
    tell_master(kTiocpktFlushread);
    master_waits.wake();
}

void Terminal::drop_output() {
    output_.clear();
    tell_master(kTiocpktFlushwrite);
    slave_waits.wake();
}

void Terminal::stop() {
    if (!stopped_) tell_master(kTiocpktStop, kTiocpktStart);
    stopped_ = true;
}

void Terminal::start() {
    if (stopped_) tell_master(kTiocpktStart, kTiocpktStop);
    stopped_ = false;
    slave_waits.wake();
}

void Terminal::set_window(const WindowSize& window) {
    if (window == window_) return;
    window_ = window;
    signal_foreground(Signal::Winch);
}

void Terminal::signal_foreground(Signal signal) {
    if (foreground != 0) signal_(foreground, signal);
}

// --- input

void Terminal::receive(std::uint8_t c) {
    if ((termios_.input & kIstrip) != 0) c &= 0x7f;
    if (literal_) {
        literal_ = false;
    } else {
        if (receive_special(c)) return;
        if (c == '\r') {
            if ((termios_.input & kIgncr) != 0) return;
            if ((termios_.input & kIcrnl) != 0) c = '\n';
        } else if (c == '\n' && (termios_.input & kInlcr) != 0) {
            c = '\r';
        }
        if (canonical() && receive_edit(c)) return;
    }
    if (has(kEcho)) {
        begin_line();
        if (c == '\n') {
            process(c);
        } else {
            echo(c);
        }
    }
    add({.character = c});
}

// Flow control and signals.
bool Terminal::receive_special(std::uint8_t c) {
    if ((termios_.input & kIxon) != 0) {
        if (is(c, Vstart)) return start(), true;
        if (is(c, Vstop)) return stop(), true;
    }
    if (has(kIsig)) {
        if (is(c, Vintr)) return receive_signal(Signal::Int, c), true;
        if (is(c, Vquit)) return receive_signal(Signal::Quit, c), true;
        if (is(c, Vsusp)) return receive_signal(Signal::Tstp, c), true;
    }
    if (stopped_ && (termios_.input & kIxon) != 0 && (termios_.input & kIxany) != 0) start();
    return false;
}

void Terminal::receive_signal(Signal signal, std::uint8_t c) {
    signal_foreground(signal);
    if (!has(kNoflsh)) {
        drop_output();
        drop_input();
    }
    if ((termios_.input & kIxon) != 0) start();
    if (has(kEcho)) echo(c);
}

// Line editing and line ends.
bool Terminal::receive_edit(std::uint8_t c) {
    if (is(c, Verase)) return erase(Verase), true;
    if (is(c, Vkill)) return erase(Vkill), true;
    if (is(c, Vwerase) && has(kIexten)) return erase(Vwerase), true;
    if (is(c, Vlnext) && has(kIexten)) {
        literal_ = true;
        if (has(kEcho) && has(kEchoctl)) {
            put('^');
            put('\b');
        }
        return true;
    }
    if (is(c, Vreprint) && has(kEcho) && has(kIexten)) return reprint(), true;
    if (c == '\n') {
        if (has(kEcho) || has(kEchonl)) process(c);
        return add({.character = c, .ends_line = true}), true;
    }
    if (is(c, Veof)) return add({.ends_line = true, .end_of_file = true}), true;
    if (!is(c, Veol) && !(is(c, Veol2) && has(kIexten))) return false;
    if (has(kEcho)) {
        begin_line();
        echo(c);
    }
    return add({.character = c, .ends_line = true}), true;
}

void Terminal::add(Cell cell) {
    input_.push_back(cell);
    if (cell.ends_line) complete_ = input_.size();
}

// What WERASE erases at once: letters, digits and the underline (ALTWERASE's rule).
static bool is_of_word(std::uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

void Terminal::erase(ControlCharacter kind) {
    if (input_.size() == complete_) return;
    if (kind == Vkill && (!has(kEcho) || !has(kEchok) || !has(kEchoke) || !has(kEchoe))) {
        input_.resize(complete_);
        if (!has(kEcho)) return;
        echo(termios_.characters[Vkill]);
        if (has(kEchok)) process('\n');
        return;
    }
    const auto continues = [&](std::uint8_t c) {
        return (termios_.input & kIutf8) != 0 && (c & 0xc0) == 0x80;
    };
    bool in_word = false;
    while (input_.size() > complete_) {
        std::size_t first = input_.size() - 1;
        while (first > complete_ && continues(input_[first].character)) --first;
        const std::uint8_t c = input_[first].character;
        if (kind == Vwerase) {
            const bool of_word = is_of_word(c);
            if (!of_word && in_word) break;
            in_word |= of_word;
        }
        input_.resize(first);
        if (has(kEcho)) {
            if (kind == Verase && !has(kEchoe)) {
                echo(termios_.characters[Verase]);
            } else {
                echo_erased(c);
            }
        }
        if (kind == Verase) break;
    }
}

// Erases the echo of the last character `c` from the screen.
void Terminal::echo_erased(std::uint8_t c) {
    const auto back = [&](std::size_t columns) {
        for (; columns > 0; --columns) {
            put('\b');
            if (column_ > 0) --column_;
        }
    };
    const auto wipe = [&] {
        put('\b');
        put(' ');
        put('\b');
        if (column_ > 0) --column_;
    };
    if (c == '\t') {
        std::size_t before = 0;
        bool behind_tab = false;
        for (std::size_t at = input_.size(); at > complete_ && !behind_tab; --at) {
            const std::uint8_t other = input_[at - 1].character;
            behind_tab = other == '\t';
            if (behind_tab) break;
            before += is_control(other) ? (has(kEchoctl) ? 2u : 0u) : 1u;
        }
        if (!behind_tab) before += line_column_;
        back(8 - before % 8);
        return;
    }
    if (is_control(c) && has(kEchoctl)) wipe();
    if (!is_control(c) || has(kEchoctl)) wipe();
}

void Terminal::reprint() {
    echo(termios_.characters[Vreprint]);
    process('\n');
    for (std::size_t at = complete_; at < input_.size(); ++at) echo(input_[at].character);
}

// --- output

void Terminal::begin_line() {
    if (input_.size() == complete_) line_column_ = column_;
}

void Terminal::echo(std::uint8_t c) {
    if (output_.size() + kLongestOutput > kOutputBytes) return;
    if (!has(kEchoctl) || !is_control(c) || c == '\t') return process(c);
    put('^');
    put(static_cast<char>(c ^ 0100));
    column_ += 2;
}

void Terminal::process(std::uint8_t c) {
    const std::uint32_t flags = termios_.output;
    if ((flags & kOpost) == 0) return put(static_cast<char>(c));
    switch (c) {
        case '\n':
            if ((flags & (kOnlcr | kOnlret)) != 0) column_ = line_column_ = 0;
            if ((flags & kOnlcr) != 0) put('\r');
            break;
        case '\r':
            if ((flags & kOnocr) != 0 && column_ == 0) return;
            if ((flags & kOcrnl) != 0) {
                c = '\n';
                if ((flags & kOnlret) != 0) column_ = line_column_ = 0;
            } else {
                column_ = line_column_ = 0;
            }
            break;
        case '\t': {
            const std::size_t spaces = 8 - column_ % 8;
            column_ += spaces;
            if ((flags & kTabdly) != kXtabs) break;
            for (std::size_t i = 0; i < spaces; ++i) put(' ');
            return;
        }
        case '\b':
            if (column_ > 0) --column_;
            break;
        default: {
            const bool continues = (termios_.input & kIutf8) != 0 && (c & 0xc0) == 0x80;
            if (!is_control(c) && !continues) ++column_;
        }
    }
    put(static_cast<char>(c));
}

}  // namespace uprobesim
