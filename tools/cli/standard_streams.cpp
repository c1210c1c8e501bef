// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tools/cli/exit_code.h"

namespace uprobesim {

void prepare_standard_streams() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        // Open for the other direction: using it gives EBADF, as using a closed one does.
        const int flags = fd == 0 ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", flags) != fd) std::_Exit(kExitHostFailure);
    }
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

void print_failure(std::string_view text) noexcept {
    std::fprintf(stderr, "uprobesim: %.*s\n", static_cast<int>(text.size()), text.data());
}

int finish_standard_streams(int status) noexcept {
    if (status == kExitHostFailure) return status;  // its line has been printed
    errno = 0;
    const bool flushed = std::fflush(stdout) == 0;
    if (flushed && std::ferror(stdout) == 0)
        return std::ferror(stderr) == 0 ? status : kExitHostFailure;
    std::fprintf(stderr, "uprobesim: write to stdout failed%s%s\n", flushed ? "" : ": ",
                 flushed ? "" : std::strerror(errno));
    return kExitHostFailure;
}

}  // namespace uprobesim
