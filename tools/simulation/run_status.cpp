// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/run_status.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/format/number_text.h"
#include "tools/simulation/host_clock.h"

namespace uprobesim {
namespace {

// What handlers may touch: there is no other way to tell them anything.
volatile std::sig_atomic_t end_signal = 0;
volatile std::sig_atomic_t status_wanted = 0;

void want_end(int signal) {
    end_signal = signal;
}
void want_status(int) {
    status_wanted = 1;
}

struct Caught {
    int signal;
    void (*handler)(int);
    int flags;
};
// A read that the guest waits in must end with the run, and must not for a status line.
constexpr std::array kCaught = {Caught{SIGINT, want_end, static_cast<int>(SA_RESETHAND)},
                                Caught{SIGTERM, want_end, static_cast<int>(SA_RESETHAND)},
                                Caught{SIGUSR1, want_status, SA_RESTART}};

constexpr std::uint64_t kTurnsPerLook = 8;  // a turn is at most a tick: some 50 ms of the host
constexpr std::int64_t kLineEveryNs = 500'000'000;

// A closed stderr is no reason to end.
void write_to_stderr(const std::string& text) {
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
}

// A line that is longer than the terminal could not be taken back.
std::size_t terminal_columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79u;
}

// As many of the line's parts, which commas divide, as the terminal has room for.
std::string fitting(const std::string& line, std::size_t columns) {
    if (line.size() <= columns) return line;
    const std::size_t comma = line.rfind(", ", columns);
    return line.substr(0, comma == line.npos ? columns : comma);
}

}  // namespace

RunStatus::RunStatus() : RunWatch(end_signal), on_terminal_(isatty(STDERR_FILENO) != 0) {
    begin({});
    end_signal = 0;
    status_wanted = 0;
    for (std::size_t i = 0; i < kCaught.size(); ++i) {
        struct sigaction action {};
        action.sa_handler = kCaught[i].handler;
        action.sa_flags = kCaught[i].flags;
        sigaction(kCaught[i].signal, nullptr, &before_[i]);
        if (before_[i].sa_handler != SIG_IGN) sigaction(kCaught[i].signal, &action, nullptr);
    }
}

RunStatus::~RunStatus() {
    clear();
    for (std::size_t i = 0; i < kCaught.size(); ++i)
        sigaction(kCaught[i].signal, &before_[i], nullptr);
}

void RunStatus::begin(const RunPlan& plan) {
    progress_.begin(plan, host_clock_ns());
}

void RunStatus::turn(const Kernel& kernel) {
    const bool wanted = status_wanted != 0;
    if (!wanted && (!on_terminal_ || ++turns_ % kTurnsPerLook != 0)) return;
    const std::int64_t now = host_clock_ns();
    if (!wanted && now - progress_.last_ns() < kLineEveryNs) return;
    show(progress_.line(run_figures(kernel), now), wanted);
}

void RunStatus::show(const std::string& text, bool wanted) {
    if (wanted) {
        status_wanted = 0;
        clear();
        write_to_stderr(fmt::format("uprobesim: {}\n", text));
    } else {
        write_to_stderr(fmt::format("\r{}\x1b[K", fitting(text, terminal_columns())));
        shown_ = true;
    }
}

void RunStatus::waiting(std::size_t runs) {
    const bool wanted = status_wanted != 0;
    if (!wanted && !on_terminal_) return;
    show(fmt::format("waiting for {}", counted(runs, "run")), wanted);
}

void RunStatus::silence() {
    on_terminal_ = false;
    shown_ = false;
    for (const Caught& caught : kCaught) {
        struct sigaction action {};
        action.sa_handler = caught.signal == SIGUSR1 ? SIG_IGN : caught.handler;
        struct sigaction now {};
        sigaction(caught.signal, nullptr, &now);
        if (now.sa_handler != SIG_IGN) sigaction(caught.signal, &action, nullptr);
    }
}

void RunStatus::clear() {
    if (!shown_) return;
    write_to_stderr("\r\x1b[K");
    shown_ = false;
}

}  // namespace uprobesim
