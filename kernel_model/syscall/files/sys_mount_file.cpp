// SPDX-License-Identifier: GPL-2.0-or-later
// Mounts as descriptors: fsopen, fsconfig, fsmount, fspick, open_tree, move_mount, mount_setattr
// (fs/fsopen.c, fs/namespace.c).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <memory>

#include "kernel_model/abi/limits.h"
#include "kernel_model/syscall/files/mount_args.h"
#include "kernel_model/syscall/files/proc_options.h"
#include "kernel_model/task/mount_locks.h"
#include "sim/base/try.h"

namespace uprobesim {

using namespace abi;

namespace {

// The flags of a file system besides ro and rw (common_set_sb_flag, common_clear_sb_flag).
constexpr std::array<std::string_view, 7> kFlags = {"sync",   "async",    "dirsync",   "mand",
                                                    "nomand", "lazytime", "nolazytime"};

// What fsopen and fspick give: a file system that is being described.
class FsContext final : public File {
public:
    enum class Phase : std::uint8_t { Create, Mount, Reconfigure, Failed };

    SysResult<FileStatus> status() override {
        // Like all files without a name it has no kind.
        return FileStatus{.device = 14, .inode = 1, .mode = 0600};
    }
    // fscontext_read: the oldest message; what is longer than the buffer stays.
    SysResult<std::uint64_t> read(std::uint64_t, std::span<std::byte> to) override {
        if (log_.empty()) return tl::make_unexpected(Errno::NoData);
        const std::uint64_t size = log_.front().size();
        if (size > to.size()) return tl::make_unexpected(Errno::MsgSize);
        std::ranges::copy(std::as_bytes(std::span(log_.front())), to.begin());
        log_.pop_front();
        return size;
    }
    // As much as its options and messages may come to take.
    std::uint64_t kernel_bytes() const override {
        constexpr std::uint64_t kMessageBytes = 512;
        return kBytes + kPageSize + kMostMessages * kMessageBytes;
    }
    // invalf: why a parameter is refused. The last messages are kept.
    tl::unexpected<Errno> refuse(const std::string& why) {
        if (log_.size() == kMostMessages) log_.pop_front();
        log_.push_back("e " + why + "\n");
        return tl::make_unexpected(Errno::Inval);
    }

    Phase phase = Phase::Create;
    std::string type, source, options;
    bool read_only = false;
    std::shared_ptr<SuperBlock> super;

private:
    static constexpr std::size_t kMostMessages = 8;
    std::deque<std::string> log_;
};

SysOutcome add_file(SysCall& call, std::shared_ptr<File> file, bool close_on_exec) {
    return SysOutcome(call.process.files.add(std::move(file), close_on_exec));
}

SysResult<std::string> short_text(SysCall& call, std::size_t i, std::size_t most) {
    auto text = call.memory().read_string(call.address(i), most + 1);
    if (!text) return tl::make_unexpected(Errno::Fault);
    if (text->size() > most) return tl::make_unexpected(Errno::Inval);
    return std::move(*text);
}

bool known_type(SysCall& call, const std::string& type) {
    if (type == "tmpfs" || type == "ramfs") return true;
    return call.kernel.files().mounts()->kept_super(type) != nullptr;
}

SysOutcome sys_fsopen(SysCall& call) {
    if (!may_mount(call)) return Errno::Perm;
    if ((call.uint32(1) & ~kFsopenCloexec) != 0) return Errno::Inval;
    auto type = TRY(short_text(call, 0, kPageSize - 1));
    if (!known_type(call, type)) return Errno::NoDev;
    auto context = std::make_shared<FsContext>();
    context->type = std::move(type);
    context->name = "anon_inode:[fscontext]";
    context->flags = kORdwr;
    return add_file(call, std::move(context), (call.uint32(1) & kFsopenCloexec) != 0);
}

SysOutcome sys_fspick(SysCall& call) {
    const std::uint32_t flags = call.uint32(2);
    if (!may_mount(call)) return Errno::Perm;
    if ((flags &
         ~(kFspickCloexec | kFspickSymlinkNofollow | kFspickNoAutomount | kFspickEmptyPath)) != 0)
        return Errno::Inval;
    const auto at =
        TRY(place_argument(call, call.int32(0), call.address(1),
                           (flags & kFspickSymlinkNofollow) == 0, (flags & kFspickEmptyPath) != 0));
    if (!at.is_top()) return Errno::Inval;
    auto context = std::make_shared<FsContext>();
    context->phase = FsContext::Phase::Reconfigure;
    context->super = at.mount->super;
    context->type = at.mount->super->type;
    context->read_only = at.mount->super->read_only;
    context->name = "anon_inode:[fscontext]";
    context->flags = kORdwr;
    return add_file(call, std::move(context), (flags & kFspickCloexec) != 0);
}

// vfs_parse_sb_flag: whatever comes with the key.
bool set_flag(FsContext& context, std::string_view key) {
    if (key == "ro" || key == "rw") {
        context.read_only = key == "ro";
        return true;
    }
    return std::ranges::find(kFlags, key) != kFlags.end();
}

// One parameter of the file system (vfs_parse_fs_param).
SysResult<void> set_parameter(SysCall& call, FsContext& context, const std::string& key,
                              const std::optional<std::string>& value) {
    if (context.phase == FsContext::Phase::Mount || context.phase == FsContext::Phase::Failed)
        return tl::make_unexpected(Errno::Busy);
    if (set_flag(context, key)) return {};
    if (key == "source") {
        if (!value) return context.refuse("Non-string source");
        if (!context.source.empty()) return context.refuse("Multiple sources");
        context.source = *value;
        return {};
    }
    if (context.type == "ramfs" && key != "mode") return {};
    const bool of_proc = context.type == "proc" && is_proc_option(key);
    if (!of_proc && ((context.type != "tmpfs" && context.type != "ramfs") || !is_tmpfs_option(key)))
        return context.refuse(fmt::format("{}: Unknown parameter '{}'", context.type, key));
    const std::string option = value ? key + "=" + *value : key;
    const bool fits = of_proc ? proc_options(call, option, {}).has_value()
                              : check_tmpfs_options(call, option).has_value();
    if (!fits) return context.refuse(fmt::format("{}: Bad value for '{}'", context.type, key));
    // More than legacy_parse_param takes says nothing more.
    if (context.options.size() + option.size() + 2 > kPageSize)
        return tl::make_unexpected(Errno::Inval);
    context.options += (context.options.empty() ? "" : ",") + option;
    return {};
}

SysResult<void> create(SysCall& call, FsContext& context) {
    if (context.phase != FsContext::Phase::Create) return tl::make_unexpected(Errno::Busy);
    const std::string source = context.source.empty() ? "none" : context.source;
    auto super = new_file_system(call, context.type, source, context.options);
    if (!super) {
        context.phase = FsContext::Phase::Failed;
        return tl::make_unexpected(super.error());
    }
    context.super = std::move(*super);
    if (context.type == "tmpfs" || context.type == "ramfs")
        context.super->read_only = context.read_only;
    context.phase = FsContext::Phase::Mount;
    return {};
}

SysResult<void> reconfigure(SysCall& call, FsContext& context) {
    if (context.phase != FsContext::Phase::Reconfigure) return tl::make_unexpected(Errno::Busy);
    if (bars_mounts(call)) return tl::make_unexpected(Errno::Perm);
    if (context.read_only && !context.super->read_only && written(call, *context.super))
        return tl::make_unexpected(Errno::Busy);
    if (context.type == "proc") TRY(remount_proc(call, *context.super, context.options));
    context.super->read_only = context.read_only;
    return {};
}

// No file system here has a parameter that is a path, a descriptor or bytes.
SysOutcome refuse_other(SysCall& call, FsContext& context, const std::string& key) {
    if (context.type == "ramfs" || !is_tmpfs_option(key))
        return set_parameter(call, context, key, std::nullopt);
    return context.refuse(fmt::format("{}: Bad value for '{}'", context.type, key));
}

// Which arguments a command has, before anything is looked at (fsconfig).
bool arguments_fit(const SysCall& call) {
    const bool key = call.args[2] != 0, value = call.args[3] != 0;
    const std::int32_t aux = call.int32(4);
    constexpr std::int32_t kMostBinary = 1 << 20;
    switch (call.uint32(1)) {
        case kFsconfigSetFlag: return key && !value && aux == 0;
        case kFsconfigSetString: return key && value && aux == 0;
        case kFsconfigSetBinary: return key && value && aux > 0 && aux <= kMostBinary;
        case kFsconfigSetPath:
        case kFsconfigSetPathEmpty: return key && value && (aux == kAtFdcwd || aux >= 0);
        case kFsconfigSetFd: return key && !value && aux >= 0;
        case kFsconfigCreate:
        case kFsconfigCreateExcl:
        case kFsconfigReconfigure: return !key && !value && aux == 0;
        default: return true;
    }
}

SysOutcome sys_fsconfig(SysCall& call) {
    if (call.int32(0) < 0) return Errno::Inval;
    const std::uint32_t command = call.uint32(1);
    if (command > kFsconfigCreateExcl) return Errno::NotSup;
    if (!arguments_fit(call)) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return Errno::Badf;
    auto* const context = dynamic_cast<FsContext*>(file.get());
    if (context == nullptr) return Errno::Inval;
    std::string key;
    constexpr std::size_t kMostText = 255;
    if (call.args[2] != 0) key = TRY(short_text(call, 2, kMostText));
    switch (command) {
        case kFsconfigSetFlag: return set_parameter(call, *context, key, std::nullopt);
        case kFsconfigSetString:
            return set_parameter(call, *context, key, TRY(short_text(call, 3, kMostText)));
        case kFsconfigSetBinary: return refuse_other(call, *context, key);
        case kFsconfigSetPath:
        case kFsconfigSetPathEmpty:
            TRY(path_text(call, call.address(3)));
            return refuse_other(call, *context, key);
        case kFsconfigSetFd:
            if (!call.process.files.share(call.int32(4))) return Errno::Badf;
            return refuse_other(call, *context, key);
        case kFsconfigReconfigure: return reconfigure(call, *context);
        default:
            if (!may_mount(call)) return Errno::Perm;
            return create(call, *context);
    }
}

// MOUNT_ATTR_* as flags of mount(2). nullopt: unknown ones.
std::optional<std::uint64_t> flags_of(std::uint64_t attributes) {
    std::uint64_t flags = 0;
    constexpr std::uint64_t kKnown = kMountAttrRdonly | kMountAttrNosuid | kMountAttrNodev |
                                     kMountAttrNoexec | kMountAttrAtime | kMountAttrNodiratime |
                                     kMountAttrNosymfollow;
    if ((attributes & ~kKnown) != 0) return std::nullopt;
    flags |= attributes & (kMsRdonly | kMsNosuid | kMsNodev | kMsNoexec);
    if ((attributes & kMountAttrNodiratime) != 0) flags |= kMsNodiratime;
    if ((attributes & kMountAttrNosymfollow) != 0) flags |= kMsNosymfollow;
    switch (attributes & kMountAttrAtime) {
        case 0: return flags | kMsRelatime;
        case kMountAttrNoatime: return flags | kMsNoatime;
        case kMountAttrStrictatime: return flags;
        default: return std::nullopt;
    }
}

SysOutcome sys_fsmount(SysCall& call) {
    if (!may_mount(call)) return Errno::Perm;
    if ((call.uint32(1) & ~kFsmountCloexec) != 0) return Errno::Inval;
    const auto flags = flags_of(call.uint32(2));
    if (!flags) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return Errno::Badf;
    auto* const context = dynamic_cast<FsContext*>(file.get());
    if (context == nullptr) return Errno::Inval;
    if (context->super == nullptr) return Errno::Inval;
    if (context->phase != FsContext::Phase::Mount) return Errno::Busy;
    FileSystem& files = call.kernel.files();
    TRY(room_for_mounts(call, 1));
    const std::uint64_t kept = TRY(flags_of_visible(call, *context->super, *flags));
    const auto mount = files.mounts()->make(context->super, context->super->inner, kept);
    context->phase = FsContext::Phase::Reconfigure;  // one mount of each description
    auto place = TRY(files.open_place({mount, mount->root, true}));
    return add_file(call, std::move(place), (call.uint32(1) & kFsmountCloexec) != 0);
}

SysOutcome sys_open_tree(SysCall& call) {
    const std::uint32_t flags = call.uint32(2);
    constexpr std::uint32_t kKnown = kOpenTreeClone | kOCloexec | kAtEmptyPath | kAtNoAutomount |
                                     kAtRecursive | kAtSymlinkNofollow;
    if ((flags & ~kKnown) != 0) return Errno::Inval;
    if ((flags & (kAtRecursive | kOpenTreeClone)) == kAtRecursive) return Errno::Inval;
    if ((flags & kOpenTreeClone) != 0 && !may_mount(call)) return Errno::Perm;
    auto at = TRY(place_argument(call, call.int32(0), call.address(1),
                                 (flags & kAtSymlinkNofollow) == 0, (flags & kAtEmptyPath) != 0));
    FileSystem& files = call.kernel.files();
    if ((flags & kOpenTreeClone) != 0) {
        if (at.mount->unbindable) return Errno::Inval;
        const bool recursive = (flags & kAtRecursive) != 0;
        if (!recursive && covers_locked(*at.mount, at.inner)) return Errno::Inval;
        TRY(room_for_mounts(call, recursive ? mounts_below(*at.mount).size() : 1));
        at.mount = files.mounts()->copy(*at.mount, at.inner, recursive);
        at.mount->flags &= ~kPlaceLocked;
    }
    auto place = TRY(files.open_place(at));
    return add_file(call, std::move(place), (flags & kOCloexec) != 0);
}

SysOutcome sys_move_mount(SysCall& call) {
    const std::uint32_t flags = call.uint32(4);
    if (!may_mount(call)) return Errno::Perm;
    constexpr std::uint32_t kKnown =
        kMoveMountFSymlinks | kMoveMountFAutomounts | kMoveMountFEmptyPath | kMoveMountTSymlinks |
        kMoveMountTAutomounts | kMoveMountTEmptyPath | kMoveMountSetGroup | kMoveMountBeneath;
    if ((flags & ~kKnown) != 0) return Errno::Inval;
    if ((flags & (kMoveMountSetGroup | kMoveMountBeneath)) ==
        (kMoveMountSetGroup | kMoveMountBeneath))
        return Errno::Inval;
    const auto from =
        TRY(place_argument(call, call.int32(0), call.address(1), (flags & kMoveMountFSymlinks) != 0,
                           (flags & kMoveMountFEmptyPath) != 0));
    const auto to =
        TRY(place_argument(call, call.int32(2), call.address(3), (flags & kMoveMountTSymlinks) != 0,
                           (flags & kMoveMountTEmptyPath) != 0));
    if (bars_mounts(call)) return Errno::Perm;
    if ((flags & kMoveMountSetGroup) != 0) {
        if (!from.is_top() || !to.is_top() || from.mount->super != to.mount->super)
            return Errno::Inval;
        to.mount->peers = from.mount->peers;
        to.mount->master = from.mount->master;
        return 0;
    }
    return move_mount(call, from, to, (flags & kMoveMountBeneath) != 0);
}

struct MountAttr {
    std::uint64_t set, clear, propagation, user_namespace;
};

// copy_struct_from_user: a longer struct of a later kernel must be zero where it is not known.
SysResult<MountAttr> wanted_attributes(SysCall& call) {
    const std::uint64_t size = call.args[4];
    if (size > kPageSize) return tl::make_unexpected(Errno::TooBig);
    if (size < sizeof(MountAttr)) return tl::make_unexpected(Errno::Inval);
    if (!may_mount(call)) return tl::make_unexpected(Errno::Perm);
    UserMemory memory = call.memory();
    const auto wanted = memory.get<MountAttr>(call.address(3));
    if (!wanted) return tl::make_unexpected(Errno::Fault);
    for (std::uint64_t at = sizeof(MountAttr); at < size; ++at) {
        const auto more = memory.get<std::uint8_t>(call.address(3) + at);
        if (!more) return tl::make_unexpected(Errno::Fault);
        if (*more != 0) return tl::make_unexpected(Errno::TooBig);
    }
    return *wanted;
}

struct ChangedFlags {
    std::uint64_t set = 0, clear = 0;  // of mount(2)
};

// build_mount_kattr
SysResult<ChangedFlags> changed_flags(SysCall& call, const MountAttr& wanted) {
    constexpr std::uint64_t kKinds = kMsShared | kMsPrivate | kMsSlave | kMsUnbindable;
    if ((wanted.propagation & ~kKinds) != 0 || (wanted.propagation & (wanted.propagation - 1)) != 0)
        return tl::make_unexpected(Errno::Inval);
    if (((wanted.set | wanted.clear) & kMountAttrIdmap) != 0) {
        call.kernel.counters().note_unmodelled("mount_setattr MOUNT_ATTR_IDMAP", "answered EINVAL");
        return tl::make_unexpected(Errno::Inval);
    }
    // Times are one value: it is cleared as a whole before another is set.
    const std::uint64_t times = wanted.clear & kMountAttrAtime;
    if (times != 0 && times != kMountAttrAtime) return tl::make_unexpected(Errno::Inval);
    if ((wanted.set & kMountAttrAtime) != 0 && times == 0) return tl::make_unexpected(Errno::Inval);
    const auto set = flags_of(wanted.set), clear = flags_of(wanted.clear & ~kMountAttrAtime);
    if (!set || !clear) return tl::make_unexpected(Errno::Inval);
    return ChangedFlags{*set, *clear};
}

SysOutcome sys_mount_setattr(SysCall& call) {
    const std::uint32_t flags = call.uint32(2);
    if ((flags & ~(kAtEmptyPath | kAtRecursive | kAtSymlinkNofollow | kAtNoAutomount)) != 0)
        return Errno::Inval;
    const MountAttr wanted = TRY(wanted_attributes(call));
    if (wanted.set == 0 && wanted.clear == 0 && wanted.propagation == 0) return 0;
    const ChangedFlags changed = TRY(changed_flags(call, wanted));
    const auto at =
        TRY(place_argument(call, call.int32(0), call.address(1), (flags & kAtSymlinkNofollow) == 0,
                           (flags & kAtEmptyPath) != 0));
    if (!at.is_top()) return Errno::Inval;
    if ((changed.set & kMsRdonly) != 0 && written(call, *at.mount)) return Errno::Busy;
    constexpr std::uint64_t kTimes = kMsNoatime | kMsRelatime;
    const bool times = (wanted.clear & kMountAttrAtime) != 0;
    const bool recursive = (flags & kAtRecursive) != 0;
    const auto flags_after = [&](const Mount& mount) {
        std::uint64_t next = (mount.flags & ~(changed.clear & ~kTimes)) | (changed.set & ~kTimes);
        if (times) next = (next & ~kTimes) | (changed.set & kTimes);
        return next;
    };
    const auto meant = [&](const Mount* each) { return recursive || each == at.mount.get(); };
    const auto tree = mounts_below(*at.mount);
    for (const Mount* each : tree) {
        if (meant(each) && !may_have_flags(*each, flags_after(*each))) return Errno::Perm;
    }
    for (const Mount* each : tree) {
        if (meant(each)) const_cast<Mount*>(each)->flags = flags_after(*each);
    }
    if (wanted.propagation != 0)
        call.kernel.files().mounts()->set_propagation(*at.mount, wanted.propagation, recursive);
    return 0;
}

constexpr SyscallRow kMountFileRows[] = {
    {428, "open_tree", sys_open_tree, Support::Full, KernelPath::SysOpen, {}, Errno::NoMem},
    {429, "move_mount", sys_move_mount, Support::Full, KernelPath::SysCreate, {}},
    {430, "fsopen", sys_fsopen, Support::Full, KernelPath::SysOpen, {}, Errno::NoMem},
    {431, "fsconfig", sys_fsconfig, Support::Full, KernelPath::SysPrctl, {}},
    {432, "fsmount", sys_fsmount, Support::Full, KernelPath::SysCreate, {}, Errno::NoMem},
    {433, "fspick", sys_fspick, Support::Full, KernelPath::SysOpen, {}, Errno::NoMem},
    {442, "mount_setattr", sys_mount_setattr, Support::Partial, KernelPath::SysSetattr,
     "without mapped ids"},
};

}  // namespace

std::span<const SyscallRow> mount_file_syscalls() {
    return kMountFileRows;
}

}  // namespace uprobesim
