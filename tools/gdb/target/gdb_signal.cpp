// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/target/gdb_signal.h"

#include <algorithm>
#include <array>

namespace uprobesim {
namespace {

struct Row {
    Signal signal;
    unsigned gdb;
};
constexpr std::array kRows{
    Row{Signal::Hup, 1},     Row{Signal::Int, 2},   Row{Signal::Quit, 3},   Row{Signal::Ill, 4},
    Row{Signal::Trap, 5},    Row{Signal::Abrt, 6},  Row{Signal::Fpe, 8},    Row{Signal::Kill, 9},
    Row{Signal::Bus, 10},    Row{Signal::Segv, 11}, Row{Signal::Sys, 12},   Row{Signal::Pipe, 13},
    Row{Signal::Alrm, 14},   Row{Signal::Term, 15}, Row{Signal::Urg, 16},   Row{Signal::Stop, 17},
    Row{Signal::Tstp, 18},   Row{Signal::Cont, 19}, Row{Signal::Chld, 20},  Row{Signal::Ttin, 21},
    Row{Signal::Ttou, 22},   Row{Signal::Io, 23},   Row{Signal::Xcpu, 24},  Row{Signal::Xfsz, 25},
    Row{Signal::Vtalrm, 26}, Row{Signal::Prof, 27}, Row{Signal::Winch, 28}, Row{Signal::Usr1, 30},
    Row{Signal::Usr2, 31},   Row{Signal::Pwr, 32},
};
// Real-time signals: 33 to 63 are 45 to 75, 32 is 77, 64 is 78.
constexpr int kFirstRealTime = 32, kLastRealTime = 64;
constexpr unsigned kGdbUnknown = 143, kGdb32 = 77, kGdb33 = 45, kGdb63 = 75, kGdb64 = 78;

}  // namespace

unsigned gdb_signal_of(Signal signal) {
    const int number = static_cast<int>(signal);
    if (number == kFirstRealTime) return kGdb32;
    if (number == kLastRealTime) return kGdb64;
    if (number > kFirstRealTime && number < kLastRealTime)
        return kGdb33 + static_cast<unsigned>(number - kFirstRealTime - 1);
    const auto* const row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.signal == signal; });
    return row == kRows.end() ? kGdbUnknown : row->gdb;
}

Signal signal_of_gdb(std::uint64_t number) {
    if (number == kGdb32) return static_cast<Signal>(kFirstRealTime);
    if (number == kGdb64) return static_cast<Signal>(kLastRealTime);
    if (number >= kGdb33 && number <= kGdb63)
        return static_cast<Signal>(kFirstRealTime + 1 + static_cast<int>(number - kGdb33));
    const auto* const row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.gdb == number; });
    return row == kRows.end() ? Signal::None : row->signal;
}

}  // namespace uprobesim
