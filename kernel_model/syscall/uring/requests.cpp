// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/uring/requests.h"

#include <algorithm>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/syscall/dispatch.h"
#include "kernel_model/syscall/held_files.h"
#include "kernel_model/syscall/time_args.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

std::int64_t failure(Errno error) {
    return -static_cast<std::int64_t>(error);
}

class Listener final : public WaitQueue::Listener {
public:
    Listener(RingFile& ring, RingRequest& request) : ring_(ring), request_(request) {}

private:
    bool woken(std::uint32_t) override {
        ring_.request_runnable(request_);
        return true;
    }
    RingFile& ring_;
    RingRequest& request_;
};

// The system call that does the work of a request. Each letter of `args` is an argument: f fd, o
// off, O off in two halves, a addr, l len, w op_flags, 0 zero.
struct Work {
    std::uint8_t opcode;
    std::uint32_t call;
    std::string_view args;
    std::uint32_t call_without_offset = 0;  // where off is -1, or the file has no position
};
constexpr Work kWork[] = {
    {kUringReadv, 69, "falO", 65},
    {kUringWritev, 70, "falO", 66},
    {kUringReadFixed, 67, "falo", 63},
    {kUringWriteFixed, 68, "falo", 64},
    {kUringRead, 67, "falo", 63},
    {kUringWrite, 68, "falo", 64},
    {kUringFsync, 82, "f"},
    {kUringSendmsg, 211, "faw"},
    {kUringRecvmsg, 212, "faw"},
    {kUringAccept, 242, "faow"},
    {kUringConnect, 203, "fao"},
    {kUringFallocate, 47, "floa"},
    {kUringOpenat, 56, "fawl"},
    {kUringClose, 57, "f"},
    {kUringStatx, 291, "fawlo"},
    {kUringFadvise, 223, "folw"},
    {kUringMadvise, 233, "alw"},
    {kUringSend, 206, "falw00"},
    {kUringRecv, 207, "falw00"},
    {kUringOpenat2, 437, "faol"},
    {kUringShutdown, 210, "fl"},
    {kUringRenameat, 276, "falow"},
    {kUringUnlinkat, 35, "faw"},
    {kUringMkdirat, 34, "fal"},
    {kUringSymlinkat, 36, "afo"},
    {kUringLinkat, 37, "falow"},
    {kUringSocket, 198, "fol"},
};

const SyscallDispatcher& calls() {
    static const SyscallDispatcher all;
    return all;
}

std::array<std::uint64_t, 6> arguments(const UringSqe& sqe, std::string_view letters) {
    std::array<std::uint64_t, 6> args{};
    for (std::size_t i = 0; i < letters.size(); ++i) {
        switch (letters[i]) {
            case 'f': args[i] = static_cast<std::uint32_t>(sqe.fd); break;
            case 'o':
            case 'O': args[i] = sqe.offset; break;
            case 'a': args[i] = sqe.address; break;
            case 'l': args[i] = sqe.length; break;
            case 'w': args[i] = sqe.op_flags; break;
            default: break;
        }
    }
    return args;
}

}  // namespace

bool ring_knows(std::uint8_t opcode) {
    constexpr std::uint8_t kOwn[] = {kUringNop,        kUringPollAdd,       kUringPollRemove,
                                     kUringTimeout,    kUringTimeoutRemove, kUringCancel,
                                     kUringLinkTimeout};
    return std::ranges::find(kWork, opcode, &Work::opcode) != std::end(kWork) ||
           std::ranges::find(kOwn, opcode) != std::end(kOwn);
}

RingRequests::RingRequests(Kernel& kernel, Process& process, Task& task, RingFile& ring)
    : kernel_(kernel), process_(&process), ring_(ring) {
    task_.sigmask = ~std::uint64_t{0};
    take_over(task);
}

void RingRequests::take_over(const Task& submitter) {
    by_ = {submitter.process->pid, submitter.process->end, submitter.id, submitter.cred,
           submitter.tif_tagged_addr};
}

// False: the submitter has ended, and what it asked for is not done.
bool RingRequests::act_for(const RingSubmitter& by) {
    Process* const process = kernel_.processes().find(by.pid);
    if (process == nullptr || by.end->reached || process->mm == nullptr) return false;
    process_ = process;
    task_.process = process;
    task_.id = by.task;
    task_.numbers = kernel_.processes().ids().of(by.task.value).below;
    task_.cred = by.cred;
    task_.tif_tagged_addr = by.tagged_addresses;
    return true;
}

// IOSQE_FIXED_FILE: the registered file gets a descriptor for as long as the call takes.
SysResult<void> RingRequests::use_registered(UringSqe& sqe) {
    const auto index = static_cast<std::size_t>(sqe.fd);
    if (index >= ring_.files.size() || !ring_.files[index]) return tl::make_unexpected(Errno::Badf);
    sqe.fd = TRY(process_->files.add(ring_.files[index], true));
    return {};
}

// io_import_fixed.
bool RingRequests::in_registered_buffer(const UringSqe& sqe) const {
    if (sqe.buffer_index >= ring_.buffers.size()) return false;
    const auto& [base, size] = ring_.buffers[sqe.buffer_index];
    return sqe.address >= base && sqe.length <= size && sqe.address - base <= size - sqe.length;
}

RingRequests::Outcome RingRequests::call_handler(RingRequest& request) {
    UringSqe sqe = request.sqe;
    const auto* const work = std::ranges::find(kWork, sqe.opcode, &Work::opcode);
    if (work == std::end(kWork)) return {.result = failure(Errno::Inval)};
    if ((sqe.opcode == kUringReadFixed || sqe.opcode == kUringWriteFixed) &&
        !in_registered_buffer(sqe))
        return {.result = failure(Errno::Fault)};
    const bool registered = (sqe.flags & kSqeFixedFile) != 0;
    if (registered) {
        if (const auto used = use_registered(sqe); !used) return {.result = failure(used.error())};
    }
    std::uint32_t number = work->call;
    if (work->call_without_offset != 0) {
        const auto file = process_->files.share(sqe.fd);
        if (sqe.offset == ~std::uint64_t{0} || (file && !file->seekable()))
            number = work->call_without_offset;
    }
    if (sqe.opcode == kUringFsync && (sqe.op_flags & kUringFsyncData) != 0) number = 83;
    const SyscallRow* const row = calls().find(number);
    if (row == nullptr) return {.result = failure(Errno::Inval)};
    task_.call_holds = std::move(request.holds);
    task_.call_progress = request.progress;
    task_.wait_deadline_ns = request.deadline_ns.value_or(kNoDeadline);
    SysCall call{.kernel = kernel_,
                 .process = *process_,
                 .task = task_,
                 .args = arguments(sqe, work->args),
                 .path = row->path};
    const SysOutcome outcome = [&] {
        const WithHeldFiles held(process_->files, request.held_files);
        return row->fn(call);
    }();
    if (std::holds_alternative<Block>(outcome) && !registered)
        hold_files(call, row->keeps, request.held_files);
    if (registered) (void)process_->files.close(sqe.fd);
    if (std::holds_alternative<Block>(outcome)) {
        wait(request);
        return {.waits = true};
    }
    kernel_.gate().spend(task_, call.path, call.units);
    task_.call_holds.reset();
    task_.call_progress = 0;
    task_.wait_deadline_ns = kNoDeadline;
    if (const auto* error = std::get_if<Errno>(&outcome)) return {.result = failure(*error)};
    const auto* const value = std::get_if<std::uint64_t>(&outcome);
    return {.result = value != nullptr ? static_cast<std::int64_t>(*value) : 0};
}

// The handler has put the ring's task into the queues that it waits on.
void RingRequests::wait(RingRequest& request) {
    request.holds = std::move(task_.call_holds);
    request.progress = std::exchange(task_.call_progress, 0);
    if (task_.wait_deadline_ns != kNoDeadline) {
        request.deadline_ns = task_.wait_deadline_ns;
        request.timer = TimerHandle(kernel_.timers(),
                                    kernel_.timers().arm(task_.wait_deadline_ns, [this, &request] {
                                        ring_.request_runnable(request);
                                    }));
        task_.wait_deadline_ns = kNoDeadline;
    }
    for (WaitQueue* queue : task_.waits_on) {
        request.listens.push_back(std::make_unique<Listener>(ring_, request));
        request.listens.back()->attach(*queue);
    }
    task_.leave_queues();
}

RingRequests::Outcome RingRequests::poll(RingRequest& request) {
    UringSqe sqe = request.sqe;
    const auto file =
        (sqe.flags & kSqeFixedFile) != 0 && static_cast<std::size_t>(sqe.fd) < ring_.files.size()
            ? ring_.files[static_cast<std::size_t>(sqe.fd)]
            : process_->files.share(sqe.fd);
    if (!file) return {.result = failure(Errno::Badf)};
    if (sqe.length != 0) return {.result = failure(Errno::Inval)};  // several shots, updates
    const std::uint32_t ready = file->poll() & (sqe.op_flags | kPollErr | kPollHup);
    if (ready != 0) return {.result = ready};
    request.holds = file;
    if (WaitQueue* queue = file->waiters()) {
        request.listens.push_back(std::make_unique<Listener>(ring_, request));
        request.listens.back()->attach(*queue);
    }
    return {.waits = true};
}

RingRequests::Outcome RingRequests::timeout(RingRequest& request) {
    const UringSqe& sqe = request.sqe;
    const std::uint64_t now = kernel_.clock().monotonic_ns();
    if (!request.deadline_ns) {
        if (sqe.length != 1) return {.result = failure(Errno::Inval)};
        UserMemory memory(*process_->mm, task_.id, task_.tif_tagged_addr);
        const auto given = read_duration(memory, VAddr(sqe.address));
        if (!given) return {.result = failure(given.error())};
        request.deadline_ns = (sqe.op_flags & kUringTimeoutAbs) != 0 ? *given : now + *given;
        if (sqe.offset != 0) request.target = ring_.completions() + sqe.offset;
    }
    if (request.target != 0 && ring_.completions() >= request.target) return {.result = 0};
    if (now >= *request.deadline_ns) return {.result = failure(Errno::Time)};
    request.timer =
        TimerHandle(kernel_.timers(), kernel_.timers().arm(*request.deadline_ns, [this, &request] {
            ring_.request_runnable(request);
        }));
    return {.waits = true};
}

std::int64_t RingRequests::cancel(std::uint64_t user_data, bool of_timeout, bool of_poll) {
    const auto found = std::ranges::find_if(ring_.waiting, [&](const RingRequest& one) {
        if (of_timeout && one.sqe.opcode != kUringTimeout) return false;
        if (of_poll && one.sqe.opcode != kUringPollAdd) return false;
        return one.sqe.user_data == user_data;
    });
    if (found == ring_.waiting.end()) return failure(Errno::NoEnt);
    end_waiting(found, failure(Errno::Canceled));
    return 0;
}

void RingRequests::end_waiting(std::list<RingRequest>::iterator request, std::int64_t result) {
    std::list<RingRequest> one;
    one.splice(one.begin(), ring_.waiting, request);
    one.front().listens.clear();
    one.front().timer = {};
    finish(one.front(), result);
}

RingRequests::Outcome RingRequests::run(RingRequest& request) {
    request.runnable = false;
    request.listens.clear();
    request.timer = {};
    if (!act_for(request.by)) return {.result = failure(Errno::Canceled)};
    const UringSqe& sqe = request.sqe;
    switch (sqe.opcode) {
        case kUringNop: return {.result = 0};
        case kUringPollAdd: return poll(request);
        case kUringTimeout: return timeout(request);
        case kUringPollRemove: return {.result = cancel(sqe.address, false, true)};
        case kUringTimeoutRemove: return {.result = cancel(sqe.address, true, false)};
        case kUringCancel: return {.result = cancel(sqe.address, false, false)};
        default: return call_handler(request);
    }
}

// A chain goes on after a success; what fails, or is short, cancels the rest.
void RingRequests::finish(RingRequest& request, std::int64_t result) {
    const UringSqe& sqe = request.sqe;
    const bool transfers = sqe.opcode == kUringRead || sqe.opcode == kUringWrite ||
                           sqe.opcode == kUringReadFixed || sqe.opcode == kUringWriteFixed;
    const bool fails = result < 0 || (transfers && result != static_cast<std::int64_t>(sqe.length));
    ring_.complete(sqe.user_data, result, !fails && (sqe.flags & kSqeSkipSuccess) != 0);
    UringChain rest = std::move(request.linked);
    if (!rest.empty() && rest.front().opcode == kUringLinkTimeout) {
        ring_.complete(rest.front().user_data, failure(Errno::Canceled));
        rest.pop_front();
    }
    if (rest.empty()) return;
    if (!fails || (sqe.flags & kSqeHardlink) != 0) {
        next_.push_back({request.by, std::move(rest)});
        return;
    }
    for (const UringSqe& one : rest) ring_.complete(one.user_data, failure(Errno::Canceled));
}

void RingRequests::arm_linked_timeout(std::list<RingRequest>::iterator request) {
    if (request->linked.empty() || request->linked.front().opcode != kUringLinkTimeout) return;
    UserMemory memory(*process_->mm, task_.id, task_.tif_tagged_addr);
    const auto given = read_duration(memory, VAddr(request->linked.front().address));
    if (!given) return;
    const std::uint64_t at = kernel_.clock().monotonic_ns() + *given;
    request->timer = TimerHandle(kernel_.timers(), kernel_.timers().arm(at, [this, request] {
        const std::uint64_t of_timeout = request->linked.front().user_data;
        request->linked.pop_front();
        end_waiting(request, failure(Errno::Canceled));
        ring_.complete(of_timeout, failure(Errno::Time));
        go_on();
    }));
}

void RingRequests::submit(UringChain chain) {
    next_.push_back({by_, std::move(chain)});
    go_on();
}

// One after the other: a chain may be as long as a ring, and one chain may end another. What is
// being done does not wait yet: it does not cancel itself.
void RingRequests::go_on() {
    while (!next_.empty()) {
        std::list<RingRequest> one(1);
        const auto request = one.begin();
        request->by = std::move(next_.front().by);
        request->linked = std::move(next_.front().chain);
        next_.pop_front();
        request->sqe = request->linked.front();
        request->linked.pop_front();
        const Outcome outcome = run(*request);
        if (outcome.waits) {
            ring_.waiting.splice(ring_.waiting.end(), one);
            arm_linked_timeout(request);
            ring_.account(*request);
            continue;
        }
        finish(*request, outcome.result);
        end_timeouts();
    }
}

// Timeouts that end with a number of completions.
void RingRequests::end_timeouts() {
    for (RingRequest& request : ring_.waiting) {
        if (request.target != 0 && ring_.completions() >= request.target)
            ring_.request_runnable(request);
    }
}

void RingRequests::progress() {
    while (true) {
        const auto at = std::ranges::find_if(ring_.waiting, &RingRequest::runnable);
        if (at == ring_.waiting.end()) return;
        const Outcome outcome = run(*at);
        if (outcome.waits) {
            ring_.account(*at);
            continue;
        }
        std::list<RingRequest> done;
        done.splice(done.begin(), ring_.waiting, at);
        finish(done.front(), outcome.result);
        end_timeouts();
        go_on();
    }
}

}  // namespace uprobesim
