// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/event/inotify_file.h"

#include <fmt/format.h>

#include <cstring>

#include "kernel_model/abi/poll.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/event/file_handle.h"

namespace uprobesim {

namespace {
constexpr std::uint64_t kEventBytes = 96, kWatchBytes = 256;
}

class InotifyFile::Watch final : public FileEvents::Watch {
public:
    Watch(InotifyFile& owner, const FileKey& key, std::int32_t number, std::uint32_t wanted)
        : file(key), mask(wanted), owner_(owner), number_(number) {}

    void told(const FileEvent& event) override {
        const std::uint32_t kinds = event.mask & abi::kInAllEvents;
        // Nobody asks for IN_UNMOUNT, and all are told.
        if ((mask & kinds) == 0 && (event.mask & abi::kInUnmount) == 0) return;
        if (event.unlinked && (mask & abi::kInExclUnlink) != 0) return;
        std::uint32_t shown = event.mask & ~abi::kFanOpenExec;
        if ((kinds & (abi::kInMoveSelf | abi::kInDeleteSelf)) != 0) shown &= ~abi::kInIsdir;
        owner_.queue({number_, shown, event.cookie, std::string(event.name)});
        if ((mask & abi::kInOneshot) != 0) owner_.drop(number_);  // `this` is kept by the caller
    }
    void gone() override { owner_.drop(number_); }

    const FileKey file;
    std::uint32_t mask;

private:
    InotifyFile& owner_;
    std::int32_t number_;
};

// With its end, in whole events (round_event_name_len).
std::uint32_t InotifyFile::Event::name_bytes() const {
    constexpr std::size_t kUnit = sizeof(abi::InotifyEvent);
    if (name.empty()) return 0;
    return static_cast<std::uint32_t>((name.size() + 1 + kUnit - 1) / kUnit * kUnit);
}

InotifyFile::InotifyFile(std::shared_ptr<FileEvents> events, std::shared_ptr<InotifyUse> use,
                         std::uint64_t most_events, PhysicalMemory* memory,
                         std::uint32_t open_flags)
    : AnonFile("inotify", open_flags),
      events_(std::move(events)),
      use_(std::move(use)),
      most_events_(most_events),
      queue_charge_(memory) {
    name = "anon_inode:inotify";
    ++use_->instances;
}

InotifyFile::~InotifyFile() {
    for (const auto& [number, watch] : watches_) events_->remove(watch->file, *watch);
    use_->watches -= watches_.size();
    --use_->instances;
}

void InotifyFile::settle_charge() {
    queue_charge_.resize(queue_.size() * kEventBytes + queued_bytes_ +
                         watches_.size() * kWatchBytes);
}

SysResult<std::int32_t> InotifyFile::watch(const FileKey& file, std::uint32_t mask,
                                           std::uint64_t most) {
    constexpr std::uint32_t kKept = abi::kInAllEvents | abi::kInOneshot | abi::kInExclUnlink;
    if (const auto known = numbers_.find(file); known != numbers_.end()) {
        if ((mask & abi::kInMaskCreate) != 0) return tl::make_unexpected(Errno::Exist);
        Watch& watch = *watches_.at(known->second);
        watch.mask = ((mask & abi::kInMaskAdd) != 0 ? watch.mask : 0) | (mask & kKept);
        return known->second;
    }
    if (use_->watches >= most || !queue_charge_.has_room(kWatchBytes))
        return tl::make_unexpected(Errno::NoSpc);
    const std::int32_t number = ++last_number_;
    const auto made = std::make_shared<Watch>(*this, file, number, mask & kKept);
    watches_[number] = made;
    numbers_[file] = number;
    ++use_->watches;
    events_->add(file, made);
    settle_charge();
    return number;
}

SysResult<void> InotifyFile::unwatch(std::int32_t number) {
    if (!watches_.contains(number)) return tl::make_unexpected(Errno::Inval);
    drop(number);
    return {};
}

void InotifyFile::drop(std::int32_t number) {
    const auto at = watches_.find(number);
    if (at == watches_.end()) return;
    const auto watch = at->second;
    watches_.erase(at);
    numbers_.erase(watch->file);
    --use_->watches;
    events_->remove(watch->file, *watch);
    queue({number, abi::kInIgnored, 0, {}});
}

// inotify_handle_inode_event: an event like the last one is not repeated.
void InotifyFile::queue(Event event) {
    if (!queue_.empty()) {
        const Event& last = queue_.back();
        if (last.number == event.number && last.mask == event.mask && last.name == event.name)
            return;
    }
    const bool full = queue_.size() >= most_events_ || !queue_charge_.has_room(kEventBytes);
    if (full && overflowed_) return;
    if (full) event = {-1, abi::kInQOverflow, 0, {}};
    overflowed_ = overflowed_ || full;
    queued_bytes_ += event.bytes();
    queue_.push_back(std::move(event));
    settle_charge();
    waiters_.wake(abi::kPollIn | abi::kPollRdnorm);
}

SysResult<std::uint64_t> InotifyFile::read(std::uint64_t, std::span<std::byte> to) {
    std::uint64_t done = 0;
    while (!queue_.empty()) {
        const Event& event = queue_.front();
        const std::uint64_t bytes = event.bytes();
        if (bytes > to.size() - done) break;
        const abi::InotifyEvent head{event.number, event.mask, event.cookie, event.name_bytes()};
        std::memset(to.data() + done, 0, bytes);
        std::memcpy(to.data() + done, &head, sizeof head);
        std::memcpy(to.data() + done + sizeof head, event.name.data(), event.name.size());
        done += bytes;
        queued_bytes_ -= bytes;
        if (event.mask == abi::kInQOverflow) overflowed_ = false;
        queue_.pop_front();
    }
    settle_charge();
    if (done > 0) return done;
    return tl::make_unexpected(queue_.empty() ? Errno::Again : Errno::Inval);
}

// inotify_show_fdinfo: the newest first, each with the handle that a tmpfs gives of its file.
std::string InotifyFile::fdinfo() const {
    constexpr unsigned kMinorBits = 20;
    std::string text;
    for (auto it = watches_.rbegin(); it != watches_.rend(); ++it) {
        const auto& [number, watch] = *it;
        const FileKey& file = watch->file;
        const std::uint64_t device = std::uint64_t{abi::device_major(file.device)} << kMinorBits |
                                     abi::device_minor(file.device);
        text += fmt::format("inotify wd:{:x} ino:{:x} sdev:{:x} mask:{:x} ignored_mask:0 {}",
                            number, file.inode, device, watch->mask, handle_text(file.inode));
        text += '\n';
    }
    return text;
}

std::uint32_t InotifyFile::poll() {
    return queue_.empty() ? 0 : abi::kPollIn | abi::kPollRdnorm;
}

}  // namespace uprobesim
