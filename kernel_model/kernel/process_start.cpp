// SPDX-License-Identifier: GPL-2.0-or-later
// Starting programs, and execve.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/loader/exec.h"
#include "kernel_model/task/budgets.h"
#include "kernel_model/vdso/vdso.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// As a login on Debian has them.
void set_default_limits(Process& process) {
    process.limits[abi::kRlimitStack].soft = 8u << 20;
    process.limits[abi::kRlimitCore].soft = 0;
    process.limits[abi::kRlimitNproc] = {31000, 31000};
    process.limits[abi::kRlimitNofile] = {1024, 1048576};
    process.limits[abi::kRlimitMemlock] = {8u << 20, 8u << 20};
    process.limits[abi::kRlimitSigpending] = {31000, 31000};
    process.limits[abi::kRlimitMsgqueue] = {819200, 819200};
    process.limits[abi::kRlimitNice] = {0, 0};
    process.limits[abi::kRlimitRtprio] = {0, 0};
    process.files.set_limit(process.limits[abi::kRlimitNofile].soft);
}

std::string_view path_of(const std::vector<std::string>& environment) {
    for (const std::string& entry : environment) {
        if (entry.starts_with("PATH=")) return std::string_view(entry).substr(5);
    }
    return kDefaultPath;
}

std::uint64_t bytes_of(const std::vector<std::string>& strings) {
    std::uint64_t bytes = 0;
    for (const std::string& s : strings) bytes += sizeof(std::string) + s.capacity();
    return bytes;
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.find_last_of('/') + 1).substr(0, 15));
}

// execvp's search. Empty: not found.
std::string find_program(FileSystem& files, const Caller& from_cwd, const ProgramRequest& request) {
    const std::string& name = request.arguments.front();
    if (name.find('/') != std::string::npos) return name;
    std::string_view rest = path_of(request.environment);
    while (true) {
        const std::size_t colon = rest.find(':');
        const std::string_view folder = rest.substr(0, colon);
        std::string candidate =
            (folder.empty() ? std::string(".") : std::string(folder)) + "/" + name;
        const auto status = files.status(from_cwd, candidate, true);
        if (status && (status->mode & abi::kIfmt) == abi::kIfReg &&
            (status->mode & abi::kIxugo) != 0)
            return candidate;
        if (colon == std::string_view::npos) return {};
        rest.remove_prefix(colon + 1);
    }
}

}  // namespace

ProcessTable::ProcessTable(Kernel& kernel)
    : kernel_(kernel),
      ids_(kernel.machine().memory),
      vdso_(make_vdso(kernel.machine(), kEpochNs)) {}

ProcessTable::~ProcessTable() {
    for (const auto& [pid, process] : processes_) {
        if (process->mm != nullptr) process->mm->observe(nullptr);
        // Open files may have timers, and wake the tasks that wait for them.
        for (const auto& [id, task] : process->tasks) {
            task->call_holds.reset();
            task->held_files = {};
        }
        process->files = {};
        process->posix_timers.clear();
    }
    // Closing the last files may wake tasks of other processes, which uses the scheduler.
    processes_.clear();
}

// Process 1, as others see it: it waits for ever, and whatever becomes its child is reaped at once.
// Its program is a name only, so it needs no file in the guest's root.
void ProcessTable::make_init() {
    auto init = std::make_unique<Process>();
    init->mm = Mm::make(kernel_.machine());
    if (init->mm == nullptr) return;  // then no program can be started either
    constexpr std::array kOwnId = {kInitPid};
    const PidTable::Wish wish{.numbers = kOwnId,
                              .allowed = [](const PidNamespace*) { return true; }};
    check_invariant(ids_.make(nullptr, wish, end_of_ids()).has_value(), "init has no id");
    ids_.set_last(nullptr, kFirstPid - 1);
    init->pid = init->group = init->session = kInitPid;
    init->parent_pid = 0;
    init->uts = kernel_.first_uts();
    init->exe = "/sbin/init";
    init->arguments = {init->exe};
    init->actions[static_cast<std::size_t>(Signal::Chld)].handler = abi::kSigIgn;
    set_default_limits(*init);
    Process& made = add_process(std::move(init));
    Task& task = add_task(made, made.id(), kernel_.machine().cpu->create_context());
    task.cred = made.cred;
    task.comm = base_name(made.exe);
    task.state = TaskState::Blocked;
}

tl::expected<Process*, StartFailure> ProcessTable::start(const ProgramRequest& request) {
    const auto failure = [](std::optional<Errno> number, std::string what, std::string where,
                            std::string hint) {
        return tl::make_unexpected(
            StartFailure{{std::move(what), std::move(where), std::move(hint)}, number});
    };
    FileSystem& files = kernel_.files();
    if (request.arguments.empty() || request.arguments.front().empty())
        return failure(std::nullopt, "no program was given", {}, {});
    const auto cwd = files.directory(Caller{}, request.cwd);
    if (!cwd)
        return failure(std::nullopt, "no such directory in the guest's file tree", request.cwd,
                       "give an absolute guest path to --cwd");
    const std::string path = find_program(files, Caller{}.starting_at(*cwd), request);
    if (path.empty())
        return failure(Errno::NoEnt, "program not found in the guest's PATH",
                       request.arguments.front(),
                       fmt::format("PATH is {}; a name with a '/' is taken as it is",
                                   path_of(request.environment)));

    if (processes_.empty()) make_init();
    auto process = std::make_unique<Process>();
    const auto id = ids_.make(nullptr, {}, end_of_ids());
    check_invariant(id.has_value(), "the first process has no id");
    process->pid = process->group = process->session = id->first;
    process->fs->cwd = *cwd;
    process->cred = std::make_shared<Credentials>(Credentials::of_user(request.uid, request.uid));
    process->uts = kernel_.first_uts();
    PhysicalMemory& memory = kernel_.machine().memory;
    process->charge = MemoryCharge(&memory, kProcessBytes);
    process->files.account(memory);
    process->pending.account(memory);
    set_default_limits(*process);
    for (int fd = 0; fd < 3; ++fd) {
        check_invariant(process->files.put(fd, files.host_stdio(fd), false).has_value(),
                        "standard descriptors cannot be put");
    }
    Process& made = add_process(std::move(process));
    Cpu& cpu = *kernel_.machine().cpu;
    Task& first = add_task(made, made.id(), cpu.create_context());
    first.cred = made.cred;

    if (const auto loaded = load(made, first, {path, request.arguments, request.environment});
        !loaded) {
        cpu.destroy_context(first.context);
        tasks_.erase(first.id);
        ids_.drop(first.id.value);
        remove_process(processes_.find(made.pid));
        return tl::make_unexpected(loaded.error());
    }
    if (Process* init = find(made.parent_pid)) init->children.insert(made.pid);
    first.affinity = request.affinity;
    kernel_.scheduler().start(first);
    return &made;
}

void ProcessTable::epoch_changed(std::uint64_t epoch_ns) {
    set_vdso_epoch(vdso_, epoch_ns);
    for (const auto& vdso : time_vdsos_) set_vdso_epoch(vdso.lock(), epoch_ns);
}

TimeSpace ProcessTable::time_space_of_children(const Process& process) {
    return std::static_pointer_cast<TimeNamespace>(process.space(NamespaceKind::Time));
}

SysResult<void> ProcessTable::prepare_time_space(TimeNamespace& space) {
    space.vdso = TRY(make_time_vdso(kernel_.machine(), kernel_.clock().realtime_base().epoch_ns));
    if (!space.vdso) return {};
    // Those that are gone are forgotten where the list would have to grow.
    if (time_vdsos_.size() == time_vdsos_.capacity()) {
        std::erase_if(time_vdsos_, [](const auto& vdso) { return vdso.expired(); });
        time_vdsos_.reserve(2 * time_vdsos_.size() + 1);
    }
    time_vdsos_.push_back(space.vdso);
    return {};
}

void ProcessTable::enter_time_space(Process& process, const TimeSpace& space) {
    if (space == process.time_space) return;
    const auto vdso_of = [&](const TimeSpace& of) { return of ? of->vdso : vdso_; };
    const auto before = vdso_of(process.time_space), after = vdso_of(space);
    process.time_space = space;
    if (space && !std::exchange(space->frozen, true))
        set_vdso_offsets(after, space->monotonic_ns, space->boottime_ns);
    if (process.mm != nullptr && before && after) process.mm->exchange_file(before, after);
}

Task& ProcessTable::add_task(Process& process, const Pid& pid, ContextId context) {
    auto task = std::make_unique<Task>();
    const TaskId id{pid.first};
    ids_.hold(pid.first);
    task->id = id;
    task->numbers = pid.below;
    task->start_ns = kernel_.clock().monotonic_ns();
    task->process = &process;
    task->context = context;
    task->scheduler = &kernel_.scheduler();
    task->cpu = kernel_.scheduler().here().id;
    task->charge = MemoryCharge(&kernel_.machine().memory, kTaskBytes);
    task->pending.account(kernel_.machine().memory);
    tasks_[id] = task.get();
    Ledger& ledger = kernel_.machine().ledger;
    if (const auto past = ledger.tasks().find(id); past != ledger.tasks().end())
        task->former_kernel = past->second.kernel_cycles();
    ledger.forget_faults(id);
    return *process.tasks.emplace(id, std::move(task)).first->second;
}

namespace {

// While a program is loaded no other process is ended for want of memory: execve fails.
class ExecObserver final : public MmObserver {
public:
    explicit ExecObserver(MmObserver& table) : table_(table) {}
    void mapped(Mm& mm, const Vma& vma) override { table_.mapped(mm, vma); }
    std::uint64_t unmapping(Mm& mm, VRange range) override { return table_.unmapping(mm, range); }
    void made_executable(Mm& mm, VRange range) override { table_.made_executable(mm, range); }

private:
    MmObserver& table_;
};

}  // namespace

// Replaces the process's program. On failure the process is unchanged.
tl::expected<void, StartFailure> ProcessTable::load(Process& process, Task& task,
                                                    ExecRequest request) {
    Machine& machine = kernel_.machine();
    const TimeSpace times = time_space_of_children(process);
    request.vdso = times ? times->vdso : vdso_;
    request.credentials = task.cred;
    std::shared_ptr<Mm> old_mm = std::move(process.mm);
    const auto old_names =
        std::tuple(process.exe, process.arguments, process.environment, process.auxv);
    const auto old_places =
        std::tuple(process.argument_area, process.environment_area, process.stack_start);

    process.mm = Mm::make(machine);
    if (process.mm == nullptr) {
        process.mm = std::move(old_mm);
        return tl::make_unexpected(StartFailure{
            {"the guest's memory is too small", request.path, "--memory sets it"}, Errno::NoMem});
    }
    process.mm->obey(kernel_.memory_rules());
    process.mm->set_stack_limit(process.limits[abi::kRlimitStack].soft);
    process.mm->set_limits(process.limits[abi::kRlimitAs].soft,
                           process.limits[abi::kRlimitData].soft);
    // Breakpoints are placed as the segments are mapped.
    process.mm->set_maker(process.pid);
    ExecObserver observer(*this);
    process.mm->observe(&observer);
    const auto loaded = load_program(machine, kernel_.files(), process, request);
    if (!loaded) {
        process.mm = std::move(old_mm);
        std::tie(process.exe, process.arguments, process.environment, process.auxv) = old_names;
        std::tie(process.argument_area, process.environment_area, process.stack_start) = old_places;
        return tl::make_unexpected(loaded.error());
    }

    process.mm->observe(this);

    // Point of no return: what exec resets (begin_new_exec, flush_signal_handlers).
    const Pid before = task.pid();
    if (old_mm != nullptr) {
        note_memory(process, *old_mm);
        end_other_tasks(task);
        release_mm(task, *old_mm);
        process.vforked = false;
        process.vfork_done.wake();
    }
    enter_time_space(process, times);
    process.actions.unshare();
    for (SignalAction& action : process.actions)
        action = {.handler = action.handler == abi::kSigIgn ? abi::kSigIgn : abi::kSigDfl};
    process.posix_timers.clear();
    process.cpu_timers.clear();
    process.charge.resize(kProcessBytes + bytes_of(process.arguments) +
                          bytes_of(process.environment));
    process.files.unshare();
    for (const auto& [fd, entry] : process.files.all()) {
        if (entry.close_on_exec) kernel_.closing(process, *entry.file);
    }
    process.files.close_on_exec();
    process.sigreturn_page = VAddr(0);
    const Credentials& after = loaded->credentials.credentials;
    set_credentials(task, after);
    process.cred = task.cred;
    // begin_new_exec
    process.options.dumpable =
        after.uid.effective == after.uid.real && after.gid.effective == after.gid.real ? 1 : 0;
    if (loaded->credentials.secure) process.options.parent_death_signal = 0;
    process.options.membarriers = 0;
    process.options.new_memory();
    process.executed = true;
    task.altstack = {};
    task.tif_uprobe = task.tif_singlestep = task.runs_slot = task.tif_tagged_addr = false;
    task.tif_notify_resume = false;
    task.fault_code = task.fault_address = 0;
    task.clear_child_tid = task.robust_list = VAddr(0);
    task.rseq = {};
    task.comm = base_name(request.path);
    // start_thread: speculative stores may be bypassed, as spectre_v4_enable_task_mitigation has
    // it.
    machine.cpu->write_all(
        task.context, {.sp = loaded->sp.value, .pc = loaded->entry.value, .pstate = kPstateSsbs});
    // ptrauth_thread_init_user
    if (machine.profile.isa.has(IsaFeature::Pac)) {
        machine.cpu->write_keys(task.context, fresh_keys(machine.entropy), kAllPointerKeys);
        task.enabled_keys = kAddressPointerKeys;
        machine.cpu->enable_keys(task.context, task.enabled_keys);
    }
    machine.cpu->write_fp(task.context, {});
    machine.cpu->write(task.context, Reg::Tpidr, 0);

    if (old_mm != nullptr) memory_ends(task, old_mm);
    kernel_.tracing().executed(task, before);
    if (TrapClient* client = kernel_.client(); client != nullptr) client->on_exec(process);
    if (kernel_.debugger() != nullptr) [[unlikely]]
        kernel_.debugger()->executed(task, TaskId{before.first});
    return {};
}

SysResult<void> ProcessTable::exec(Task& task, const ExecRequest& request) {
    const auto loaded = load(*task.process, task, request);
    if (!loaded) return tl::make_unexpected(loaded.error().number.value_or(Errno::NoExec));
    return {};
}

// Between vfork and execve two processes share one mm. The breakpoints belong to the mm.
Process* ProcessTable::process_of(const Mm& mm) const {
    if (Process* maker = find(mm.maker()); maker != nullptr && maker->mm.get() == &mm) return maker;
    for (const auto& [pid, process] : processes_) {
        if (process->mm.get() == &mm) return process.get();
    }
    return nullptr;
}

void ProcessTable::mapped(Mm& mm, const Vma& vma) {
    if (kernel_.client() == nullptr) return;
    if (Process* process = process_of(mm)) kernel_.client()->on_map(*process, vma);
}

std::uint64_t ProcessTable::unmapping(Mm& mm, VRange range) {
    if (kernel_.client() == nullptr) return 0;
    Process* process = process_of(mm);
    return process != nullptr ? kernel_.client()->on_unmap(*process, range) : 0;
}

void ProcessTable::made_executable(Mm& mm, VRange range) {
    if (kernel_.client() == nullptr) return;
    if (Process* process = process_of(mm)) kernel_.client()->on_executable(*process, range);
}

}  // namespace uprobesim
