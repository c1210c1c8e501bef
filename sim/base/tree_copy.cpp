// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/tree_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/write_all.h"

namespace uprobesim {
namespace {

// Closes at its end.
class OpenFile {
public:
    explicit OpenFile(int fd) : fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }

private:
    int fd_;
};

class TreeCopy {
public:
    TreeCopy(int from, int to, const std::string& what) : from_(from), to_(to), what_(what) {}

    std::map<HostFileId, CopiedFile> copy() {
        note(look(from_, "."), ".");
        std::vector<std::string> folders = {"."};
        while (!folders.empty()) {
            const std::string folder = std::move(folders.back());
            folders.pop_back();
            for (const std::string& name : names_in(folder)) {
                std::string path = folder == "." ? name : fmt::format("{}/{}", folder, name);
                if (copy_one(path)) folders.push_back(std::move(path));
            }
        }
        return std::move(copied_);
    }

private:
    [[noreturn]] void fail(const char* call) const {
        throw HostError(fmt::format("{} of {}", call, what_), std::strerror(errno));
    }

    struct stat look(int folder, const std::string& path) const {
        struct stat s {};
        if (fstatat(folder, path.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) fail("stat");
        return s;
    }

    void note(const struct stat& original, const std::string& path) {
        const struct stat made = look(to_, path);
        copied_[{original.st_dev, original.st_ino}] = {{made.st_dev, made.st_ino}, path};
    }

    std::vector<std::string> names_in(const std::string& folder) const {
        const int fd = openat(from_, folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR* const open = fd < 0 ? nullptr : fdopendir(fd);
        if (open == nullptr) {
            if (fd >= 0) close(fd);
            fail("opendir");
        }
        std::vector<std::string> names;
        while (const dirent* entry = readdir(open)) {
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..") names.emplace_back(name);
        }
        closedir(open);
        return names;
    }

    // Returns whether it is a folder.
    bool copy_one(const std::string& path) {
        const struct stat s = look(from_, path);
        if (const auto known = copied_.find({s.st_dev, s.st_ino}); known != copied_.end()) {
            if (linkat(to_, known->second.relative.c_str(), to_, path.c_str(), 0) != 0)
                fail("link");
            return false;
        }
        const bool is_folder = S_ISDIR(s.st_mode);
        if (is_folder) {
            if (mkdirat(to_, path.c_str(), 0700) != 0) fail("mkdir");
        } else if (S_ISREG(s.st_mode)) {
            copy_file(path);
        } else if (S_ISLNK(s.st_mode)) {
            copy_link(path);
        } else if (mknodat(to_, path.c_str(), s.st_mode, 0) != 0) {
            fail("mknod");
        }
        if (!S_ISLNK(s.st_mode) && fchmodat(to_, path.c_str(), s.st_mode & 07777, 0) != 0)
            fail("chmod");
        note(s, path);
        return is_folder;
    }

    void copy_file(const std::string& path) const {
        const OpenFile from(openat(from_, path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
        if (from.get() < 0) fail("open");
        const OpenFile to(openat(to_, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (to.get() < 0) fail("open");
        copy_data(from.get(), to.get(), what_);
    }

    void copy_link(const std::string& path) const {
        std::array<char, PATH_MAX + 1> target{};
        const ssize_t n = readlinkat(from_, path.c_str(), target.data(), PATH_MAX);
        if (n < 0) fail("readlink");
        if (symlinkat(target.data(), to_, path.c_str()) != 0) fail("symlink");
    }

    int from_, to_;
    const std::string& what_;
    std::map<HostFileId, CopiedFile> copied_;
};

}  // namespace

std::map<HostFileId, CopiedFile> copy_tree(int from, int to, const std::string& what) {
    return TreeCopy(from, to, what).copy();
}

void copy_data(int from, int to, const std::string& what) {
    const auto fail = [&](const char* call, int error) {
        throw HostError(fmt::format("{} of {}", call, what), std::strerror(error));
    };
    struct stat s {};
    if (fstat(from, &s) != 0) fail("stat", errno);
    std::vector<char> buffer(std::size_t{1} << 16);
    off_t at = 0;
    while (at < s.st_size) {
        const off_t data = lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;  // a hole up to the end
        if (data < 0 || lseek(to, data, SEEK_SET) < 0) fail("lseek", errno);
        const off_t hole = lseek(from, data, SEEK_HOLE);
        if (hole < 0 || lseek(from, data, SEEK_SET) < 0) fail("lseek", errno);
        for (at = data; at < hole;) {
            const auto most = std::min(buffer.size(), static_cast<std::size_t>(hole - at));
            const ssize_t n = read(from, buffer.data(), most);
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) fail("read", errno);
            if (n == 0) break;
            if (const int error = write_all(to, {buffer.data(), static_cast<std::size_t>(n)}))
                fail("write", error);
            at += n;
        }
        if (at < hole) break;  // it has become shorter
    }
    if (ftruncate(to, s.st_size) != 0) fail("truncate", errno);
}

}  // namespace uprobesim
