// SPDX-License-Identifier: GPL-2.0-or-later
// Calls on descriptors.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/event/memory_file.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/events/sys_poll.h"
#include "kernel_model/syscall/files/file_transfer.h"
#include "kernel_model/syscall/files/sys_lock.h"
#include "kernel_model/syscall/files/terminal_calls.h"

namespace uprobesim {

namespace {

using namespace abi;

SysOutcome sys_read(SysCall& c) {
    return transfer(c, c.int32(0), Direction::Read, c.address(1), c.args[2], nullptr);
}
SysOutcome sys_write(SysCall& c) {
    return transfer(c, c.int32(0), Direction::Write, c.address(1), c.args[2], nullptr);
}
SysOutcome sys_pread64(SysCall& c) {
    return transfer(c, c.int32(0), Direction::Read, c.address(1), c.args[2], &c.args[3]);
}
SysOutcome sys_pwrite64(SysCall& c) {
    return transfer(c, c.int32(0), Direction::Write, c.address(1), c.args[2], &c.args[3]);
}
SysOutcome sys_readv(SysCall& c) {
    return transfer_vector(c, c.int32(0), Direction::Read, c.address(1), c.args[2], nullptr);
}
SysOutcome sys_writev(SysCall& c) {
    return transfer_vector(c, c.int32(0), Direction::Write, c.address(1), c.args[2], nullptr);
}
SysOutcome sys_preadv(SysCall& c) {
    return transfer_vector(c, c.int32(0), Direction::Read, c.address(1), c.args[2], &c.args[3]);
}
SysOutcome sys_pwritev(SysCall& c) {
    return transfer_vector(c, c.int32(0), Direction::Write, c.address(1), c.args[2], &c.args[3]);
}
// An offset of -1 is the file's own position. The flags (RWF_*) are hints, but for those that are
// not known.
SysOutcome vector_with_flags(SysCall& c, Direction direction) {
    if ((c.uint32(5) & ~0x1fu) != 0) return Errno::NotSup;
    const std::uint64_t* offset = c.args[3] == ~std::uint64_t{0} ? nullptr : &c.args[3];
    return transfer_vector(c, c.int32(0), direction, c.address(1), c.args[2], offset);
}
SysOutcome sys_preadv2(SysCall& c) {
    return vector_with_flags(c, Direction::Read);
}
SysOutcome sys_pwritev2(SysCall& c) {
    return vector_with_flags(c, Direction::Write);
}

SysOutcome sys_lseek(SysCall& c) {
    File* file = c.process.files.get(c.int32(0));
    if (file == nullptr || (file->flags & kOPath) != 0) return bad_descriptor(c);
    if (!file->seekable()) return Errno::Spipe;
    const auto offset = static_cast<std::int64_t>(c.args[1]);
    const std::uint32_t whence = c.uint32(2);
    if (whence > 4) return Errno::Inval;
    if (file->host_position()) {
        auto at = file->seek(offset, static_cast<int>(whence));
        return at ? SysOutcome(*at) : SysOutcome(at.error());
    }
    const auto size = static_cast<std::int64_t>(file->size().value_or(0));
    std::int64_t base = 0;
    switch (whence) {
        case 0: break;                                                    // SEEK_SET
        case 1: base = static_cast<std::int64_t>(file->position); break;  // SEEK_CUR
        case 2: base = size; break;                                       // SEEK_END
        default:  // SEEK_DATA, SEEK_HOLE: a file without holes
            if (offset < 0 || offset >= size) return Errno::Nxio;
            file->position = static_cast<std::uint64_t>(whence == 3 ? offset : size);
            return file->position;
    }
    std::int64_t target = 0;
    if (__builtin_add_overflow(base, offset, &target)) return Errno::Overflow;
    if (target < 0) return Errno::Inval;
    file->position = static_cast<std::uint64_t>(target);
    return file->position;
}

// close of any descriptor of a file lets go of the process's locks on it.
bool close_descriptor(SysCall& c, std::int32_t fd) {
    const auto file = c.process.files.share(fd);
    if (!file) return false;
    c.kernel.closing(c.process, *file);
    return c.process.files.close(fd).has_value();
}

SysOutcome sys_close(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!close_descriptor(c, c.int32(0))) return bad_descriptor(c);
    if (file.use_count() == 1) c.path = file->close_path();
    return std::uint64_t{0};
}

SysOutcome sys_close_range(SysCall& c) {
    const std::uint32_t first = c.uint32(0), last = c.uint32(1), flags = c.uint32(2);
    if (first > last || (flags & ~6u) != 0) return Errno::Inval;
    std::vector<std::int32_t> fds;
    for (const auto& [fd, entry] : c.process.files.all()) {
        if (static_cast<std::uint32_t>(fd) >= first && static_cast<std::uint32_t>(fd) <= last)
            fds.push_back(fd);
    }
    for (const std::int32_t fd : fds) {
        if ((flags & 4) != 0) {
            c.process.files.entry(fd)->close_on_exec = true;  // CLOSE_RANGE_CLOEXEC
        } else {
            close_descriptor(c, fd);
        }
    }
    return std::uint64_t{0};
}

SysOutcome add_descriptor(SysCall& c, std::shared_ptr<File> file, bool close_on_exec,
                          std::int32_t from = 0) {
    auto fd = c.process.files.add(std::move(file), close_on_exec, from);
    if (!fd) return fd.error();
    return static_cast<std::uint64_t>(*fd);
}

SysOutcome sys_dup(SysCall& c) {
    auto file = c.process.files.share(c.int32(0));
    if (!file) return bad_descriptor(c);
    return add_descriptor(c, std::move(file), false);
}

SysOutcome sys_dup3(SysCall& c) {
    if ((c.uint32(2) & ~kOCloexec) != 0 || c.int32(0) == c.int32(1)) return Errno::Inval;
    auto file = c.process.files.share(c.int32(0));
    if (!file) return bad_descriptor(c);
    if (const auto old = c.process.files.share(c.int32(1))) c.kernel.closing(c.process, *old);
    if (auto put = c.process.files.put(c.int32(1), std::move(file), (c.uint32(2) & kOCloexec) != 0);
        !put)
        return put.error();
    return std::uint64_t{c.uint32(1)};
}

SysOutcome pipe_size(SysCall& c, File& file, bool sets) {
    auto* end = dynamic_cast<PipeEnd*>(&file);
    if (end == nullptr) return bad_descriptor(c);
    if (!sets) return end->pipe()->size();
    auto size = end->pipe()->resize(c.uint32(2));
    return size ? SysOutcome(*size) : SysOutcome(size.error());
}

// Whether some shared mapping could write to the file (i_mmap_writable).
bool mapped_for_writing(SysCall& c, const FileBacking* backing) {
    for (const auto& [pid, process] : c.kernel.processes()) {
        if (process->mm == nullptr) continue;
        for (const auto& [begin, vma] : process->mm->vmas()) {
            if (vma.file.get() == backing && vma.shared && vma.may_write) return true;
        }
    }
    return false;
}

SysOutcome file_seals(SysCall& c, File& file, bool adds) {
    auto* memory = dynamic_cast<MemoryFile*>(&file);
    if (memory == nullptr) return Errno::Inval;
    if (!adds) return std::uint64_t{memory->seals()};
    if (!may(file, Direction::Write)) return Errno::Perm;
    auto done = memory->add_seals(c.uint32(2), mapped_for_writing(c, memory->backing().get()));
    return done ? SysOutcome(std::uint64_t{0}) : SysOutcome(done.error());
}

SysOutcome sys_fcntl(SysCall& c) {
    FdTable::Entry* entry = c.process.files.entry(c.int32(0));
    if (entry == nullptr) return bad_descriptor(c);
    const std::uint32_t command = c.uint32(1);
    constexpr std::uint32_t kSettable = kOAppend | kONonblock | kONoatime | kODirect | kOAsync;
    switch (command) {
        case 0:       // F_DUPFD
        case 1030: {  // F_DUPFD_CLOEXEC
            if (c.int32(2) < 0 || c.args[2] >= c.process.files.limit()) return Errno::Inval;
            c.path = KernelPath::SysDup;
            return add_descriptor(c, entry->file, command == 1030, c.int32(2));
        }
        case 1: return std::uint64_t{entry->close_on_exec};                            // F_GETFD
        case 2: entry->close_on_exec = (c.args[2] & 1) != 0; return std::uint64_t{0};  // F_SETFD
        case 3:
            return std::uint64_t{
                (entry->file->flags & ~(kOCreat | kOExcl | kOTrunc | kONoctty | kOCloexec)) |
                kOLargefile};  // F_GETFL
        case 4:
            entry->file->flags = (entry->file->flags & ~kSettable) | (c.uint32(2) & kSettable);
            return std::uint64_t{0};                                                // F_SETFL
        case 5: return range_lock(c, entry->file, LockCommand::Get, false);         // F_GETLK
        case 6: return range_lock(c, entry->file, LockCommand::Set, false);         // F_SETLK
        case 7: return range_lock(c, entry->file, LockCommand::SetAndWait, false);  // F_SETLKW
        case 36: return range_lock(c, entry->file, LockCommand::Get, true);         // F_OFD_GETLK
        case 37: return range_lock(c, entry->file, LockCommand::Set, true);         // F_OFD_SETLK
        case 38: return range_lock(c, entry->file, LockCommand::SetAndWait, true);  // F_OFD_SETLKW
        case 8:                                                                     // F_SETOWN
        case 9:                                                                     // F_GETOWN
        case 10:                                                                    // F_SETSIG
        case 11:                                                                    // F_GETSIG
        case 15: return std::uint64_t{0};    // F_SETOWN_EX: nobody is sent SIGIO
        case 1024: return Errno::Again;      // F_SETLEASE: others may have it open
        case 1025: return std::uint64_t{2};  // F_GETLEASE: F_UNLCK
        case 1031:
        case 1032:
            return pipe_size(c, *entry->file, command == 1031);  // F_SETPIPE_SZ, F_GETPIPE_SZ
        case 1033:
        case 1034: return file_seals(c, *entry->file, command == 1033);  // F_ADD_SEALS, F_GET_SEALS
        default:
            c.kernel.note_unmodelled(fmt::format("fcntl command {}", command), "answered EINVAL");
            return Errno::Inval;
    }
}

SysOutcome sys_ioctl(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(c);
    const std::uint64_t request = c.uint32(1);
    if (request == 0x5451 || request == 0x5450) {  // FIOCLEX, FIONCLEX
        c.process.files.entry(c.int32(0))->close_on_exec = request == 0x5451;
        return std::uint64_t{0};
    }
    UserMemory memory = c.memory();
    if (request == 0x5421) {  // FIONBIO
        const auto on = memory.get<std::int32_t>(c.address(2));
        if (!on) return Errno::Fault;
        file->flags = *on != 0 ? file->flags | kONonblock : file->flags & ~kONonblock;
        return std::uint64_t{0};
    }
    if (request == 0x5452) {  // FIOASYNC: kept, no SIGIO is sent
        const auto on = memory.get<std::int32_t>(c.address(2));
        if (!on) return Errno::Fault;
        file->flags = *on != 0 ? file->flags | kOAsync : file->flags & ~kOAsync;
        return std::uint64_t{0};
    }
    if (PtyFile* terminal = file->terminal()) return terminal_ioctl(c, *terminal);
    auto result = file->ioctl(request, c.args[2], memory);
    if (!result) return result.error();
    return *result;
}

SysOutcome sys_fstat(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file) return bad_descriptor(c);
    auto status = file->status();
    if (!status) return status.error();
    UserMemory memory = c.memory();
    if (!memory.put(c.address(1), to_stat(*status))) return Errno::Fault;
    return std::uint64_t{0};
}

SysOutcome sys_fsync(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(c);
    if (auto done = file->sync(); !done) return done.error();
    return std::uint64_t{0};
}

// What is written is in the page cache that all share: to have begun writing it back shows nowhere.
SysOutcome sys_sync_file_range(SysCall& c) {
    constexpr std::uint32_t kKnown = 7;  // WAIT_BEFORE, WRITE, WAIT_AFTER
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(c);
    constexpr std::uint64_t kMost = ~std::uint64_t{0} >> 1;
    const std::uint64_t offset = c.args[1], bytes = c.args[2];
    if ((c.uint32(3) & ~kKnown) != 0 || offset > kMost || bytes > kMost - offset)
        return Errno::Inval;
    const auto status = file->status();
    if (!status) return status.error();
    const std::uint32_t kind = status->mode & kIfmt;
    if (kind != kIfReg && kind != kIfDir) return Errno::Spipe;
    return std::uint64_t{0};
}

SysOutcome sys_readahead(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0 || (file->flags & kOAccmode) == kOWronly)
        return bad_descriptor(c);
    const auto status = file->status();
    if (!status || (status->mode & kIfmt) != kIfReg) return Errno::Inval;
    return std::uint64_t{0};
}

SysOutcome sys_sync(SysCall&) {
    return std::uint64_t{0};
}

SysOutcome sys_ftruncate(SysCall& c) {
    if (static_cast<std::int64_t>(c.args[1]) < 0) return Errno::Inval;
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(c);
    if ((file->flags & kOAccmode) == kORdonly) return Errno::Inval;
    if (auto allowed = may_grow(c, *file, c.args[1]); !allowed) return allowed.error();
    if (auto done = file->truncate(c.args[1]); !done) return done.error();
    return std::uint64_t{0};
}

SysOutcome sys_fallocate(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file || !may(*file, Direction::Write)) return bad_descriptor(c);
    if (static_cast<std::int64_t>(c.args[2]) < 0 || static_cast<std::int64_t>(c.args[3]) <= 0)
        return Errno::Inval;
    constexpr std::uint32_t kKeepSize = 1, kPunchHole = 2, kZeroRange = 0x10;
    const std::uint32_t mode = c.uint32(1);
    const bool punches = mode == (kPunchHole | kKeepSize),
               zeros = (mode & ~kKeepSize) == kZeroRange;
    if ((mode & ~kKeepSize) != 0 && !punches && !zeros) return Errno::NotSup;
    if (!file->seekable()) return Errno::Spipe;
    if (!file->backing()) return Errno::NoDev;
    const std::uint64_t end = c.args[2] + c.args[3];
    if (static_cast<std::int64_t>(end) < 0) return Errno::Fbig;
    // shmem_fallocate: the limit of a file's size counts with FALLOC_FL_KEEP_SIZE too.
    if (!punches) {
        if (auto allowed = may_grow(c, *file, end); !allowed) return allowed.error();
    }
    if (punches || zeros) {
        if (auto done = file->clear(c.args[2], end); !done) return done.error();
    }
    if (!punches) {
        if (auto done = file->reserve(c.args[2], end); !done) return done.error();
    }
    if ((mode & kKeepSize) == 0 && file->size().value_or(0) < end) {
        if (auto done = file->truncate(end); !done) return done.error();
    }
    return std::uint64_t{0};
}

SysOutcome sys_getdents64(SysCall& c) {
    const auto file = c.process.files.share(c.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(c);
    auto entries = file->entries();
    if (!entries) return entries.error();
    UserMemory memory = c.memory();
    std::uint64_t written = 0;
    std::uint64_t listed = 0;
    while (file->position < entries->size()) {
        const DirEntry& e = (*entries)[file->position];
        const std::uint64_t size = (19 + e.name.size() + 1 + 7) & ~std::uint64_t{7};
        if (written + size > c.args[2]) break;
        std::vector<std::byte> record(size);
        const std::uint64_t next = file->position + 1;
        const auto length = static_cast<std::uint16_t>(size);
        std::memcpy(record.data(), &e.inode, 8);
        std::memcpy(record.data() + 8, &next, 8);
        std::memcpy(record.data() + 16, &length, 2);
        std::memcpy(record.data() + 18, &e.type, 1);
        std::memcpy(record.data() + 19, e.name.c_str(), e.name.size() + 1);
        if (!memory.write(c.address(1) + written, record))
            return written > 0 ? SysOutcome(written) : SysOutcome(Errno::Fault);
        written += size;
        file->position = next;
        ++listed;
    }
    c.units = listed;
    if (written == 0 && file->position < entries->size()) return Errno::Inval;
    return written;
}

SysOutcome sys_pipe2(SysCall& c) {
    const std::uint32_t flags = c.uint32(1);
    if ((flags & ~(kOCloexec | kONonblock | kODirect)) != 0) return Errno::Inval;
    auto [reader, writer] = make_pipe(c.kernel.new_inode(), flags & (kONonblock | kODirect));
    const bool cloexec = (flags & kOCloexec) != 0;
    auto a = c.process.files.add(reader, cloexec);
    if (!a) return a.error();
    auto b = c.process.files.add(writer, cloexec);
    if (!b) {
        (void)c.process.files.close(*a);
        return b.error();
    }
    const std::int32_t fds[2] = {*a, *b};
    UserMemory memory = c.memory();
    if (!memory.put(c.address(0), fds)) {
        (void)c.process.files.close(*a);
        (void)c.process.files.close(*b);
        return Errno::Fault;
    }
    return std::uint64_t{0};
}

SysOutcome sys_fadvise64(SysCall& c) {
    const File* file = c.process.files.get(c.int32(0));
    if (file == nullptr) return bad_descriptor(c);
    if (!file->seekable()) return Errno::Spipe;
    return c.uint32(3) <= 5 ? SysOutcome(std::uint64_t{0}) : SysOutcome(Errno::Inval);
}

constexpr SyscallRow kRows[] = {
    {23, "dup", sys_dup, Support::Full, KernelPath::SysDup, ""},
    {24, "dup3", sys_dup3, Support::Full, KernelPath::SysDup, ""},
    {25, "fcntl", sys_fcntl, Support::Full, KernelPath::SysFcntl, ""},
    {29, "ioctl", sys_ioctl, Support::Full, KernelPath::SysIoctl, ""},
    {32, "flock", sys_flock, Support::Full, KernelPath::SysFcntl, ""},
    {46, "ftruncate", sys_ftruncate, Support::Full, KernelPath::SysTruncate, ""},
    {47, "fallocate", sys_fallocate, Support::Full, KernelPath::SysTruncate, ""},
    {57, "close", sys_close, Support::Full, KernelPath::SysClose, ""},
    {59, "pipe2", sys_pipe2, Support::Full, KernelPath::SysPipe, ""},
    {61, "getdents64", sys_getdents64, Support::Full, KernelPath::SysGetdents, ""},
    {62, "lseek", sys_lseek, Support::Full, KernelPath::SysLseek, ""},
    {63, "read", sys_read, Support::Full, KernelPath::SysReadFile, ""},
    {64, "write", sys_write, Support::Full, KernelPath::SysWriteFile, ""},
    {65, "readv", sys_readv, Support::Full, KernelPath::SysReadFile, ""},
    {66, "writev", sys_writev, Support::Full, KernelPath::SysWriteFile, ""},
    {67, "pread64", sys_pread64, Support::Full, KernelPath::SysReadFile, ""},
    {68, "pwrite64", sys_pwrite64, Support::Full, KernelPath::SysWriteFile, ""},
    {69, "preadv", sys_preadv, Support::Full, KernelPath::SysReadFile, ""},
    {70, "pwritev", sys_pwritev, Support::Full, KernelPath::SysWriteFile, ""},
    {72, "pselect6", sys_pselect6, Support::Full, KernelPath::SysPoll, ""},
    {73, "ppoll", sys_ppoll, Support::Full, KernelPath::SysPoll, ""},
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
