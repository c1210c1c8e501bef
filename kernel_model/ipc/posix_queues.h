// SPDX-License-Identifier: GPL-2.0-or-later
// POSIX message queues (ipc/mqueue.c): the names, and the files that mq_open gives. All of them are
// in the directory of one file system, which need not be mounted.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/abi/ipc.h"
#include "kernel_model/abi/signal.h"
#include "kernel_model/files/file.h"
#include "kernel_model/ipc/ipc_limits.h"
#include "kernel_model/spaces/pid_namespace.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

// Who is told of a message that comes to an empty queue, once (mq_notify).
struct QueueNotification {
    Pid pid;
    // What is to be done when a message has come (`removed` false), or the notification ends.
    std::function<void(bool removed)> tell;
    std::int32_t how = 0, signal = 0;  // SIGEV_*, as read() of the queue shows them
};

struct PosixQueue {
    struct Message {
        std::vector<std::byte> text;
        MemoryCharge charge;
    };
    FileStatus status;
    std::int64_t most_messages = 0, message_size = 0;
    std::map<std::uint32_t, std::deque<Message>, std::greater<>> by_priority;
    std::int64_t messages = 0;
    std::uint64_t bytes = 0;
    std::optional<QueueNotification> notification;
    WaitQueue receivers, senders, pollers;
    MemoryCharge charge;
    std::function<void()> forget;  // its user's share of RLIMIT_MSGQUEUE

    PosixQueue() = default;
    PosixQueue(const PosixQueue&) = delete;
    PosixQueue& operator=(const PosixQueue&) = delete;
    ~PosixQueue() {
        if (forget) forget();
    }
    bool full() const { return messages >= most_messages; }
    void put(Message message, std::uint32_t priority);
    Message take(std::uint32_t& priority);
    void end_notification(bool removed);
};

class PosixQueueFile final : public File {
public:
    PosixQueueFile(std::shared_ptr<PosixQueue> queue, std::string shown, std::uint32_t open_flags);
    PosixQueueFile(const PosixQueueFile&) = delete;
    PosixQueueFile& operator=(const PosixQueueFile&) = delete;
    ~PosixQueueFile() override;
    // For the call that closes a descriptor of this process.
    void closed_by(std::int32_t pid);

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override;
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override;
    FileStatus* own_status() override { return &queue_->status; }
    SysResult<std::uint64_t> size() override { return kShownSize; }
    std::uint32_t poll() override;
    WaitQueue* waiters() override { return &queue_->pollers; }
    PosixQueue& queue() { return *queue_; }
    static constexpr std::uint64_t kShownSize = 80;  // FILENT_SIZE

private:
    std::shared_ptr<PosixQueue> queue_;
};

class PosixQueues {
public:
    explicit PosixQueues(PhysicalMemory* memory) : memory_(memory) {}

    const std::map<std::string, std::shared_ptr<PosixQueue>>& all() const { return by_name_; }
    std::shared_ptr<PosixQueue> find(const std::string& name) const;
    // Mfile: more than `most_bytes` (RLIMIT_MSGQUEUE) for the user; NoMem.
    SysResult<std::shared_ptr<PosixQueue>> make(const std::string& name, const FileStatus& status,
                                                std::int64_t most_messages,
                                                std::int64_t message_size,
                                                std::uint64_t most_bytes);
    void remove(const std::string& name) { by_name_.erase(name); }
    PhysicalMemory* memory() const { return memory_; }

private:
    PhysicalMemory* memory_;
    std::map<std::string, std::shared_ptr<PosixQueue>> by_name_;
    std::shared_ptr<std::map<std::uint32_t, std::uint64_t>> bytes_of_user_ =
        std::make_shared<std::map<std::uint32_t, std::uint64_t>>();
};

}  // namespace uprobesim
