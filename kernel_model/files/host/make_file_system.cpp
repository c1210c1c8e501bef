// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the file tree that the options describe.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

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
        auto dir = TRY(open_host_directory(mount.host, "the host path of a bind", ""));
        return Layers::Bind{guest, std::move(dir), ".", mount.writable, false};
    }
    if (guest == "/") return user_error("a file cannot be bound to /", mount.host);
    // The file's own name after links are resolved, in its real directory.
    const std::string path = real_host_path(mount.host);
    const std::size_t slash = path.rfind('/');
    auto dir = TRY(open_host_directory(slash == 0 ? "/" : path.substr(0, slash),
                                       "the host path of a bind", ""));
    return Layers::Bind{guest, std::move(dir), path.substr(slash + 1), mount.writable, true};
}

bool lies_in(const std::string& path, const std::string& directory) {
    const std::string inner = real_host_path(path), outer = real_host_path(directory);
    return inner == outer || is_below(inner, outer);
}

}  // namespace

Result<std::unique_ptr<FileSystem>> FileSystem::create(Machine& machine,
                                                       std::unique_ptr<SpecialTree> special,
                                                       const FileSystemOptions& options) {
    auto root = TRY(open_host_directory(options.root, "the root directory",
                                        "name a directory of arm64 Debian packages with --root, or "
                                        "fetch one: tools/setup/fetch-sysroot"));
    // A guest's descriptor limit should be reached before the host's.
    rlimit open_files{};
    if (getrlimit(RLIMIT_NOFILE, &open_files) == 0 && open_files.rlim_cur < open_files.rlim_max) {
        open_files.rlim_cur = open_files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &open_files);
    }
    if (!options.scratch.empty() && lies_in(options.scratch, options.root)) {
        return user_error(
            "the scratch directory lies in the root directory, which is never written",
            options.scratch, "name one outside of it");
    }
    std::vector<Layers::Bind> binds;
    for (const BindMount& mount : options.binds) {
        auto bind = TRY(make_bind(mount));
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
    return std::make_unique<OverlayFileSystem>(machine, std::move(special), std::move(root),
                                               std::move(scratch), std::move(binds),
                                               std::move(temporary), std::move(space));
}

}  // namespace uprobesim
