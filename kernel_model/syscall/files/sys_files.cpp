// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that take a descriptor.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/ioctl.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/guest_stat.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/files/sys_lock.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/syscall/transfer/terminal_calls.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome sys_read(SysCall& call) {
    return transfer(call, call.int32(0), Direction::Read, call.address(1), call.args[2], nullptr);
}
SysOutcome sys_write(SysCall& call) {
    return transfer(call, call.int32(0), Direction::Write, call.address(1), call.args[2], nullptr);
}
SysOutcome sys_pread64(SysCall& call) {
    return transfer(call, call.int32(0), Direction::Read, call.address(1), call.args[2],
                    &call.args[3]);
}
SysOutcome sys_pwrite64(SysCall& call) {
    return transfer(call, call.int32(0), Direction::Write, call.address(1), call.args[2],
                    &call.args[3]);
}
SysOutcome sys_readv(SysCall& call) {
    return transfer_vector(call, call.int32(0), Direction::Read, call.address(1), call.args[2],
                           nullptr);
}
SysOutcome sys_writev(SysCall& call) {
    return transfer_vector(call, call.int32(0), Direction::Write, call.address(1), call.args[2],
                           nullptr);
}
SysOutcome sys_preadv(SysCall& call) {
    return transfer_vector(call, call.int32(0), Direction::Read, call.address(1), call.args[2],
                           &call.args[3]);
}
SysOutcome sys_pwritev(SysCall& call) {
    return transfer_vector(call, call.int32(0), Direction::Write, call.address(1), call.args[2],
                           &call.args[3]);
}
// An offset of -1 stands for the file's own position. Known flags (RWF_*) are ignored as hints,
// unknown ones refused.
SysOutcome vector_with_flags(SysCall& call, Direction direction) {
    if ((call.uint32(5) & ~0x1fu) != 0) return Errno::NotSup;
    const std::uint64_t* offset = call.args[3] == ~std::uint64_t{0} ? nullptr : &call.args[3];
    return transfer_vector(call, call.int32(0), direction, call.address(1), call.args[2], offset);
}
SysOutcome sys_preadv2(SysCall& call) {
    return vector_with_flags(call, Direction::Read);
}
SysOutcome sys_pwritev2(SysCall& call) {
    return vector_with_flags(call, Direction::Write);
}

SysOutcome sys_lseek(SysCall& call) {
    File* file = call.process.files.get(call.int32(0));
    if (file == nullptr || (file->flags & kOPath) != 0) return bad_descriptor(call);
    if (!file->seekable()) return Errno::Spipe;
    const auto offset = static_cast<std::int64_t>(call.args[1]);
    const std::int32_t whence = call.int32(2);
    if (whence < kSeekSet || whence > kSeekHole) return Errno::Inval;
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
        default:  // SEEK_DATA, SEEK_HOLE: a file without holes
            if (offset < 0 || offset >= size) return Errno::Nxio;
            file->position = static_cast<std::uint64_t>(whence == kSeekData ? offset : size);
            return file->position;
    }
    std::int64_t target = 0;
    if (__builtin_add_overflow(base, offset, &target)) return Errno::Overflow;
    if (target < 0 && file->has_end()) return Errno::Inval;
    file->position = static_cast<std::uint64_t>(target);
    return file->position;
}

// Closing any descriptor of a file releases all locks that the process holds on it.
bool close_descriptor(SysCall& call, std::int32_t fd) {
    const auto file = call.process.files.share(fd);
    if (!file) return false;
    call.kernel.closing(call.process, *file);
    return call.process.files.close(fd).has_value();
}

SysOutcome sys_close(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!close_descriptor(call, call.int32(0))) return bad_descriptor(call);
    if (file.use_count() == 1) call.path = file->costs().close;
    if ((file->flags & kOPath) == 0) TRY(file->flush());
    return 0;
}

SysOutcome sys_close_range(SysCall& call) {
    const std::uint32_t first = call.uint32(0), last = call.uint32(1), flags = call.uint32(2);
    if (first > last || (flags & ~(kCloseRangeUnshare | kCloseRangeCloexec)) != 0)
        return Errno::Inval;
    std::vector<std::int32_t> fds;
    for (const auto& [fd, entry] : call.process.files.all()) {
        if (static_cast<std::uint32_t>(fd) >= first && static_cast<std::uint32_t>(fd) <= last)
            fds.push_back(fd);
    }
    for (const std::int32_t fd : fds) {
        if ((flags & kCloseRangeCloexec) != 0) {
            call.process.files.entry(fd)->close_on_exec = true;
        } else {
            close_descriptor(call, fd);
        }
    }
    return 0;
}

SysOutcome add_descriptor(SysCall& call, std::shared_ptr<File> file, bool close_on_exec,
                          std::int32_t from = 0) {
    auto fd = TRY(call.process.files.add(std::move(file), close_on_exec, from));
    return static_cast<std::uint64_t>(fd);
}

SysOutcome sys_dup(SysCall& call) {
    auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    return add_descriptor(call, std::move(file), false);
}

SysOutcome sys_dup3(SysCall& call) {
    if ((call.uint32(2) & ~kOCloexec) != 0 || call.int32(0) == call.int32(1)) return Errno::Inval;
    auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    if (const auto old = call.process.files.share(call.int32(1)))
        call.kernel.closing(call.process, *old);
    TRY(call.process.files.put(call.int32(1), std::move(file), (call.uint32(2) & kOCloexec) != 0));
    return std::uint64_t{call.uint32(1)};
}

SysOutcome pipe_size(SysCall& call, File& file, bool sets) {
    auto* end = dynamic_cast<PipeEnd*>(&file);
    if (end == nullptr) return bad_descriptor(call);
    if (!sets) return end->pipe()->size();
    auto size = end->pipe()->resize(call.uint32(2), call.capable(Capability::SysResource) ||
                                                        call.capable(Capability::SysAdmin));
    return size ? SysOutcome(*size) : SysOutcome(size.error());
}

// Whether some shared mapping could write to the file (i_mmap_writable).
bool mapped_for_writing(SysCall& call, const FileBacking* backing) {
    for (const auto& [pid, process] : call.kernel.processes().all()) {
        if (process->mm == nullptr) continue;
        for (const auto& [begin, vma] : process->mm->vmas()) {
            if (vma.file.get() == backing && vma.shared && vma.may_write) return true;
        }
    }
    return false;
}

SysOutcome file_seals(SysCall& call, File& file, bool adds) {
    auto* memory = dynamic_cast<MemoryFile*>(&file);
    if (memory == nullptr) return Errno::Inval;
    if (!adds) return std::uint64_t{memory->seals()};
    if (!may(file, Direction::Write)) return Errno::Perm;
    auto done =
        memory->add_seals(call.uint32(2), mapped_for_writing(call, memory->backing().get()));
    return done ? SysOutcome(0) : SysOutcome(done.error());
}

SysOutcome sys_fcntl(SysCall& call) {
    FdTable::Entry* entry = call.process.files.entry(call.int32(0));
    if (entry == nullptr) return bad_descriptor(call);
    const std::uint32_t command = call.uint32(1);
    constexpr std::uint32_t kSettable = kOAppend | kONonblock | kONoatime | kODirect | kOAsync;
    switch (command) {
        case kFDupfd:
        case kFDupfdCloexec:
            if (call.int32(2) < 0 || call.args[2] >= call.process.files.limit())
                return Errno::Inval;
            call.path = KernelPath::SysDup;
            return add_descriptor(call, entry->file, command == kFDupfdCloexec, call.int32(2));
        case kFGetfd: return entry->close_on_exec ? kFdCloexec : 0u;
        case kFSetfd: entry->close_on_exec = (call.args[2] & kFdCloexec) != 0; return 0;
        case kFGetfl:
            return std::uint64_t{
                (entry->file->flags & ~(kOCreat | kOExcl | kOTrunc | kONoctty | kOCloexec)) |
                kOLargefile};
        case kFSetfl:
            entry->file->flags = (entry->file->flags & ~kSettable) | (call.uint32(2) & kSettable);
            return 0;
        case kFGetlk: return range_lock(call, entry->file, LockCommand::Get, false);
        case kFSetlk: return range_lock(call, entry->file, LockCommand::Set, false);
        case kFSetlkw: return range_lock(call, entry->file, LockCommand::SetAndWait, false);
        case kFOfdGetlk: return range_lock(call, entry->file, LockCommand::Get, true);
        case kFOfdSetlk: return range_lock(call, entry->file, LockCommand::Set, true);
        case kFOfdSetlkw: return range_lock(call, entry->file, LockCommand::SetAndWait, true);
        case kFSetown:
        case kFGetown:
        case kFSetsig:
        case kFGetsig:
        case kFSetownEx: return 0;             // SIGIO is never sent
        case kFSetlease: return Errno::Again;  // leases are not modelled
        case kFGetlease: return kFUnlck;
        case kFSetpipeSz: return pipe_size(call, *entry->file, true);
        case kFGetpipeSz: return pipe_size(call, *entry->file, false);
        case kFAddSeals: return file_seals(call, *entry->file, true);
        case kFGetSeals: return file_seals(call, *entry->file, false);
        default:
            call.kernel.counters().note_unmodelled(fmt::format("fcntl command {}", command),
                                                   "answered EINVAL");
            return Errno::Inval;
    }
}

SysOutcome sys_ioctl(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    const std::uint64_t request = call.uint32(1);
    if (request == kFioclex || request == kFionclex) {
        call.process.files.entry(call.int32(0))->close_on_exec = request == kFioclex;
        return 0;
    }
    UserMemory memory = call.memory();
    if (request == kFionbio) {
        const auto on = memory.get<std::int32_t>(call.address(2));
        if (!on) return Errno::Fault;
        file->flags = *on != 0 ? file->flags | kONonblock : file->flags & ~kONonblock;
        return 0;
    }
    if (request == kFioasync) {  // stored; SIGIO is never sent
        const auto on = memory.get<std::int32_t>(call.address(2));
        if (!on) return Errno::Fault;
        file->flags = *on != 0 ? file->flags | kOAsync : file->flags & ~kOAsync;
        return 0;
    }
    if (PtyFile* terminal = file->terminal()) return terminal_ioctl(call, *terminal);
    auto result = TRY(file->ioctl(request, call.args[2], memory));
    return result;
}

SysOutcome sys_fstat(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto status = TRY(file->status());
    UserMemory memory = call.memory();
    if (!memory.put(call.address(1), to_stat(status))) return Errno::Fault;
    return 0;
}

SysOutcome sys_fsync(SysCall& call) {
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
    return 0;
}

SysOutcome sys_sync(SysCall&) {
    return 0;
}

SysOutcome sys_ftruncate(SysCall& call) {
    if (static_cast<std::int64_t>(call.args[1]) < 0) return Errno::Inval;
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    if ((file->flags & kOAccmode) == kORdonly) return Errno::Inval;
    TRY(may_grow(call, *file, call.args[1]));
    TRY(file->truncate(call.args[1]));
    return 0;
}

SysOutcome sys_fallocate(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || !may(*file, Direction::Write)) return bad_descriptor(call);
    if (static_cast<std::int64_t>(call.args[2]) < 0 || static_cast<std::int64_t>(call.args[3]) <= 0)
        return Errno::Inval;
    const std::uint32_t mode = call.uint32(1);
    const bool punches = mode == (kFallocFlPunchHole | kFallocFlKeepSize),
               zeros = (mode & ~kFallocFlKeepSize) == kFallocFlZeroRange;
    if ((mode & ~kFallocFlKeepSize) != 0 && !punches && !zeros) return Errno::NotSup;
    if (!file->seekable()) return Errno::Spipe;
    if (!file->backing()) return Errno::NoDev;
    const std::uint64_t end = call.args[2] + call.args[3];
    if (static_cast<std::int64_t>(end) < 0) return Errno::Fbig;
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
    return 0;
}

SysOutcome sys_getdents64(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    auto entries = TRY(file->entries());
    UserMemory memory = call.memory();
    std::uint64_t written = 0;
    std::uint64_t listed = 0;
    while (file->position < entries.size()) {
        const DirEntry& e = entries[file->position];
        const std::uint64_t size = (19 + e.name.size() + 1 + 7) & ~std::uint64_t{7};
        if (written + size > call.args[2]) break;
        std::vector<std::byte> record(size);
        const std::uint64_t next = file->position + 1;
        const auto length = static_cast<std::uint16_t>(size);
        std::memcpy(record.data(), &e.inode, 8);
        std::memcpy(record.data() + 8, &next, 8);
        std::memcpy(record.data() + 16, &length, 2);
        std::memcpy(record.data() + 18, &e.type, 1);
        std::memcpy(record.data() + 19, e.name.c_str(), e.name.size() + 1);
        if (!memory.write(call.address(1) + written, record))
            return written > 0 ? SysOutcome(written) : SysOutcome(Errno::Fault);
        written += size;
        file->position = next;
        ++listed;
    }
    call.units = listed;
    if (written == 0 && file->position < entries.size()) return Errno::Inval;
    return written;
}

SysOutcome sys_pipe2(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~(kOCloexec | kONonblock | kODirect)) != 0) return Errno::Inval;
    auto [reader, writer] = make_pipe(call.kernel.new_inode(), flags & (kONonblock | kODirect),
                                      {.pages = call.kernel.pipe_pages(),
                                       .uid = call.cred().uid.real,
                                       .memory = &call.kernel.machine().memory});
    const bool cloexec = (flags & kOCloexec) != 0;
    auto a = TRY(call.process.files.add(reader, cloexec));
    auto b = call.process.files.add(writer, cloexec);
    if (!b) {
        (void)call.process.files.close(a);
        return b.error();
    }
    const std::int32_t fds[2] = {a, *b};
    UserMemory memory = call.memory();
    if (!memory.put(call.address(0), fds)) {
        (void)call.process.files.close(a);
        (void)call.process.files.close(*b);
        return Errno::Fault;
    }
    return 0;
}

SysOutcome sys_fadvise64(SysCall& call) {
    const File* file = call.process.files.get(call.int32(0));
    if (file == nullptr) return bad_descriptor(call);
    if (!file->seekable()) return Errno::Spipe;
    return call.uint32(3) <= kPosixFadvNoreuse ? SysOutcome(0) : SysOutcome(Errno::Inval);
}

constexpr SyscallRow kRows[] = {
    {23, "dup", sys_dup, Support::Full, KernelPath::SysDup, "", Errno::NoMem},
    {24, "dup3", sys_dup3, Support::Full, KernelPath::SysDup, "", Errno::NoMem},
    {25, "fcntl", sys_fcntl, Support::Full, KernelPath::SysFcntl, ""},
    {29, "ioctl", sys_ioctl, Support::Full, KernelPath::SysIoctl, ""},
    {32, "flock", sys_flock, Support::Full, KernelPath::SysFcntl, ""},
    {46, "ftruncate", sys_ftruncate, Support::Full, KernelPath::SysTruncate, ""},
    {47, "fallocate", sys_fallocate, Support::Full, KernelPath::SysTruncate, ""},
    {57, "close", sys_close, Support::Full, KernelPath::SysClose, ""},
    {59, "pipe2", sys_pipe2, Support::Full, KernelPath::SysPipe, "", Errno::Nfile},
    {61, "getdents64", sys_getdents64, Support::Full, KernelPath::SysGetdents, "", Errno::NoMem},
    {62, "lseek", sys_lseek, Support::Full, KernelPath::SysLseek, ""},
    {63, "read", sys_read, Support::Full, KernelPath::SysReadFile, ""},
    {64, "write", sys_write, Support::Full, KernelPath::SysWriteFile, ""},
    {65, "readv", sys_readv, Support::Full, KernelPath::SysReadFile, ""},
    {66, "writev", sys_writev, Support::Full, KernelPath::SysWriteFile, ""},
    {67, "pread64", sys_pread64, Support::Full, KernelPath::SysReadFile, ""},
    {68, "pwrite64", sys_pwrite64, Support::Full, KernelPath::SysWriteFile, ""},
    {69, "preadv", sys_preadv, Support::Full, KernelPath::SysReadFile, ""},
    {70, "pwritev", sys_pwritev, Support::Full, KernelPath::SysWriteFile, ""},
    {80, "fstat", sys_fstat, Support::Full, KernelPath::SysFstat, ""},
    {81, "sync", sys_sync, Support::Full, KernelPath::SysFsync, ""},
    {82, "fsync", sys_fsync, Support::Full, KernelPath::SysFsync, ""},
    {83, "fdatasync", sys_fsync, Support::Full, KernelPath::SysFsync, ""},
    {84, "sync_file_range", sys_sync_file_range, Support::Partial, KernelPath::SysFcntl,
     "writes nothing back"},
    {213, "readahead", sys_readahead, Support::Partial, KernelPath::SysFcntl, "brings nothing in"},
    {223, "fadvise64", sys_fadvise64, Support::Full, KernelPath::SysFcntl, ""},
    {267, "syncfs", sys_fsync, Support::Full, KernelPath::SysFsync, ""},
    {286, "preadv2", sys_preadv2, Support::Partial, KernelPath::SysReadFile,
     "its flags change nothing"},
    {287, "pwritev2", sys_pwritev2, Support::Partial, KernelPath::SysWriteFile,
     "its flags change nothing"},
    {436, "close_range", sys_close_range, Support::Full, KernelPath::SysClose, ""},
};

}  // namespace

std::span<const SyscallRow> file_syscalls() {
    return kRows;
}

}  // namespace uprobesim
