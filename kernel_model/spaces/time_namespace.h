// SPDX-License-Identifier: GPL-2.0-or-later
// Namespaces of times (struct time_namespace): what is added to the clocks that count from the
// start of the machine. A null pointer is the first, where nothing is.
#pragma once

#include <cstdint>
#include <memory>

#include "kernel_model/spaces/user_namespace.h"

namespace uprobesim {

class FileBacking;

struct TimeNamespace final : Namespace {
    using Namespace::Namespace;
    std::int64_t monotonic_ns = 0, boottime_ns = 0;
    bool frozen = false;                // a process is in it, or was: the offsets stay
    std::shared_ptr<FileBacking> vdso;  // whose functions add them; null: not needed yet
};
using TimeSpace = std::shared_ptr<TimeNamespace>;

}  // namespace uprobesim
