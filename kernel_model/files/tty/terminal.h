// SPDX-License-Identifier: GPL-2.0-or-later
// The terminal between the two ends of a pty: bytes written to the master become lines, signals and
// echo; bytes written to the slave are processed and read by the master. The line discipline is
// N_TTY (drivers/tty/n_tty.c, termios(3)).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>

#include "kernel_model/abi/signal.h"
#include "kernel_model/abi/termios.h"
#include "kernel_model/files/byte_queue.h"
#include "kernel_model/files/file.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

class Terminal {
public:
    // Sends a signal to all processes of a group.
    using SignalGroup = std::function<void(std::int32_t group, Signal)>;
    explicit Terminal(SignalGroup signal) : signal_(std::move(signal)) {}

    // --- the master's end. Again: full or empty.
    SysResult<std::uint64_t> type(std::span<const std::byte> from);
    SysResult<std::uint64_t> take_output(std::span<std::byte> to);
    std::size_t output_bytes() const { return output_.size(); }
    bool can_type() const { return input_.size() < kInputBytes - 1 || overflows(); }

    // --- the slave's end. In canonical mode take() returns one line; Again: there is none.
    SysResult<std::uint64_t> print(std::span<const std::byte> from);
    SysResult<std::uint64_t> take(std::span<std::byte> to);
    bool canonical() const { return (termios_.local & abi::kIcanon) != 0; }
    // Bytes that a read can return: those of complete lines, or in non-canonical mode all.
    std::size_t readable() const { return canonical() ? complete_ : input_.size(); }
    bool can_print() const { return !stopped_ && output_.size() + kLongestOutput <= kOutputBytes; }

    const abi::Termios& settings() const { return termios_; }
    void set(const abi::Termios& settings);
    void drop_input();
    void drop_output();
    void stop();
    void start();
    const abi::WindowSize& window() const { return window_; }
    void set_window(const abi::WindowSize& window);  // SIGWINCH if it changes
    void signal_foreground(Signal signal);

    std::int32_t session = 0, foreground = 0;                 // 0: none
    std::uint32_t input_speed = 38400, output_speed = 38400;  // bits per second
    // Set bits and characters of it cannot be changed (TIOCSLCKTRMIOS).
    abi::Termios locked = {
        .input = 0, .output = 0, .control = 0, .local = 0, .line = 0, .characters = {}};
    bool exclusive = false;  // TIOCEXCL
    // Without a line discipline of its own (N_NULL) it takes no input, and cannot be used.
    bool has_discipline() const { return termios_.line != abi::kNNull; }
    void set_discipline(std::uint8_t discipline);
    // Packet mode (TIOCPKT): each read of the master begins with a byte that is 0, or is one byte
    // of TIOCPKT_* alone.
    void set_packets(bool on);
    bool packets() const { return packets_; }
    bool has_news() const { return packets_ && news_ != 0; }
    WaitQueue master_waits, slave_waits;

private:
    static constexpr std::size_t kInputBytes = 4096;  // N_TTY_BUF_SIZE
    static constexpr std::size_t kOutputBytes = 65536;
    static constexpr std::size_t kLongestOutput = 8;  // bytes of one character: a tab

    struct Cell {
        std::uint8_t character = 0;
        bool ends_line = false;
        bool end_of_file = false;  // ends the line and is not read
    };
    bool overflows() const { return canonical() && complete_ == 0; }
    bool has(std::uint32_t flag) const { return (termios_.local & flag) != 0; }
    bool is(std::uint8_t c, abi::ControlCharacter which) const {
        return c != 0 && termios_.characters[which] == c;
    }

    void tell_master(std::uint8_t news, std::uint8_t instead_of = 0);
    void receive(std::uint8_t c);
    bool receive_special(std::uint8_t c);
    bool receive_edit(std::uint8_t c);
    void receive_signal(Signal signal, std::uint8_t c);
    void add(Cell cell);
    void erase(abi::ControlCharacter kind);
    void echo_erased(std::uint8_t c);
    void reprint();

    void echo(std::uint8_t c);
    void process(std::uint8_t c);  // through OPOST
    void put(char c) { output_.push({reinterpret_cast<const std::byte*>(&c), 1}); }
    void begin_line();

    SignalGroup signal_;
    abi::Termios termios_;
    abi::WindowSize window_;
    std::deque<Cell> input_;
    std::size_t complete_ = 0;  // cells of input_ that are complete lines
    ByteQueue output_;
    bool literal_ = false;  // the next character is not special (VLNEXT)
    bool stopped_ = false;  // by VSTOP
    bool packets_ = false;
    std::uint8_t news_ = 0;  // TIOCPKT_*, for the master's next read
    std::size_t column_ = 0, line_column_ = 0;
};

}  // namespace uprobesim
