// SPDX-License-Identifier: GPL-2.0-or-later
// The line to gdb: a socket that one gdb has connected to, or standard input and output.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "tools/gdb/wire/gdb_place.h"

namespace uprobesim {

// A descriptor that is closed with it; -1: none.
class OwnedFd {
public:
    explicit OwnedFd(int fd = -1) : fd_(fd) {}
    ~OwnedFd();
    OwnedFd(OwnedFd&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    OwnedFd& operator=(OwnedFd&& other) noexcept;
    OwnedFd(const OwnedFd&) = delete;
    OwnedFd& operator=(const OwnedFd&) = delete;
    int get() const { return fd_; }

private:
    int fd_;
};

class GdbLine {
public:
    // Told where gdb is waited for: "127.0.0.1:1234".
    using Announce = std::function<void(const std::string& place)>;
    // Whether the wait is to be given up (a signal has come).
    using GivesUp = std::function<bool()>;

    // Listens. Where gdb is at standard input and output, the process's own become /dev/null and
    // standard error: what the guest prints must not reach gdb.
    static Result<std::unique_ptr<GdbLine>> listen(const GdbPlace& place);
    ~GdbLine();
    GdbLine(const GdbLine&) = delete;
    GdbLine& operator=(const GdbLine&) = delete;

    // Waits until gdb has connected, if it is not there yet. False: given up, or it could not.
    bool connect(const Announce& announce, const GivesUp& gives_up);

    enum class Read { Got, Nothing, Gone };
    // What has come, appended. `waits`: until something has, or `gives_up`.
    Read read(std::string& into, bool waits, const GivesUp& gives_up);
    // Lost silently where gdb is gone: the next read says so.
    void write(std::string_view bytes);

private:
    GdbLine() = default;

    OwnedFd listening_;
    std::string place_;
    std::string path_;  // of a socket to be removed
    OwnedFd in_, out_;
};

}  // namespace uprobesim
