// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/wire/gdb_line.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/base/try.h"

namespace uprobesim {
namespace {

tl::unexpected<UserError> cannot_listen(const std::string& place) {
    const int error = errno;
    return user_error(
        fmt::format("cannot listen on {}: {}", place, std::strerror(error)), kGdbOption,
        error == EADDRINUSE ? "another program does; give another port, or 0 for any" : "");
}

struct Listening {
    OwnedFd socket;
    std::string place;  // as gdb's `target remote` takes it
};

Result<Listening> listen_on(const sockaddr* address, socklen_t size, std::string place) {
    OwnedFd socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (socket.get() < 0) return cannot_listen(place);
    // A port that the last run had may be used at once.
    if (address->sa_family == AF_INET)
        ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), address, size) != 0 || ::listen(socket.get(), 1) != 0)
        return cannot_listen(place);
    return Listening{std::move(socket), std::move(place)};
}

Result<Listening> listen_at(const GdbOnPort& place) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(place.port);
    inet_pton(AF_INET, place.host.c_str(), &address.sin_addr);
    auto listening = TRY(listen_on(reinterpret_cast<const sockaddr*>(&address), sizeof address,
                                   fmt::format("{}:{}", place.host, place.port)));
    socklen_t size = sizeof address;
    ::getsockname(listening.socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    listening.place = fmt::format("{}:{}", place.host, ntohs(address.sin_port));
    return listening;
}

Result<Listening> listen_at(const GdbOnPath& place) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, place.path.c_str(), place.path.size());
    return listen_on(reinterpret_cast<const sockaddr*>(&address), sizeof address, place.path);
}

// False: given up.
bool wait_for(int fd, short events, const GdbLine::GivesUp& gives_up) {
    pollfd waited{fd, events, 0};
    while (::poll(&waited, 1, -1) < 0) {
        if (errno != EINTR || gives_up()) return false;
    }
    return true;
}

struct Pair {
    OwnedFd in, out;
};

Result<Pair> take_stdio() {
    constexpr int kFirstFree = 3;
    OwnedFd in(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, kFirstFree));
    OwnedFd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kFirstFree));
    const OwnedFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (in.get() < 0 || out.get() < 0 || null.get() < 0)
        return user_error("standard input and output are not open", kGdbOption);
    ::dup2(null.get(), STDIN_FILENO);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    return Pair{std::move(in), std::move(out)};
}

}  // namespace

OwnedFd::~OwnedFd() {
    if (fd_ >= 0) ::close(fd_);
}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Result<std::unique_ptr<GdbLine>> GdbLine::listen(const GdbPlace& place) {
    std::unique_ptr<GdbLine> line(new GdbLine);
    if (std::holds_alternative<GdbOnStdio>(place)) {
        auto [in, out] = TRY(take_stdio());
        line->in_ = std::move(in);
        line->out_ = std::move(out);
        return line;
    }
    const auto* const path = std::get_if<GdbOnPath>(&place);
    auto listening =
        TRY(path != nullptr ? listen_at(*path) : listen_at(std::get<GdbOnPort>(place)));
    line->listening_ = std::move(listening.socket);
    line->place_ = std::move(listening.place);
    if (path != nullptr) line->path_ = path->path;
    return line;
}

GdbLine::~GdbLine() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

bool GdbLine::connect(const Announce& announce, const GivesUp& gives_up) {
    if (in_.get() >= 0) return true;
    announce(place_);
    if (!wait_for(listening_.get(), POLLIN, gives_up)) return false;
    in_ = OwnedFd(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (in_.get() < 0) return false;
    listening_ = OwnedFd();  // there is one gdb
    const int on = 1;
    ::setsockopt(in_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    out_ = OwnedFd(::fcntl(in_.get(), F_DUPFD_CLOEXEC, 0));
    return true;
}

GdbLine::Read GdbLine::read(std::string& into, bool waits, const GivesUp& gives_up) {
    std::array<char, 16384> buffer{};
    pollfd waited{in_.get(), POLLIN, 0};
    if (waits ? !wait_for(in_.get(), POLLIN, gives_up) : ::poll(&waited, 1, 0) <= 0)
        return Read::Nothing;
    const ssize_t n = ::read(in_.get(), buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return Read::Nothing;
    if (n <= 0) return Read::Gone;
    into.append(buffer.data(), static_cast<std::size_t>(n));
    return Read::Got;
}

void GdbLine::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(out_.get(), bytes.data(), bytes.size());
        if (n > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(n));
        } else if (n < 0 && errno == EAGAIN) {
            pollfd waited{out_.get(), POLLOUT, 0};
            ::poll(&waited, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

}  // namespace uprobesim
