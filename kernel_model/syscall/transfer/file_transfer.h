// SPDX-License-Identifier: GPL-2.0-or-later
// Moving bytes between open files and user memory, as every read and write call does.
#pragma once

#include <cstdint>

#include "kernel_model/syscall/syscall.h"

namespace uprobesim {

enum class Direction { Read, Write };

// `offset`: null for the file's own position, which then moves.
SysOutcome transfer(SysCall& call, std::int32_t fd, Direction direction, VAddr buffer,
                    std::uint64_t size, const std::uint64_t* offset);
SysOutcome transfer_vector(SysCall& call, std::int32_t fd, Direction direction, VAddr vector,
                           std::uint64_t count, const std::uint64_t* offset);

// Whether the descriptor was opened for this (never for O_PATH).
bool may(const File& file, Direction direction);
// After an error, with `done` bytes moved: true if the call must wait for the file and continue
// from there (Task::call_progress). A broken pipe sends SIGPIPE.
bool must_wait(SysCall& call, File& file, Errno error, std::uint64_t done);
// The outcome of a write that moved no byte: it blocks, or fails with the error; EPIPE also sends
// SIGPIPE.
SysOutcome write_failure(SysCall& call, File& file, Errno error);

// RLIMIT_FSIZE: the number of bytes, up to `count`, that may be written at `offset`
// (generic_write_check_limits). Fbig: none; SIGXFSZ is sent. Files that are not regular have no
// limit.
SysResult<std::uint64_t> may_write(SysCall& call, File& file, std::uint64_t offset,
                                   std::uint64_t count);
// The same for a new size (inode_newsize_ok). Both remove the set-ID bits, since the caller changes
// the file next.
SysResult<void> may_grow(SysCall& call, File& file, std::uint64_t size);

void remove_set_ids(SysCall& call, File& file);

// A new pipe or socket is the caller's (get_pipe_inode, sock_alloc).
void own_inode(SysCall& call, File& file);

// Tells watchers what was done to an open file (IN_*).
void tell_use(SysCall& call, File& file, std::uint32_t mask);
// The same of a change of its size, which names no path.
void tell_new_size(SysCall& call, File& file);

// Sets the kernel path of a call that fails with EBADF.
inline SysOutcome bad_descriptor(SysCall& call) {
    call.path = KernelPath::SysCloseError;
    return Errno::Badf;
}

}  // namespace uprobesim
