// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/event/epoll.h"
#include "kernel_model/net/network.h"
#include "kernel_model/syscall/events/sys_poll.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/task/budgets.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

// struct epoll_event: not packed on arm64.
struct UserEvent {
    std::uint32_t events, pad;
    std::uint64_t data;
};
static_assert(sizeof(UserEvent) == 16);
constexpr std::int64_t kMaxEvents = 0x7fffffff / static_cast<std::int64_t>(sizeof(UserEvent));
constexpr std::uint32_t kWithExclusive =
    kPollIn | kPollOut | kPollErr | kPollHup | kEpollwakeup | kEpollet | kEpollexclusive;

SysOutcome sys_epoll_create1(SysCall& call) {
    if ((call.uint32(0) & ~kEpollCloexec) != 0) return Errno::Inval;
    auto fd = TRY(call.process.files.add(
        std::make_shared<Epoll>(call.kernel.network()->next_inode(), call.kernel.epoll_watches(),
                                most_epoll_watches(call.kernel.machine().memory)),
        call.uint32(0) != 0));
    return static_cast<std::uint64_t>(fd);
}

SysOutcome sys_epoll_ctl(SysCall& call) {
    const std::uint32_t operation = call.uint32(1);
    UserEvent given{};
    if (operation != kEpollCtlDel) {
        const auto read = call.memory().get<UserEvent>(call.address(3));
        if (!read) return Errno::Fault;
        given = *read;
    }
    const auto file = call.process.files.share(call.int32(0)),
               target = call.process.files.share(call.int32(2));
    const auto closed = [](const auto& f) { return !f || (f->flags & kOPath) != 0; };
    if (closed(file) || closed(target)) return bad_descriptor(call);
    if (!target->can_poll()) return Errno::Perm;
    auto* epoll = dynamic_cast<Epoll*>(file.get());
    if (epoll == nullptr || file == target) return Errno::Inval;
    const bool exclusive = (given.events & kEpollexclusive) != 0;
    if (exclusive && operation == kEpollCtlMod) return Errno::Inval;
    if (exclusive && operation == kEpollCtlAdd) {
        const bool nested = dynamic_cast<const Epoll*>(target.get()) != nullptr;
        if (nested || (given.events & ~kWithExclusive) != 0) return Errno::Inval;
    }
    SysResult<void> done = tl::make_unexpected(Errno::Inval);
    switch (operation) {
        case kEpollCtlAdd:
            call.path = KernelPath::SysEpollAdd;
            done = epoll->add(call.int32(2), *target, {given.events, given.data});
            break;
        case kEpollCtlDel:
            call.path = KernelPath::SysEpollDelete;
            done = epoll->remove(call.int32(2), *target);
            break;
        case kEpollCtlMod:
            done = epoll->modify(call.int32(2), *target, {given.events, given.data});
            break;
        default: break;
    }
    if (!done) return done.error();
    return 0;
}

// Without `timeout_ns` the wait has no limit.
SysOutcome wait_for_events(SysCall& call, const std::optional<std::uint64_t>& timeout_ns) {
    TRY(wait_with_mask(call, call.address(4), call.args[5]));
    const auto finish = [&](SysOutcome outcome) {
        end_wait(call);
        return outcome;
    };
    const std::int64_t most = call.int32(2);
    if (most <= 0 || most > kMaxEvents) return finish(Errno::Inval);
    if (call.accessed(call.address(1)).value >
        AddressSpace::kTop - static_cast<std::uint64_t>(most) * sizeof(UserEvent)) {
        return finish(Errno::Fault);
    }
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return finish(bad_descriptor(call));
    auto* epoll = dynamic_cast<Epoll*>(file.get());
    if (epoll == nullptr) return finish(Errno::Inval);

    UserMemory memory = call.memory();
    std::uint64_t count = 0;
    bool bad_pointer = false;
    epoll->collect(static_cast<std::uint32_t>(most), [&](const EpollEvent& event) {
        const UserEvent told{event.events, 0, event.data};
        bad_pointer = !memory.put(call.address(1) + count * sizeof told, told);
        count += bad_pointer ? 0 : 1;
        return !bad_pointer;
    });
    call.units = count;
    if (count > 0) return finish(count);
    if (bad_pointer) return finish(Errno::Fault);
    call.path = KernelPath::SysEpollWaitNone;
    if (timeout_ns && deadline_passed(call, *timeout_ns)) return finish(std::uint64_t{0});
    // A signal with a handler ends the wait with EINTR.
    if (call.task.tif_sigpending) return Block{Interrupted::Intr};
    call.wait_on(epoll->waiters(), kPollReadable, true);
    return Block{Interrupted::Intr};
}

SysOutcome sys_epoll_pwait(SysCall& call) {
    const std::int32_t ms = call.int32(3);
    std::optional<std::uint64_t> timeout;
    if (ms >= 0) timeout = static_cast<std::uint64_t>(ms) * 1'000'000;
    return wait_for_events(call, timeout);
}

SysOutcome sys_epoll_pwait2(SysCall& call) {
    std::optional<std::uint64_t> timeout;
    if (call.args[3] != 0) {
        UserMemory memory = call.memory();
        const auto given = TRY(read_duration(memory, call.address(3)));
        timeout = given;
    }
    return wait_for_events(call, timeout);
}

constexpr SyscallRow kEpollRows[] = {
    {20, "epoll_create1", sys_epoll_create1, Support::Full, KernelPath::SysEpollCreate, "",
     Errno::NoMem},
    {21, "epoll_ctl", sys_epoll_ctl, Support::Full, KernelPath::SysEpollModify, ""},
    {22, "epoll_pwait", sys_epoll_pwait, Support::Full, KernelPath::SysEpollWait, "", {}, {0}},
    {441, "epoll_pwait2", sys_epoll_pwait2, Support::Full, KernelPath::SysEpollWait, "", {}, {0}},
};

}  // namespace

std::span<const SyscallRow> epoll_syscalls() {
    return kEpollRows;
}

}  // namespace uprobesim
