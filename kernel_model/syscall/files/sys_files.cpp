// SPDX-License-Identifier: GPL-2.0-or-later
// System calls that take a descriptor.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/files/guest_stat.h"
#include "kernel_model/files/pipe.h"
#include "kernel_model/syscall/files/pipe_rights.h"
#include "kernel_model/syscall/files/sys_lock.h"
#include "kernel_model/syscall/transfer/file_transfer.h"
#include "kernel_model/syscall/transfer/permission_events.h"
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
// An offset of -1 stands for the file's own position.
SysOutcome vector_with_flags(SysCall& call, Direction direction) {
    const std::uint32_t flags = call.uint32(5);
    constexpr std::uint32_t kKnown =
        kRwfHipri | kRwfDsync | kRwfSync | kRwfNowait | kRwfAppend | kRwfNoappend;
    const std::uint64_t* offset = call.args[3] == ~std::uint64_t{0} ? nullptr : &call.args[3];
    const auto file = call.process.files.share(call.int32(0));
    if (!file || !may(*file, direction)) return bad_descriptor(call);
    // kiocb_set_rw_flags.
    constexpr std::uint32_t kBoth = kRwfAppend | kRwfNoappend;
    if ((flags & ~kKnown) != 0) return Errno::NotSup;
    if ((flags & kBoth) == kBoth) return Errno::Inval;
    const std::uint32_t old = file->flags;
    if ((flags & kRwfNowait) != 0) file->flags |= kONonblock;
    if ((flags & kRwfAppend) != 0) file->flags |= kOAppend;
    if ((flags & kRwfNoappend) != 0) file->flags &= ~kOAppend;
    const SysOutcome outcome =
        transfer_vector(call, call.int32(0), direction, call.address(1), call.args[2], offset);
    file->flags = old;
    return outcome;
}
SysOutcome sys_preadv2(SysCall& call) {
    return vector_with_flags(call, Direction::Read);
}
SysOutcome sys_pwritev2(SysCall& call) {
    return vector_with_flags(call, Direction::Write);
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
    // Before anything is closed: the other users of the table keep their descriptors.
    if ((flags & kCloseRangeUnshare) != 0) call.process.files.unshare();
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

SysOutcome sys_fstat(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file) return bad_descriptor(call);
    auto status = TRY(file->status());
    UserMemory memory = call.memory();
    if (!memory.put(call.address(1), to_stat(status, call.cred().space))) return Errno::Fault;
    return 0;
}

SysOutcome sys_getdents64(SysCall& call) {
    const auto file = call.process.files.share(call.int32(0));
    if (!file || (file->flags & kOPath) != 0) return bad_descriptor(call);
    if (const auto instead = ask_first(call, *file, kFanAccessPerm, call.task.call_holds))
        return *instead;
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
    tell_use(call, *file, kInAccess);
    if (written == 0 && file->position < entries.size()) return Errno::Inval;
    return written;
}

SysOutcome sys_pipe2(SysCall& call) {
    const std::uint32_t flags = call.uint32(1);
    if ((flags & ~(kOCloexec | kONonblock | kODirect)) != 0) return Errno::Inval;
    const PipeOwner owner{.pages = call.kernel.pipe_pages(),
                          .uid = call.cred().uid.real,
                          .rights = pipe_rights(call),
                          .memory = &call.kernel.machine().memory};
    if (Pipe::first_slots(owner) == 0) return Errno::Nfile;
    auto [reader, writer] =
        make_pipe(call.kernel.new_inode(), flags & (kONonblock | kODirect), owner);
    own_inode(call, *reader);
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

constexpr SyscallRow kFilesRows[] = {
    {23, "dup", sys_dup, Support::Full, KernelPath::SysDup, "", Errno::NoMem},
    {24, "dup3", sys_dup3, Support::Full, KernelPath::SysDup, "", Errno::NoMem},
    {32, "flock", sys_flock, Support::Full, KernelPath::SysFcntl, "", {}, {0}},
    {57, "close", sys_close, Support::Full, KernelPath::SysClose, ""},
    {59, "pipe2", sys_pipe2, Support::Full, KernelPath::SysPipe, "", Errno::Nfile},
    {61,
     "getdents64",
     sys_getdents64,
     Support::Full,
     KernelPath::SysGetdents,
     "",
     Errno::NoMem,
     {0}},
    {63, "read", sys_read, Support::Full, KernelPath::SysReadFile, "", {}, {0}},
    {64, "write", sys_write, Support::Full, KernelPath::SysWriteFile, "", {}, {0}},
    {65, "readv", sys_readv, Support::Full, KernelPath::SysReadFile, "", {}, {0}},
    {66, "writev", sys_writev, Support::Full, KernelPath::SysWriteFile, "", {}, {0}},
    {67, "pread64", sys_pread64, Support::Full, KernelPath::SysReadFile, "", {}, {0}},
    {68, "pwrite64", sys_pwrite64, Support::Full, KernelPath::SysWriteFile, "", {}, {0}},
    {69, "preadv", sys_preadv, Support::Full, KernelPath::SysReadFile, "", {}, {0}},
    {70, "pwritev", sys_pwritev, Support::Full, KernelPath::SysWriteFile, "", {}, {0}},
    {80, "fstat", sys_fstat, Support::Full, KernelPath::SysFstat, ""},
    {286, "preadv2", sys_preadv2, Support::Full, KernelPath::SysReadFile, "", {}, {0}},
    {287, "pwritev2", sys_pwritev2, Support::Full, KernelPath::SysWriteFile, "", {}, {0}},
    {436, "close_range", sys_close_range, Support::Full, KernelPath::SysClose, ""},
};

}  // namespace

std::span<const SyscallRow> file_syscalls() {
    return kFilesRows;
}

}  // namespace uprobesim
