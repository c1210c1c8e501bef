// SPDX-License-Identifier: GPL-2.0-or-later
// The command ignores SIGPIPE and SIGXFSZ; a library must not decide that for its process. Both are
// sent to the thread whose write failed: while this exists they are blocked in it, so that the
// write returns an errno, and those that came meanwhile are taken away at the end.
#pragma once

#include <csignal>

namespace uprobesim {

class QuietWrites {
public:
    QuietWrites();
    ~QuietWrites();
    QuietWrites(const QuietWrites&) = delete;
    QuietWrites& operator=(const QuietWrites&) = delete;

private:
    sigset_t ours_{};    // those that were not pending before
    sigset_t before_{};  // the thread's mask
};

}  // namespace uprobesim
