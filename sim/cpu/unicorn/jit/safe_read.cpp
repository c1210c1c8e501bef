// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/safe_read.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "sim/base/error.h"

namespace uprobesim {

namespace {

// A write to a pipe reads the caller's memory as a system call does: what is not there is an error.
// process_vm_readv cannot be used: it pins pages, and fails with EFAULT on memory that is mapped
// while the host moves the page (seen on a loaded host).
class Pipe {
public:
    Pipe() : owner_(getpid()) {
        if (pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) != 0)
            throw HostError("pipe2", std::strerror(errno));
    }
    ~Pipe() {
        for (const int end : ends_) close(end);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    // A child of fork shares the pipe with its parent, and must not.
    bool is_ours() const { return owner_ == getpid(); }

    // How many bytes were copied; 0: the first is not there.
    std::size_t copy(const std::byte* from, std::byte* to, std::size_t size) const {
        // Not the C library's write: sanitizers check what that is given.
        const ssize_t in = again([&] { return syscall(SYS_write, ends_[1], from, size); });
        if (in < 0 && errno == EFAULT) return 0;
        if (in <= 0) throw HostError("write to a pipe", std::strerror(errno));
        // All of it comes out, or the next copy would begin with what is left.
        const auto wanted = static_cast<std::size_t>(in);
        for (std::size_t out = 0; out < wanted;) {
            const ssize_t got = again([&] { return read(ends_[0], to + out, wanted - out); });
            if (got <= 0) throw HostError("read from a pipe", std::strerror(errno));
            out += static_cast<std::size_t>(got);
        }
        return wanted;
    }

private:
    template <class Call>
    static ssize_t again(Call call) {
        ssize_t done = 0;
        do {
            done = call();
        } while (done < 0 && errno == EINTR);
        return done;
    }

    std::array<int, 2> ends_{};
    pid_t owner_;
};

}  // namespace

std::size_t read_what_is_there(const void* from, std::span<std::byte> to) {
    // At most one page at a time: a write to the pipe that meets a hole copies nothing. A page is
    // PIPE_BUF, which also a small pipe takes whole.
    constexpr std::size_t kPage = 4096;
    thread_local std::optional<Pipe> pipe;
    if (!pipe || !pipe->is_ours()) pipe.emplace();
    const auto* const begin = static_cast<const std::byte*>(from);
    std::size_t done = 0;
    while (done < to.size()) {
        const std::size_t left_of_page =
            kPage - reinterpret_cast<std::uintptr_t>(begin + done) % kPage;
        const std::size_t copied =
            pipe->copy(begin + done, to.data() + done, std::min(left_of_page, to.size() - done));
        if (copied == 0) break;
        done += copied;
    }
    return done;
}

bool safe_read(const void* from, void* to, std::size_t size) {
    return read_what_is_there(from, {static_cast<std::byte*>(to), size}) == size;
}

}  // namespace uprobesim
