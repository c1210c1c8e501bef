// SPDX-License-Identifier: GPL-2.0-or-later
// The line discipline alone. Expected values are what Linux 6.1 answers to the same characters on a
// pty (termios(3), ioctl_tty(2)); workloads/src/terminals.c asks for more of them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "kernel_model/files/tty/pty.h"

using namespace uprobesim;

namespace {

struct TerminalFixture {
    std::vector<std::pair<std::int32_t, Signal>> sent;
    Terminal terminal{
        [this](std::int32_t group, Signal signal) { sent.emplace_back(group, signal); }};

    std::uint64_t type(std::string_view text) {
        return terminal.type(std::as_bytes(std::span(text))).value_or(0);
    }
    std::uint64_t print(std::string_view text) {
        return terminal.print(std::as_bytes(std::span(text))).value_or(0);
    }
    std::string shown() {
        std::string text(terminal.output_bytes(), ' ');
        if (!text.empty())
            REQUIRE(terminal.take_output(std::as_writable_bytes(std::span(text))).has_value());
        return text;
    }
    // What one read of so many bytes gets; "(none)" where it would wait.
    std::string read(std::size_t most = 100) {
        std::string text(most, ' ');
        const auto n = terminal.take(std::as_writable_bytes(std::span(text)));
        if (!n) return "(none)";
        return text.substr(0, *n);
    }
    void change(std::uint32_t abi::Termios::*flags, std::uint32_t off, std::uint32_t on) {
        abi::Termios settings = terminal.settings();
        settings.*flags = (settings.*flags & ~off) | on;
        terminal.set(settings);
    }
};

}  // namespace

TEST_CASE_METHOD(TerminalFixture, "a read gets one line, and only a whole one",
                 "[files][terminal]") {
    type("one\ntwo\nthr");
    CHECK(shown() == "one\r\ntwo\r\nthr");
    CHECK(read(2) == "on");
    CHECK(read() == "e\n");
    CHECK(read() == "two\n");
    CHECK(read() == "(none)");
    type("ee\r");
    CHECK(read() == "three\n");
    type("end\004\004");
    CHECK(read() == "end");
    CHECK(read().empty());
    CHECK(read() == "(none)");
}

TEST_CASE_METHOD(TerminalFixture, "a line can be edited before it ends", "[files][terminal]") {
    type("a\tb\177\177\177c\n");
    CHECK(shown() == "a\tb\b \b\b\b\b\b\b\b\b\b \bc\r\n");
    CHECK(read() == "c\n");
    type("x y_1 \027z\025k\026\003\n");
    CHECK(read() == "k\003\n");
    CHECK(sent.empty());
}

TEST_CASE_METHOD(TerminalFixture, "a line that is too long keeps its beginning and its end",
                 "[files][terminal]") {
    change(&abi::Termios::local, abi::kEcho, 0);
    CHECK(type(std::string(5000, 'x') + "\n") == 5001);
    const std::string line = read(6000);
    CHECK(line.size() == 4096);
    CHECK(line.back() == '\n');
}

TEST_CASE_METHOD(TerminalFixture, "characters that are not read in time wait at the master",
                 "[files][terminal]") {
    change(&abi::Termios::local, abi::kIcanon | abi::kEcho, 0);
    CHECK(type(std::string(5000, 'x')) == 4095);
    CHECK(type("y") == 0);
    CHECK_FALSE(terminal.can_type());
    CHECK(read(1000).size() == 1000);
    CHECK(type("y") == 1);
}

TEST_CASE_METHOD(TerminalFixture, "control characters signal the foreground group and throw away",
                 "[files][terminal]") {
    terminal.foreground = 7;
    type("half\003");
    CHECK(shown() == "^C");
    type("\034\032");
    CHECK(sent == std::vector<std::pair<std::int32_t, Signal>>{
                      {7, Signal::Int}, {7, Signal::Quit}, {7, Signal::Tstp}});
    type("\n");
    CHECK(read() == "\n");
    change(&abi::Termios::local, abi::kIsig, 0);
    type("\003\n");
    CHECK(read() == "\003\n");
    CHECK(sent.size() == 3);
    terminal.set_window({25, 80, 0, 0});
    terminal.set_window({25, 80, 0, 0});
    CHECK(sent.size() == 4);
    CHECK(sent.back() == std::pair<std::int32_t, Signal>{7, Signal::Winch});
}

TEST_CASE_METHOD(TerminalFixture, "stop and start hold what is printed", "[files][terminal]") {
    type("\023");
    CHECK_FALSE(terminal.can_print());
    CHECK(print("held") == 0);
    type("\021");
    CHECK(print("a\n") == 2);
    CHECK(shown() == "a\r\n");
}

TEST_CASE_METHOD(TerminalFixture,
                 "what lies there when lines are switched on or off stays readable",
                 "[files][terminal]") {
    type("left");
    CHECK(terminal.readable() == 0);
    change(&abi::Termios::local, abi::kIcanon, 0);
    CHECK(terminal.readable() == 4);
    change(&abi::Termios::local, 0, abi::kIcanon);
    CHECK(read() == "left");
}

TEST_CASE("closing one end of a pty is reported at the other end", "[files][terminal]") {
    std::vector<std::pair<std::int32_t, Signal>> groups, processes;
    Terminals terminals(
        [&](std::int32_t group, Signal signal) { groups.emplace_back(group, signal); },
        [&](std::int32_t pid, Signal signal) { processes.emplace_back(pid, signal); });
    std::array<std::byte, 4> bytes{};
    constexpr std::uint32_t kIn = 0x41, kOut = 0x104, kErr = 8, kHup = 0x10;

    auto master = terminals.open_master({}, {}).value();
    CHECK(terminals.indexes() == std::vector<std::uint32_t>{0});
    CHECK(master->poll() == kOut);
    CHECK(master->read(0, bytes).error() == Errno::Again);
    auto slave = terminals.open_slave(master->pty());
    REQUIRE(slave->write(0, std::span(bytes).first(1)) == 1u);
    slave.reset();
    CHECK(master->poll() == (kIn | kOut | kHup));
    CHECK(master->read(0, bytes) == 1u);
    CHECK(master->read(0, bytes).error() == Errno::Io);
    slave = terminals.open_slave(master->pty());
    CHECK(master->poll() == kOut);

    master->pty().terminal.session = 5;
    master->pty().terminal.foreground = 6;
    master.reset();
    CHECK(processes ==
          std::vector<std::pair<std::int32_t, Signal>>{{5, Signal::Hup}, {5, Signal::Cont}});
    CHECK(groups.empty());
    CHECK(slave->read(0, bytes) == 0u);
    CHECK(slave->write(0, bytes).error() == Errno::Io);
    CHECK(slave->poll() == (kIn | kOut | kErr | kHup));
    CHECK(terminals.of_session(5) == nullptr);
    // Its foreground group hears of it when the leader ends.
    terminals.leader_ended(5);
    CHECK(groups ==
          std::vector<std::pair<std::int32_t, Signal>>{{6, Signal::Hup}, {6, Signal::Cont}});
}

TEST_CASE("the numbers of pseudo terminals are bounded and used again from the lowest",
          "[files][terminal]") {
    Terminals terminals([](std::int32_t, Signal) {}, [](std::int32_t, Signal) {});
    constexpr std::size_t kMost = 4096;  // kernel.pty.max
    std::vector<std::shared_ptr<PtyFile>> masters;
    for (std::size_t i = 0; i < kMost; ++i)
        masters.push_back(terminals.open_master({}, {}).value());
    CHECK(masters.back()->pty().index == kMost - 1);
    CHECK(terminals.open_master({}, {}).error() == Errno::NoSpc);
    masters[7].reset();
    masters[5].reset();
    CHECK(terminals.find(5) == nullptr);
    CHECK(terminals.open_master({}, {}).value()->pty().index == 5);
    const auto slave = terminals.open_slave(masters[9]->pty());
    masters[9].reset();
    masters[5] = terminals.open_master({}, {}).value();
    CHECK(masters[5]->pty().index == 5);
    masters[7] = terminals.open_master({}, {}).value();
    // Number 9 is taken for as long as its slave is open.
    CHECK(masters[7]->pty().index == 7);
    CHECK(terminals.open_master({}, {}).error() == Errno::NoSpc);
}
