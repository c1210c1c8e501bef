// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/spaces/pid_table.h"

#include <algorithm>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kNumberBytes = 64;  // an entry of a namespace's index
constexpr std::uint64_t kIdBytes = 192;     // struct pid, and an entry of the table
constexpr std::uint64_t kSpaceBytes = 1024;

tl::unexpected<Errno> fails(Errno error) {
    return tl::make_unexpected(error);
}

// The first free number from `from` on; `end`: there is none.
std::int32_t free_from(const PidIndex& index, std::int32_t from, std::int32_t end) {
    for (auto at = index.ids.lower_bound(from);
         from < end && at != index.ids.end() && at->first == from; ++at)
        ++from;
    return from;
}

// idr_alloc_cyclic: in turn, and then again from the first that is not reserved.
tl::expected<std::int32_t, Errno> next_number(PidIndex& index, std::int32_t end) {
    constexpr std::int32_t kReserved = 300;  // RESERVED_PIDS
    const std::int32_t least = index.next > kReserved ? kReserved : 1;
    std::int32_t number = free_from(index, std::max(index.next, least), end);
    if (number >= end) number = free_from(index, least, end);
    if (number >= end) return fails(Errno::Again);
    index.next = number + 1;
    return number;
}

tl::expected<void, Errno> check_wished(const PidIndex& index, const PidNamespace* space,
                                       std::int32_t number, std::int32_t end,
                                       const PidTable::Wish& wish) {
    if (number < 1 || number >= end) return fails(Errno::Inval);
    if (number != 1 && space != nullptr && space->reaper == 0) return fails(Errno::Inval);
    if (!wish.allowed(space)) return fails(Errno::Perm);
    if (index.ids.contains(number)) return fails(Errno::Exist);
    return {};
}

}  // namespace

std::uint64_t PidTable::bytes_in(const PidNamespace* space) {
    return space == nullptr ? 0 : kIdBytes + space->level * kNumberBytes;
}

PidSpace PidTable::make_space(PidSpace parent, std::uint64_t inode) {
    // The table forgets a namespace that nobody has any more.
    PidSpace space(new PidNamespace(inode), [spaces = std::weak_ptr(spaces_)](PidNamespace* ended) {
        if (const auto all = spaces.lock()) all->erase(ended->inode);
        delete ended;
    });
    space->level = parent ? parent->level + 1 : 1;
    space->parent = std::move(parent);
    space->charge = MemoryCharge(&memory_, kSpaceBytes);
    spaces_->emplace(inode, space);
    return space;
}

PidSpace PidTable::space_of_inode(std::uint64_t inode) const {
    const auto found = spaces_->find(inode);
    return found == spaces_->end() ? nullptr : found->second.lock();
}

tl::expected<Pid, Errno> PidTable::make(const PidSpace& space, const Wish& wish, std::int32_t end) {
    const std::size_t levels = space ? space->level : 0;
    if (wish.numbers.size() > levels + 1) return fails(Errno::Inval);
    // All numbers are found before one is taken: one that cannot be had leaves no other one behind.
    std::vector<std::int32_t> numbers(levels + 1);
    std::size_t depth = 0;
    for (PidNamespace* at = space.get();; at = at->parent.get(), ++depth) {
        PidIndex& index = index_of(at);
        std::int32_t& number = numbers[levels - depth];
        if (depth < wish.numbers.size()) {
            number = wish.numbers[depth];
            TRY(check_wished(index, at, number, end, wish));
        } else {
            number = TRY(next_number(index, end));
        }
        if (at == nullptr) break;
    }
    if (space && space->closed) return fails(Errno::NoMem);
    Pid made(numbers[0]);
    if (space) {
        auto below = std::make_shared<PidNumbers>();
        below->space = space;
        below->numbers.assign(numbers.begin() + 1, numbers.end());
        below->charge = MemoryCharge(&memory_, bytes_in(space.get()));
        made.below = std::move(below);
    }
    for (PidNamespace* at = space.get();; at = at->parent.get()) {
        index_of(at).ids.emplace(made.in(at), made.first);
        if (at == nullptr) break;
    }
    held_.emplace(made.first, Held{made.below});
    return made;
}

void PidTable::forget(std::map<std::int32_t, Held>::iterator at) {
    const Pid gone(at->first, at->second.below);
    for (PidNamespace* space = gone.below ? gone.below->space.get() : nullptr;;
         space = space->parent.get()) {
        index_of(space).ids.erase(gone.in(space));
        if (space == nullptr) break;
    }
    held_.erase(at);
}

void PidTable::hold(std::int32_t id) {
    const auto found = held_.find(id);
    if (found != held_.end()) ++found->second.uses;
}

void PidTable::drop(std::int32_t id) {
    const auto found = held_.find(id);
    if (found == held_.end()) return;
    if (found->second.uses > 0) --found->second.uses;
    if (found->second.uses == 0) forget(found);
}

void PidTable::discard(std::int32_t id) {
    const auto found = held_.find(id);
    if (found != held_.end() && found->second.uses == 0) forget(found);
}

Pid PidTable::of(std::int32_t id) const {
    const auto found = held_.find(id);
    return {id, found == held_.end() ? nullptr : found->second.below};
}

std::int32_t PidTable::outside(const PidNamespace* space, std::int32_t number) {
    if (space == nullptr) return number;
    const auto found = space->index.ids.find(number);
    return found == space->index.ids.end() ? 0 : found->second;
}

}  // namespace uprobesim
