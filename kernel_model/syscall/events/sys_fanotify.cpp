// SPDX-License-Identifier: GPL-2.0-or-later
// fanotify (fs/notify/fanotify/fanotify_user.c).
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/files/event/fanotify_file.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using namespace abi;

constexpr std::uint32_t kIgnoreBits = kFanMarkIgnoredMask | kFanMarkIgnore;
constexpr std::uint32_t kTypeBits = kFanMarkMount | kFanMarkFilesystem;
constexpr std::uint32_t kCommandBits = kFanMarkAdd | kFanMarkRemove | kFanMarkFlush;

std::uint64_t parameter(const SysCall& call, std::string_view name) {
    return static_cast<std::uint64_t>(call.kernel.sysctls().number(name));
}

// --- fanotify_init

std::optional<Errno> wrong_with(std::uint32_t flags, std::uint32_t event_flags) {
    constexpr std::uint32_t kKnown = kFanCloexec | kFanNonblock | kFanClassBits |
                                     kFanUnlimitedQueue | kFanUnlimitedMarks | kFanEnableAudit |
                                     kFanReportPidfd | kFanReportTid | kFanFidBits;
    constexpr std::uint32_t kEventFlags =
        kOAccmode | kOAppend | kONonblock | kOSync | kOCloexec | kOLargefile | kONoatime;
    const auto has = [&](std::uint32_t bits) { return (flags & bits) == bits; };
    if ((flags & ~kKnown) != 0 || has(kFanReportPidfd | kFanReportTid)) return Errno::Inval;
    if ((event_flags & ~kEventFlags) != 0 || (event_flags & kOAccmode) == kOAccmode)
        return Errno::Inval;
    if ((flags & kFanFidBits) != 0 && (flags & kFanClassBits) != 0) return Errno::Inval;
    if (has(kFanReportName) && !has(kFanReportDirFid)) return Errno::Inval;
    if (has(kFanReportTargetFid) && !has(kFanReportName | kFanReportFid)) return Errno::Inval;
    return std::nullopt;
}

FanotifyFile::Services services_of(Kernel& kernel) {
    const auto give = [&kernel](std::shared_ptr<File> file,
                                bool at_exec) -> SysResult<std::int32_t> {
        Task* const task = kernel.current();
        if (task == nullptr) return tl::make_unexpected(Errno::Badf);
        return task->process->files.add(std::move(file), at_exec);
    };
    return {.current = [&kernel] { return kernel.current(); },
            .open = [&kernel, give](const std::shared_ptr<File>& place,
                                    std::uint32_t flags) -> SysResult<std::int32_t> {
                // dentry_open: whatever the rights of the reader, but for those of Landlock.
                const Task* const task = kernel.current();
                Caller opener;
                if (task != nullptr) opener.credentials.landlock = task->cred->landlock;
                auto file = TRY(kernel.files().open_place_again(opener, place, flags & ~kOCloexec));
                file->flags = (flags & ~kOCloexec) | kOLargefile;
                file->silent = true;
                if (task != nullptr) file->opened_with = task->cred;
                return give(std::move(file), (flags & kOCloexec) != 0);
            },
            .give = [give](std::shared_ptr<File> file) { return give(std::move(file), true); }};
}

SysOutcome sys_fanotify_init(SysCall& call) {
    constexpr std::uint32_t kPrivileged =
        kFanClassBits | kFanReportTid | kFanReportPidfd | kFanUnlimitedQueue | kFanUnlimitedMarks;
    const std::uint32_t flags = call.uint32(0), event_flags = call.uint32(1);
    const bool privileged = call.capable(Capability::SysAdmin);
    if (!privileged && ((flags & kPrivileged) != 0 || (flags & kFanFidBits) == 0))
        return Errno::Perm;
    if (const auto wrong = wrong_with(flags, event_flags)) return *wrong;
    const auto& events = call.kernel.files().events();
    if (!events) return Errno::NoSys;
    const auto use = call.kernel.fanotify_use(call.cred().uid.effective);
    if (use->groups >= parameter(call, "fs/fanotify/max_user_groups")) return Errno::Mfile;
    if ((flags & kFanClassBits) == kFanClassBits) return Errno::Inval;
    if ((flags & kFanEnableAudit) != 0 && !call.capable(Capability::AuditWrite)) return Errno::Perm;
    const FanotifyFile::Settings settings{
        .flags = flags,
        .event_flags = event_flags | kOLargefile,
        .unprivileged = !privileged,
        .most_events = (flags & kFanUnlimitedQueue) != 0
                           ? ~std::uint64_t{0}
                           : parameter(call, "fs/fanotify/max_queued_events")};
    auto group = std::make_shared<FanotifyFile>(events, use, settings, services_of(call.kernel),
                                                &call.kernel.machine().memory);
    auto fd = TRY(call.process.files.add(std::move(group), (flags & kFanCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

// --- fanotify_mark

// What the path leads to (fanotify_find_path).
struct Marked {
    FileStatus status;
    std::shared_ptr<Mount> mount;  // null: a file that is in none
    std::shared_ptr<File> file;
    bool is_directory() const { return (status.mode & kIfmt) == kIfDir; }
};

SysResult<Marked> find_marked(SysCall& call, std::uint32_t flags) {
    const std::int32_t dirfd = call.int32(3);
    Marked found;
    if (call.args[4] == 0) {
        const auto file = call.process.files.share(dirfd);
        if (!file) return tl::make_unexpected(Errno::Badf);
        found.status = TRY(file->status());
        found.file = file;
    } else {
        auto p = TRY(path_argument(call, dirfd, call.address(4)));
        call.units = component_count(p.path);
        const std::uint32_t follow = (flags & kFanMarkDontFollow) != 0 ? kONofollow : 0;
        const auto opened = TRY(call.kernel.files().open(p.caller, p.path, kOPath | follow, 0));
        found.status = TRY(opened.file->status());
        found.file = opened.file;
    }
    if (found.file->dentry) found.mount = mount_of(*found.file->dentry);
    if ((flags & kFanMarkOnlydir) != 0 && !found.is_directory())
        return tl::make_unexpected(Errno::NotDir);
    if (!call.cred().permit(found.status, kROk)) return tl::make_unexpected(Errno::Acces);
    return found;
}

// What is wrong with flags and mask alone.
bool is_known(std::uint64_t mask, std::uint32_t flags) {
    constexpr std::uint32_t kKnown = kCommandBits | kTypeBits | kIgnoreBits | kFanMarkDontFollow |
                                     kFanMarkOnlydir | kFanMarkIgnoredSurvModify |
                                     kFanMarkEvictable;
    if (mask >> 32 != 0 || (flags & ~kKnown) != 0 || (flags & kTypeBits) == kTypeBits) return false;
    switch (flags & kCommandBits) {
        case kFanMarkAdd:
        case kFanMarkRemove:
            if (mask == 0) return false;
            break;
        case kFanMarkFlush:
            if ((flags & ~(kTypeBits | kFanMarkFlush)) != 0) return false;
            break;
        default: return false;
    }
    if ((mask & ~std::uint64_t{kFanAllEvents | kFanEventFlags}) != 0) return false;
    return (flags & kIgnoreBits) != kIgnoreBits;
}

// What the group does not permit.
bool fits_group(const FanotifyFile& group, std::uint32_t mask, std::uint32_t flags) {
    const bool by_handle = group.has(kFanFidBits);
    if ((mask & kFanAllPermEvents) != 0 && group.priority() == 0) return false;
    if ((mask & kFanFsError) != 0 && (flags & kTypeBits) != kFanMarkFilesystem) return false;
    if ((flags & kFanMarkEvictable) != 0 && (flags & kTypeBits) != 0) return false;
    constexpr std::uint32_t kWithDescriptor = kFanPathEvents | kFanAllPermEvents | kFanEventFlags;
    if ((mask & ~kWithDescriptor) != 0 && (!by_handle || (flags & kTypeBits) == kFanMarkMount))
        return false;
    return (mask & kFanRename) == 0 || group.has(kFanReportName);
}

// fanotify_events_supported, fanotify_test_fid
std::optional<Errno> unsupported(const FanotifyFile& group, const Marked& marked,
                                 std::uint32_t mask, std::uint32_t flags) {
    constexpr std::uint32_t kOfDirectories = kFanDirentEvents | kFanEventOnChild | kFanOndir;
    const bool strict =
        group.has(kFanReportTargetFid) || (mask & kFanRename) != 0 || (flags & kFanMarkIgnore) != 0;
    const bool is_proc = marked.mount && marked.mount->super->type == "proc";
    const bool adds = (flags & kFanMarkAdd) != 0;
    if (adds && (mask & kFanAllPermEvents) != 0 && is_proc) return Errno::Inval;
    if (adds && (flags & kTypeBits) != 0 && !marked.mount) return Errno::Inval;
    if (adds && strict && (flags & kTypeBits) == 0 && !marked.is_directory() &&
        (mask & kOfDirectories) != 0)
        return Errno::NotDir;
    // A file system whose handles cannot be opened.
    if (group.has(kFanFidBits) && (flags & kTypeBits) != 0 &&
        (is_proc || (marked.mount && marked.mount->super->type == "sysfs")))
        return Errno::NotSup;
    return std::nullopt;
}

FanotifyMarks::Request request_of(const FanotifyFile& group, const Marked& marked,
                                  std::uint32_t mask, std::uint32_t flags) {
    FanotifyMarks::Request request{.place = {},
                                   .object = marked.mount,
                                   .mask = mask,
                                   .flags = flags,
                                   .kept = (flags & kFanMarkIgnoredMask) != 0 ? kFanEventFlags : 0,
                                   .most = 0};
    switch (flags & kTypeBits) {
        case kFanMarkMount:
            request.place = {MarkKind::Mount, static_cast<std::uint64_t>(marked.mount->id), 0};
            break;
        case kFanMarkFilesystem:
            request.place = {MarkKind::FileSystem, marked.status.device, 0};
            request.object = marked.mount->super;
            break;
        default:
            request.place = {MarkKind::Inode, marked.status.device, marked.status.inode};
            break;
    }
    if (request.place.kind == MarkKind::Inode && marked.is_directory()) return request;
    // Of no meaning there; but who tells the directory hears of the name with it.
    request.mask &= ~kFanEventOnChild;
    request.kept |= kFanEventOnChild;
    if (group.has(kFanReportDirFid) && (flags & kFanMarkAdd) != 0 && (flags & kIgnoreBits) == 0)
        request.mask |= kFanEventOnChild;
    return request;
}

// A mask that a write takes away: not of mounts and directories, nor of a file that is being
// written, where it has no effect.
std::optional<SysOutcome> refused_ignore(SysCall& call, const Marked& marked, std::uint32_t flags) {
    if ((flags & kFanMarkAdd) == 0 || (flags & kIgnoreBits) == 0 ||
        (flags & kFanMarkIgnoredSurvModify) != 0)
        return std::nullopt;
    if ((flags & kFanMarkIgnore) != 0 && (flags & kTypeBits) != 0) return Errno::Inval;
    if ((flags & kFanMarkIgnore) != 0 && marked.is_directory()) return Errno::IsDir;
    if ((flags & kTypeBits) != 0 || (marked.status.mode & kIfmt) != kIfReg) return std::nullopt;
    const auto again = call.kernel.files().open_place_again(Caller{}, marked.file, kORdonly);
    const auto backing = again ? (*again)->backing() : nullptr;
    if (backing != nullptr && backing->written()) return SysOutcome(0);
    return std::nullopt;
}

SysOutcome sys_fanotify_mark(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if (!is_known(call.args[2], flags)) return Errno::Inval;
    auto mask = static_cast<std::uint32_t>(call.args[2]);
    if ((flags & kFanMarkIgnoredMask) != 0) mask &= ~kFanEventFlags;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    auto* const group = dynamic_cast<FanotifyFile*>(file.get());
    if (group == nullptr) return Errno::Inval;
    if ((flags & kTypeBits) != 0 &&
        (!call.capable(Capability::SysAdmin) || group->settings().unprivileged))
        return Errno::Perm;
    if (!fits_group(*group, mask, flags)) return Errno::Inval;
    if ((flags & kFanMarkFlush) != 0) {
        const std::uint32_t type = flags & kTypeBits;
        group->marks().flush(type == 0               ? MarkKind::Inode
                             : type == kFanMarkMount ? MarkKind::Mount
                                                     : MarkKind::FileSystem);
        group->marks_changed();
        return 0;
    }
    const Marked marked = TRY(find_marked(call, flags));
    if (const auto wrong = unsupported(*group, marked, mask, flags)) return *wrong;
    if (const auto refused = refused_ignore(call, marked, flags)) return *refused;
    if ((flags & kTypeBits) != 0 && !marked.mount) return Errno::NoEnt;
    FanotifyMarks::Request request = request_of(*group, marked, mask, flags);
    request.most = parameter(call, "fs/fanotify/max_user_marks");
    const auto done =
        (flags & kFanMarkAdd) != 0 ? group->marks().add(request) : group->marks().remove(request);
    group->marks_changed();
    return done;
}

constexpr SyscallRow kFanotifyRows[] = {
    {262,
     "fanotify_init",
     sys_fanotify_init,
     Support::Full,
     KernelPath::SysEventfd,
     {},
     Errno::NoMem},
    {263, "fanotify_mark", sys_fanotify_mark, Support::Full, KernelPath::SysStat, {}, Errno::NoMem},
};

}  // namespace

std::span<const SyscallRow> fanotify_syscalls() {
    return kFanotifyRows;
}

}  // namespace uprobesim
