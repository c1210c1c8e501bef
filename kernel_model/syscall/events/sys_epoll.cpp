// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/event/epoll.h"
#include "kernel_model/net/network.h"
#include "kernel_model/syscall/events/sys_poll.h"
#include "kernel_model/syscall/files/file_transfer.h"
#include "kernel_model/syscall/time_args.h"

namespace uprobesim {

namespace {

using namespace abi;

// struct epoll_event: not packed on arm64.
struct UserEvent {
    std::uint32_t events, pad;
    std::uint64_t data;
};
static_assert(sizeof(UserEvent) == 16);
constexpr std::int64_t kMostEvents = 0x7fffffff / static_cast<std::int64_t>(sizeof(UserEvent));
constexpr std::uint32_t kAdd = 1, kDelete = 2, kModify = 3;
constexpr std::uint32_t kWithExclusive =
    kPollIn | kPollOut | kPollErr | kPollHup | kEpollWakeup | kEpollEdge | kEpollExclusive;

SysOutcome sys_epoll_create1(SysCall& c) {
    if ((c.uint32(0) & ~kOCloexec) != 0) return Errno::Inval;
    auto fd = c.process.files.add(std::make_shared<Epoll>(c.kernel.network()->next_inode()),
                                  c.uint32(0) != 0);
    if (!fd) return fd.error();
    return static_cast<std::uint64_t>(*fd);
}

SysOutcome sys_epoll_ctl(SysCall& c) {
    const std::uint32_t operation = c.uint32(1);
    UserEvent given{};
    if (operation != kDelete) {
        const auto read = c.memory().get<UserEvent>(c.address(3));
        if (!read) return Errno::Fault;
        given = *read;
    }
    const auto file = c.process.files.share(c.int32(0)), target = c.process.files.share(c.int32(2));
    const auto closed = [](const auto& f) { return !f || (f->flags & kOPath) != 0; };
    if (closed(file) || closed(target)) return bad_descriptor(c);
    if (!target->can_poll()) return Errno::Perm;
    auto* epoll = dynamic_cast<Epoll*>(file.get());
    if (epoll == nullptr || file == target) return Errno::Inval;
    const bool exclusive = (given.events & kEpollExclusive) != 0;
    if (exclusive && operation == kModify) return Errno::Inval;
    if (exclusive && operation == kAdd) {
        const bool nested = dynamic_cast<const Epoll*>(target.get()) != nullptr;
        if (nested || (given.events & ~kWithExclusive) != 0) return Errno::Inval;
    }
    SysResult<void> done = tl::make_unexpected(Errno::Inval);
    switch (operation) {
        case kAdd:
            c.path = KernelPath::SysEpollAdd;
            done = epoll->add(c.int32(2), *target, {given.events, given.data});
            break;
        case kDelete:
            c.path = KernelPath::SysEpollDelete;
            done = epoll->remove(c.int32(2), *target);
            break;
        case kModify: done = epoll->modify(c.int32(2), *target, {given.events, given.data}); break;
        default: break;
    }
    if (!done) return done.error();
    return std::uint64_t{0};
}

// `timeout_ns`: none waits for ever.
SysOutcome wait_for_events(SysCall& c, const std::optional<std::uint64_t>& timeout_ns) {
    if (const auto masked = wait_with_mask(c, c.address(4), c.args[5]); !masked)
        return masked.error();
    const auto finish = [&](SysOutcome outcome) {
        end_wait(c);
        return outcome;
    };
    const std::int64_t most = c.int32(2);
    if (most <= 0 || most > kMostEvents) return finish(Errno::Inval);
    if (c.args[1] > AddressSpace::kTop - static_cast<std::uint64_t>(most) * sizeof(UserEvent)) {
        return finish(Errno::Fault);
    }
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0) return finish(bad_descriptor(c));
    auto* epoll = dynamic_cast<Epoll*>(file.get());
    if (epoll == nullptr) return finish(Errno::Inval);

    UserMemory memory = c.memory();
    std::uint64_t count = 0;
    bool bad_pointer = false;
    epoll->collect(static_cast<std::uint32_t>(most), [&](const EpollEvent& event) {
        const UserEvent told{event.events, 0, event.data};
        bad_pointer = !memory.put(c.address(1) + count * sizeof told, told);
        count += bad_pointer ? 0 : 1;
        return !bad_pointer;
    });
    c.units = count;
    if (count > 0) return finish(count);
    if (bad_pointer) return finish(Errno::Fault);
    c.path = KernelPath::SysEpollWaitNone;
    if (timeout_ns && deadline_passed(c, *timeout_ns)) return finish(std::uint64_t{0});
    // One with a handler ends the wait; the kernel answers EINTR then.
    if (c.task.tif_sigpending) return Block{};
    c.wait_on(epoll->waiters(), kPollReadable, true);
    return Block{};
}

SysOutcome sys_epoll_pwait(SysCall& c) {
    const std::int32_t ms = c.int32(3);
    std::optional<std::uint64_t> timeout;
    if (ms >= 0) timeout = static_cast<std::uint64_t>(ms) * 1'000'000;
    return wait_for_events(c, timeout);
}

SysOutcome sys_epoll_pwait2(SysCall& c) {
    std::optional<std::uint64_t> timeout;
    if (c.args[3] != 0) {
        UserMemory memory = c.memory();
        const auto given = read_duration(memory, c.address(3));
        if (!given) return given.error();
        timeout = *given;
    }
    return wait_for_events(c, timeout);
}

constexpr SyscallRow kRows[] = {
    {20, "epoll_create1", sys_epoll_create1, Support::Full, KernelPath::SysEpollCreate, ""},
    {21, "epoll_ctl", sys_epoll_ctl, Support::Full, KernelPath::SysEpollModify, ""},
    {22, "epoll_pwait", sys_epoll_pwait, Support::Full, KernelPath::SysEpollWait, ""},
    {441, "epoll_pwait2", sys_epoll_pwait2, Support::Full, KernelPath::SysEpollWait, ""},
};

}  // namespace

std::span<const SyscallRow> epoll_syscalls() {
    return kRows;
}

}  // namespace uprobesim
