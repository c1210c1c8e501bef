// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"

namespace uprobesim {
namespace {

// The CPU engine ends the process where the host has no memory. Its folder of temporary files is
// removed by the next run.
void on_abort(int) {
    constexpr std::string_view kLine =
        "uprobesim: the host is out of memory, or a library has failed\n";
    (void)!write(STDERR_FILENO, kLine.data(), kLine.size());
    std::_Exit(kExitHostFailure);
}

// Before main, and where nothing may be thrown: there is no memory for a table.
[[noreturn]] void on_terminate() {
    const std::exception_ptr error = std::current_exception();
    try {
        if (error) std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
        on_abort(SIGABRT);
    } catch (...) {
    }
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

bool is_over = false;  // the command has ended as it should

// The CPU engine calls exit where it gets no memory for translated code.
void on_exit_of_library() {
    if (!is_over) on_abort(SIGABRT);
}

// Before the tables of other files are made.
__attribute__((constructor(101))) void prepare_for_failures() {
    std::set_terminate(on_terminate);
    std::signal(SIGABRT, on_abort);
}

}  // namespace

void prepare_standard_streams() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
        // Open for the other direction: using it gives EBADF, as using a closed one does.
        const int flags = fd == 0 ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", flags) == fd) continue;
        print_failure("a standard stream is closed, and /dev/null cannot be opened in its place");
        std::_Exit(kExitHostFailure);
    }
    std::atexit(on_exit_of_library);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

int finish_standard_streams(int status) noexcept {
    is_over = true;
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
