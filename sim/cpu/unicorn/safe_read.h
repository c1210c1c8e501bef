// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <cstddef>

namespace uprobesim {

// A read of our own memory that fails instead of faulting.
inline bool safe_read(const void* from, void* to, std::size_t size) {
    iovec local{to, size};
    iovec remote{const_cast<void*>(from), size};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

}  // namespace uprobesim
