// SPDX-License-Identifier: GPL-2.0-or-later
// Who looks at a run from outside the simulated world: shows how far it is, and may want it to end.
// Nothing here reaches what is simulated, but for the end.
#pragma once

#include <csignal>

namespace uprobesim {

class Kernel;

class RunWatch {
public:
    virtual ~RunWatch() = default;

    // A turn of a CPU is over, or a tick of a long one.
    virtual void turn(const Kernel&) = 0;
    // The host signal that wants the run to end; 0: none does. Asked before every way back to EL0.
    int wanted_end() const { return *end_signal_; }

protected:
    explicit RunWatch(const volatile std::sig_atomic_t& end_signal) : end_signal_(&end_signal) {}

private:
    const volatile std::sig_atomic_t* end_signal_;  // a signal handler sets it
};

}  // namespace uprobesim
