// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/kernel/kernel.h"

#include <algorithm>
#include <cmath>

#include "kernel_model/aio/contexts.h"
#include "kernel_model/block/loop_devices.h"
#include "kernel_model/files/event/fanotify_marks.h"
#include "kernel_model/files/event/inotify_file.h"
#include "kernel_model/files/tty/pty.h"
#include "kernel_model/ipc/ipc.h"
#include "kernel_model/kernel/accounting.h"
#include "kernel_model/kernel/memory_parameters.h"
#include "kernel_model/kernel/sched_parameters.h"
#include "kernel_model/keys/keyrings.h"
#include "kernel_model/log/kernel_log.h"
#include "kernel_model/net/network.h"
#include "kernel_model/task/budgets.h"

namespace uprobesim {
namespace {

std::uint64_t cycles_per_second(const Machine& machine) {
    return std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(std::llround(machine.profile.frequency_hz.value)));
}

// What /proc shows of this kernel.
class KernelView final : public SystemView {
public:
    explicit KernelView(Kernel& kernel) : kernel_(kernel) {}

    const std::map<std::int32_t, std::unique_ptr<Process>>& processes() const override {
        return kernel_.processes().all();
    }
    Task* current() const override { return kernel_.current(); }
    const PidTable& ids() const override { return kernel_.processes().ids(); }
    unsigned cpu_count() const override {
        return static_cast<unsigned>(kernel_.scheduler().cpus().size());
    }
    std::uint64_t monotonic_ns() const override { return kernel_.clock().monotonic_ns(); }
    std::uint64_t idle_ns() const override { return kernel_.clock().idle_ns(); }
    CpuTime cpu_time(const Task& task) const override { return kernel_.clock().cpu_time(task); }
    CpuTime cpu_time(const Process& process) const override {
        return kernel_.clock().cpu_time(process);
    }
    std::uint64_t faults(const Task& task) const override { return kernel_.faults(task); }
    std::uint64_t faults(const Process& process) const override { return kernel_.faults(process); }
    std::uint64_t queued_signals(const Process& process) const override {
        return kernel_.signals().charged(process);
    }
    const Mounts* mounts() const override { return kernel_.files().mounts(); }
    Sysctls& sysctls(std::string_view name) const override {
        if (is_of_ipc(name)) return ipc().sysctls;
        return is_of_network(name) ? network().sysctls : kernel_.sysctls();
    }
    const Network& loopback() const override { return network(); }
    Keyrings& keyrings() const override { return kernel_.keyrings(); }
    Terminals& terminals() const override { return kernel_.terminals(); }
    KernelLog& log() const override { return kernel_.log(); }
    LoopDevices& loops() const override { return kernel_.loops(); }
    const FileLocks& locks() const override { return *kernel_.file_locks(); }

    Ipc& ipc() const override {
        const Task* const task = kernel_.current();
        return task != nullptr ? kernel_.ipc_of(*task->process) : kernel_.first_ipc();
    }

private:
    Network& network() const {
        const Task* const task = kernel_.current();
        return task != nullptr ? *kernel_.network_of(*task->process) : *kernel_.network();
    }

    Kernel& kernel_;
};

// A program may take one uid after the other: those that use nothing are forgotten.
template <class Use>
const std::shared_ptr<Use>& use_of(std::map<std::uint32_t, std::shared_ptr<Use>>& all,
                                   std::uint32_t uid) {
    std::erase_if(all, [uid](const auto& entry) {
        return entry.first != uid && entry.second.use_count() == 1;
    });
    auto& use = all[uid];
    if (!use) use = std::make_shared<Use>();
    return use;
}

template <class Space>
Space* own_space(const Process& process, NamespaceKind kind) {
    return static_cast<Space*>(process.spaces[static_cast<std::size_t>(kind)].get());
}

}  // namespace

Ipc& Kernel::ipc_of(const Process& process) const {
    Ipc* const own = own_space<Ipc>(process, NamespaceKind::Ipc);
    return own != nullptr ? *own : *ipc_;
}

const std::shared_ptr<Network>& Kernel::network_of(const Process& process) const {
    const auto* const own = own_space<NetNamespace>(process, NamespaceKind::Net);
    return own != nullptr ? own->network : network_;
}

Kernel::Kernel(Machine& machine, FileSystem& files, unsigned cpus)
    : machine_(machine),
      files_(files),
      network_(std::make_shared<Network>(&machine.memory)),
      terminals_(std::make_unique<Terminals>(
          [this](std::int32_t group, Signal signal) {
              for (const auto& [pid, process] : processes_.all()) {
                  if (process->group == group)
                      signals_.send(*process, {.signal = signal, .code = abi::kSiKernel});
              }
          },
          [this](std::int32_t pid, Signal signal) {
              if (Process* process = processes_.find(pid))
                  signals_.send(*process, {.signal = signal, .code = abi::kSiKernel});
          })),
      view_(std::make_unique<KernelView>(*this)),
      file_locks_(std::make_shared<FileLocks>(&machine.memory)),
      ipc_(std::make_unique<Ipc>(name_of(NamespaceKind::Ipc).first_inode, &machine.memory)),
      accounting_(std::make_unique<Accounting>(*this)),
      aio_(std::make_unique<AioContexts>(&machine.memory)),
      keyrings_(std::make_unique<Keyrings>(&machine.memory, sysctls_)),
      loops_(std::make_unique<LoopDevices>(&machine.memory)),
      timers_([this] { charge_timer_interrupt(); }),
      scheduler_(machine.ledger, cycles_per_second(machine)),
      clock_(machine, scheduler_),
      gate_(machine.ledger),
      signals_(*this),
      signal_timers_(*this),
      tracing_(*this),
      processes_(*this) {
    network_->real_time_ns = [this] { return clock_.realtime_ns(); };
    network_->current_cpu = [this] { return current_ != nullptr ? current_->cpu : 0u; };
    network_->random = [&machine] { return static_cast<std::uint32_t>(machine.entropy.next()); };
    scheduler_.set_cpus(cpus);
    sysctls_.set_default("fs/epoll/max_user_watches",
                         std::to_string(most_epoll_watches(machine.memory)));
    sysctls_.make_default("kernel/osrelease", [&machine] { return machine.tell_release(); });
    connect_parameters(sysctls_, scheduler_);
    connect_parameters(sysctls_, memory_rules_);
    sysctls_.make_default("fs/aio-nr", [this] { return std::to_string(aio_->reserved()); });
    sysctls_.set_default("kernel/threads-max", std::to_string(threads_max(machine.memory)));
    sysctls_.make_default("kernel/ns_last_pid",
                          [this] { return std::to_string(processes_.ids().last(pid_space())); });
    sysctls_.on_write("kernel/ns_last_pid",
                      [this](const std::string& id) -> tl::expected<void, Errno> {
                          PidNamespace* const space = pid_space();
                          if (!may_choose_ids(space)) return tl::make_unexpected(Errno::Perm);
                          processes_.ids().set_last(space, std::stoi(id));
                          return {};
                      });
    files_.set_clock([this] { return clock_.realtime_ns(); });
    files_.set_system_view(view_.get());
}

// Begins with what a kernel tells first.
KernelLog& Kernel::log() {
    constexpr std::uint32_t kNotice = 5;
    if (log_ == nullptr) {
        log_ =
            std::make_unique<KernelLog>([this] { return clock_.monotonic_ns(); }, &machine_.memory);
        log_->add_at(0, kNotice, linux_banner(machine_.tell_release()));
    }
    return *log_;
}

Kernel::~Kernel() {
    files_.set_system_view(nullptr);
    files_.set_clock(
        [] { return kEpochNs; });  // files may be written back after the destruction of the kernel
}

PidNamespace* Kernel::pid_space() const {
    return current_ != nullptr ? current_->process->pid_space() : nullptr;
}

// checkpoint_restore_ns_capable.
bool Kernel::may_choose_ids(const PidNamespace* space) const {
    if (current_ == nullptr) return true;
    const UserSpace owner = space != nullptr ? space->owned_by : nullptr;
    const Credentials& cred = *current_->cred;
    return cred.capable_in(owner, Capability::CheckpointRestore) ||
           cred.capable_in(owner, Capability::SysAdmin);
}

std::uint64_t Kernel::faults(const Task& task) const {
    return machine_.ledger.faults(task.id);
}

std::uint64_t Kernel::faults(const Process& process) const {
    std::uint64_t sum = process.ended_faults;
    for (const auto& [id, task] : process.tasks) sum += faults(*task);
    return sum;
}

void Kernel::share_lines(const std::vector<unsigned>& places, std::uint64_t seed) {
    check_invariant(places.size() == scheduler_.cpus().size(), "a CPU without a place");
    if (places.size() == 1 || !machine_.profile.contention) return;
    legs_ = std::make_unique<Legs>(machine_.ledger, machine_.profile, machine_.kernel_profile,
                                   places, seed);
    gate_.keep_legs(legs_.get());
}

// Charged to the task that ran last on the CPU that takes the interrupt.
void Kernel::charge_timer_interrupt() {
    const TaskId last = scheduler_.here().last_task;
    machine_.ledger.spend(last.value != 0 ? last : processes_.first_task(),
                          KernelPath::TimerInterrupt, 0, Account::Interrupt);
}

void Kernel::closing(const Process& process, File& file) {
    if (auto* queue = dynamic_cast<PosixQueueFile*>(&file)) queue->closed_by(process.pid);
    LockTable& locks = file_locks_->ranges;
    if (!locks.holds(&process)) return;
    if (const auto status = file.status()) locks.release({status->device, status->inode}, &process);
}

const std::shared_ptr<InotifyUse>& Kernel::inotify_use(std::uint32_t uid) {
    return use_of(inotify_use_, uid);
}

const std::shared_ptr<FanotifyUse>& Kernel::fanotify_use(std::uint32_t uid) {
    return use_of(fanotify_use_, uid);
}

}  // namespace uprobesim
