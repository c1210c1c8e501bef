// SPDX-License-Identifier: GPL-2.0-or-later
// System calls on the offset, the size and the pages of an open file: lseek, ftruncate, fallocate,
// fsync, advice.
#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/landlock.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/rights/inode_flags.h"
#include "kernel_model/syscall/files/sys_lease.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome sys_lseek(SysCall& call) {
    File* file = call.process.files.get(call.int32(0));
    if (file == nullptr || (file->flags & kOPath) != 0) return bad_descriptor(call);
    const auto offset = static_cast<std::int64_t>(call.args[1]);
    const std::int32_t whence = call.int32(2);
    if (whence < kSeekSet || whence > kSeekHole) return Errno::Inval;
    if (const auto only = file->only_position()) return file->position = *only;
    if (!file->seekable()) return Errno::Spipe;
    if (whence > kSeekCur && !file->has_end()) return Errno::Inval;
    if (file->host_position()) {
        auto at = file->seek(offset, whence);
        return at ? SysOutcome(*at) : SysOutcome(at.error());
    }
    const auto size = static_cast<std::int64_t>(file->size().value_or(0));
    std::int64_t base = 0;
    switch (whence) {
        case kSeekSet: break;
        case kSeekCur: base = static_cast<std::int64_t>(file->position); break;
        case kSeekEnd: base = size; break;
        default: {  // SEEK_DATA, SEEK_HOLE: a hole follows the last byte
            if (offset < 0 || offset >= size) return Errno::Nxio;
            const auto from = static_cast<std::uint64_t>(offset);
            const auto end = static_cast<std::uint64_t>(size);
            const auto found = whence == kSeekData ? file->next_data(from) : file->next_hole(from);
            if (whence == kSeekData && (!found || *found >= end)) return Errno::Nxio;
            file->position = std::min(found.value_or(end), end);
            return file->position;
        }
    }
    std::int64_t target = 0;
    if (__builtin_add_overflow(base, offset, &target)) return Errno::Inval;
    if (target < 0 && file->has_end()) return Errno::Inval;
    file->position = static_cast<std::uint64_t>(target);
    return file->position;
}

bool is_block_device(File& file) {
    const auto status = file.status();
    return status && (status->mode & kIfmt) == kIfBlk;
}

SysOutcome sys_fsync(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    // Only files of a file system and block devices have the operation.
    const bool kept = file->watched_key() || file->backing() || is_block_device(*file);
    if (file->is_secret() || file->stream() || !kept) return Errno::Inval;
    TRY(file->sync());
    return 0;
}

SysOutcome sys_syncfs(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    TRY(file->sync());
    return 0;
}

// Writes go to the page cache, which all readers share, so the start of writeback is not
// observable.
SysOutcome sys_sync_file_range(SysCall& call) {
    constexpr std::uint32_t kKnown =
        kSyncFileRangeWaitBefore | kSyncFileRangeWrite | kSyncFileRangeWaitAfter;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    constexpr std::uint64_t kMax = ~std::uint64_t{0} >> 1;
    const std::uint64_t offset = call.args[1], bytes = call.args[2];
    if ((call.uint32(3) & ~kKnown) != 0 || offset > kMax || bytes > kMax - offset)
        return Errno::Inval;
    const auto status = TRY(file->status());
    const std::uint32_t kind = status.mode & kIfmt;
    if (kind != kIfReg && kind != kIfDir) return Errno::Spipe;
    return 0;
}

SysOutcome sys_readahead(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0 || (file->flags & kOAccmode) == kOWronly)
        return bad_descriptor(call);
    const auto status = file->status();
    if (!status || (status->mode & kIfmt) != kIfReg) return Errno::Inval;
    return static_cast<std::int64_t>(call.args[2]) < 0 ? SysOutcome(Errno::Inval) : SysOutcome(0);
}

SysOutcome sys_sync(SysCall&) {
    return 0;
}

SysOutcome sys_ftruncate(SysCall& call) {
    if (static_cast<std::int64_t>(call.args[1]) < 0) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    if ((file->flags & kOAccmode) == kORdonly) return Errno::Inval;
    if (const auto status = file->status(); status && append_only(*status)) return Errno::Perm;
    if (const auto key = file->watched_key()) {
        if (const auto waits = break_leases(call, *key, true, (file->flags & kONonblock) != 0))
            return *waits;
    }
    if ((file->rights_refused & kLandlockFsTruncate) != 0) return Errno::Acces;
    TRY(may_grow(call, *file, call.args[1]));
    TRY(file->truncate(call.args[1]));
    tell_new_size(call, *file);
    return 0;
}

// vfs_fallocate, after the mode and the rights of the description.
SysResult<void> may_allocate(File& file, std::uint32_t mode, std::uint64_t end) {
    const auto status = TRY(file.status());
    if ((mode & ~kFallocFlKeepSize) != 0 && append_only(status))
        return tl::make_unexpected(Errno::Perm);
    if (immutable(status)) return tl::make_unexpected(Errno::Perm);
    switch (status.mode & kIfmt) {
        case kIfReg: break;
        case kIfIfo: return tl::make_unexpected(Errno::Spipe);
        case kIfDir: return tl::make_unexpected(Errno::IsDir);
        default: return tl::make_unexpected(Errno::NoDev);
    }
    if (static_cast<std::int64_t>(end) < 0) return tl::make_unexpected(Errno::Fbig);
    return file.backing() ? SysResult<void>() : tl::make_unexpected(Errno::NotSup);
}

SysOutcome sys_fallocate(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    if (static_cast<std::int64_t>(call.args[2]) < 0 || static_cast<std::int64_t>(call.args[3]) <= 0)
        return Errno::Inval;
    const std::uint32_t mode = call.uint32(1);
    const bool punches = mode == (kFallocFlPunchHole | kFallocFlKeepSize),
               zeros = (mode & ~kFallocFlKeepSize) == kFallocFlZeroRange;
    if ((mode & ~kFallocFlKeepSize) != 0 && !punches && !zeros) return Errno::NotSup;
    if (!may(*file, Direction::Write)) return bad_descriptor(call);
    const std::uint64_t end = call.args[2] + call.args[3];
    TRY(may_allocate(*file, mode, end));
    // shmem_fallocate: RLIMIT_FSIZE applies with FALLOC_FL_KEEP_SIZE too.
    if (!punches) {
        TRY(may_grow(call, *file, end));
    }
    if (punches || zeros) {
        remove_set_ids(call, *file);
        TRY(file->clear(call.args[2], end));
    }
    if (!punches) {
        TRY(file->reserve(call.args[2], end));
    }
    if ((mode & kFallocFlKeepSize) == 0 && file->size().value_or(0) < end) {
        TRY(file->truncate(end));
    }
    tell_use(call, *file, kInModify);
    return 0;
}

SysOutcome sys_fadvise64(SysCall& call) {
    File* file = call.process.files.get(call.int32(0));
    if (file == nullptr || (file->flags & kOPath) != 0) return bad_descriptor(call);
    // generic_fadvise: advice on what has no pages is taken, and means nothing.
    const auto status = file->status();
    if (status && (status->mode & kIfmt) == kIfIfo) return Errno::Spipe;
    if (static_cast<std::int64_t>(call.args[2]) < 0) return Errno::Inval;
    return call.uint32(3) <= kPosixFadvNoreuse ? SysOutcome(0) : SysOutcome(Errno::Inval);
}

// can_do_cachestat: not of a file of others that the caller could not write.
bool may_see_cache(SysCall& call, File& file) {
    if (may(file, Direction::Write)) return true;
    const auto status = file.status();
    return status && (call.cred().owns(*status) || call.cred().permit(*status, kWOk));
}

// The cache of a tmpfs is its data: none of it is dirty, none was evicted (filemap_cachestat).
std::uint64_t cached_pages(File& file, std::uint64_t first, std::uint64_t last) {
    const std::uint64_t end = std::min(last, (file.size().value_or(0) + kPageSize - 1) / kPageSize);
    std::uint64_t pages = 0;
    for (std::uint64_t at = first; at < end;) {
        const auto data = file.next_data(at * kPageSize);
        if (!data || *data / kPageSize >= end) break;
        const auto hole = file.next_hole(*data);
        const std::uint64_t after = hole ? std::min(end, (*hole + kPageSize - 1) / kPageSize) : end;
        pages += after - *data / kPageSize;
        at = after;
    }
    return pages;
}

SysOutcome sys_cachestat(SysCall& call) {
    struct Range {
        std::uint64_t begin, length;
    };
    struct Cachestat {
        std::uint64_t cached, dirty, written_back, evicted, recently_evicted;
    };
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    UserMemory memory = call.memory();
    const auto range = memory.get<Range>(call.address(1));
    if (!range) return Errno::Fault;
    if (!may_see_cache(call, *file)) return Errno::Perm;
    if (call.uint32(3) != 0) return Errno::Inval;
    Cachestat answer{};
    if (file->backing()) {
        const std::uint64_t last = range->length == 0
                                       ? ~std::uint64_t{0}
                                       : (range->begin + range->length - 1) / kPageSize + 1;
        answer.cached = cached_pages(*file, range->begin / kPageSize, last);
    }
    return memory.put(call.address(2), answer) ? SysOutcome(0) : SysOutcome(Errno::Fault);
}

constexpr SyscallRow kSpaceRows[] = {
    {46, "ftruncate", sys_ftruncate, Support::Full, KernelPath::SysTruncate, ""},
    {47, "fallocate", sys_fallocate, Support::Full, KernelPath::SysTruncate, ""},
    {62, "lseek", sys_lseek, Support::Full, KernelPath::SysLseek, ""},
    {81, "sync", sys_sync, Support::Full, KernelPath::SysFsync, ""},
    {82, "fsync", sys_fsync, Support::Full, KernelPath::SysFsync, ""},
    {83, "fdatasync", sys_fsync, Support::Full, KernelPath::SysFsync, ""},
    {84, "sync_file_range", sys_sync_file_range, Support::Partial, KernelPath::SysFcntl,
     "writes nothing back"},
    {213, "readahead", sys_readahead, Support::Partial, KernelPath::SysFcntl, "brings nothing in"},
    {223, "fadvise64", sys_fadvise64, Support::Full, KernelPath::SysFcntl, ""},
    {451, "cachestat", sys_cachestat, Support::Full, KernelPath::SysFcntl, ""},
    {267, "syncfs", sys_syncfs, Support::Full, KernelPath::SysFsync, ""},
};

}  // namespace

std::span<const SyscallRow> space_syscalls() {
    return kSpaceRows;
}

}  // namespace uprobesim
