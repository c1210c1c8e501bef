// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/safe_read.h"

#include <sys/uio.h>
#include <unistd.h>

namespace uprobesim {

bool safe_read(const void* from, void* to, std::size_t size) {
    iovec local{to, size};
    iovec remote{const_cast<void*>(from), size};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

}  // namespace uprobesim
