// SPDX-License-Identifier: GPL-2.0-or-later
// New threads and processes: kernel_clone.
#include <algorithm>

#include "kernel_model/abi/clone.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/keys/keyrings.h"
#include "kernel_model/task/budgets.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

// What a copy of the process takes at least. Pages are copied only when they are written.
std::uint64_t bytes_of_copy(const Process& parent, bool shares_memory) {
    return kTaskBytes + parent.charge.bytes() + parent.files.kernel_bytes() +
           (shares_memory ? 0 : parent.mm->kernel_bytes());
}

// A copy of the process without its tasks.
std::unique_ptr<Process> copy_of(const Process& parent) {
    auto child = std::make_unique<Process>();
    child->parent_pid = parent.pid;
    child->group = parent.group;
    child->session = parent.session;
    child->files = parent.files;
    child->actions = parent.actions;
    child->limits = parent.limits;
    child->fs = parent.fs;
    child->mounts = parent.mounts;
    child->uts = parent.uts;
    child->time_space = parent.time_space;
    child->spaces = parent.spaces;
    child->exe = parent.exe;
    child->arguments = parent.arguments;
    child->environment = parent.environment;
    child->auxv = parent.auxv;
    child->argument_area = parent.argument_area;
    child->environment_area = parent.environment_area;
    child->stack_start = parent.stack_start;
    child->memory_policy = parent.memory_policy;
    child->options = parent.options;
    child->options.parent_death_signal = 0;
    child->options.child_subreaper = false;
    child->options.new_memory();
    child->oom_score_adj = parent.oom_score_adj;
    child->charge = parent.charge;
    child->sigreturn_page = parent.sigreturn_page;
    return child;
}

// pid_ns_for_children.
PidSpace space_of_children(const Process& process) {
    return std::static_pointer_cast<PidNamespace>(process.space(NamespaceKind::Pid));
}

// The first of a namespace is its process 1 (copy_process).
void enter_space(Process& process, const PidSpace& space) {
    process.spaces[static_cast<std::size_t>(NamespaceKind::Pid)] = space;
    if (process.numbers->numbers.back() != 1) return;
    space->reaper = process.pid;
    process.unkillable = true;
}

// sched_fork
void inherit_scheduling(Task& child, const Task& parent) {
    child.nice = parent.nice;
    child.sched = parent.sched;
    child.io_priority = parent.io_priority;
    child.timer_slack_ns = child.default_slack_ns = parent.timer_slack_ns;
    if (!parent.sched.reset_on_fork) return;
    if (child.sched.is_real_time()) child.nice = 0;
    child.nice = std::max(child.nice, 0);
    child.sched =
        child.sched.is_real_time() ? SchedClass{} : SchedClass{.policy = child.sched.policy};
}

void inherit_state(Task& child, const Task& parent, std::uint64_t flags) {
    child.affinity = parent.affinity;
    child.tif_tagged_addr = parent.tif_tagged_addr;
    child.enabled_keys = parent.enabled_keys;
    inherit_scheduling(child, parent);
    child.seccomp = parent.seccomp;
    child.sigmask = parent.restore_sigmask ? parent.saved_sigmask : parent.sigmask;
    child.comm = parent.comm;
    child.fault_address = parent.fault_address;
    child.fault_code = parent.fault_code;
    // A thread, and any task that shares the memory without waiting, has no alternate stack.
    const bool shares_memory = (flags & abi::kCloneVm) != 0;
    if (!shares_memory || (flags & abi::kCloneVfork) != 0) child.altstack = parent.altstack;
    // rseq_fork
    if (shares_memory) return;
    child.rseq = parent.rseq;
    child.tif_notify_resume = parent.tif_notify_resume;
}

// The child's number, as it and its parent know it. Bad pointers are ignored, as on Linux.
void write_numbers(const Task& parent, const Task& child, const CloneRequest& request) {
    const Pid id = child.pid();
    if ((request.flags & abi::kCloneChildSettid) != 0)
        static_cast<void>(UserMemory(*child.process->mm, child.id, child.tif_tagged_addr)
                              .put(request.child_tid, id.own()));
    if ((request.flags & abi::kCloneParentSettid) != 0)
        static_cast<void>(UserMemory(*parent.process->mm, parent.id, parent.tif_tagged_addr)
                              .put(request.parent_tid, id.in(parent.process->pid_space())));
}

}  // namespace

std::unique_ptr<Process> ProcessTable::fork_process(Task& parent, const CloneRequest& request) {
    std::unique_ptr<Process> child = copy_of(*parent.process);
    child->exit_signal = static_cast<Signal>(request.exit_signal);
    if ((request.flags & abi::kCloneParent) != 0) {
        child->parent_pid = parent.process->parent_pid;
        child->exit_signal = parent.process->exit_signal;
    }
    if ((request.flags & abi::kCloneFs) != 0) child->fs.share(parent.process->fs);
    if ((request.flags & abi::kCloneFiles) != 0) child->files.share(parent.process->files);
    if ((request.flags & abi::kCloneSighand) != 0) child->actions.share(parent.process->actions);
    if ((request.flags & abi::kCloneClearSighand) != 0) {
        for (SignalAction& action : child->actions) {
            if (action.handler > 1) action = {};
        }
    }
    if ((request.flags & abi::kCloneVm) != 0) {
        child->mm = parent.process->mm;
        kernel_.gate().spend(parent, KernelPath::SysVfork);
        return child;
    }
    ForkedPages copied;
    child->mm = parent.process->mm->fork(copied);
    kernel_.gate().spend(parent, KernelPath::SysFork, copied.entries);
    // Text is copied because of pages of the process's own in it. Those of breakpoints are what
    // there is in a program that nobody debugs.
    if (copied.text_entries != 0) {
        const Account account =
            parent.process->mm->extension ? Account::ProbePlace : Account::Guest;
        kernel_.gate().spend(parent, KernelPath::SysForkText, copied.text_entries, account);
        if (copied.text_tables != 0)
            kernel_.gate().spend(parent, KernelPath::SysForkTable, copied.text_tables, account);
    }
    if (child->mm == nullptr) return nullptr;
    child->mm->observe(this);
    return child;
}

std::int32_t ProcessTable::end_of_ids() const {
    return static_cast<std::int32_t>(kernel_.sysctls().number("kernel/pid_max"));
}

// copy_process: the superuser has no limit of its own.
bool ProcessTable::too_many_tasks(const Task& parent) const {
    if (tasks_.size() >= threads_max(kernel_.machine().memory)) return true;
    const Process& self = *parent.process;
    const std::uint64_t limit = self.limits[abi::kRlimitNproc].soft;
    const std::uint32_t user = parent.cred->uid.real;
    if (tasks_.size() < limit || user == 0 || parent.cred->capable(Capability::SysResource) ||
        parent.cred->capable(Capability::SysAdmin))
        return false;
    std::uint64_t own = 0;
    for (const auto& [pid, process] : processes_) {
        if (process->cred->uid.real == user) own += process->tasks.size();
    }
    return own >= limit;
}

SysResult<Task*> ProcessTable::clone(Task& parent, const CloneRequest& request) {
    const bool thread = (request.flags & abi::kCloneThread) != 0;
    PhysicalMemory& memory = kernel_.machine().memory;
    if (too_many_tasks(parent)) return tl::make_unexpected(Errno::Again);
    if (parent.sched.is_deadline() && !parent.sched.reset_on_fork)
        return tl::make_unexpected(Errno::Again);
    Process* process = parent.process;
    const PidSpace space = request.pid_space ? request.pid_space : space_of_children(*process);
    const std::uint64_t bytes =
        (thread ? kTaskBytes : bytes_of_copy(*process, (request.flags & abi::kCloneVm) != 0)) +
        PidTable::bytes_in(space.get());
    if (!memory.has_room(bytes)) return tl::make_unexpected(Errno::NoMem);
    const Pid id = TRY(ids_.make(space, request.wish, end_of_ids()));
    if (!thread) {
        std::unique_ptr<Process> made = fork_process(parent, request);
        if (made == nullptr) {
            ids_.discard(id.first);
            // A namespace whose first process could not be made gets no other one.
            if (space && space->reaper == 0) space->closed = true;
            return tl::make_unexpected(Errno::NoMem);
        }
        made->pid = id.first;
        made->numbers = id.below;
        if (space) enter_space(*made, space);
        if (made->mm != parent.process->mm) made->mm->set_maker(made->pid);
        made->pending.account(memory);
        process = &add_process(std::move(made));
        if (Process* of = find(process->parent_pid)) of->children.insert(process->pid);
    } else {
        kernel_.gate().spend(parent, KernelPath::SysCloneThread);
    }
    Task& child = add_task(*process, id, kernel_.machine().cpu->clone_context(parent.context));
    // copy_creds: threads share them, a process has the same in an object of its own.
    child.cred = thread ? parent.cred : std::make_shared<const Credentials>(*parent.cred);
    if (!thread) process->cred = child.cred;
    inherit_state(child, parent, request.flags);

    const bool vfork = (request.flags & abi::kCloneVfork) != 0;
    Cpu& cpu = *kernel_.machine().cpu;
    cpu.write(child.context, Reg::X0, 0);
    if (request.stack != VAddr(0)) cpu.write(child.context, Reg::Sp, request.stack.value);
    if ((request.flags & abi::kCloneSettls) != 0)
        cpu.write(child.context, Reg::Tpidr, request.tls.value);
    if ((request.flags & abi::kCloneChildCleartid) != 0) child.clear_child_tid = request.child_tid;
    write_numbers(parent, child, request);
    if (TrapClient* client = kernel_.client(); client != nullptr)
        client->on_clone(parent, child, vfork);
    if (vfork) process->vforked = true;
    kernel_.tracing().cloned(parent, child, request.flags, request.exit_signal);
    if (process != parent.process) kernel_.keyrings().forked(*parent.process, *process);
    kernel_.scheduler().start(child);
    if (kernel_.debugger() != nullptr) [[unlikely]]
        kernel_.debugger()->cloned(parent, child, vfork);
    return &child;
}

}  // namespace uprobesim
