// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/event/epoll.h"

#include <algorithm>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kPrivateBits =
    abi::kEpollexclusive | abi::kEpollwakeup | abi::kEpolloneshot | abi::kEpollet;
constexpr unsigned kMaxNested = 4;  // EP_MAX_NESTS

}  // namespace

// One file of the set (struct epitem).
class Epoll::Item final : public WaitQueue::Listener, public File::Watcher {
public:
    Item(Epoll& owner, std::int32_t fd, File& file, EpollEvent event)
        : event_(event),
          owner_(owner),
          fd_(fd),
          file_(&file),
          nested_(dynamic_cast<Epoll*>(&file)) {
        file.watch(*this);
        if (WaitQueue* queue = file.waiters())
            attach(*queue, (event.events & abi::kEpollexclusive) != 0);
        if (nested_ != nullptr) nested_->above_.push_back(&owner);
    }
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    ~Item() override {
        detach();
        if (queued_) owner_.unqueue(*this);
        if (file_ == nullptr) return;
        file_->unwatch(*this);
        if (nested_ == nullptr) return;
        const auto it = std::find(nested_->above_.begin(), nested_->above_.end(), &owner_);
        if (it != nested_->above_.end()) nested_->above_.erase(it);
    }
    void closed() override {
        const Key key{fd_, file_};
        file_ = nullptr;
        Epoll& owner = owner_;
        owner.items_.erase(key);
        owner.settle();
    }
    std::uint32_t ready() const { return file_->poll() & event_.events; }
    bool armed() const { return (event_.events & ~kPrivateBits) != 0; }
    const Epoll* nested() const { return nested_; }

    EpollEvent event_;
    bool queued_ = false;
    std::list<Item*>::iterator place_;  // in the ready list, if queued

private:
    // ep_poll_callback.
    bool woken(std::uint32_t events) override {
        if (!armed() || (events & event_.events) == 0) return false;
        const bool waited = !owner_.waiters_.empty();
        owner_.queue(*this);
        return waited;
    }

    Epoll& owner_;
    std::int32_t fd_;
    File* file_;
    Epoll* nested_;
};

Epoll::Epoll(std::uint64_t inode, std::shared_ptr<std::uint64_t> watches,
             std::uint64_t most_watches)
    : inode_(inode), watches_(std::move(watches)), most_watches_(most_watches) {
    flags = abi::kORdwr;
    name = "anon_inode:[eventpoll]";
}

Epoll::~Epoll() {
    items_.clear();
    settle();
}

// To call after items were added or removed.
void Epoll::settle() {
    *watches_ = *watches_ - counted_ + items_.size();
    counted_ = items_.size();
    charge.resize(kBytes + items_.size() * kItemBytes);
}

SysResult<FileStatus> Epoll::status() {
    FileStatus s;
    s.device = 14;  // anon_inodefs
    s.inode = inode_;
    s.mode = 0600;
    return s;
}

void Epoll::queue(Item& item) {
    if (!item.queued_) item.place_ = ready_.insert(ready_.end(), &item);
    item.queued_ = true;
    waiters_.wake(abi::kPollReadable);
}

void Epoll::unqueue(Item& item) {
    ready_.erase(item.place_);
    item.queued_ = false;
}

bool Epoll::reaches(const Epoll& other) const {
    return this == &other || std::any_of(items_.begin(), items_.end(), [&](const auto& entry) {
               const Epoll* nested = entry.second->nested();
               return nested != nullptr && nested->reaches(other);
           });
}

unsigned Epoll::levels_below() const {
    unsigned most = 0;
    for (const auto& [key, item] : items_) {
        if (item->nested() != nullptr) most = std::max(most, 1 + item->nested()->levels_below());
    }
    return most;
}

unsigned Epoll::levels_above() const {
    unsigned most = 0;
    for (const Epoll* epoll : above_) most = std::max(most, 1 + epoll->levels_above());
    return most;
}

SysResult<void> Epoll::add(std::int32_t fd, File& file, EpollEvent event) {
    const Key key{fd, &file};
    if (items_.contains(key)) return tl::make_unexpected(Errno::Exist);
    if (const auto* nested = dynamic_cast<const Epoll*>(&file)) {
        const bool deep = levels_above() + 1 + nested->levels_below() > kMaxNested;
        if (deep || nested->reaches(*this)) return tl::make_unexpected(Errno::Loop);
    }
    if (*watches_ >= most_watches_) return tl::make_unexpected(Errno::NoSpc);
    if (!charge.has_room(kItemBytes)) return tl::make_unexpected(Errno::NoMem);
    event.events |= abi::kPollErr | abi::kPollHup;
    Item& item = *items_.emplace(key, std::make_unique<Item>(*this, fd, file, event)).first->second;
    settle();
    if (item.ready() != 0) queue(item);
    return {};
}

SysResult<void> Epoll::modify(std::int32_t fd, File& file, EpollEvent event) {
    const auto it = items_.find({fd, &file});
    if (it == items_.end()) return tl::make_unexpected(Errno::NoEnt);
    Item& item = *it->second;
    if ((item.event_.events & abi::kEpollexclusive) != 0) return tl::make_unexpected(Errno::Inval);
    event.events |= abi::kPollErr | abi::kPollHup;
    item.event_ = event;
    if (item.ready() != 0) queue(item);
    return {};
}

SysResult<void> Epoll::remove(std::int32_t fd, File& file) {
    if (items_.erase({fd, &file}) == 0) return tl::make_unexpected(Errno::NoEnt);
    settle();
    return {};
}

// __ep_eventpoll_poll.
bool Epoll::ready() {
    while (!ready_.empty()) {
        if (ready_.front()->ready() != 0) return true;
        unqueue(*ready_.front());
    }
    return false;
}

// ep_send_events: level-triggered items move to the end of the ready list; items that were not
// reached stay at its front.
std::uint32_t Epoll::collect(std::uint32_t most,
                             const std::function<bool(const EpollEvent&)>& give) {
    std::uint32_t taken = 0;
    std::size_t left = ready_.size();
    while (left-- > 0 && taken < most) {
        Item& item = *ready_.front();
        const std::uint32_t events = item.ready();
        if (events != 0 && !give({events, item.event_.data})) break;
        ready_.pop_front();
        item.queued_ = false;
        if (events == 0) continue;
        ++taken;
        if ((item.event_.events & abi::kEpolloneshot) != 0) {
            item.event_.events &= kPrivateBits;
        } else if ((item.event_.events & abi::kEpollet) == 0) {
            item.place_ = ready_.insert(ready_.end(), &item);
            item.queued_ = true;
        }
    }
    // ep_done_scan: another waiter may collect the rest.
    if (!ready_.empty()) waiters_.wake(abi::kPollReadable);
    return taken;
}

}  // namespace uprobesim
