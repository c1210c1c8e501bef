// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/timeline.h"

#include <utility>

namespace uprobesim {

void Timeline::seek(const RunPosition& position, StopReason reason) {
    mode_ = Mode::Seek;
    goal_ = position;
    reason_ = std::move(reason);
}

void Timeline::scan(const RunPosition& position) {
    mode_ = Mode::Scan;
    goal_ = position;
    last_.reset();
}

void Timeline::note(const RunPosition& position, const StopReason& reason) {
    last_ = Noted{position, reason};
}

std::optional<StopReason> Timeline::arrive(const RunPosition& first) {
    if (mode_ == Mode::Scan) {
        if (last_) {
            seek(last_->position, last_->reason);
        } else {
            seek(first, {.kind = StopKind::HistoryBegin});
        }
        return std::nullopt;
    }
    mode_ = Mode::Live;
    goal_.reset();
    return std::exchange(reason_, {});
}

void Timeline::begin() {
    for (auto& [task, signals] : signals_) signals.next = 0;
}

std::optional<Signal> Timeline::known_signal(TaskId task) {
    Signals& signals = signals_[task];
    if (live() || signals.next >= signals.decided.size()) return std::nullopt;
    return signals.decided[signals.next++];
}

void Timeline::decide(TaskId task, Signal signal) {
    Signals& signals = signals_[task];
    signals.decided.resize(signals.next++);
    signals.decided.push_back(signal);
}

}  // namespace uprobesim
