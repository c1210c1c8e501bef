// SPDX-License-Identifier: GPL-2.0-or-later
// The actions of a vCont packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kernel_model/abi/signal.h"
#include "sim/base/units.h"
#include "tools/gdb/target/gdb_signal.h"
#include "tools/gdb/target/gdb_thread.h"

namespace uprobesim {

struct ResumeAction {
    bool steps = false;
    VRange range{};  // steps until the task leaves it; empty: once
    std::optional<Signal> signal;
    GdbThread thread{GdbThread::kAll, GdbThread::kAll};
};

// "c;s:p1.1": the leftmost action that covers a thread is its own. Nothing: it is none that is
// known.
std::optional<std::vector<ResumeAction>> parse_resume(std::string_view actions);

}  // namespace uprobesim
