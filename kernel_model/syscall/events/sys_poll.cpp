// SPDX-License-Identifier: GPL-2.0-or-later
// ppoll and pselect6. Both wait in simulated time, and may replace the signal mask while they wait.
#include "kernel_model/syscall/events/sys_poll.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "kernel_model/abi/poll.h"
#include "kernel_model/abi/prctl.h"
#include "kernel_model/abi/signal.h"
#include "kernel_model/signal/signals.h"
#include "kernel_model/syscall/time_args.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/task/budgets.h"
#include "sim/base/try.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

namespace {

constexpr std::int32_t kFdSetBits = 1024;

struct PollFd {
    std::int32_t fd;
    std::int16_t events, revents;
};

SysResult<std::optional<std::uint64_t>> read_timeout(SysCall& call, VAddr at) {
    if (at == VAddr(0)) return std::optional<std::uint64_t>();
    UserMemory memory = call.memory();
    const auto given = TRY(read_duration(memory, at));
    return std::optional(given);
}

// poll_select_finish: writes the remaining time back to the caller; a bad pointer is not an error
// here.
void put_remaining(SysCall& call, VAddr at, const std::optional<std::uint64_t>& timeout) {
    if (!timeout || (call.process.options.personality & abi::kStickyTimeouts) != 0) return;
    const std::uint64_t now = call.kernel.clock().monotonic_ns(), end = call.task.wait_deadline_ns;
    const std::uint64_t left = end == kNoDeadline ? *timeout : end > now ? end - now : 0;
    (void)call.memory().put(at, to_timespec(left));
}

// fdtable::max_fds: what is beyond is not looked at.
std::int32_t table_size(const FdTable& files) {
    constexpr std::int32_t kFirst = 64, kNext = 256;  // NR_OPEN_DEFAULT; alloc_fdtable
    const std::int32_t last = files.all().empty() ? 0 : files.all().rbegin()->first;
    if (last < kFirst) return kFirst;
    return std::max(kNext,
                    static_cast<std::int32_t>(std::bit_ceil(static_cast<std::uint32_t>(last) + 1)));
}

enum class Wait { Over, Interrupted, GoesOn };
Wait wait_on(SysCall& call, bool ready, const std::optional<std::uint64_t>& timeout) {
    const bool over = timeout && deadline_passed(call, *timeout);
    if (ready) return Wait::Over;
    // do_poll: a signal takes precedence over the timeout. After one without a handler the wait
    // continues.
    if (call.task.tif_sigpending) return Wait::Interrupted;
    return over ? Wait::Over : Wait::GoesOn;
}

struct Waited {
    std::shared_ptr<File> file;
    std::uint32_t events = 0;
};
// The files that a task waits for stay open as long as it does (poll_table_entry), though the
// descriptors are looked up anew. A set may name a file thousands of times.
struct Polled {
    std::vector<std::shared_ptr<File>> files;
    MemoryCharge charge;
};
SysOutcome block_on(SysCall& call, std::vector<Waited> all) {
    auto polled = std::make_shared<Polled>();
    for (const Waited& each : all) call.wait_on(each.file->waiters(), each.events);
    std::erase_if(all, [](const Waited& each) { return each.file->waiters() == nullptr; });
    std::ranges::sort(all, {}, &Waited::file);
    for (Waited& each : all) {
        if (polled->files.empty() || polled->files.back() != each.file)
            polled->files.push_back(std::move(each.file));
    }
    if (polled->files.size() > kFreeWaits)
        polled->charge = MemoryCharge(&call.kernel.machine().memory,
                                      polled->files.size() * sizeof(std::shared_ptr<File>));
    call.task.call_holds = std::move(polled);
    return Block{Interrupted::RestartNoHand};
}

}  // namespace

SysResult<void> wait_with_mask(SysCall& call, VAddr mask, std::uint64_t size) {
    if (mask == VAddr(0) || call.task.restore_sigmask) return {};
    if (size != abi::kSigsetSize) return tl::make_unexpected(Errno::Inval);
    const auto set = call.memory().get<std::uint64_t>(mask);
    if (!set) return tl::make_unexpected(Errno::Fault);
    call.task.saved_sigmask = call.task.sigmask;
    call.task.restore_sigmask = true;
    call.task.sigmask = *set & ~kUnblockable;
    call.kernel.signals().recalculate(call.task);
    return {};
}

void end_wait(SysCall& call) {
    if (!call.task.restore_sigmask) return;
    call.task.restore_sigmask = false;
    call.task.sigmask = call.task.saved_sigmask;
    call.kernel.signals().recalculate(call.task);
}

// Entered again while the task waits: the deadline of the first entry holds, and the results are
// written to the guest only at the end.
SysOutcome sys_ppoll(SysCall& call) {
    const auto timeout = TRY(read_timeout(call, call.address(2)));
    TRY(wait_with_mask(call, call.address(3), call.args[4]));
    const auto finish = [&](SysOutcome outcome) {
        end_wait(call);
        put_remaining(call, call.address(2), timeout);
        return outcome;
    };
    const std::uint64_t count = call.uint32(1);
    if (count > call.process.files.limit()) return finish(Errno::Inval);
    UserMemory memory = call.memory();
    if (count > kFreeWaits && !call.kernel.machine().memory.has_room(count * kWaitBytes))
        return finish(Errno::NoMem);
    std::vector<PollFd> fds(count);
    if (!memory.read(call.address(0), std::as_writable_bytes(std::span(fds))))
        return finish(Errno::Fault);
    std::uint64_t ready = 0;
    std::vector<Waited> waited;
    waited.reserve(count);
    for (PollFd& p : fds) {
        p.revents = 0;
        if (p.fd < 0) continue;
        const auto file = call.process.files.share(p.fd);
        const std::uint32_t asked =
            static_cast<std::uint16_t>(p.events) | abi::kPollErr | abi::kPollHup;
        p.revents = static_cast<std::int16_t>(file ? file->poll() & asked : abi::kPollNval);
        ready += p.revents != 0;
        if (file) waited.push_back({file, asked});
    }
    call.units = count;
    switch (wait_on(call, ready != 0, timeout)) {
        case Wait::GoesOn: return block_on(call, std::move(waited));
        case Wait::Interrupted:
            put_remaining(call, call.address(2), timeout);
            return Block{Interrupted::RestartNoHand};
        case Wait::Over: break;
    }
    // Only revents are written.
    for (std::size_t i = 0; i < fds.size(); ++i) {
        if (!memory.put(call.address(0) + (8 * i + 6), fds[i].revents)) return finish(Errno::Fault);
    }
    return finish(ready);
}

SysOutcome sys_pselect6(SysCall& call) {
    const auto timeout = TRY(read_timeout(call, call.address(4)));
    UserMemory memory = call.memory();
    if (call.args[5] != 0) {
        // Pointer and size.
        const auto mask = memory.get<std::array<std::uint64_t, 2>>(call.address(5));
        if (!mask) return Errno::Fault;
        TRY(wait_with_mask(call, VAddr((*mask)[0]), (*mask)[1]));
    }
    const auto finish = [&](SysOutcome outcome) {
        end_wait(call);
        put_remaining(call, call.address(4), timeout);
        return outcome;
    };
    if (call.int32(0) < 0) return finish(Errno::Inval);
    const std::int32_t limit =
        std::min({call.int32(0), kFdSetBits, table_size(call.process.files)});
    const std::uint64_t waits = 3 * static_cast<std::uint64_t>(limit);
    if (waits > kFreeWaits && !call.kernel.machine().memory.has_room(waits * kWaitBytes))
        return finish(Errno::NoMem);
    const std::uint64_t bytes = (static_cast<std::uint64_t>(limit) + 63) / 64 * 8;
    constexpr std::uint32_t kMasks[3] = {abi::kPollIn | abi::kPollHup | abi::kPollErr,
                                         abi::kPollOut | abi::kPollErr, abi::kPollPri};
    std::uint64_t ready = 0;
    std::array<std::vector<std::byte>, 3> answers;
    std::vector<Waited> waited;
    for (std::size_t set = 0; set < 3; ++set) {
        if (call.args[1 + set] == 0) continue;
        std::vector<std::byte> bits(bytes);
        answers[set].resize(bytes);
        if (!memory.read(call.address(1 + set), bits)) return finish(Errno::Fault);
        for (std::int32_t fd = 0; fd < limit; ++fd) {
            const auto at = static_cast<std::size_t>(fd) / 8;
            const auto bit = std::byte{1} << (fd % 8);
            if ((bits[at] & bit) == std::byte{}) continue;
            const auto file = call.process.files.share(fd);
            if (!file) return finish(bad_descriptor(call));
            waited.push_back({file, kMasks[set]});
            if ((file->poll() & kMasks[set]) == 0) continue;
            answers[set][at] |= bit;
            ++ready;
        }
    }
    call.units = static_cast<std::uint64_t>(limit);
    switch (wait_on(call, ready != 0, timeout)) {
        case Wait::GoesOn: return block_on(call, std::move(waited));
        case Wait::Interrupted:
            put_remaining(call, call.address(4), timeout);
            return Block{Interrupted::RestartNoHand};
        case Wait::Over: break;
    }
    for (std::size_t set = 0; set < 3; ++set) {
        if (call.args[1 + set] != 0 && !memory.write(call.address(1 + set), answers[set]))
            return finish(Errno::Fault);
    }
    return finish(ready);
}

std::span<const SyscallRow> poll_syscalls() {
    static constexpr SyscallRow kPollRows[] = {
        {72, "pselect6", sys_pselect6, Support::Full, KernelPath::SysPoll, ""},
        {73, "ppoll", sys_ppoll, Support::Full, KernelPath::SysPoll, ""},
    };
    return kPollRows;
}

}  // namespace uprobesim
