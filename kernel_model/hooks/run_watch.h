// SPDX-License-Identifier: GPL-2.0-or-later
// An observer of a run on the host: it shows the progress and may end the run. It affects the
// simulation in no other way.
#pragma once

#include <csignal>

namespace uprobesim {

class Kernel;

class RunWatch {
public:
    virtual ~RunWatch() = default;

    // A turn of a CPU is over, or a tick of a long one.
    virtual void turn(const Kernel&) = 0;
    // The host signal that ends the run; 0: none. Checked before every return to EL0.
    int wanted_end() const { return *end_signal_; }

protected:
    explicit RunWatch(const volatile std::sig_atomic_t& end_signal) : end_signal_(&end_signal) {}

private:
    const volatile std::sig_atomic_t* end_signal_;  // a signal handler sets it
};

}  // namespace uprobesim
