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
// After an error, with `done` bytes moved: true where the call has to wait for the file and go on
// from there (Task::call_progress). A broken pipe sends its signal.
bool must_wait(SysCall& call, File& file, Errno error, std::uint64_t done);
// What a write answers that moved nothing: it waits, or EPIPE with its signal, or the error.
SysOutcome write_failure(SysCall& call, File& file, Errno error);

// RLIMIT_FSIZE: how many of `count` bytes may be written at `offset` (generic_write_check_limits).
// Fbig: none, and the signal is sent. `count` itself for what is not a regular file.
SysResult<std::uint64_t> may_write(SysCall& call, File& file, std::uint64_t offset,
                                   std::uint64_t count);
// The same for a new size (inode_newsize_ok).
SysResult<void> may_grow(SysCall& call, File& file, std::uint64_t size);

// What EBADF costs.
inline SysOutcome bad_descriptor(SysCall& call) {
    call.path = KernelPath::SysCloseError;
    return Errno::Badf;
}

}  // namespace uprobesim
