// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/ipc/posix_queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kernel_model/abi/poll.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kPosixQueueBytes = 1024;         // mqueue_inode_info, inode, dentry
constexpr std::uint64_t kPerMessage = 8, kPerNode = 48;  // struct msg_msg *, posix_msg_tree_node
constexpr std::uint64_t kMostNodes = 32768;              // MQ_PRIO_MAX

}  // namespace

void PosixQueue::end_notification(bool removed) {
    if (!notification) return;
    const auto told = std::exchange(notification, std::nullopt);
    told->tell(removed);
}

void PosixQueue::put(Message message, std::uint32_t priority) {
    bytes += message.text.size();
    by_priority[priority].push_back(std::move(message));
    ++messages;
    // __do_notify: nobody is told where a receiver waits for the message.
    if (messages == 1 && receivers.empty()) end_notification(false);
    receivers.wake();
    pollers.wake(abi::kPollIn | abi::kPollRdnorm);
}

PosixQueue::Message PosixQueue::take(std::uint32_t& priority) {
    const auto first = by_priority.begin();
    priority = first->first;
    Message message = std::move(first->second.front());
    first->second.pop_front();
    if (first->second.empty()) by_priority.erase(first);
    --messages;
    bytes -= message.text.size();
    senders.wake();
    pollers.wake(abi::kPollOut | abi::kPollWrnorm);
    return message;
}

PosixQueueFile::PosixQueueFile(std::shared_ptr<PosixQueue> queue, std::string shown,
                               std::uint32_t open_flags)
    : queue_(std::move(queue)) {
    flags = open_flags;
    name = std::move(shown);
}

PosixQueueFile::~PosixQueueFile() = default;

// mqueue_flush_file.
void PosixQueueFile::closed_by(std::int32_t pid) {
    if (queue_->notification && queue_->notification->pid.first == pid)
        queue_->end_notification(true);
}

SysResult<std::uint64_t> PosixQueueFile::read(std::uint64_t offset, std::span<std::byte> to) {
    const auto& told = queue_->notification;
    const std::string text =
        fmt::format("QSIZE:{:<10} NOTIFY:{:<5} SIGNO:{:<5} NOTIFY_PID:{:<6}\n", queue_->bytes,
                    told ? told->how : 0, told ? told->signal : 0, told ? told->pid.own() : 0);
    if (offset >= text.size()) return std::uint64_t{0};
    const auto part = std::string_view(text).substr(offset, to.size());
    std::ranges::copy(std::as_bytes(std::span(part)), to.begin());
    return std::uint64_t{part.size()};
}

SysResult<FileStatus> PosixQueueFile::status() {
    FileStatus status = queue_->status;
    status.size = kShownSize;
    return status;
}

std::uint32_t PosixQueueFile::poll() {
    std::uint32_t bits = 0;
    if (queue_->messages != 0) bits |= abi::kPollIn | abi::kPollRdnorm;
    if (!queue_->full()) bits |= abi::kPollOut | abi::kPollWrnorm;
    return bits;
}

std::shared_ptr<PosixQueue> PosixQueues::find(const std::string& name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second;
}

// mqueue_get_inode.
SysResult<std::shared_ptr<PosixQueue>> PosixQueues::make(const std::string& name,
                                                         const FileStatus& status,
                                                         std::int64_t most_messages,
                                                         std::int64_t message_size,
                                                         std::uint64_t most_bytes) {
    const auto count = static_cast<std::uint64_t>(most_messages);
    const std::uint64_t bytes = count * kPerMessage + std::min(count, kMostNodes) * kPerNode +
                                count * static_cast<std::uint64_t>(message_size);
    auto& used = (*bytes_of_user_)[status.uid];
    if (used + bytes > most_bytes) return tl::make_unexpected(Errno::Mfile);
    if (memory_ != nullptr && !memory_->has_room(kPosixQueueBytes))
        return tl::make_unexpected(Errno::NoMem);
    auto queue = std::make_shared<PosixQueue>();
    used += bytes;
    queue->forget = [users = bytes_of_user_, uid = status.uid, bytes] { (*users)[uid] -= bytes; };
    queue->status = status;
    queue->most_messages = most_messages;
    queue->message_size = message_size;
    queue->charge = MemoryCharge(memory_, kPosixQueueBytes);
    by_name_[name] = queue;
    return queue;
}

}  // namespace uprobesim
