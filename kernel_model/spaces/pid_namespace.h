// SPDX-License-Identifier: GPL-2.0-or-later
// Namespaces of process ids (struct pid_namespace, struct pid). The kernel knows a process, a task,
// a group and a session by its id in the first namespace, for which a null pointer stands. What
// passes from or to a guest is the number that the id has in the namespace of its process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernel_model/spaces/user_namespace.h"

namespace uprobesim {

struct PidNamespace;
using PidSpace = std::shared_ptr<PidNamespace>;

// The numbers of one namespace that are in use (struct idr): each with the id in the first.
struct PidIndex {
    std::map<std::int32_t, std::int32_t> ids;
    std::int32_t next = 1;  // the number to be given next, if it is free
};

struct PidNamespace final : Namespace {
    using Namespace::Namespace;
    PidSpace parent;
    unsigned level = 1;         // below the first
    std::int32_t reaper = 0;    // its process 1, by its id in the first; 0: there was none yet
    bool closed = false;        // process 1 has ended: nobody else can be made in it
    std::int32_t rebooted = 0;  // the signal that reboot(2) has process 1 end by
    PidIndex index;
};

// The numbers of one id in the namespaces below the first.
struct PidNumbers {
    PidSpace space;                     // in which it was made, the deepest
    std::vector<std::int32_t> numbers;  // from level 1 on
    MemoryCharge charge;
};

// An id with its numbers, which it keeps when what it was of has ended.
struct Pid {
    std::int32_t first = 0;                   // in the first namespace; 0: of nothing
    std::shared_ptr<const PidNumbers> below;  // null: in no other

    Pid() = default;
    Pid(std::int32_t id, std::shared_ptr<const PidNumbers> numbers = nullptr)
        : first(id), below(std::move(numbers)) {}
    bool operator==(const Pid& other) const { return first == other.first && below == other.below; }

    // pid_nr_ns: its number in a namespace; 0: it is not seen there.
    std::int32_t in(const PidNamespace* space) const;
    // pid_vnr of its own: its number in the namespace that it was made in.
    std::int32_t own() const { return below ? below->numbers.back() : first; }
};

// Whether `space` is `above` or one below it. Null: the first.
bool is_within(const PidNamespace* space, const PidNamespace* above);

}  // namespace uprobesim
