// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/scratch_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/layers.h"
#include "kernel_model/files/host/scratch_log.h"
#include "sim/base/try.h"
#include "sim/base/write_all.h"

namespace uprobesim {

namespace {

constexpr std::string_view kFirstLine = "uprobesim-scratch 1";
constexpr std::size_t kMostTouched = 256;
constexpr std::uint64_t kEntryBytes = 96;  // of a name, beside its text
// The log is written anew when it is so much longer than what it says.
constexpr std::uint64_t kSlack = std::uint64_t{1} << 20;

SysResult<std::string> read_whole(int fd) {
    std::string all;
    std::vector<char> buffer(1u << 16);
    for (;;) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n == 0) return all;
        if (n > 0) all.append(buffer.data(), static_cast<std::size_t>(n));
        if (n < 0 && errno != EINTR) return tl::make_unexpected(guest_errno(errno));
    }
}

std::string text_of(Errno error) {
    return std::strerror(static_cast<int>(error));
}

}  // namespace

Result<std::unique_ptr<ScratchState>> ScratchState::open(const HostDirectory& scratch,
                                                         const std::string& path,
                                                         std::function<void(Errno)> failed) {
    const std::string name(kFolder);
    (void)mkdirat(scratch.fd(), name.c_str(), 0700);
    auto folder = scratch.open(name, O_RDONLY | O_DIRECTORY);
    if (!folder)
        return user_error("the state of the scratch directory cannot be kept", path,
                          "name a directory that can be written");
    if (flock(folder->get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            return user_error("the scratch directory is in use by another run", path,
                              "wait for its end, or name another directory");
        return user_error(
            std::string("the scratch directory cannot be locked: ") + std::strerror(errno), path,
            "name a directory on a disk that has locks");
    }
    std::unique_ptr<ScratchState> state(new ScratchState(std::move(*folder)));
    (void)unlinkat(state->folder_.get(), "copy", 0);
    // Half of what was kept must not take the place of all of it.
    if (const auto done = state->read(scratch); !done)
        return user_error(
            "the state of the scratch directory cannot be read: " + text_of(done.error()), path);
    if (!state->rewrite())
        return user_error(std::string("the state of the scratch directory cannot be written: ") +
                              std::strerror(errno),
                          path, "name a directory that can be written");
    state->failed_ = std::move(failed);
    return state;
}

void ScratchState::account(PhysicalMemory& memory) {
    text_bytes_ = 0;
    for (const auto& [name, status] : names_) text_bytes_ += name.size();
    for (const std::string& name : hidden_) text_bytes_ += name.size();
    charge_ = MemoryCharge(&memory);
    settle_charge();
}

void ScratchState::settle_charge() {
    charge_.resize((names_.size() + hidden_.size()) * kEntryBytes + text_bytes_);
}

void ScratchState::put_name(const std::string& guest, std::shared_ptr<FileStatus> status) {
    if (names_.insert_or_assign(guest, std::move(status)).second) text_bytes_ += guest.size();
    settle_charge();
}

ScratchState::Names::iterator ScratchState::drop_name(Names::iterator at) {
    text_bytes_ -= at->first.size();
    at = names_.erase(at);
    settle_charge();
    return at;
}

void ScratchState::drop_name(const std::string& guest) {
    if (const auto at = names_.find(guest); at != names_.end()) drop_name(at);
}

SysResult<void> ScratchState::read(const HostDirectory& scratch) {
    const HostFd log(
        openat(folder_.get(), "state", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!log && errno == ENOENT) return {};
    if (!log) return tl::make_unexpected(guest_errno(errno));
    const std::uint32_t type = status_of_host_fd(log.get()).mode & abi::kIfmt;
    if (type == 0) return tl::make_unexpected(Errno::Io);
    if (type != abi::kIfReg) return tl::make_unexpected(Errno::Inval);
    const std::string all = TRY(read_whole(log.get()));
    const std::vector<std::string> lines = whole_lines(all);
    if (lines.empty() || lines.front() != kFirstLine) return {};
    for (std::size_t i = 1; i < lines.size(); ++i)
        TRY(apply(lines[i], i + 1 == lines.size(), scratch));
    TRY(forget_lost(scratch));
    files_.clear();
    return {};
}

// The last line may tell of a change that was not made any more.
SysResult<void> ScratchState::apply(const std::string& line, bool last,
                                    const HostDirectory& scratch) {
    const auto words = words_of(line);
    const std::string name = words.size() > 1 ? unescaped(words.back()) : "";
    const auto was_made = [&](const std::string& gone) -> SysResult<bool> {
        if (!last) return true;
        return !TRY(scratch.has(relative_of(gone)));
    };
    if (words[0] == "file") {
        FileStatus s;
        if (!read_file_text(line, s)) return {};
        auto& kept = files_[s.inode];
        if (!kept) kept = std::make_shared<FileStatus>();
        *kept = s;
    } else if (words[0] == "name" && words.size() == 3) {
        const auto file = files_.find(std::strtoull(words[1].c_str(), nullptr, 10));
        if (file != files_.end()) put_name(name, file->second);
    } else if (words[0] == "hide") {
        hidden_.insert(name);
    } else if (words[0] == "drop") {
        if (TRY(was_made(name))) drop_name(name);
    } else if (words[0] == "move" && words.size() == 3) {
        const std::string from = unescaped(words[1]);
        if (TRY(was_made(from))) rename_names(from, name);
    }
    return {};
}

// What is not there, or is of another kind by now, was changed from outside.
SysResult<void> ScratchState::forget_lost(const HostDirectory& scratch) {
    for (auto entry = names_.begin(); entry != names_.end();) {
        const auto& [name, status] = *entry;
        bool lost = false;
        if (name != "/") {
            lost = !TRY(scratch.has(relative_of(name)));
            if (!lost) {
                const auto there = TRY(scratch.status(relative_of(name)));
                lost = ((there.mode ^ status->mode) & abi::kIfmt) != 0;
            }
        }
        entry = lost ? drop_name(entry) : std::next(entry);
    }
    return {};
}

void ScratchState::rename_names(const std::string& from, const std::string& to) {
    drop_name(to);
    Names moving;
    for (auto it = names_.lower_bound(from); it != names_.end();) {
        const std::string& name = it->first;
        if (name.compare(0, from.size(), from) != 0) break;
        if (name.size() == from.size() || name[from.size()] == '/') {
            moving[to + name.substr(from.size())] = it->second;
            it = drop_name(it);
        } else {
            ++it;
        }
    }
    for (auto& [name, status] : moving) put_name(name, std::move(status));
}

bool ScratchState::rewrite() {
    std::string text = line_of(kFirstLine);
    std::set<const FileStatus*> written;
    for (const auto& [name, status] : names_) {
        if (written.insert(status.get()).second) text += line_of(file_text(*status));
        text += line_of(fmt::format("name {} {}", status->inode, escaped(name)));
    }
    for (const std::string& name : hidden_) text += line_of("hide " + escaped(name));
    touched_.clear();
    pending_.clear();
    HostFd log(openat(folder_.get(), "state.new",
                      O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!log || write_all(log.get(), text) != 0 ||
        renameat(folder_.get(), "state.new", folder_.get(), "state") != 0)
        return false;
    log_ = std::move(log);
    log_bytes_ = whole_bytes_ = text.size();
    broken_ = false;
    return true;
}

void ScratchState::append(std::string_view line) {
    for (const auto& [number, status] : touched_) pending_ += line_of(file_text(*status));
    touched_.clear();
    if (!line.empty()) pending_ += line_of(line);
}

// In one write: what a run wrote is on the disk's side when it is killed.
void ScratchState::commit() {
    if (pending_.empty()) return;
    log_bytes_ += pending_.size();
    // After half a line nothing more is read: a log that is written anew comes next.
    if (!broken_ && write_all(log_.get(), pending_) != 0) {
        broken_ = true;
        if (failed_) failed_(guest_errno(errno));
    }
    pending_.clear();
}

// Between two changes, when what the log says has been made.
void ScratchState::shorten() {
    if (!broken_ && log_bytes_ <= kSlack + 4 * whole_bytes_) return;
    if (!rewrite() && failed_) failed_(guest_errno(errno));
}

void ScratchState::made(const std::string& guest, std::shared_ptr<FileStatus> status) {
    shorten();
    touched_[status->inode] = status;
    append(fmt::format("name {} {}", status->inode, escaped(guest)));
    commit();
    remember(guest);
    put_name(guest, std::move(status));
}

void ScratchState::removed(const std::string& guest) {
    shorten();
    append("drop " + escaped(guest));
    commit();
    remember(guest);
    drop_name(guest);
}

// Undoing the last change of a name is giving it back what it had.
void ScratchState::remember(const std::string& guest) {
    const auto had = names_.find(guest);
    undo_ = [this, guest, status = had != names_.end() ? had->second : nullptr] {
        if (status) {
            put_name(guest, status);
        } else {
            drop_name(guest);
        }
    };
}

void ScratchState::undo() {
    if (!undo_) return;
    std::exchange(undo_, nullptr)();
    if (!rewrite() && failed_) failed_(guest_errno(errno));
}

void ScratchState::moved(const std::string& from, const std::string& to) {
    shorten();
    append(fmt::format("move {} {}", escaped(from), escaped(to)));
    commit();
    remember(to);
    undo_ = [this, from, to, before = std::move(undo_)] {
        rename_names(to, from);
        before();
    };
    rename_names(from, to);
}

void ScratchState::hide(const std::string& guest) {
    if (!hidden_.insert(guest).second) return;
    text_bytes_ += guest.size();
    settle_charge();
    append("hide " + escaped(guest));
    commit();
}

void ScratchState::changed(const std::shared_ptr<FileStatus>& status) {
    touched_[status->inode] = status;
    flush();
}

void ScratchState::touched(const std::shared_ptr<FileStatus>& status) {
    touched_[status->inode] = status;
    if (touched_.size() >= kMostTouched) flush();
}

void ScratchState::flush() {
    append("");
    commit();
    shorten();
}

}  // namespace uprobesim
