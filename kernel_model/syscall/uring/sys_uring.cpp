// SPDX-License-Identifier: GPL-2.0-or-later
// io_uring_setup, io_uring_enter, io_uring_register (io_uring/io_uring.c, register.c).
#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "kernel_model/abi/stat.h"
#include "kernel_model/files/event/event_file.h"
#include "kernel_model/syscall/syscall.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/uring/requests.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::size_t kMostWaiting = 4096;  // requests of one ring
constexpr std::uint64_t kInodes = std::uint64_t{3} << 32;

// What carries a ring's requests out.
struct RunningRing {
    RunningRing(SysCall& call, RingFile& file)
        : requests(call.kernel, call.process, call.task, file) {}
    RingRequests requests;
};

std::shared_ptr<RingFile> make_ring(SysCall& call, std::uint32_t entries,
                                    std::uint32_t completions) {
    auto file = std::make_shared<RingFile>(call.kernel.machine().memory,
                                           call.kernel.new_inode() | kInodes, entries, completions);
    auto running = std::make_shared<RunningRing>(call, *file);
    file->runner = running;
    Kernel& kernel = call.kernel;
    file->schedule_progress = [&kernel, weak = std::weak_ptr<RingFile>(file)] {
        kernel.timers().arm(kernel.clock().monotonic_ns(), [&kernel, weak] {
            const auto ring = weak.lock();
            if (!ring) return;
            std::static_pointer_cast<RunningRing>(ring->runner)->requests.progress();
        });
    };
    return file;
}

SysOutcome sys_io_uring_setup(SysCall& call) {
    auto params = call.memory().get<UringParams>(call.address(1));
    if (!params) return Errno::Fault;
    const auto nonzero = [](std::uint32_t word) { return word != 0; };
    if (std::ranges::any_of(params->reserved, nonzero)) return Errno::Inval;
    constexpr std::uint32_t kKnown = kUringCqsize | kUringClamp | kUringDisabled | kUringSubmitAll |
                                     kUringCoopTaskrun | kUringTaskrunFlag | kUringSingleIssuer |
                                     kUringDeferTaskrun;
    if ((params->flags & ~kKnown) != 0) {
        call.kernel.counters().note_unmodelled("io_uring_setup flags",
                                               "polled rings and the like are answered EINVAL");
        return Errno::Inval;
    }
    std::uint32_t entries = call.uint32(0);
    const bool clamps = (params->flags & kUringClamp) != 0;
    if (entries == 0 || (entries > kUringMostEntries && !clamps)) return Errno::Inval;
    if ((params->flags & kUringDeferTaskrun) != 0 && (params->flags & kUringSingleIssuer) == 0)
        return Errno::Inval;
    entries = std::bit_ceil(std::min(entries, kUringMostEntries));
    std::uint32_t completions = 2 * entries;
    if ((params->flags & kUringCqsize) != 0) {
        if (params->cq_entries == 0) return Errno::Inval;
        if (params->cq_entries > 2 * kUringMostEntries && !clamps) return Errno::Inval;
        completions = std::bit_ceil(std::min(params->cq_entries, 2 * kUringMostEntries));
        if (completions < entries) return Errno::Inval;
    }
    auto file = make_ring(call, entries, completions);
    file->disabled = (params->flags & kUringDisabled) != 0;
    file->describe(*params);
    const auto fd = TRY(call.process.files.add(std::move(file), true));
    if (call.memory().put(call.address(1), *params)) return static_cast<std::uint64_t>(fd);
    (void)call.process.files.close(fd);
    return Errno::Fault;
}

SysResult<std::shared_ptr<RingFile>> ring_argument(SysCall& call) {
    auto file = call.process.files.share(call.int32(0));
    if (!file) return tl::make_unexpected(Errno::Badf);
    auto ring = std::dynamic_pointer_cast<RingFile>(file);
    if (!ring) return tl::make_unexpected(Errno::NotSup);
    return ring;
}

// Returns the number of entries taken. A chain ends with the first entry that links to none.
std::uint64_t submit(const SysCall& call, RingFile& ring, std::uint64_t most) {
    auto& running = *std::static_pointer_cast<RunningRing>(ring.runner);
    running.requests.take_over(call.task);
    std::uint64_t done = 0;
    UringChain chain;
    while (done < most) {
        if (ring.waiting.size() >= kMostWaiting || !ring.has_room()) break;
        const auto sqe = ring.next();
        if (!sqe) break;
        ++done;
        chain.push_back(*sqe);
        if ((sqe->flags & (kSqeLink | kSqeHardlink)) != 0 && done < most) continue;
        running.requests.submit(std::exchange(chain, {}));
    }
    if (!chain.empty()) running.requests.submit(std::move(chain));
    return done;
}

// The time limit of IORING_ENTER_EXT_ARG.
SysResult<std::optional<std::uint64_t>> limit_argument(SysCall& call) {
    if ((call.uint32(3) & kUringExtArg) == 0 || call.args[4] == 0)
        return std::optional<std::uint64_t>();
    struct Argument {
        std::uint64_t mask;
        std::uint32_t mask_size, pad;
        std::uint64_t time;
    };
    if (call.args[5] != sizeof(Argument)) return tl::make_unexpected(Errno::Inval);
    const auto argument = call.memory().get<Argument>(call.address(4));
    if (!argument) return tl::make_unexpected(Errno::Fault);
    if (argument->time == 0) return std::optional<std::uint64_t>();
    UserMemory memory = call.memory();
    const auto given = TRY(read_duration(memory, VAddr(argument->time)));
    return std::optional(given);
}

// What a call has submitted before it waits.
struct Submitted {
    std::uint64_t count = 0;
};

SysOutcome sys_io_uring_enter(SysCall& call) {
    constexpr std::uint32_t kKnown = kUringGetEvents | kUringSqWakeup | kUringSqWait | kUringExtArg;
    const std::uint32_t flags = call.uint32(3);
    if ((flags & ~kKnown) != 0) return Errno::Inval;
    const auto ring = TRY(ring_argument(call));
    if (ring->disabled) return Errno::BadFd;
    const auto limit = TRY(limit_argument(call));
    std::uint64_t done = 0;
    if (call.task.call_holds) {
        done = std::static_pointer_cast<Submitted>(call.task.call_holds)->count;
    } else {
        done = submit(call, *ring, call.uint32(1));
        if (done == 0 && call.uint32(1) != 0 && ring->submitted() != 0) return Errno::Again;
    }
    call.units = done;
    std::static_pointer_cast<RunningRing>(ring->runner)->requests.progress();
    if ((flags & kUringGetEvents) == 0) return done;
    ring->flush_overflow();
    if (ring->completed() >= call.uint32(2)) return done;
    if (limit && deadline_passed(call, *limit))
        return done != 0 ? SysOutcome(done) : SysOutcome(Errno::Time);
    if (call.task.tif_sigpending && done != 0) return done;
    if (!call.task.call_holds) call.task.call_holds = std::make_shared<Submitted>(Submitted{done});
    call.wait_on(ring->waiters());
    return Block{Interrupted::Intr};
}

// --- io_uring_register: one row per operation

SysOutcome register_buffers(SysCall& call, RingFile& ring) {
    if (!ring.buffers.empty()) return Errno::Busy;
    if (call.uint32(3) == 0 || call.uint32(3) > 16384) return Errno::Inval;
    std::vector<Iovec> parts(call.uint32(3));
    if (!call.memory().read(call.address(2), std::as_writable_bytes(std::span(parts))))
        return Errno::Fault;
    RingFile::Buffers buffers;
    buffers.reserve(parts.size());
    for (const Iovec& part : parts) {
        if (part.base == 0 && part.length != 0) return Errno::Fault;
        buffers.emplace_back(part.base, part.length);
    }
    if (!ring.register_buffers(std::move(buffers))) return Errno::NoMem;
    return 0;
}
SysOutcome unregister_buffers(SysCall&, RingFile& ring) {
    if (ring.buffers.empty()) return Errno::Nxio;
    ring.register_buffers({});
    return 0;
}

SysResult<std::shared_ptr<File>> registered(SysCall& call, std::int32_t fd) {
    if (fd == -1) return std::shared_ptr<File>();
    auto file = call.process.files.share(fd);
    if (!file) return tl::make_unexpected(Errno::Badf);
    if (dynamic_cast<RingFile*>(file.get()) != nullptr) return tl::make_unexpected(Errno::Badf);
    return file;
}
SysOutcome register_files(SysCall& call, RingFile& ring) {
    if (!ring.files.empty()) return Errno::Busy;
    const std::uint32_t count = call.uint32(3);
    if (count == 0) return Errno::Inval;
    if (count > call.process.files.limit()) return Errno::Mfile;
    std::vector<std::int32_t> fds(count);
    if (!call.memory().read(call.address(2), std::as_writable_bytes(std::span(fds))))
        return Errno::Fault;
    RingFile::Files files;
    files.reserve(count);
    for (const std::int32_t fd : fds) files.push_back(TRY(registered(call, fd)));
    if (!ring.register_files(std::move(files))) return Errno::NoMem;
    return 0;
}
SysOutcome unregister_files(SysCall&, RingFile& ring) {
    if (ring.files.empty()) return Errno::Nxio;
    ring.register_files({});
    return 0;
}
SysOutcome update_files(SysCall& call, RingFile& ring) {
    struct Update {
        std::uint32_t offset, reserved;
        std::uint64_t fds;
    };
    if (ring.files.empty()) return Errno::Nxio;
    const auto update = call.memory().get<Update>(call.address(2));
    if (!update) return Errno::Fault;
    if (update->reserved != 0 || call.uint32(3) == 0) return Errno::Inval;
    if (std::uint64_t{update->offset} + call.uint32(3) > ring.files.size()) return Errno::Inval;
    for (std::uint32_t i = 0; i < call.uint32(3); ++i) {
        const auto fd = call.memory().get<std::int32_t>(VAddr(update->fds + 4ul * i));
        if (!fd) return i != 0 ? SysOutcome(i) : SysOutcome(Errno::Fault);
        auto file = registered(call, *fd);
        if (!file) return i != 0 ? SysOutcome(i) : SysOutcome(file.error());
        ring.files[update->offset + i] = std::move(*file);
    }
    return call.uint32(3);
}

SysOutcome register_eventfd(SysCall& call, RingFile& ring) {
    if (call.uint32(3) != 1) return Errno::Inval;
    const auto fd = call.memory().get<std::int32_t>(call.address(2));
    if (!fd) return Errno::Fault;
    if (ring.eventfd) return Errno::Busy;
    auto file = call.process.files.share(*fd);
    if (!file) return Errno::Badf;
    if (dynamic_cast<EventFile*>(file.get()) == nullptr) return Errno::Inval;
    ring.eventfd = std::move(file);
    return 0;
}
SysOutcome unregister_eventfd(SysCall&, RingFile& ring) {
    if (!ring.eventfd) return Errno::Nxio;
    ring.eventfd.reset();
    return 0;
}

SysOutcome probe(SysCall& call, RingFile&) {
    constexpr std::uint32_t kMost = 256;
    struct Head {
        std::uint8_t last, count;
        std::uint16_t reserved;
        std::array<std::uint32_t, 3> more;
    };
    struct Row {
        std::uint8_t opcode, reserved;
        std::uint16_t flags;
        std::uint32_t more;
    };
    if (call.args[2] == 0 || call.uint32(3) > kMost) return Errno::Inval;
    const std::uint32_t count = std::min<std::uint32_t>(call.uint32(3), kUringLast);
    UserMemory memory = call.memory();
    if (!memory.put(call.address(2), Head{.last = kUringLast - 1,
                                          .count = static_cast<std::uint8_t>(count),
                                          .reserved = 0,
                                          .more = {}}))
        return Errno::Fault;
    for (std::uint32_t i = 0; i < count; ++i) {
        const Row row{.opcode = static_cast<std::uint8_t>(i),
                      .reserved = 0,
                      .flags = static_cast<std::uint16_t>(ring_knows(static_cast<std::uint8_t>(i))),
                      .more = 0};
        if (!memory.put(call.address(2) + sizeof(Head) + i * sizeof(Row), row)) return Errno::Fault;
    }
    return 0;
}

SysOutcome enable(SysCall&, RingFile& ring) {
    if (!ring.disabled) return Errno::BadFd;
    ring.disabled = false;
    return 0;
}

struct Operation {
    std::uint32_t number;
    SysOutcome (*work)(SysCall&, RingFile&);
};
constexpr Operation kOperations[] = {
    {kRegisterBuffers, register_buffers},
    {kUnregisterBuffers, unregister_buffers},
    {kRegisterFiles, register_files},
    {kUnregisterFiles, unregister_files},
    {kRegisterEventfd, register_eventfd},
    {kUnregisterEventfd, unregister_eventfd},
    {kRegisterFilesUpdate, update_files},
    {kRegisterEventfdAsync, register_eventfd},
    {kRegisterProbe, probe},
    {kRegisterEnableRings, enable},
};

SysOutcome sys_io_uring_register(SysCall& call) {
    const auto* const operation =
        std::ranges::find(kOperations, call.uint32(1), &Operation::number);
    const auto ring = TRY(ring_argument(call));
    if (operation == std::end(kOperations)) return Errno::Inval;
    return operation->work(call, *ring);
}

// The paths of epoll, which is used alike; each request is charged as its system call besides.
constexpr auto kUringRows = std::to_array<SyscallRow>({
    {425, "io_uring_setup", sys_io_uring_setup, Support::Partial, KernelPath::SysEpollCreate,
     "no polled rings, no provided buffers, no multishot", Errno::NoMem},
    {426,
     "io_uring_enter",
     sys_io_uring_enter,
     Support::Full,
     KernelPath::SysEpollWait,
     "",
     Errno::Again,
     {0}},
    {427, "io_uring_register", sys_io_uring_register, Support::Partial, KernelPath::SysEpollModify,
     "buffers, files, an eventfd, the probe", Errno::NoMem},
});

}  // namespace

std::span<const SyscallRow> uring_syscalls() {
    return kUringRows;
}

}  // namespace uprobesim
