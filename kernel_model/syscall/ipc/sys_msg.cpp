// SPDX-License-Identifier: GPL-2.0-or-later
// msgget, msgsnd, msgrcv, msgctl (ipc/msg.c).
#include <algorithm>
#include <array>
#include <limits>

#include "kernel_model/abi/ipc.h"
#include "kernel_model/abi/mman.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/syscall/ipc/ipc_permissions.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

struct GuestQueue {  // struct msqid64_ds of asm-generic
    IpcPerm owner;
    std::int64_t send_time, receive_time, change_time;
    std::uint64_t bytes, messages, most_bytes;
    std::int32_t last_sender, last_receiver;
    std::array<std::uint64_t, 2> unused;
};
static_assert(sizeof(GuestQueue) == 120);

struct GuestInfo {  // struct msginfo
    std::int32_t pool, map, largest, of_queue, queues, segment_size, messages;
    std::uint16_t segments, pad;
};
static_assert(sizeof(GuestInfo) == 32);

MessageQueues& message_queues(SysCall& call) {
    return call.ipc().messages;
}

SysOutcome sys_msgget(SysCall& call) {
    const std::int32_t key = call.int32(0);
    const std::uint32_t flags = call.uint32(1);
    if (const MessageQueue* there =
            key != 0 ? message_queues(call).table().find_key(key) : nullptr) {
        if ((flags & kIpcCreat) != 0 && (flags & kIpcExcl) != 0) return Errno::Exist;
        if (!permitted(call, *there, flags)) return Errno::Acces;
        return static_cast<std::uint64_t>(there->id);
    }
    if (key != 0 && (flags & kIpcCreat) == 0) return Errno::NoEnt;
    MessageQueue* const made = TRY(message_queues(call).make(call.ipc().limits(), key));
    call.ipc().id_was_made(kNextQueueId);
    set_owner(call, *made, flags);
    made->change_time = seconds_now(call);
    return static_cast<std::uint64_t>(made->id);
}

SysOutcome sys_msgsnd(SysCall& call) {
    call.path = KernelPath::SysSendUnix;
    if (call.task.call_holds) {
        const auto waits = std::static_pointer_cast<PendingSend>(call.task.call_holds);
        if (waits->gone) return Errno::Idrm;
    }
    UserMemory memory = call.memory();
    const std::uint64_t size = call.args[2];
    const auto type = memory.get<std::int64_t>(call.address(1));
    if (!type) return Errno::Fault;
    if (size > call.ipc().limits().message_bytes || call.int32(0) < 0 || *type < 1)
        return Errno::Inval;
    std::vector<std::byte> text(size);
    if (!memory.read(call.address(1) + 8, text)) return Errno::Fault;
    MessageQueue* const queue = message_queues(call).table().find(call.int32(0));
    if (queue == nullptr) return Errno::Inval;
    if (!permitted(call, *queue, kIwugo)) return Errno::Acces;
    if (!queue->fits(size)) {
        if ((call.uint32(3) & kIpcNowait) != 0) return Errno::Again;
        if (!call.task.call_holds) call.task.call_holds = std::make_shared<PendingSend>();
        auto& waits = *std::static_pointer_cast<PendingSend>(call.task.call_holds);
        queue->wait(waits);
        call.wait_on(&waits.room);
        return Block{Interrupted::RestartNoHand};
    }
    auto message = message_queues(call).make_message(*type, std::move(text));
    if (!message) return message.error();
    queue->put(std::move(*message), call.process.id(), seconds_now(call));
    call.units = size;
    return 0;
}

MessageChoice choice_of(std::int64_t type, std::uint32_t flags) {
    using enum MessageChoice::Mode;
    if (type == 0) return {.mode = Any};
    if (type < 0) {
        const bool least = type == std::numeric_limits<std::int64_t>::min();
        return {.mode = LessEqual,
                .type = least ? std::numeric_limits<std::int64_t>::max() : -type};
    }
    return {.mode = (flags & kMsgExcept) != 0 ? NotEqual : Equal, .type = type};
}

SysOutcome give(SysCall& call, std::int64_t type, std::span<const std::byte> text) {
    const std::uint64_t size = std::min<std::uint64_t>(text.size(), call.args[2]);
    UserMemory memory = call.memory();
    if (!memory.put(call.address(1), type)) return Errno::Fault;
    if (!memory.write(call.address(1) + 8, text.first(size))) return Errno::Fault;
    call.units = size;
    return size;
}

SysOutcome copy_message(SysCall& call, const MessageQueue& queue) {
    const std::uint64_t number = call.args[3];
    if (number >= queue.messages.size()) return Errno::NoMsg;
    const IpcMessage& message =
        *std::next(queue.messages.begin(), static_cast<std::ptrdiff_t>(number));
    if (message.text.size() > call.args[2] && (call.uint32(4) & kMsgNoerror) == 0)
        return Errno::TooBig;
    return give(call, message.type, message.text);
}

SysOutcome sys_msgrcv(SysCall& call) {
    call.path = KernelPath::SysReceiveUnix;
    const std::uint32_t flags = call.uint32(4);
    if (call.task.call_holds) {
        auto& waits = *std::static_pointer_cast<PendingReceive>(call.task.call_holds);
        if (waits.result) {
            if (!*waits.result) return waits.result->error();
            return give(call, (*waits.result)->type, (*waits.result)->text);
        }
        call.wait_on(&waits.done);
        return Block{Interrupted::RestartNoHand};
    }
    if (call.int32(0) < 0 || static_cast<std::int64_t>(call.args[2]) < 0) return Errno::Inval;
    const bool copies = (flags & kMsgCopy) != 0;
    if (copies && ((flags & kMsgExcept) != 0 || (flags & kIpcNowait) == 0)) return Errno::Inval;
    MessageQueue* const queue = message_queues(call).table().find(call.int32(0));
    if (queue == nullptr) return Errno::Inval;
    if (!permitted(call, *queue, kIrugo)) return Errno::Acces;
    if (copies) return copy_message(call, *queue);
    const MessageChoice choice = choice_of(static_cast<std::int64_t>(call.args[3]), flags);
    const auto found = queue->first(choice);
    const bool cuts = (flags & kMsgNoerror) != 0;
    if (found != queue->messages.end()) {
        if (found->text.size() > call.args[2] && !cuts) return Errno::TooBig;
        const IpcMessage message = queue->take(found, call.process.id(), seconds_now(call));
        return give(call, message.type, message.text);
    }
    if ((flags & kIpcNowait) != 0) return Errno::NoMsg;
    auto waits = std::make_shared<PendingReceive>();
    waits->choice = choice;
    waits->most = cuts ? std::numeric_limits<std::uint64_t>::max() : call.args[2];
    waits->pid = call.process.id();
    queue->wait(*waits);
    call.task.call_holds = waits;
    call.wait_on(&waits->done);
    return Block{Interrupted::RestartNoHand};
}

// --- msgctl

SysOutcome information(SysCall& call) {
    const IpcLimits& limits = call.ipc().limits();
    const auto& all = message_queues(call).table().all();
    const auto number = [](std::uint64_t value) { return static_cast<std::int32_t>(value); };
    GuestInfo shown{.pool = number(std::uint64_t{limits.queues} * limits.queue_bytes / 1024),
                    .map = number(limits.queue_bytes),
                    .largest = number(limits.message_bytes),
                    .of_queue = number(limits.queue_bytes),
                    .queues = number(limits.queues),
                    .segment_size = 16,
                    .messages = number(limits.queue_bytes),
                    .segments = 0xffff,
                    .pad = 0};
    if (call.int32(1) == kMsgInfo) {
        std::uint64_t messages = 0, bytes = 0;
        for (const auto& [index, queue] : all) {
            messages += queue->messages.size();
            bytes += queue->bytes;
        }
        shown.pool = number(all.size());
        shown.map = number(messages);
        shown.messages = number(bytes);
    }
    if (!call.memory().put(call.address(2), shown)) return Errno::Fault;
    return static_cast<std::uint64_t>(message_queues(call).table().highest_index());
}

SysOutcome status(SysCall& call) {
    const std::int32_t command = call.int32(1);
    const auto& table = message_queues(call).table();
    const MessageQueue* const queue =
        command == kIpcStat ? table.find(call.int32(0)) : table.at_index(call.int32(0));
    if (queue == nullptr) return Errno::Inval;
    if (command != kMsgStatAny && !permitted(call, *queue, kIrugo)) return Errno::Acces;
    const GuestQueue shown{.owner = shown_owner(call, *queue),
                           .send_time = queue->send_time,
                           .receive_time = queue->receive_time,
                           .change_time = queue->change_time,
                           .bytes = queue->bytes,
                           .messages = queue->messages.size(),
                           .most_bytes = queue->most_bytes,
                           .last_sender = call.number_of(queue->last_sender),
                           .last_receiver = call.number_of(queue->last_receiver),
                           .unused = {}};
    if (!call.memory().put(call.address(2), shown)) return Errno::Fault;
    return command == kIpcStat ? std::uint64_t{0} : static_cast<std::uint64_t>(queue->id);
}

SysOutcome remove(SysCall& call) {
    MessageQueue* const queue = message_queues(call).table().find(call.int32(0));
    if (queue == nullptr) return Errno::Inval;
    if (!owns(call, *queue)) return Errno::Perm;
    message_queues(call).remove(*queue);
    return 0;
}

SysOutcome change(SysCall& call) {
    const auto given = call.memory().get<GuestQueue>(call.address(2));
    if (!given) return Errno::Fault;
    MessageQueue* const queue = message_queues(call).table().find(call.int32(0));
    if (queue == nullptr) return Errno::Inval;
    if (!owns(call, *queue)) return Errno::Perm;
    if (given->most_bytes > call.ipc().limits().queue_bytes &&
        !call.capable(Capability::SysResource))
        return Errno::Perm;
    TRY(change_owner(call, *queue, given->owner));
    queue->most_bytes = given->most_bytes;
    queue->change_time = seconds_now(call);
    queue->wake_senders();
    return 0;
}

struct Command {
    std::int32_t number;
    SysOutcome (*work)(SysCall&);
};
constexpr Command kCommands[] = {
    {kIpcRmid, remove},      {kIpcSet, change},  {kIpcStat, status},    {kIpcInfo, information},
    {kMsgInfo, information}, {kMsgStat, status}, {kMsgStatAny, status},
};

SysOutcome sys_msgctl(SysCall& call) {
    if (call.int32(0) < 0 || call.int32(1) < 0) return Errno::Inval;
    const auto* const command = std::ranges::find(kCommands, call.int32(1), &Command::number);
    return command == std::end(kCommands) ? SysOutcome(Errno::Inval) : command->work(call);
}

constexpr auto kMsgRows = std::to_array<SyscallRow>({
    {186, "msgget", sys_msgget, Support::Full, KernelPath::SysEventfd, "", Errno::NoMem},
    {187, "msgctl", sys_msgctl, Support::Full, KernelPath::SysPrctl, ""},
    {188, "msgrcv", sys_msgrcv, Support::Full, KernelPath::SysReceiveUnix, "", Errno::NoMem},
    {189, "msgsnd", sys_msgsnd, Support::Full, KernelPath::SysSendUnix, "", Errno::NoMem},
});

}  // namespace

std::span<const SyscallRow> ipc_message_syscalls() {
    return kMsgRows;
}

}  // namespace uprobesim
