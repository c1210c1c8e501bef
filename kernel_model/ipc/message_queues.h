// SPDX-License-Identifier: GPL-2.0-or-later
// System V message queues (ipc/msg.c). A receiver that waits is in its queue's list; a sender hands
// its message to the first that wants it.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "kernel_model/ipc/ipc_limits.h"
#include "kernel_model/ipc/ipc_object.h"
#include "kernel_model/memory/backing.h"
#include "kernel_model/spaces/pid_namespace.h"
#include "kernel_model/wait/wait_queue.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

struct IpcMessage {
    std::int64_t type = 0;
    std::vector<std::byte> text;
    MemoryCharge charge;
};

// Which message msgrcv takes.
struct MessageChoice {
    enum class Mode { Any, Equal, NotEqual, LessEqual } mode = Mode::Any;
    std::int64_t type = 0;
    bool wants(const IpcMessage& message) const;
};

struct MessageQueue;

struct PendingReceive {
    PendingReceive() = default;
    PendingReceive(const PendingReceive&) = delete;
    PendingReceive& operator=(const PendingReceive&) = delete;
    ~PendingReceive() { leave(); }
    void leave();

    MessageChoice choice;
    std::uint64_t most = 0;  // bytes; a longer message ends the wait with TooBig
    Pid pid;
    std::optional<SysResult<IpcMessage>> result;
    MessageQueue* queue = nullptr;  // whose list it is in
    std::list<PendingReceive*>::iterator at;
    WaitQueue done;
};

// A sender that waits. `gone`: its queue was removed.
struct PendingSend {
    PendingSend() = default;
    PendingSend(const PendingSend&) = delete;
    PendingSend& operator=(const PendingSend&) = delete;
    ~PendingSend() { leave(); }
    void leave();

    bool gone = false;
    MessageQueue* queue = nullptr;
    std::list<PendingSend*>::iterator at;
    WaitQueue room;
};

struct MessageQueue : IpcObject {
    std::list<IpcMessage> messages;
    std::uint64_t bytes = 0, most_bytes = 0;
    Pid last_sender, last_receiver;
    std::int64_t send_time = 0, receive_time = 0;
    std::list<PendingReceive*> receivers;
    std::list<PendingSend*> senders;
    MemoryCharge charge;

    bool fits(std::uint64_t size) const {
        return bytes + size <= most_bytes && messages.size() + 1 <= most_bytes;
    }
    // The first that is wanted, or end().
    std::list<IpcMessage>::iterator first(const MessageChoice& choice);
    IpcMessage take(std::list<IpcMessage>::iterator at, const Pid& pid, std::int64_t now);
    void put(IpcMessage message, const Pid& pid, std::int64_t now);
    void wake_senders();
    void wait(PendingReceive& receive);
    void wait(PendingSend& send);
};

class MessageQueues {
public:
    explicit MessageQueues(PhysicalMemory* memory) : memory_(memory) {}

    // NoSpc, NoMem.
    SysResult<MessageQueue*> make(const IpcLimits& limits, std::int32_t key);
    void remove(MessageQueue& queue);
    // NoMem.
    SysResult<IpcMessage> make_message(std::int64_t type, std::vector<std::byte> text) const;
    const IpcTable<MessageQueue>& table() const { return table_; }

private:
    PhysicalMemory* memory_;
    IpcTable<MessageQueue> table_;
};

}  // namespace uprobesim
