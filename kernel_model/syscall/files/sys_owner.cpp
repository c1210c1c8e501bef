// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/syscall/files/sys_owner.h"

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/abi/poll.h"
#include "kernel_model/files/file_events.h"
#include "kernel_model/landlock/domain.h"
#include "kernel_model/wait/wait_queue.h"

namespace uprobesim {

using namespace abi;

namespace {

FileOwner& owner_of(File& file) {
    if (!file.owner) file.owner = std::make_shared<FileOwner>();
    return *file.owner;
}

struct OwnerEx {
    std::int32_t type, pid;
};

// kill_fasync, while the description has O_ASYNC.
class AsyncListener final : public WaitQueue::Listener {
public:
    AsyncListener(Kernel& kernel, File& file, std::int32_t descriptor)
        : kernel_(kernel), file_(file), descriptor_(descriptor) {}

private:
    bool woken(std::uint32_t events) override {
        const std::uint32_t mode = file_.flags & kOAccmode;
        std::uint32_t wanted = 0;
        if (mode != kOWronly) wanted |= kPollIn | kPollHup | kPollErr;
        if (mode != kORdonly) wanted |= kPollOut;
        const std::uint32_t now = file_.poll() & wanted & events;
        if (now == 0) return false;
        const bool in = (now & (kPollIn | kPollHup | kPollErr)) != 0;
        signal_owner(kernel_, file_,
                     {in ? kPollInCode : kPollOutCode,
                      in ? kPollIn | kPollRdnorm : kPollOut | kPollWrnorm, descriptor_});
        return false;  // no waiter
    }
    Kernel& kernel_;
    File& file_;
    std::int32_t descriptor_;
};

bool may_signal(const FileOwner& owner, const Process& target, const Credentials& of_target) {
    const Credentials& own = owner.setter;
    // hook_file_send_sigiotask
    if (target.pid != owner.setter_process &&
        is_scoped(own.landlock.get(), of_target.landlock.get(), kLandlockScopeSignal))
        return false;
    return own.uid.effective == 0 || own.may_signal(*target.cred);
}

}  // namespace

SysOutcome set_owner(SysCall& call, File& file, std::int32_t who) {
    if (who == INT32_MIN) return Errno::Inval;
    const OwnerType type = who < 0 ? OwnerType::Group : OwnerType::Process;
    const std::int32_t id = who == 0 ? 0 : call.id_of(who < 0 ? -who : who);
    const auto& all = call.kernel.processes().all();
    if (who != 0) {
        bool there = type == OwnerType::Process && call.kernel.processes().find(id) != nullptr;
        for (const auto& [pid, process] : all)
            there = there || (type == OwnerType::Group && process->group == id);
        if (!there) return Errno::Srch;
    }
    FileOwner& owner = owner_of(file);
    owner.type = type;
    owner.id = id;
    owner.setter = call.cred();
    owner.setter_process = call.process.pid;
    return 0;
}

SysOutcome get_owner(const SysCall& call, File& file) {
    if (!file.owner) return 0;
    const std::int32_t id = call.number_of(file.owner->id);
    return file.owner->type == OwnerType::Group ? -id : id;
}

SysOutcome set_owner_ex(SysCall& call, File& file, VAddr at) {
    const auto given = call.memory().get<OwnerEx>(at);
    if (!given) return Errno::Fault;
    if (given->type < 0 || given->type > static_cast<std::int32_t>(OwnerType::Group))
        return Errno::Inval;
    const auto type = static_cast<OwnerType>(given->type);
    if (type == OwnerType::Task && given->pid != 0) {
        const Task* const task = call.find_task(given->pid);
        if (task == nullptr) return Errno::Srch;
        owner_of(file) = {type, task->id.value, owner_of(file).signal, call.cred(),
                          call.process.pid};
        return 0;
    }
    return set_owner(call, file, type == OwnerType::Group ? -given->pid : given->pid);
}

SysOutcome get_owner_ex(SysCall& call, File& file, VAddr at) {
    OwnerEx shown{static_cast<std::int32_t>(OwnerType::Process), 0};
    if (file.owner)
        shown = {static_cast<std::int32_t>(file.owner->type), call.number_of(file.owner->id)};
    return call.memory().put(at, shown) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

SysOutcome set_owner_signal(File& file, std::int32_t signal) {
    if (signal != 0 && !is_signal(signal)) return Errno::Inval;
    owner_of(file).signal = signal;
    return 0;
}

SysOutcome get_owner_signal(File& file) {
    return file.owner ? file.owner->signal : 0;
}

void own_by_process(SysCall& call, File& file) {
    FileOwner& owner = owner_of(file);
    owner.type = OwnerType::Process;
    owner.id = call.process.pid;
    owner.setter = call.cred();
    owner.setter_process = call.process.pid;
}

bool set_async(SysCall& call, File& file, bool on) {
    if (!file.signals_owner()) return false;
    file.flags = on ? file.flags | kOAsync : file.flags & ~kOAsync;
    if (!on) file.async = nullptr;
    if (!on || file.async || file.waiters() == nullptr) return true;
    auto listener = std::make_shared<AsyncListener>(call.kernel, file, call.int32(0));
    listener->attach(*file.waiters());
    file.async = std::move(listener);
    return true;
}

OwnerNews message_of(std::int32_t descriptor) {
    return {kPollMsgCode, kPollIn | kPollRdnorm | kPollMsg, descriptor};
}

void signal_owner(Kernel& kernel, File& file, OwnerNews news) {
    if (!file.owner || file.owner->id == 0) return;
    const FileOwner& owner = *file.owner;
    SignalInfo info{.signal = Signal::Io, .code = kSiKernel};
    if (owner.signal != 0) {
        info = {.signal = static_cast<Signal>(owner.signal),
                .code = news.code,
                .address = news.band,
                .value = static_cast<std::uint32_t>(news.descriptor)};
    }
    if (owner.type == OwnerType::Task) {
        Task* task = kernel.processes().find_task(TaskId{owner.id});
        if (task != nullptr && may_signal(owner, *task->process, *task->cred))
            kernel.signals().send(*task, info);
        return;
    }
    for (const auto& [pid, process] : kernel.processes().all()) {
        const bool meant =
            owner.type == OwnerType::Process ? pid == owner.id : process->group == owner.id;
        if (meant && process->alive && may_signal(owner, *process, *process->cred))
            kernel.signals().send(*process, info);
    }
}

namespace {

constexpr std::pair<std::uint32_t, std::uint32_t> kKinds[] = {{kDnAccess, kInAccess},
                                                              {kDnModify, kInModify},
                                                              {kDnCreate, kInCreate | kInMovedTo},
                                                              {kDnDelete, kInDelete | kInMovedFrom},
                                                              {kDnRename, kFsRename},
                                                              {kDnAttrib, kInAttrib}};

class DirectoryWatch final : public FileEvents::Watch {
public:
    DirectoryWatch(Kernel& kernel, File& file, std::uint32_t mask, std::int32_t descriptor)
        : kernel_(kernel), file_(file), mask_(mask), descriptor_(descriptor) {}
    void told(const FileEvent& event) override {
        std::uint32_t wanted = 0;
        for (const auto& [asked, kinds] : kKinds) wanted |= (mask_ & asked) != 0 ? kinds : 0;
        if ((event.mask & wanted) == 0 || (event.name.empty() && (event.mask & kInIsdir) == 0))
            return;
        if ((mask_ & kDnMultishot) == 0) mask_ = 0;
        signal_owner(kernel_, file_, message_of(descriptor_));
    }
    void gone() override { mask_ = 0; }

private:
    Kernel& kernel_;
    File& file_;
    std::uint32_t mask_;
    std::int32_t descriptor_;
};

}  // namespace

SysOutcome notify_directory(SysCall& call, const std::shared_ptr<File>& file, std::uint32_t mask) {
    const auto& events = call.kernel.files().events();
    if ((mask & ~kDnMultishot) == 0) {
        file->directory_watch = nullptr;
        return 0;
    }
    const auto status = file->status();
    const auto key = file->watched_key();
    if (!status || (status->mode & kIfmt) != kIfDir) return Errno::NotDir;
    if (!events || !key) return Errno::Inval;
    file->directory_watch = nullptr;
    own_by_process(call, *file);
    const auto watch = std::make_shared<DirectoryWatch>(call.kernel, *file, mask, call.int32(0));
    events->add(*key, watch);
    file->directory_watch = {watch.get(),
                             [events, key = *key, watch](void*) { events->remove(key, *watch); }};
    return 0;
}

}  // namespace uprobesim
