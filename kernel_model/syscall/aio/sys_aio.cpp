// SPDX-License-Identifier: GPL-2.0-or-later
// io_setup, io_submit, io_getevents, io_pgetevents, io_cancel, io_destroy (fs/aio.c).
#include <algorithm>
#include <array>

#include "kernel_model/abi/calls/aio.h"
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/aio/contexts.h"
#include "kernel_model/files/event/event_file.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

struct Iocb {
    std::uint64_t data;
    std::uint32_t key, rw_flags;
    std::uint16_t opcode;
    std::int16_t priority;
    std::int32_t fd;
    std::uint64_t buffer, bytes;
    std::int64_t offset;
    std::uint64_t reserved;
    std::uint32_t flags;
    std::int32_t result_fd;
};
static_assert(sizeof(Iocb) == 64);
constexpr std::uint64_t kKeyAt = 8;

std::uint64_t space_of(const SysCall& call) {
    return call.process.mm->space().id();
}
std::shared_ptr<AioContext> context_argument(const SysCall& call) {
    return call.kernel.aio().find(space_of(call), call.args[0]);
}

// The id is the address of the ring, a page that the C library looks at: without the magic number
// in it the library asks by system calls.
SysOutcome sys_io_setup(SysCall& call) {
    constexpr std::uint32_t kMost = 0x10000000u / 32;
    const auto old = call.memory().get<std::uint64_t>(call.address(1));
    if (!old) return Errno::Fault;
    const std::uint32_t count = call.uint32(0);
    if (*old != 0 || count == 0 || count > kMost) return Errno::Inval;
    const auto most = static_cast<std::uint64_t>(call.kernel.sysctls().number("fs/aio-max-nr"));
    if (count > most || count + call.kernel.aio().reserved() > most) return Errno::Again;
    const auto ring = TRY(call.process.mm->map({.length = kPageSize,
                                                .prot = {.read = true, .write = true},
                                                .shared = true,
                                                .name = "/[aio] (deleted)"}));
    const auto made = call.kernel.aio().make(space_of(call), ring.value, count);
    const bool told = made && call.memory().put(call.address(1), ring.value);
    if (told) return 0;
    if (made) call.kernel.aio().remove(space_of(call), ring.value);
    (void)call.process.mm->unmap({ring, ring + kPageSize});
    return made ? Errno::Fault : made.error();
}

SysOutcome sys_io_destroy(SysCall& call) {
    if (!call.kernel.aio().remove(space_of(call), call.args[0])) return Errno::Inval;
    const VAddr ring = call.address(0);
    (void)call.process.mm->unmap({ring, ring + kPageSize});
    return 0;
}

// The result of a call as io_event::res. A call that would wait, of a pipe for example, is EAGAIN.
std::int64_t as_result(SysCall& call, const SysOutcome& outcome) {
    if (const auto* value = std::get_if<std::uint64_t>(&outcome))
        return static_cast<std::int64_t>(*value);
    if (const auto* error = std::get_if<Errno>(&outcome)) return -static_cast<std::int64_t>(*error);
    call.task.leave_queues();
    call.task.call_progress = 0;
    return -static_cast<std::int64_t>(Errno::Again);
}

SysResult<std::int64_t> transfer_of(SysCall& call, const Iocb& request, File& file) {
    const bool writes = request.opcode == kIocbPwrite || request.opcode == kIocbPwritev;
    const Direction direction = writes ? Direction::Write : Direction::Read;
    // kiocb_set_rw_flags.
    constexpr std::uint32_t kBoth = kRwfAppend | kRwfNoappend;
    constexpr std::uint32_t kKnown = kRwfHipri | kRwfDsync | kRwfSync | kRwfNowait | kBoth;
    if (!may(file, direction)) return tl::make_unexpected(Errno::Badf);
    if ((request.rw_flags & ~kKnown) != 0) return tl::make_unexpected(Errno::NotSup);
    if ((request.rw_flags & kBoth) == kBoth) return tl::make_unexpected(Errno::Inval);
    const auto at = static_cast<std::uint64_t>(request.offset);
    const std::uint64_t* const offset = file.seekable() ? &at : nullptr;
    if (offset != nullptr && request.offset < 0) return tl::make_unexpected(Errno::Inval);
    const bool vector = request.opcode == kIocbPreadv || request.opcode == kIocbPwritev;
    const SysOutcome outcome =
        vector
            ? transfer_vector(call, request.fd, direction, VAddr(request.buffer), request.bytes,
                              offset)
            : transfer(call, request.fd, direction, VAddr(request.buffer), request.bytes, offset);
    // What is wrong with the buffers is told by io_submit.
    if (const auto* error = std::get_if<Errno>(&outcome);
        error != nullptr && *error == Errno::Fault && vector)
        return tl::make_unexpected(Errno::Fault);
    return as_result(call, outcome);
}

// io_submit_one.
SysResult<void> submit(SysCall& call, AioContext& context, std::uint64_t at) {
    const auto fail = [](Errno error) { return tl::make_unexpected(error); };
    const auto request = call.memory().get<Iocb>(VAddr(at));
    if (!request) return fail(Errno::Fault);
    if (request->reserved != 0 || static_cast<std::int64_t>(request->bytes) < 0)
        return fail(Errno::Inval);
    if (context.full()) return fail(Errno::Again);
    const auto file = call.process.files.share(request->fd);
    if (!file) return fail(Errno::Badf);
    std::shared_ptr<File> notify;
    if ((request->flags & kIocbFlagResfd) != 0) {
        notify = call.process.files.share(request->result_fd);
        if (!notify) return fail(Errno::Badf);
        if (dynamic_cast<EventFile*>(notify.get()) == nullptr) return fail(Errno::Inval);
    }
    if (!call.memory().put(VAddr(at + kKeyAt), std::uint32_t{0})) return fail(Errno::Fault);
    AioEvent event{.data = request->data, .request = at};
    switch (request->opcode) {
        case kIocbPread:
        case kIocbPwrite:
        case kIocbPreadv:
        case kIocbPwritev:
            event.result = TRY(transfer_of(call, *request, *file));
            context.complete(event, notify);
            return {};
        case kIocbFsync:
        case kIocbFdsync:
            if (request->buffer != 0 || request->offset != 0 || request->bytes != 0 ||
                request->rw_flags != 0)
                return fail(Errno::Inval);
            if (!file->backing()) return fail(Errno::Inval);
            context.complete(event, notify);
            return {};
        case kIocbPoll: {
            const auto wanted = static_cast<std::uint32_t>(request->buffer);
            if (request->buffer > 0xffff || request->offset != 0 || request->bytes != 0 ||
                !file->can_poll())
                return fail(Errno::Inval);
            context.polls.push_back(std::make_unique<AioContext::Poll>(
                context, file, wanted | abi::kPollErr | abi::kPollHup, event, notify));
            context.forget_done();
            return {};
        }
        default: return fail(Errno::Inval);
    }
}

SysOutcome sys_io_submit(SysCall& call) {
    const auto count = static_cast<std::int64_t>(call.args[1]);
    if (count < 0) return Errno::Inval;
    const auto context = context_argument(call);
    if (!context) return Errno::Inval;
    std::uint64_t done = 0;
    const std::uint64_t most = std::min(call.args[1], context->most);
    for (; done < most; ++done) {
        const auto at = call.memory().get<std::uint64_t>(call.address(2) + 8 * done);
        if (!at) return done != 0 ? SysOutcome(done) : SysOutcome(Errno::Fault);
        const auto submitted = submit(call, *context, *at);
        if (!submitted) return done != 0 ? SysOutcome(done) : SysOutcome(submitted.error());
    }
    return done;
}

// `least` of them are waited for.
SysOutcome fetch(SysCall& call) {
    std::optional<std::uint64_t> timeout;
    UserMemory memory = call.memory();
    if (call.args[4] != 0) {
        const auto given = read_duration(memory, call.address(4));
        if (!given && given.error() == Errno::Fault) return Errno::Fault;
        timeout = given ? *given : 0;
    }
    const auto context = context_argument(call);
    const auto least = static_cast<std::int64_t>(call.args[1]),
               most = static_cast<std::int64_t>(call.args[2]);
    if (!context || least < 0 || most < least) return Errno::Inval;
    std::uint64_t& done = call.task.call_progress;
    context->forget_done();
    while (done < static_cast<std::uint64_t>(most) && !context->events.empty()) {
        if (!memory.put(call.address(3) + done * sizeof(AioEvent), context->events.front()))
            return done != 0 ? SysOutcome(done) : SysOutcome(Errno::Fault);
        context->events.pop_front();
        ++done;
    }
    call.units = done;
    if (done >= static_cast<std::uint64_t>(least)) return done;
    if (timeout && deadline_passed(call, *timeout)) return done;
    if (call.task.tif_sigpending && done > 0) return done;
    call.wait_on(&context->fetchers);
    return Block{Interrupted::Intr};
}

// The events fetched before a wait are in call_progress.
SysOutcome sys_io_getevents(SysCall& call) {
    return fetch(call);
}

SysOutcome sys_io_pgetevents(SysCall& call) {
    if (call.args[5] != 0 && !call.task.restore_sigmask) {
        const auto set = call.memory().get<std::array<std::uint64_t, 2>>(call.address(5));
        if (!set) return Errno::Fault;
        if ((*set)[0] != 0) {
            if ((*set)[1] != abi::kSigsetSize) return Errno::Inval;
            const auto mask = call.memory().get<std::uint64_t>(VAddr((*set)[0]));
            if (!mask) return Errno::Fault;
            call.task.saved_sigmask = call.task.sigmask;
            call.task.restore_sigmask = true;
            call.task.sigmask = *mask & ~kUnblockable;
            call.kernel.signals().recalculate(call.task);
        }
    }
    SysOutcome outcome = fetch(call);
    if (!std::holds_alternative<Block>(outcome) && call.task.restore_sigmask) {
        call.task.restore_sigmask = false;
        call.task.sigmask = call.task.saved_sigmask;
        call.kernel.signals().recalculate(call.task);
    }
    return outcome;
}

SysOutcome sys_io_cancel(SysCall& call) {
    const auto key = call.memory().get<std::uint32_t>(call.address(1) + kKeyAt);
    if (!key) return Errno::Fault;
    if (*key != 0) return Errno::Inval;
    const auto context = context_argument(call);
    if (!context) return Errno::Inval;
    context->forget_done();
    const auto poll = std::ranges::find_if(
        context->polls, [&](const auto& one) { return one->request() == call.args[1]; });
    if (poll == context->polls.end()) return Errno::Inval;
    context->polls.erase(poll);
    context->complete({.request = call.args[1]}, nullptr);
    return Errno::InProgress;
}

// The paths of calls that are alike; what a request itself takes is not told apart.
constexpr auto kAioRows = std::to_array<SyscallRow>({
    {0, "io_setup", sys_io_setup, Support::Full, KernelPath::SysEpollCreate, "", Errno::NoMem},
    {1, "io_destroy", sys_io_destroy, Support::Full, KernelPath::SysMunmap, ""},
    {2, "io_submit", sys_io_submit, Support::Partial, KernelPath::SysReadFile,
     "a request that would wait is EAGAIN; of several requests the last one's cost is charged",
     Errno::NoMem},
    {3, "io_cancel", sys_io_cancel, Support::Full, KernelPath::SysPrctl, ""},
    {4, "io_getevents", sys_io_getevents, Support::Full, KernelPath::SysEpollWait, ""},
    {292, "io_pgetevents", sys_io_pgetevents, Support::Full, KernelPath::SysEpollWait, ""},
});

}  // namespace

std::span<const SyscallRow> aio_syscalls() {
    return kAioRows;
}

}  // namespace uprobesim
