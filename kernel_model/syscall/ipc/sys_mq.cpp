// SPDX-License-Identifier: GPL-2.0-or-later
// POSIX message queues (ipc/mqueue.c): mq_open, mq_unlink, mq_timedsend, mq_timedreceive,
// mq_notify, mq_getsetattr.
#include <algorithm>
#include <array>

#include "kernel_model/abi/clock.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ipc.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/landlock/file_access.h"
#include "kernel_model/net/socket.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/wait/time_source.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint64_t kMessageBytes = 128;

PosixQueues& queues(SysCall& call) {
    return call.ipc().posix_queues;
}

// The name without its slash, as the C library gives it.
SysResult<std::string> name_argument(SysCall& call) {
    const auto name = call.memory().read_string(call.address(0), kPathMax);
    if (!name) return tl::make_unexpected(Errno::Fault);
    if (name->empty()) return tl::make_unexpected(Errno::NoEnt);
    if (name->size() >= kPathMax) return tl::make_unexpected(Errno::NameTooLong);
    if (*name == "." || *name == ".." || name->find('/') != std::string::npos)
        return tl::make_unexpected(Errno::Acces);
    if (name->size() > kNameMax) return tl::make_unexpected(Errno::NameTooLong);
    return *name;
}

// mq_attr_ok.
bool acceptable(const SysCall& call, const MqAttr& attr) {
    const IpcLimits& limits = call.ipc().limits();
    if (attr.most_messages <= 0 || attr.message_size <= 0) return false;
    const bool privileged = call.capable(Capability::SysResource);
    return attr.most_messages <= (privileged ? kMqHardMessages : limits.posix_messages) &&
           attr.message_size <= (privileged ? kMqHardSize : limits.posix_message_bytes);
}

SysResult<std::shared_ptr<PosixQueue>> make_queue(SysCall& call, const std::string& name,
                                                  const std::optional<MqAttr>& attr) {
    const IpcLimits& limits = call.ipc().limits();
    if (queues(call).all().size() >= limits.posix_queues && !call.capable(Capability::SysResource))
        return tl::make_unexpected(Errno::NoSpc);
    if (attr && !acceptable(call, *attr)) return tl::make_unexpected(Errno::Inval);
    const FileStatus status{.device = kMqueueDevice,
                            .inode = call.kernel.new_inode(),
                            .mode = kIfReg | (call.uint32(2) & 07777 & ~call.process.fs->umask),
                            .uid = call.cred().uid.fs,
                            .gid = call.cred().gid.fs};
    return queues(call).make(
        name, status, attr ? attr->most_messages : std::int64_t{limits.posix_default_messages},
        attr ? attr->message_size : std::int64_t{limits.posix_default_bytes},
        call.process.limits[kRlimitMsgqueue].soft);
}

// A queue is a file of the mount that the kernel itself has (dentry_open): what is mounted
// elsewhere has the same files.
SysResult<void> check_domain(SysCall& call, const PosixQueue& queue, std::uint32_t flags) {
    const LandlockDomain* const domain = restricting_files(call.cred().landlock);
    if (domain == nullptr) return {};
    constexpr FileKey kTop{kMqueueDevice, 1};
    const LandlockPath path{.inside = {queue.status.key(), kTop}, .mount_top = {}};
    TRY(check_open(*domain, path, queue.status.mode, flags));
    return {};
}

SysOutcome sys_mq_open(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    std::optional<MqAttr> attr;
    if (call.args[3] != 0) {
        attr = call.memory().get<MqAttr>(call.address(3));
        if (!attr) return Errno::Fault;
    }
    const std::string name = TRY(name_argument(call));
    if (call.process.files.all().size() >= call.process.files.limit()) return Errno::Mfile;
    std::shared_ptr<PosixQueue> queue = queues(call).find(name);
    if (queue == nullptr) {
        if ((flags & kOCreat) == 0) return Errno::NoEnt;
        queue = TRY(make_queue(call, name, attr));
    } else {
        if ((flags & kOCreat) != 0 && (flags & kOExcl) != 0) return Errno::Exist;
        if ((flags & kOAccmode) == kOAccmode) return Errno::Inval;
        constexpr std::uint32_t kWanted[] = {kROk, kWOk, kROk | kWOk};
        if (!call.cred().permit(queue->status, kWanted[flags & kOAccmode])) return Errno::Acces;
    }
    TRY(check_domain(call, *queue, flags & kOAccmode));
    auto file = std::make_shared<PosixQueueFile>(std::move(queue), "/" + name,
                                                 flags & (kOAccmode | kONonblock));
    const auto fd = TRY(call.process.files.add(std::move(file), true));
    return static_cast<std::uint64_t>(fd);
}

SysOutcome sys_mq_unlink(SysCall& call) {
    const std::string name = TRY(name_argument(call));
    const auto queue = queues(call).find(name);
    if (queue == nullptr) return Errno::NoEnt;
    // The directory is sticky, and the superuser's.
    if (!call.cred().owns(queue->status)) return Errno::Perm;
    queues(call).remove(name);
    return 0;
}

SysResult<std::shared_ptr<PosixQueueFile>> queue_argument(SysCall& call) {
    auto file = std::dynamic_pointer_cast<PosixQueueFile>(call.process.files.share(call.int32(0)));
    if (!file) return tl::make_unexpected(Errno::Badf);
    return file;
}

// A time of CLOCK_REALTIME, as one of CLOCK_MONOTONIC. Nothing: no limit.
SysResult<std::optional<std::uint64_t>> deadline_argument(SysCall& call) {
    if (call.args[4] == 0) return std::optional<std::uint64_t>();
    UserMemory memory = call.memory();
    const auto at = TRY(read_duration(memory, call.address(4)));
    const std::uint64_t offset =
        call.kernel.clock().realtime_ns() - call.kernel.clock().monotonic_ns();
    return std::optional(at > offset ? at - offset : 0);
}

SysOutcome wait_for(SysCall& call, WaitQueue& queue, const File& file,
                    const std::optional<std::uint64_t>& deadline) {
    if ((file.flags & kONonblock) != 0) return Errno::Again;
    if (deadline) {
        if (call.kernel.clock().monotonic_ns() >= *deadline) return Errno::TimedOut;
        call.task.wait_deadline_ns = *deadline;
    }
    call.wait_on(&queue, WaitQueue::kAnything, true);
    return Block{Interrupted::RestartSys};
}

SysOutcome sys_mq_timedsend(SysCall& call) {
    const auto deadline = TRY(deadline_argument(call));
    const std::uint32_t priority = call.uint32(3);
    if (priority >= kMqPrioMax) return Errno::Inval;
    const auto file = TRY(queue_argument(call));
    if ((file->flags & kOAccmode) == kORdonly) return Errno::Badf;
    PosixQueue& queue = file->queue();
    const std::uint64_t size = call.args[2];
    if (size > static_cast<std::uint64_t>(queue.message_size)) return Errno::MsgSize;
    std::vector<std::byte> text(size);
    if (!call.memory().read(call.address(1), text)) return Errno::Fault;
    if (queue.full()) return wait_for(call, queue.senders, *file, deadline);
    if (!call.kernel.machine().memory.has_room(size + kMessageBytes)) return Errno::NoMem;
    queue.put({.text = std::move(text),
               .charge = MemoryCharge(queues(call).memory(), size + kMessageBytes)},
              priority);
    call.units = size;
    return 0;
}

SysOutcome sys_mq_timedreceive(SysCall& call) {
    const auto deadline = TRY(deadline_argument(call));
    const auto file = TRY(queue_argument(call));
    if ((file->flags & kOAccmode) == kOWronly) return Errno::Badf;
    PosixQueue& queue = file->queue();
    if (call.args[2] < static_cast<std::uint64_t>(queue.message_size)) return Errno::MsgSize;
    if (queue.messages == 0) return wait_for(call, queue.receivers, *file, deadline);
    std::uint32_t priority = 0;
    const PosixQueue::Message message = queue.take(priority);
    UserMemory memory = call.memory();
    if (call.args[3] != 0 && !memory.put(call.address(3), priority)) return Errno::Fault;
    if (!memory.write(call.address(1), message.text)) return Errno::Fault;
    call.units = message.text.size();
    return message.text.size();
}

// --- mq_notify

struct GuestEvent {
    std::uint64_t value;
    std::int32_t signal, notify;
    std::array<std::uint64_t, 6> rest;
};
static_assert(sizeof(GuestEvent) == 64);

// SIGEV_THREAD: the C library listens on a netlink socket for a cookie, whose last byte tells what
// has happened.
SysResult<std::function<void(bool)>> tell_by_socket(SysCall& call, const GuestEvent& event) {
    std::array<std::byte, kNotifyCookie> cookie{};
    if (!call.memory().read(VAddr(event.value), cookie)) return tl::make_unexpected(Errno::Fault);
    auto file = call.process.files.share(event.signal);
    if (!file) return tl::make_unexpected(Errno::Badf);
    Socket* const socket = file->socket();
    if (socket == nullptr) return tl::make_unexpected(Errno::NotSock);
    if (socket->family() != kAfNetlink) return tl::make_unexpected(Errno::Inval);
    return std::function([file = std::move(file), cookie](bool removed) mutable {
        cookie.back() = std::byte{removed ? kNotifyRemoved : kNotifyWokenup};
        file->socket()->accept_kernel_bytes(cookie);
    });
}

std::function<void(bool)> tell_by_signal(SysCall& call, const GuestEvent& event) {
    return [&kernel = call.kernel, pid = call.process.pid, signal = event.signal,
            value = event.value](bool removed) {
        Process* const process = kernel.processes().find(pid);
        if (removed || signal == 0 || process == nullptr) return;
        const Task* const sender = kernel.current();
        const Pid by = sender != nullptr ? sender->process->id() : Pid();
        kernel.signals().send(*process, {.signal = static_cast<Signal>(signal),
                                         .code = kSiMesgq,
                                         .pid = by.in(process->pid_space()),
                                         .uid = sender != nullptr ? sender->cred->uid.real : 0,
                                         .value = value});
    };
}

SysOutcome sys_mq_notify(SysCall& call) {
    std::optional<GuestEvent> event;
    QueueNotification wanted{.pid = call.process.id(), .tell = [](bool) {}};
    if (call.args[1] != 0) {
        event = call.memory().get<GuestEvent>(call.address(1));
        if (!event) return Errno::Fault;
        if (event->notify != kSigevNone && event->notify != kSigevSignal &&
            event->notify != kSigevThread)
            return Errno::Inval;
        if (event->notify == kSigevSignal && event->signal != 0 && !is_signal(event->signal))
            return Errno::Inval;
        wanted.how = event->notify;
        if (event->notify == kSigevThread) wanted.tell = TRY(tell_by_socket(call, *event));
        if (event->notify == kSigevSignal) {
            wanted.tell = tell_by_signal(call, *event);
            wanted.signal = event->signal;
        }
    }
    const auto file = TRY(queue_argument(call));
    PosixQueue& queue = file->queue();
    if (!event) {
        file->closed_by(call.process.pid);
        return 0;
    }
    if (queue.notification) return Errno::Busy;
    queue.notification = std::move(wanted);
    return 0;
}

SysOutcome sys_mq_getsetattr(SysCall& call) {
    std::optional<MqAttr> given;
    if (call.args[1] != 0) {
        given = call.memory().get<MqAttr>(call.address(1));
        if (!given) return Errno::Fault;
        if ((given->flags & ~std::int64_t{kONonblock}) != 0) return Errno::Inval;
    }
    const auto file = TRY(queue_argument(call));
    const PosixQueue& queue = file->queue();
    const MqAttr old{.flags = file->flags & kONonblock,
                     .most_messages = queue.most_messages,
                     .message_size = queue.message_size,
                     .messages = queue.messages,
                     .reserved = {}};
    if (given) file->flags = (file->flags & ~kONonblock) | static_cast<std::uint32_t>(given->flags);
    if (call.args[2] != 0 && !call.memory().put(call.address(2), old)) return Errno::Fault;
    return 0;
}

// The paths of AF_UNIX's messages, of opening and removing a file of a temporary file system.
constexpr auto kMqRows = std::to_array<SyscallRow>({
    {180, "mq_open", sys_mq_open, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {181, "mq_unlink", sys_mq_unlink, Support::Full, KernelPath::SysUnlink, ""},
    {182, "mq_timedsend", sys_mq_timedsend, Support::Full, KernelPath::SysSendUnix, "", {}, {0}},
    {183,
     "mq_timedreceive",
     sys_mq_timedreceive,
     Support::Full,
     KernelPath::SysReceiveUnix,
     "",
     {},
     {0}},
    {184, "mq_notify", sys_mq_notify, Support::Full, KernelPath::SysPrctl, "", Errno::NoMem},
    {185, "mq_getsetattr", sys_mq_getsetattr, Support::Full, KernelPath::SysPrctl, ""},
});

}  // namespace

std::span<const SyscallRow> posix_queue_syscalls() {
    return kMqRows;
}

}  // namespace uprobesim
