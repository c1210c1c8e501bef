// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/library/quiet_writes.h"

#include <pthread.h>

#include <cerrno>
#include <ctime>  // lint: allow (a timeout of nothing)
#include <initializer_list>

namespace uprobesim {

QuietWrites::QuietWrites() {
    sigset_t pending{}, blocked{};
    sigpending(&pending);
    sigemptyset(&blocked);
    sigemptyset(&ours_);
    for (const int signal : {SIGPIPE, SIGXFSZ}) {
        sigaddset(&blocked, signal);
        if (sigismember(&pending, signal) == 0) sigaddset(&ours_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &blocked, &before_);
}

QuietWrites::~QuietWrites() {
    const timespec at_once{};
    while (sigtimedwait(&ours_, nullptr, &at_once) > 0 || errno == EINTR) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace uprobesim
