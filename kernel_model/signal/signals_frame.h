// SPDX-License-Identifier: GPL-2.0-or-later
// The arm64 signal frame on the user's stack, byte for byte as Linux lays it out, and the way back
// from it.
#pragma once

#include "kernel_model/abi/signal.h"
#include "kernel_model/task/process.h"

namespace uprobesim {

class Kernel;

// siginfo_t. `action_flags`: abi::kSaExposeTagBits shows the tag of an address.
abi::SigInfo siginfo_of(const SignalInfo& info, std::uint64_t action_flags);
SignalInfo signal_info_of(const abi::SigInfo& bytes);

// Writes the frame and sets the task's registers for the handler. False: the frame could not be
// written; nothing was changed.
bool push_signal_frame(Kernel& kernel, Task& task, const SignalInfo& info,
                       const SignalAction& action);
// rt_sigreturn. False: the frame is not valid; registers are unchanged and the caller raises
// SIGSEGV.
bool pop_signal_frame(Kernel& kernel, Task& task);

// Whether `sp` is on the alternate stack (on_sig_stack).
bool on_altstack(const AltStack& stack, std::uint64_t sp);

}  // namespace uprobesim
