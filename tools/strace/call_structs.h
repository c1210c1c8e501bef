// SPDX-License-Identifier: GPL-2.0-or-later
// Pieces that the structures of arguments share.
#pragma once

#include <cstdint>
#include <string>

#include "kernel_model/abi/signal.h"
#include "tools/strace/call_kinds.h"

namespace uprobesim {

// "[{iov_base=\"abc\", iov_len=3}]"; no more than `used` bytes of all buffers together are shown.
std::string iovec_text(CallView& view, std::uint64_t at, std::uint64_t count, std::uint64_t used);
// "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=1001, ...}"
std::string siginfo_text(const SignalInfo& info);

// What strace adds to some results in parentheses; empty: nothing.
std::string result_note(std::uint32_t number, CallView& view);

// --- sockets
std::string sockaddr_argument(CallView& view, unsigned index,
                              const ArgumentKind& kind);  // its length is next
std::string sockaddr_result(CallView& view, unsigned index,
                            const ArgumentKind& kind);  // the length's address is
std::string option_value(CallView& view, unsigned index, const ArgumentKind& kind);
std::string option_result(CallView& view, unsigned index, const ArgumentKind& kind);
std::string message(CallView& view, unsigned index, const ArgumentKind& kind);

}  // namespace uprobesim
