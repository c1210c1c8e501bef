// SPDX-License-Identifier: GPL-2.0-or-later
// The ids of processes, tasks, groups and sessions that are in use, and their numbers in each
// namespace (kernel/pid.c). An id is given once to a task or process, and kept as long as anything
// has it: a group and a session keep the id of their leader, who may have ended.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <tl/expected.hpp>

#include "kernel_model/abi/errno.h"
#include "kernel_model/spaces/pid_namespace.h"

namespace uprobesim {

class PidTable {
public:
    explicit PidTable(PhysicalMemory& memory) : memory_(memory) {}

    // What the numbers of an id take in a namespace and all above it.
    static std::uint64_t bytes_in(const PidNamespace* space);
    // A namespace below another one. Its owner is not set yet.
    PidSpace make_space(PidSpace parent, std::uint64_t inode);
    // The numbers that a new id is to have, that in the deepest namespace first; the others are the
    // next free ones. `allowed`: whether the caller may choose one in a namespace.
    struct Wish {
        std::span<const std::int32_t> numbers{};
        std::function<bool(const PidNamespace*)> allowed{};
    };
    // A new id in a namespace and in all above it (alloc_pid), with numbers below `end`. Again: all
    // are in use; Exist: a wished one is; Inval: it is no number, the first in its namespace and
    // not 1, or there are more than namespaces; NoMem: the namespace is closed; Perm.
    tl::expected<Pid, Errno> make(const PidSpace& space, const Wish& wish, std::int32_t end);
    // One more, or one less, has the id. An id that nobody has is free; `make` alone gives it to
    // nobody yet.
    void hold(std::int32_t id);
    void drop(std::int32_t id);
    // An id that was made, and that nobody has taken.
    void discard(std::int32_t id);

    bool in_use(std::int32_t id) const { return held_.contains(id); }
    // With its numbers, if it is in use.
    Pid of(std::int32_t id) const;
    // The number of an id in a namespace; 0: it is not seen there.
    std::int32_t inside(const PidNamespace* space, std::int32_t id) const {
        return space == nullptr ? id : of(id).in(space);
    }
    // The id that a number of a namespace stands for; 0: none.
    static std::int32_t outside(const PidNamespace* space, std::int32_t number);

    // The number that was given last, and its change (kernel.ns_last_pid).
    std::int32_t last(const PidNamespace* space) const { return index_of(space).next - 1; }
    void set_last(PidNamespace* space, std::int32_t number) { index_of(space).next = number + 1; }

    std::size_t space_count() const { return spaces_->size(); }
    // Null: there is none of this inode.
    PidSpace space_of_inode(std::uint64_t inode) const;

private:
    struct Held {
        std::shared_ptr<const PidNumbers> below;
        unsigned uses = 0;
    };
    using Spaces = std::map<std::uint64_t, std::weak_ptr<PidNamespace>>;

    PidIndex& index_of(PidNamespace* space) { return space == nullptr ? first_ : space->index; }
    const PidIndex& index_of(const PidNamespace* space) const {
        return space == nullptr ? first_ : space->index;
    }
    void forget(std::map<std::int32_t, Held>::iterator at);

    PhysicalMemory& memory_;
    PidIndex first_;                     // of the first namespace
    std::map<std::int32_t, Held> held_;  // by the id in the first
    std::shared_ptr<Spaces> spaces_ = std::make_shared<Spaces>();
};

}  // namespace uprobesim
