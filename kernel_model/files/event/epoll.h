// SPDX-License-Identifier: GPL-2.0-or-later
// epoll: files that somebody is interested in, and the list of those that may be ready, in the
// order in which they became so. The list is fed by the files' wait queues; nobody looks at all
// files.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
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
    explicit Epoll(std::uint64_t inode);
    ~Epoll() override;

    // A file by its descriptor and description, as both are the key. Exist, NoEnt, Inval, Loop.
    SysResult<void> add(std::int32_t fd, File& file, EpollEvent event);
    SysResult<void> modify(std::int32_t fd, File& file, EpollEvent event);
    SysResult<void> remove(std::int32_t fd, File& file);
    // Hands over up to `most` ready ones; `give` answers whether it could take the event. Value:
    // how many it took.
    std::uint32_t collect(std::uint32_t most, const std::function<bool(const EpollEvent&)>& give);
    // Whether one is ready. Takes those off the list that are not.
    bool ready();

    SysResult<FileStatus> status() override;
    std::uint32_t poll() override { return ready() ? abi::kPollReadable : 0; }
    WaitQueue* waiters() override { return &waiters_; }
    bool can_poll() override { return true; }

private:
    class Item;
    using Key = std::pair<std::int32_t, const File*>;

    void queue(Item& item);
    void unqueue(Item& item);
    bool reaches(const Epoll& other) const;
    unsigned levels_below() const;
    unsigned levels_above() const;

    std::uint64_t inode_;
    WaitQueue waiters_;
    std::map<Key, std::unique_ptr<Item>> items_;
    std::list<Item*> ready_;
    std::vector<const Epoll*> above_;  // in whose sets this one is
};

}  // namespace uprobesim
