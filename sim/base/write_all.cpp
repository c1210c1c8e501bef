// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/write_all.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace uprobesim {

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

}  // namespace uprobesim
