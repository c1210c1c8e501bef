// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/host_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "tools/cli/exit_code.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{64} << 20;

struct Pipe {
    int read_end = -1, write_end = -1;

    Pipe() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw HostError("pipe", std::strerror(errno));
        read_end = ends[0];
        write_end = ends[1];
    }
    ~Pipe() {
        close(read_end);
        close_write();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_write() {
        if (write_end >= 0) close(write_end);
        write_end = -1;
    }
};

// Both are read as they come: a full pipe would stop the program.
void read_both(const Pipe& output, const Pipe& errors, ProgramOutput& into) {
    std::array<pollfd, 2> watched = {pollfd{output.read_end, POLLIN, 0},
                                     pollfd{errors.read_end, POLLIN, 0}};
    const std::array<std::string*, 2> texts = {&into.output, &into.errors};
    std::array<char, 65536> buffer{};
    while (watched[0].fd >= 0 || watched[1].fd >= 0) {
        if (poll(watched.data(), watched.size(), -1) < 0) continue;  // a signal
        for (std::size_t i = 0; i < watched.size(); ++i) {
            if (watched[i].fd < 0 || watched[i].revents == 0) continue;
            const ssize_t got = read(watched[i].fd, buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {
                watched[i].fd = -1;
            } else if (texts[i]->size() < kMaxOutput) {
                texts[i]->append(buffer.data(), static_cast<std::size_t>(got));
            }
        }
    }
}

int start(const std::vector<std::string>& words, const Pipe& output, const Pipe& errors,
          pid_t& child) {
    std::vector<std::string> copies = words;
    std::vector<char*> pointers;
    pointers.reserve(copies.size() + 1);
    for (std::string& word : copies) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    // The tool ignores these, and what it starts would too.
    sigset_t ignored_by_us;
    sigemptyset(&ignored_by_us);
    for (const int signal : {SIGPIPE, SIGXFSZ}) sigaddset(&ignored_by_us, signal);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &ignored_by_us);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output.write_end, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, errors.write_end, STDERR_FILENO);
    const int error =
        posix_spawnp(&child, pointers[0], &files, &attributes, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

}  // namespace

std::string ProgramOutput::complaint() const {
    const std::string& text = errors.empty() ? output : errors;
    return text.substr(0, text.find('\n'));
}

Result<ProgramOutput> run_host_program(const std::vector<std::string>& words) {
    Pipe output, errors;
    pid_t child = 0;
    if (const int error = start(words, output, errors, child); error != 0)
        return user_error(fmt::format("it cannot be started: {}", std::strerror(error)),
                          words.front());
    output.close_write();
    errors.close_write();
    ProgramOutput result;
    read_both(output, errors, result);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.status = WIFSIGNALED(status) ? kExitSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

}  // namespace uprobesim
