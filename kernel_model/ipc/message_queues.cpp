// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/ipc/message_queues.h"

#include <algorithm>
#include <utility>

namespace uprobesim {
namespace {

constexpr std::uint64_t kQueueBytes = 512, kMessageBytes = 128;  // msg_queue, msg_msg

}  // namespace

// testmsg.
bool MessageChoice::wants(const IpcMessage& message) const {
    switch (mode) {
        case Mode::Any: return true;
        case Mode::Equal: return message.type == type;
        case Mode::NotEqual: return message.type != type;
        case Mode::LessEqual: return message.type <= type;
    }
    return false;
}

void PendingReceive::leave() {
    if (queue != nullptr) queue->receivers.erase(at);
    queue = nullptr;
}

void PendingSend::leave() {
    if (queue != nullptr) queue->senders.erase(at);
    queue = nullptr;
}

void MessageQueue::wait(PendingReceive& receive) {
    receive.queue = this;
    receive.at = receivers.insert(receivers.end(), &receive);
}

void MessageQueue::wait(PendingSend& send) {
    if (send.queue != nullptr) return;
    send.queue = this;
    send.at = senders.insert(senders.end(), &send);
}

// find_msg: with LessEqual the first of the lowest type.
std::list<IpcMessage>::iterator MessageQueue::first(const MessageChoice& choice) {
    const auto wanted = [&](const IpcMessage& message) { return choice.wants(message); };
    const auto found = std::ranges::find_if(messages, wanted);
    if (choice.mode != MessageChoice::Mode::LessEqual || found == messages.end()) return found;
    return std::ranges::min_element(messages, {}, &IpcMessage::type);
}

IpcMessage MessageQueue::take(std::list<IpcMessage>::iterator at, const Pid& pid,
                              std::int64_t now) {
    IpcMessage message = std::move(*at);
    messages.erase(at);
    bytes -= message.text.size();
    last_receiver = pid;
    receive_time = now;
    wake_senders();
    return message;
}

// pipelined_send: receivers for which it is too long end with E2BIG on the way.
void MessageQueue::put(IpcMessage message, const Pid& pid, std::int64_t now) {
    last_sender = pid;
    send_time = now;
    for (auto it = receivers.begin(); it != receivers.end();) {
        PendingReceive& receiver = **it++;
        if (!receiver.choice.wants(message)) continue;
        if (message.text.size() <= receiver.most) {
            last_receiver = receiver.pid;
            receive_time = now;
            receiver.result = std::move(message);
            receiver.leave();
            receiver.done.wake();
            return;
        }
        receiver.result = tl::make_unexpected(Errno::TooBig);
        receiver.leave();
        receiver.done.wake();
    }
    bytes += message.text.size();
    messages.push_back(std::move(message));
}

void MessageQueue::wake_senders() {
    for (PendingSend* sender : senders) sender->room.wake();
}

SysResult<MessageQueue*> MessageQueues::make(const IpcLimits& limits, std::int32_t key) {
    if (table_.all().size() >= limits.queues) return tl::make_unexpected(Errno::NoSpc);
    if (memory_ != nullptr && !memory_->has_room(kQueueBytes))
        return tl::make_unexpected(Errno::NoMem);
    auto queue = std::make_unique<MessageQueue>();
    queue->key = key;
    queue->most_bytes = limits.queue_bytes;
    queue->charge = MemoryCharge(memory_, kQueueBytes);
    return &table_.add(std::move(queue), limits.queues, limits.next_queue_id);
}

// freeque.
void MessageQueues::remove(MessageQueue& queue) {
    while (!queue.receivers.empty()) {
        PendingReceive& receiver = *queue.receivers.front();
        receiver.result = tl::make_unexpected(Errno::Idrm);
        receiver.leave();
        receiver.done.wake();
    }
    while (!queue.senders.empty()) {
        PendingSend& sender = *queue.senders.front();
        sender.gone = true;
        sender.leave();
        sender.room.wake();
    }
    table_.remove(queue);
}

SysResult<IpcMessage> MessageQueues::make_message(std::int64_t type,
                                                  std::vector<std::byte> text) const {
    const std::uint64_t size = kMessageBytes + text.size();
    if (memory_ != nullptr && !memory_->has_room(size)) return tl::make_unexpected(Errno::NoMem);
    return IpcMessage{.type = type, .text = std::move(text), .charge = MemoryCharge(memory_, size)};
}

}  // namespace uprobesim
