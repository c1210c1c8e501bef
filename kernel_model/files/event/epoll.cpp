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
// path_limits: a wake of a file passes up all chains of sets that lead from it. Those of one step
// are not counted.
constexpr std::array<std::uint64_t, 5> kMostChains = {~std::uint64_t{0}, 500, 100, 50, 10};

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
        if (nested_ == nullptr) return;
        ++nested_->above_[&owner];
        ++owner.below_[nested_];
    }
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    ~Item() override {
        detach();
        if (queued_) owner_.unqueue(*this);
        if (file_ == nullptr) return;
        file_->unwatch(*this);
        part();
    }
    void closed() override {
        const Key key{fd_, file_};
        if (nested_ != nullptr) less(owner_.below_, nested_);  // its own list is gone
        nested_ = nullptr;
        file_ = nullptr;
        Epoll& owner = owner_;
        owner.items_.erase(key);
        owner.settle();
    }
    std::uint32_t ready() const { return file_->poll() & event_.events; }
    bool armed() const { return (event_.events & ~kPrivateBits) != 0; }
    bool nested() const { return nested_ != nullptr; }
    const File& file() const { return *file_; }
    const Epoll& owner() const { return owner_; }

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

    // The sets are joined by one item less.
    static void less(Joined& joined, const Epoll* set) {
        const auto it = joined.find(set);
        if (--it->second == 0) joined.erase(it);
    }
    void part() {
        if (nested_ == nullptr) return;
        less(nested_->above_, &owner_);
        less(owner_.below_, nested_);
        nested_ = nullptr;
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

// The sets above or below this one, by their distance, itself first. A set may be reached in many
// ways: it is looked at once at each distance, of which there are few.
std::vector<Epoll::Sets> Epoll::levels(const Joined Epoll::*next) const {
    std::vector<Sets> all;
    for (Sets level{this}; !level.empty();) {
        Sets further;
        for (const Epoll* const set : level)
            for (const auto& [joined, items] : set->*next) further.insert(joined);
        all.push_back(std::exchange(level, std::move(further)));
    }
    return all;
}

Epoll::Chains Epoll::chains_above(std::map<const Epoll*, Chains>& known) const {
    if (const auto it = known.find(this); it != known.end()) return it->second;
    Chains chains{};
    if (above_.empty()) chains[0] = 1;
    for (const auto& [set, items] : above_) {
        const Chains further = set->chains_above(known);
        for (unsigned steps = 0; steps < kMaxNested; ++steps)
            chains[steps + 1] += items * further[steps];
    }
    return known[this] = chains;
}

// reverse_path_check_proc.
bool Epoll::crowded(const File& file, std::map<const Epoll*, Chains>& known) const {
    Chains all{};
    for (const File::Watcher* const watcher : file.watchers()) {
        const auto* const item = dynamic_cast<const Item*>(watcher);
        if (item == nullptr) continue;
        const Chains chains = item->owner().chains_above(known);
        for (unsigned steps = 0; steps <= kMaxNested; ++steps) {
            all[steps] += chains[steps];
            if (all[steps] > kMostChains[steps]) return true;
        }
    }
    return false;
}

// reverse_path_check, after an item of `added`: only what is nested can have made chains longer.
bool Epoll::too_many_paths(const File& added) const {
    std::map<const Epoll*, Chains> known;
    const auto* const nested = dynamic_cast<const Epoll*>(&added);
    if (nested == nullptr) return !above_.empty() && crowded(added, known);
    Sets seen;
    for (const Sets& level : nested->levels(&Epoll::below_)) {
        for (const Epoll* const set : level) {
            if (!seen.insert(set).second) continue;
            for (const auto& [key, item] : set->items_)
                if (!item->nested() && crowded(item->file(), known)) return true;
        }
    }
    return false;
}

SysResult<void> Epoll::add(std::int32_t fd, File& file, EpollEvent event) {
    const Key key{fd, &file};
    if (items_.contains(key)) return tl::make_unexpected(Errno::Exist);
    if (const auto* nested = dynamic_cast<const Epoll*>(&file)) {
        const auto below = nested->levels(&Epoll::below_), above = levels(&Epoll::above_);
        const bool loops =
            std::ranges::any_of(below, [&](const Sets& level) { return level.contains(this); });
        if (loops || above.size() + below.size() > kMaxNested + 1)
            return tl::make_unexpected(Errno::Loop);
    }
    if (*watches_ >= most_watches_) return tl::make_unexpected(Errno::NoSpc);
    if (!charge.has_room(kItemBytes)) return tl::make_unexpected(Errno::NoMem);
    event.events |= abi::kPollErr | abi::kPollHup;
    Item& item = *items_.emplace(key, std::make_unique<Item>(*this, fd, file, event)).first->second;
    settle();
    if (too_many_paths(file)) {
        items_.erase(key);
        settle();
        return tl::make_unexpected(Errno::Inval);
    }
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
