// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/waiting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "kernel_model/abi/futex.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/memory/peek.h"
#include "kernel_model/syscall/dispatch.h"

namespace uprobesim {
namespace {

struct Wait {
    const Kernel& kernel;
    const Task& task;

    std::uint64_t argument(unsigned i) const {
        return kernel.machine().cpu->read(task.context, xreg(i));
    }
    std::int32_t int32(unsigned i) const { return static_cast<std::int32_t>(argument(i)); }
    Mm& memory() const { return *task.process->mm; }
};

std::string descriptor_text(const Wait& wait, std::int32_t fd) {
    const File* file = wait.task.process->files.get(fd);
    if (file == nullptr) return fmt::format("descriptor {}, which is not open", fd);
    return fmt::format("descriptor {}, {}", fd,
                       file->path().empty() ? "a file without a name" : file->path());
}

std::string process_text(const Process& process) {
    const std::string comm = process.tasks.empty() ? "" : process.tasks.begin()->second->comm;
    return fmt::format("process {} ({})", process.pid, comm);
}

std::string descriptor(const Wait& wait) {
    return descriptor_text(wait, wait.int32(0));
}

std::string futex_word(const Wait& wait) {
    const VAddr at(wait.argument(0));
    const auto value = peek_value<std::uint32_t>(wait.memory(), at);
    std::string text = fmt::format("the futex word at 0x{:x}", at.value);
    if (!value) return text;
    text += fmt::format(", which is {}", *value);
    if (wait.task.futex && wait.task.futex->holder)
        text += fmt::format(": a lock that task {} holds", wait.task.futex->holder->value);
    return text;
}

std::string any_child(const Wait& wait) {
    const auto children = wait.kernel.processes().children_of(*wait.task.process);
    std::vector<std::string> names(children.size());
    std::transform(children.begin(), children.end(), names.begin(),
                   [](const Process* p) { return process_text(*p); });
    return fmt::format("any child: {}", fmt::join(names, ", "));
}

std::string one_child(const Wait& wait, std::int32_t pid) {
    const Process* child = wait.kernel.processes().find(pid);
    return child == nullptr ? fmt::format("process {}", pid) : process_text(*child);
}

// A number of the task's namespace as an id; 0 stays its own group.
std::int32_t id_of(const Wait& wait, std::int32_t number) {
    const Process& process = *wait.task.process;
    return number == 0 ? process.group : PidTable::outside(process.pid_space(), number);
}

std::string child(const Wait& wait) {
    const std::int32_t pid = wait.int32(0);
    if (pid > 0) return one_child(wait, id_of(wait, pid));
    if (pid == -1) return any_child(wait);
    return fmt::format("a child in process group {}", id_of(wait, -pid));
}

std::string child_by_type(const Wait& wait) {
    enum : std::int32_t { All = 0, Pid = 1 };
    if (wait.int32(0) == All) return any_child(wait);
    if (wait.int32(0) == Pid) return one_child(wait, id_of(wait, wait.int32(1)));
    return fmt::format("a child in process group {}", id_of(wait, wait.int32(1)));
}

std::string new_program(const Wait& wait) {
    return fmt::format("{} to execute a program or to end",
                       one_child(wait, wait.task.vfork_child.first));
}

std::string polled(const Wait& wait) {
    struct PollFd {
        std::int32_t fd;
        std::int16_t events, revents;
    };
    constexpr std::uint64_t kMaxShown = 8;
    const std::uint64_t count = wait.argument(1);
    std::vector<std::string> shown;
    for (std::uint64_t i = 0; i < std::min(count, kMaxShown); ++i) {
        const auto entry =
            peek_value<PollFd>(wait.memory(), VAddr(wait.argument(0)) + i * sizeof(PollFd));
        if (entry && entry->fd >= 0) shown.push_back(descriptor_text(wait, entry->fd));
    }
    if (count > kMaxShown) shown.push_back(fmt::format("and {} more", count - kMaxShown));
    return shown.empty() ? "a signal" : fmt::format("{}", fmt::join(shown, "; "));
}

std::string selected(const Wait& wait) {
    constexpr std::uint64_t kMaxDescriptors = 1024;
    std::vector<std::string> shown;
    for (std::uint64_t fd = 0; fd < std::min(wait.argument(0), kMaxDescriptors); ++fd) {
        bool wanted = false;
        for (unsigned set = 1; set <= 3; ++set) {
            if (wait.argument(set) == 0) continue;
            const auto word =
                peek_value<std::uint64_t>(wait.memory(), VAddr(wait.argument(set)) + fd / 64 * 8);
            wanted |= word && (*word >> (fd % 64) & 1) != 0;
        }
        if (wanted) shown.push_back(descriptor_text(wait, static_cast<std::int32_t>(fd)));
    }
    return shown.empty() ? "a signal" : fmt::format("{}", fmt::join(shown, "; "));
}

std::string signal(const Wait&) {
    return "a signal";
}

// Texts by the call's name; fcntl waits for locks, clone and clone3 with CLONE_VFORK. For other
// calls the report has the name only.
struct Row {
    std::string_view call;
    std::string (*text)(const Wait&);
};
constexpr std::array kRows = {
    Row{"epoll_pwait", descriptor}, Row{"fcntl", descriptor},       Row{"flock", descriptor},
    Row{"getdents64", descriptor},  Row{"read", descriptor},        Row{"write", descriptor},
    Row{"readv", descriptor},       Row{"writev", descriptor},      Row{"pselect6", selected},
    Row{"ppoll", polled},           Row{"waitid", child_by_type},   Row{"futex", futex_word},
    Row{"rt_sigsuspend", signal},   Row{"rt_sigtimedwait", signal}, Row{"accept", descriptor},
    Row{"connect", descriptor},     Row{"sendto", descriptor},      Row{"recvfrom", descriptor},
    Row{"sendmsg", descriptor},     Row{"recvmsg", descriptor},     Row{"clone", new_program},
    Row{"accept4", descriptor},     Row{"recvmmsg", descriptor},    Row{"wait4", child},
    Row{"sendmmsg", descriptor},    Row{"clone3", new_program},     Row{"epoll_pwait2", descriptor},
};

std::string what(const Kernel& kernel, const Task& task, std::string_view call) {
    const auto row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.call == call; });
    return row == kRows.end() ? std::string() : row->text({kernel, task});
}

}  // namespace

std::vector<WaitingTask> waiting_tasks(const Kernel& kernel, const SyscallDispatcher& syscalls) {
    std::vector<WaitingTask> waiting;
    for (const auto& [pid, process] : kernel.processes().all()) {
        if (process->is_init()) continue;
        for (const auto& [id, task] : process->tasks) {
            if (task->state == TaskState::Dead) continue;
            WaitingTask row{.task = id.value, .process = pid, .comm = task->comm};
            const SyscallRow* call = syscalls.find(task->blocked_in);
            if (task->waits_in_fault) {
                row.waits_for = "a page that userfaultfd was asked for";
            } else if (task->state == TaskState::Blocked && call != nullptr) {
                row.call = call->name;
                row.waits_for = what(kernel, *task, call->name);
            }
            waiting.push_back(std::move(row));
        }
    }
    return waiting;
}

}  // namespace uprobesim
