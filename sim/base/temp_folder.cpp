// SPDX-License-Identifier: GPL-2.0-or-later
// A lock (flock) on the folder itself shows that its run is alive: the host releases it at any end
// of the process. A run makes its folder and then locks it. A run that finds an unlocked folder
// locks it, checks that the name still refers to it, and removes it. If that happens between the
// making and the locking, the folder is lost, and its run makes another.
#include "sim/base/temp_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {
namespace {

constexpr std::string_view kPrefix = "uprobesim-run-";
constexpr std::size_t kRandomLetters = 6;  // of mkdtemp
constexpr int kFolderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::string base_folder() {
    const char* base = std::getenv("TMPDIR");
    return base != nullptr && *base != '\0' ? base : "/tmp";
}

std::vector<std::string> names_in(int folder) {
    std::vector<std::string> names;
    const int again = openat(folder, ".", kFolderFlags);
    DIR* const open = again < 0 ? nullptr : fdopendir(again);
    if (open == nullptr) {
        if (again >= 0) close(again);
        return names;
    }
    while (const dirent* entry = readdir(open)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    closedir(open);
    return names;
}

// Empties one folder of the tree: what it holds goes, but folders that are not empty move up to
// `top`, where their turn comes. So no tree is too deep: two descriptors are open, and no path is
// longer than a name. Returns whether anything went.
bool empty_into(int top, int folder, unsigned& moved) {
    bool progress = false;
    for (const std::string& name : names_in(folder)) {
        bool gone = unlinkat(folder, name.c_str(), 0) == 0 ||
                    unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0;
        if (!gone && folder != top) {
            const std::string higher = fmt::format(".moved-{}", moved++);
            // Its owner may have made it unwritable; then it could not be moved. No link is met:
            // that would be gone.
            fchmodat(folder, name.c_str(), 0700, 0);
            gone = renameat(folder, name.c_str(), top, higher.c_str()) == 0;
        }
        progress |= gone;
    }
    return progress;
}

void remove_contents(int top) {
    unsigned moved = 0;
    for (std::vector<std::string> names = names_in(top); !names.empty(); names = names_in(top)) {
        bool progress = empty_into(top, top, moved);
        for (const std::string& name : names) {
            int folder = openat(top, name.c_str(), kFolderFlags);
            if (folder < 0 && errno == EACCES && fchmodat(top, name.c_str(), 0700, 0) == 0)
                folder = openat(top, name.c_str(), kFolderFlags);
            if (folder < 0) continue;  // gone already
            fchmod(folder, 0700);
            progress |= empty_into(top, folder, moved);
            close(folder);
            progress |= unlinkat(top, name.c_str(), AT_REMOVEDIR) == 0;
        }
        if (!progress) return;  // something that this user may not remove
    }
}

// Whether the open folder is still the one of this name.
bool is_named(int folder, const std::string& path) {
    struct stat open {
    }, named{};
    return fstat(folder, &open) == 0 && lstat(path.c_str(), &named) == 0 &&
           open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

void remove_left_behind(const std::string& base) {
    const int folder = open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    for (const std::string& name : names_in(folder)) {
        if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kRandomLetters) continue;
        const int found = openat(folder, name.c_str(), kFolderFlags);
        if (found < 0) continue;
        struct stat s {};
        if (fstat(found, &s) == 0 && s.st_uid == geteuid() &&
            flock(found, LOCK_EX | LOCK_NB) == 0 &&
            is_named(found, fmt::format("{}/{}", base, name))) {
            remove_contents(found);
            unlinkat(folder, name.c_str(), AT_REMOVEDIR);
        }
        close(found);
    }
    close(folder);
}

}  // namespace

TemporaryFolder TemporaryFolder::make(std::string_view purpose) {
    const std::string base = base_folder();
    remove_left_behind(base);
    for (;;) {
        TemporaryFolder made;
        std::string path = fmt::format("{}/{}{}", base, kPrefix, std::string(kRandomLetters, 'X'));
        if (mkdtemp(path.data()) == nullptr)
            throw HostError(fmt::format("mkdtemp of {}", purpose), std::strerror(errno));
        const int folder = open(path.c_str(), kFolderFlags);
        if (folder < 0 && errno == ENOENT) continue;  // another run was faster
        if (folder < 0) {
            const int error = errno;
            rmdir(path.c_str());
            throw HostError(fmt::format("open of {}", purpose), std::strerror(error));
        }
        const bool taken = flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        // Where there are no locks (some network file systems), none is taken for dead either.
        if (!taken && is_named(folder, path)) {
            made.path_ = std::move(path);
            made.lock_ = folder;
            return made;
        }
        close(folder);
    }
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::exchange(other.lock_, -1)) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
}

void TemporaryFolder::remove() {
    if (lock_ < 0) return;
    remove_contents(lock_);
    rmdir(path_.c_str());
    close(std::exchange(lock_, -1));
    path_.clear();
}

void TemporaryFolder::leave() {
    if (lock_ >= 0) close(std::exchange(lock_, -1));
    path_.clear();
}

}  // namespace uprobesim
