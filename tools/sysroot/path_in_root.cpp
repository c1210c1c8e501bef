// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sysroot/path_in_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "kernel_model/files/host/host.h"

namespace uprobesim {
namespace {

// What is no answer to the question whether there is such a file.
bool is_failure(int error) {
    return error == EIO || error == EMFILE || error == ENFILE || error == ENOMEM;
}

tl::unexpected<UserError> refusal(int error, const std::string& where, std::string hint) {
    if (is_failure(error)) throw HostError("open " + where, std::strerror(error));
    return user_error(std::strerror(error), where, std::move(hint));
}

}  // namespace

Result<std::string> path_in_root(const std::string& root, const std::string& path) {
    const HostFd folder(open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return refusal(errno, root, "name a folder with --root");
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    const HostFd file(
        static_cast<int>(syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how)));
    if (!file) return refusal(errno, path, "give a path as the guest sees it, or leave out --root");
    std::error_code error;
    const std::filesystem::path host =
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file.get()), error);
    if (error) throw HostError("readlink of /proc/self/fd", error.message());
    return host.string();
}

}  // namespace uprobesim
