// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that open, make and remove names.
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/limits.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/files/sys_lease.h"
#include "kernel_model/syscall/path_argument.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/syscall/transfer/permission_events.h"
#include "kernel_model/syscall/transfer/terminal_calls.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome add_opened(SysCall& call, std::shared_ptr<File> file, std::uint32_t flags) {
    auto fd = TRY(call.process.files.add(std::move(file), (flags & kOCloexec) != 0));
    return static_cast<std::uint64_t>(fd);
}

// What an open that waits keeps between its entries: an end of a FIFO, or a file of which those are
// asked who want to be.
struct HeldOpen {
    std::shared_ptr<PipeEnd> end{};
    FileSystem::OpenResult found{};
    std::shared_ptr<void> asking{};
};

// Opening one end of a FIFO blocks until the other end is opened (fifo_open).
SysOutcome open_fifo(SysCall& call, const std::shared_ptr<PipeEnd>& end, std::uint32_t flags) {
    if ((flags & kONonblock) != 0 || !end->waits_for_partner()) {
        end->tells = end->watched_key().has_value();
        tell_use(call, *end, kInOpen);
        return add_opened(call, end, flags);
    }
    call.task.call_holds = std::make_shared<HeldOpen>(HeldOpen{.end = end});
    call.wait_on(&end->pipe()->either);
    return Block{};
}

// Opens what the path names when nobody who wants to be asked says no; the outcome while they are
// asked, or if one does. What is to be cut off is cut after that.
std::optional<SysOutcome> find_permitted(SysCall& call, const PathArgument& p, std::uint32_t flags,
                                         std::uint32_t mode,
                                         SysResult<FileSystem::OpenResult>& opened) {
    FileSystem& files = call.kernel.files();
    auto held = std::static_pointer_cast<HeldOpen>(call.task.call_holds);
    const bool asks = files.events() && files.events()->asks() && (flags & kOPath) == 0;
    if (!held && !asks) {
        opened = files.open(p.caller, p.path, flags, mode);
        return std::nullopt;
    }
    const bool cuts = (flags & kOTrunc) != 0;
    if (!held) {
        opened = files.open(p.caller, p.path, flags & ~kOTrunc, mode);
        // Nobody is asked for a FIFO.
        if (!opened || !opened->file->watched_key() || opened->file->stream()) {
            if (opened && cuts) opened = files.open(p.caller, p.path, flags, mode);
            return std::nullopt;
        }
        held = std::make_shared<HeldOpen>(HeldOpen{.found = *opened});
        call.task.call_holds = held;
    }
    if (const auto instead = ask_first(call, *held->found.file, kFanOpenPerm, held->asking))
        return *instead;
    opened = cuts && !held->found.created
                 ? files.open(p.caller, p.path, flags & ~(kOCreat | kOExcl), mode)
                 : held->found;
    return std::nullopt;
}

SysOutcome open_at(SysCall& call, std::int32_t dirfd, VAddr name, std::uint32_t flags,
                   std::uint32_t mode, std::uint64_t resolve = 0) {
    const auto held = std::static_pointer_cast<HeldOpen>(call.task.call_holds);
    if (held && held->end) return open_fifo(call, held->end, flags);
    constexpr std::uint32_t kUnnamed = kOTmpfile & ~kODirectory;
    if ((flags & kOPath) != 0) {
        flags &= kOPath | kODirectory | kONofollow | kOCloexec;
    } else if ((flags & kUnnamed) != 0) {
        if ((flags & (kOTmpfile | kOCreat)) != kOTmpfile || (flags & kOAccmode) == kORdonly)
            return Errno::Inval;
    }
    // build_open_flags, since 6.3 and in the stable kernels.
    if ((flags & (kOCreat | kODirectory | kOPath)) == (kOCreat | kODirectory)) return Errno::Inval;
    auto p = TRY(path_argument(call, dirfd, name));
    if (call.process.files.full()) return Errno::Mfile;
    p.caller.resolve = resolve;
    if (const auto waits = break_leases_at(call, p, flags)) return *waits;
    SysResult<FileSystem::OpenResult> opened;
    if (const auto instead = find_permitted(call, p, flags, mode, opened)) return *instead;
    if (!opened) return named(call, p, opened);
    call.units = opened->components;
    // A link in /proc/PID/fd may have led to a description that is there.
    if (opened->file->opened_with == nullptr) {
        opened->file->opened_with = call.task.cred;
        opened->file->created = opened->created && (flags & kUnnamed) == 0;
    }
    if (opened->created) call.path = KernelPath::SysCreate;
    // What open alone takes is not kept, and files that it opens have no limit of 2 GiB.
    if ((flags & kOPath) == 0) {
        std::uint32_t& kept = opened->file->flags;
        kept = (kept & ~(kOCreat | kOExcl | kONoctty | kOTrunc)) | kOLargefile;
    }
    if (auto end = std::dynamic_pointer_cast<PipeEnd>(opened->file))
        return open_fifo(call, end, flags);
    if (PtyFile* terminal = opened->file->terminal()) {
        if (const auto error = opened_terminal(call, *terminal, flags)) return *error;
    }
    File& file = *opened->file;
    if ((flags & kOPath) == 0 && file.watched_key()) {
        file.tells = true;
        tell_use(call, file, kInOpen);
        if ((flags & kOTrunc) != 0 && !opened->created) tell_new_size(call, file);
    }
    return add_opened(call, std::move(opened->file), flags);
}

SysOutcome sys_openat(SysCall& call) {
    return open_at(call, call.int32(0), call.address(1), call.uint32(2), call.uint32(3));
}

SysOutcome sys_openat2(SysCall& call) {
    constexpr std::uint64_t kSize = 24;  // OPEN_HOW_SIZE_VER0
    if (call.args[3] < kSize) return Errno::Inval;
    if (call.args[3] > kPageSize) return Errno::TooBig;
    const auto how = call.memory().get<std::array<std::uint64_t, 3>>(call.address(2));
    if (!how) return Errno::Fault;
    // copy_struct_from_user: what this kernel does not know must be zero.
    std::vector<std::byte> rest(call.args[3] - kSize);
    if (!call.memory().read(call.address(2) + kSize, rest)) return Errno::Fault;
    if (std::ranges::any_of(rest, [](std::byte b) { return b != std::byte{}; }))
        return Errno::TooBig;
    // Unlike openat, openat2 refuses unknown flags (build_open_flags).
    constexpr std::uint64_t kKnown = kOAccmode | kOCreat | kOExcl | kONoctty | kOTrunc | kOAppend |
                                     kONonblock | kOSync | kOAsync | kODirect | kOLargefile |
                                     kODirectory | kONofollow | kONoatime | kOCloexec | kOPath |
                                     kOTmpfile;
    if (((*how)[0] & ~kKnown) != 0 || ((*how)[1] & ~std::uint64_t{kAllModeBits}) != 0)
        return Errno::Inval;
    const auto flags = static_cast<std::uint32_t>((*how)[0]);
    const std::uint64_t resolve = (*how)[2];
    constexpr std::uint64_t kKnownResolve = kResolveNoXdev | kResolveNoMagiclinks |
                                            kResolveNoSymlinks | kResolveBeneath | kResolveInRoot |
                                            kResolveCached;
    constexpr std::uint64_t kScopes = kResolveBeneath | kResolveInRoot;
    if ((resolve & ~kKnownResolve) != 0 || (resolve & kScopes) == kScopes) return Errno::Inval;
    const bool makes = (flags & kOCreat) != 0 || (flags & kOTmpfile) == kOTmpfile;
    if ((*how)[1] != 0 && !makes) return Errno::Inval;
    constexpr std::uint32_t kWithPath = kOPath | kODirectory | kONofollow | kOCloexec;
    if ((flags & kOPath) != 0 && (flags & ~kWithPath) != 0) return Errno::Inval;
    if ((resolve & kResolveCached) != 0 && (makes || (flags & kOTrunc) != 0)) return Errno::Again;
    return open_at(call, call.int32(0), call.address(1), flags,
                   static_cast<std::uint32_t>((*how)[1]), resolve);
}

SysOutcome sys_readlinkat(SysCall& call) {
    if (call.int32(3) <= 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1), kAtEmptyPath));
    const bool empty = p.file || call.memory().get<char>(call.address(1)) == '\0';
    auto target = p.file ? call.kernel.files().read_link_of(p.caller, *p.file)
                         : call.kernel.files().read_link(p.caller, p.path);
    // With an empty path what is no link has none.
    if (!target && empty && target.error() == Errno::Inval) return Errno::NoEnt;
    if (!target) return named(call, p, target);
    if (target->size() >= kPathMax) return Errno::NameTooLong;  // of proc's links: d_path
    call.units = component_count(p.path);
    const std::size_t n = std::min<std::size_t>(target->size(), call.uint32(3));
    if (!call.memory().write(call.address(2), std::as_bytes(std::span(target->data(), n))))
        return Errno::Fault;
    return std::uint64_t{n};
}

SysOutcome sys_mkdirat(SysCall& call) {
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    return named(call, p, call.kernel.files().make_directory(p.caller, p.path, call.uint32(2)));
}

SysOutcome sys_mknodat(SysCall& call) {
    const std::uint32_t type = call.uint32(2) & kIfmt;
    if (type == kIfDir) return Errno::Perm;
    if (type != 0 && type != kIfReg && type != kIfIfo && type != kIfSock && type != kIfChr &&
        type != kIfBlk)
        return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    if (type == kIfSock)
        return named(
            call, p,
            call.kernel.files().make_socket(p.caller, p.path, call.uint32(2) & kAllModeBits));
    if (type == kIfIfo)
        return named(
            call, p,
            call.kernel.files().make_fifo(p.caller, p.path, call.uint32(2) & kAllModeBits));
    if (type == kIfChr || type == kIfBlk)
        return named(call, p,
                     call.kernel.files().make_device(
                         p.caller, p.path, type | (call.uint32(2) & kAllModeBits), call.uint32(3)));
    // With rights to neither read nor write it (OPEN_FMODE): it is made, and not opened.
    return named(call, p,
                 call.kernel.files().open(p.caller, p.path, kOCreat | kOExcl | kOAccmode,
                                          call.uint32(2) & kAllModeBits));
}

SysOutcome sys_unlinkat(SysCall& call) {
    if ((call.uint32(2) & ~kAtRemovedir) != 0) return Errno::Inval;
    auto p = TRY(path_argument(call, call.int32(0), call.address(1)));
    return named(
        call, p,
        call.kernel.files().remove(p.caller, p.path, (call.uint32(2) & kAtRemovedir) != 0));
}

SysOutcome rename_at(SysCall& call, std::uint32_t flags) {
    if ((flags & ~(kRenameNoreplace | kRenameExchange | kRenameWhiteout)) != 0) return Errno::Inval;
    if ((flags & kRenameExchange) != 0 && (flags & (kRenameNoreplace | kRenameWhiteout)) != 0)
        return Errno::Inval;
    auto from = TRY(path_argument(call, call.int32(0), call.address(1)));
    auto to = TRY(path_argument(call, call.int32(2), call.address(3)));
    const auto renamed =
        call.kernel.files().rename(from.caller, from.path, to.caller.start, to.path, flags);
    return named(call, from, renamed);
}
SysOutcome sys_renameat(SysCall& call) {
    return rename_at(call, 0);
}
SysOutcome sys_renameat2(SysCall& call) {
    return rename_at(call, call.uint32(4));
}

// path_init, LOOKUP_LINKAT_EMPTY: since 6.10, whoever opened the file with the credentials that it
// still has gives it a name.
bool may_link_opened(SysCall& call, const File& file) {
    if (file.opened_with == call.task.cred) return true;
    const UserSpace space = file.opened_with ? file.opened_with->space : nullptr;
    return call.capable_in(space, Capability::DacReadSearch);
}

SysOutcome sys_linkat(SysCall& call) {
    if ((call.uint32(4) & ~(kAtSymlinkFollow | kAtEmptyPath)) != 0) return Errno::Inval;
    auto from = TRY(path_argument(call, call.int32(0), call.address(1), call.uint32(4)));
    auto to = TRY(path_argument(call, call.int32(2), call.address(3)));
    if (from.file && !may_link_opened(call, *from.file)) return Errno::NoEnt;
    if (from.file)
        return named(
            call, to,
            call.kernel.files().link_of(from.caller, *from.file, to.caller.start, to.path));
    const bool follow = (call.uint32(4) & kAtSymlinkFollow) != 0;
    return named(
        call, to,
        call.kernel.files().link(from.caller, from.path, follow, to.caller.start, to.path));
}

SysOutcome sys_symlinkat(SysCall& call) {
    auto target = call.memory().read_string(call.address(0), kPathMax);
    if (!target) return Errno::Fault;
    if (target->size() >= kPathMax) return Errno::NameTooLong;
    auto p = TRY(path_argument(call, call.int32(1), call.address(2)));
    return named(call, p, call.kernel.files().symlink(p.caller, *target, p.path));
}

SysOutcome sys_chdir(SysCall& call) {
    auto p = TRY(path_argument(call, kAtFdcwd, call.address(0)));
    auto directory = call.kernel.files().directory(p.caller, p.path);
    if (!directory) return named(call, p, directory);
    call.process.fs->cwd = std::move(*directory);
    return 0;
}
SysOutcome sys_fchdir(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto status = file->status();
    if (!status || (status->mode & kIfmt) != kIfDir) return Errno::NotDir;
    const Caller caller = call.caller().starting_at(file->dentry);
    call.process.fs->cwd = TRY(call.kernel.files().directory(caller, "."));
    return 0;
}
SysOutcome sys_getcwd(SysCall& call) {
    if (call.process.fs->cwd && call.process.fs->cwd->removed()) return Errno::NoEnt;
    std::string cwd = call.process.fs->cwd ? call.process.fs->cwd->path() : "/";
    const std::string root = call.process.fs->root ? call.process.fs->root->path() : "/";
    if (root != "/") {
        if (cwd == root) {
            cwd.assign(1, '/');
        } else if (cwd.starts_with(root + "/")) {
            cwd.erase(0, root.size());
        } else {
            cwd.insert(0, "(unreachable)");
        }
    }
    if (cwd.size() >= kPathMax) return Errno::NameTooLong;
    if (call.args[1] < cwd.size() + 1) return Errno::Range;
    if (!call.memory().write(call.address(0),
                             std::as_bytes(std::span(cwd.c_str(), cwd.size() + 1))))
        return Errno::Fault;
    return std::uint64_t{cwd.size() + 1};
}

SysOutcome sys_umask(SysCall& call) {
    const std::uint32_t old = call.process.fs->umask;
    call.process.fs->umask = call.uint32(0) & kPermissionBits;
    return std::uint64_t{old};
}

constexpr SyscallRow kFileTreeRows[] = {
    {17, "getcwd", sys_getcwd, Support::Full, KernelPath::SysGetcwd, ""},
    {33, "mknodat", sys_mknodat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {34, "mkdirat", sys_mkdirat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {35, "unlinkat", sys_unlinkat, Support::Full, KernelPath::SysUnlink, ""},
    {36, "symlinkat", sys_symlinkat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {37, "linkat", sys_linkat, Support::Full, KernelPath::SysCreate, "", Errno::NoMem},
    {38, "renameat", sys_renameat, Support::Full, KernelPath::SysCreate, ""},
    {49, "chdir", sys_chdir, Support::Full, KernelPath::SysGetcwd, ""},
    {50, "fchdir", sys_fchdir, Support::Full, KernelPath::SysGetcwd, ""},
    {56, "openat", sys_openat, Support::Full, KernelPath::SysOpen, "", Errno::NoMem},
    {78, "readlinkat", sys_readlinkat, Support::Full, KernelPath::SysReadlink, ""},
    {166, "umask", sys_umask, Support::Full, KernelPath::SysTrivial, ""},
    {276, "renameat2", sys_renameat2, Support::Full, KernelPath::SysCreate, ""},
    {437, "openat2", sys_openat2, Support::Full, KernelPath::SysOpen, "", Errno::NoMem},
};

}  // namespace

std::span<const SyscallRow> file_tree_syscalls() {
    return kFileTreeRows;
}

}  // namespace uprobesim
