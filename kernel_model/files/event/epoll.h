// SPDX-License-Identifier: GPL-2.0-or-later
// epoll: an interest list, and a list of items that may be ready, in the order in which they became
// ready. Wake-ups of the files' wait queues fill the ready list; the interest list is never
// scanned.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "kernel_model/abi/poll.h"
#include "kernel_model/files/file.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

struct EpollEvent {
    std::uint32_t events = 0;
    std::uint64_t data = 0;
};

class Epoll final : public File {
public:
    // `watches`: the number of items of all sets of the kernel; at most `most_watches`.
    Epoll(std::uint64_t inode, std::shared_ptr<std::uint64_t> watches, std::uint64_t most_watches);
    Epoll(const Epoll&) = delete;
    Epoll& operator=(const Epoll&) = delete;
    ~Epoll() override;

    // The key of an item is the descriptor together with the open file. Errors: Exist, NoEnt,
    // Inval (also: a file would be reached in too many ways), Loop; NoSpc: too many watches.
    SysResult<void> add(std::int32_t fd, File& file, EpollEvent event);
    SysResult<void> modify(std::int32_t fd, File& file, EpollEvent event);
    SysResult<void> remove(std::int32_t fd, File& file);
    // Passes up to `most` ready events to `give`, which returns false if it could not store one.
    // Returns the number stored.
    std::uint32_t collect(std::uint32_t most, const std::function<bool(const EpollEvent&)>& give);
    // Whether an item is ready. Removes items from the ready list that are not.
    bool ready();

    SysResult<FileStatus> status() override;
    std::uint32_t poll() override { return ready() ? abi::kPollReadable : 0; }
    WaitQueue* waiters() override { return &waiters_; }
    bool can_poll() override { return true; }

private:
    class Item;
    using Key = std::pair<std::int32_t, const File*>;
    // Other sets, with the number of items that join each to this one.
    using Joined = std::map<const Epoll*, unsigned>;
    using Sets = std::set<const Epoll*>;
    static constexpr unsigned kMaxNested = 4;  // EP_MAX_NESTS
    // How many chains of sets lead up to one that nobody watches, by the number of steps.
    using Chains = std::array<std::uint64_t, kMaxNested + 1>;

    void queue(Item& item);
    void unqueue(Item& item);
    std::vector<Sets> levels(const Joined Epoll::*next) const;
    Chains chains_above(std::map<const Epoll*, Chains>& known) const;
    bool crowded(const File& file, std::map<const Epoll*, Chains>& known) const;
    bool too_many_paths(const File& added) const;

    static constexpr std::uint64_t kItemBytes = 320;  // epitem and its entry in a wait queue
    void settle();

    std::uint64_t inode_;
    std::shared_ptr<std::uint64_t> watches_;
    std::uint64_t most_watches_;
    std::uint64_t counted_ = 0;  // of this set's items, in watches_
    WaitQueue waiters_;
    std::map<Key, std::unique_ptr<Item>> items_;
    std::list<Item*> ready_;
    Joined above_, below_;  // that watch this one, and that it watches
};

}  // namespace uprobesim
