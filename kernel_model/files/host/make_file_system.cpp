// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the file tree that the options describe.
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/host/overlay.h"
#include "sim/base/temp_folder.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

std::string real_host_path(const std::string& path) {
    char* real = realpath(path.c_str(), nullptr);
    std::string text = real != nullptr ? real : path;
    std::free(real);
    return text;
}

Result<HostDirectory> open_host_directory(const std::string& path, const char* what,
                                          const char* hint) {
    HostFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd)
        return user_error(std::string(what) + " cannot be opened: " + std::strerror(errno), path,
                          hint);
    return HostDirectory(std::move(fd));
}

// The directory through a private mount: noatime, nodev, and read-only unless it is `writable`.
// Only the superuser can make one; other users get the directory itself, which is opened with
// O_NOATIME where that is permitted.
Result<HostDirectory> open_quiet_directory(const std::string& path, bool writable, const char* what,
                                           const char* hint) {
    auto plain = TRY(open_host_directory(path, what, hint));
    HostFd view(static_cast<int>(
        syscall(SYS_open_tree, plain.fd(), "",
                AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
    if (!view) return plain;
    mount_attr attributes{};
    attributes.attr_clr = MOUNT_ATTR__ATIME;
    attributes.attr_set =
        MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODEV | (writable ? 0 : MOUNT_ATTR_RDONLY);
    if (syscall(SYS_mount_setattr, view.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                sizeof attributes) != 0)
        return plain;
    return HostDirectory(std::move(view));
}

Result<Layers::Bind> make_bind(const BindMount& mount) {
    if (mount.guest.empty() || mount.guest.front() != '/')
        return user_error("the guest path of a bind must be absolute", mount.guest,
                          "--bind HOST:/GUEST[:rw]");
    std::string guest;
    std::string_view left = mount.guest;
    while (!left.empty()) {
        const std::size_t slash = left.find('/');
        const std::string_view part = left.substr(0, slash);
        if (part == ".." || part == ".")
            return user_error("the guest path of a bind must not hold . or ..", mount.guest);
        if (!part.empty()) guest += "/" + std::string(part);
        left = slash == std::string_view::npos ? std::string_view() : left.substr(slash + 1);
    }
    if (guest.empty()) guest = "/";
    struct stat s {};
    if (stat(mount.host.c_str(), &s) != 0)
        return user_error(
            std::string("the host path of a bind cannot be opened: ") + std::strerror(errno),
            mount.host, "--bind HOST:/GUEST[:rw]");
    if (S_ISDIR(s.st_mode)) {
        auto dir =
            TRY(open_quiet_directory(mount.host, mount.writable, "the host path of a bind", ""));
        return Layers::Bind{guest, std::move(dir), ".", mount.writable, false};
    }
    if (guest == "/") return user_error("a file cannot be bound to /", mount.host);
    // The file's own name after links are resolved, in its real directory.
    const std::string path = real_host_path(mount.host);
    const std::size_t slash = path.rfind('/');
    auto dir = TRY(open_quiet_directory(slash == 0 ? "/" : path.substr(0, slash), mount.writable,
                                        "the host path of a bind", ""));
    return Layers::Bind{guest, std::move(dir), path.substr(slash + 1), mount.writable, true};
}

// Where mount(2) would put it: what there is of the path in the root, its links followed, and the
// rest as it is.
std::string followed_in_root(const std::string& root, const std::string& guest) {
    const HostFd top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!top) return guest;
    const std::string root_path = real_host_path(root) == "/" ? "" : real_host_path(root);
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    for (std::size_t end = guest.size(); end != 0 && end != guest.npos;
         end = guest.rfind('/', end - 1)) {
        const std::string there = guest.substr(0, end);
        const HostFd found(
            static_cast<int>(syscall(SYS_openat2, top.get(), there.c_str(), &how, sizeof how)));
        if (!found) continue;
        const std::string path = real_host_path("/proc/self/fd/" + std::to_string(found.get()));
        if (!path.starts_with(root_path + "/")) return guest;
        return path.substr(root_path.size()) + guest.substr(end);
    }
    return guest;
}

// Whether the outer directory is the inner file or one that it lies in, by whatever links and names
// each was given.
bool lies_in(const std::string& inner, const std::string& outer) {
    const HostFd top(::open(outer.c_str(), O_PATH | O_CLOEXEC));
    const std::string real = real_host_path(inner);
    HostFd at(::open(real.c_str(), O_PATH | O_CLOEXEC));
    if (!top || !at) return false;
    const FileKey wanted = status_of_host_fd(top.get()).key();
    FileStatus here = status_of_host_fd(at.get());
    if (here.key() == wanted) return true;
    if ((here.mode & abi::kIfmt) != abi::kIfDir) {
        at = HostFd(::open(real.substr(0, real.rfind('/') + 1).c_str(), O_PATH | O_CLOEXEC));
        if (!at) return false;
        here = status_of_host_fd(at.get());
    }
    while (here.key() != wanted) {
        HostFd above(openat(at.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!above) return false;
        const FileStatus next = status_of_host_fd(above.get());
        if (next.key() == here.key()) return false;  // the host's root
        at = std::move(above);
        here = next;
    }
    return true;
}

// Refuses directories that contain each other where one of them is written.
Outcome check_apart(const FileSystemOptions& options) {
    const std::string& scratch = options.scratch;
    const auto overlap = [](const std::string& a, const std::string& b) {
        return lies_in(a, b) || lies_in(b, a);
    };
    if (!scratch.empty() && lies_in(scratch, options.root))
        return user_error(
            "the scratch directory lies in the root directory, which is never written", scratch,
            "name one outside of it");
    if (!scratch.empty() && lies_in(options.root, scratch))
        return user_error(
            "the root directory, which is never written, lies in the scratch directory", scratch,
            "name one that does not hold it");
    for (const BindMount& bind : options.binds) {
        if (!scratch.empty() && overlap(scratch, bind.host))
            return user_error("the scratch directory and the host path of a bind hold each other",
                              bind.host, "name a scratch directory apart from it");
        if (bind.writable && overlap(options.root, bind.host))
            return user_error(
                "a bind that may be written and the root directory, which is never written, hold "
                "each other",
                bind.host, "leave :rw out, or name directories that are apart");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<FileSystem>> FileSystem::create(Machine& machine,
                                                       std::unique_ptr<SpecialTree> special,
                                                       const FileSystemOptions& options) {
    auto root =
        TRY(open_quiet_directory(options.root, false, "the root directory",
                                 "name a directory of arm64 Debian packages with --root, or "
                                 "fetch one: tools/setup/fetch-sysroot"));
    TRY(check_apart(options));
    std::vector<Layers::Bind> binds;
    for (const BindMount& mount : options.binds) {
        auto bind = TRY(make_bind(mount));
        if (bind.guest != "/") bind.guest = followed_in_root(options.root, bind.guest);
        binds.push_back(std::move(bind));
    }
    // Made last, so that a failed check leaves no directory on the host.
    std::string scratch_path = options.scratch;
    TemporaryFolder temporary;
    if (scratch_path.empty()) {
        temporary = TemporaryFolder::make("the scratch layer");
        scratch_path = temporary.path();
    }
    auto scratch = TRY(open_host_directory(scratch_path, "the scratch directory",
                                           "make it first, or leave --scratch out"));
    std::shared_ptr<DiskSpace> space;
    if (options.scratch_limit) space = std::make_shared<DiskSpace>(*options.scratch_limit);
    auto files = std::make_unique<OverlayFileSystem>(machine, std::move(special), std::move(root),
                                                     std::move(scratch), std::move(binds),
                                                     std::move(temporary), std::move(space));
    files->count_output(options.output);
    if (!options.scratch.empty()) TRY(files->keep_state(options.scratch));
    return files;
}

}  // namespace uprobesim
