// SPDX-License-Identifier: GPL-2.0-or-later
// The files that the guest has written become this process's own: after a fork of the simulator,
// two simulations have one scratch directory. It is copied, and all that knows a host file by its
// number or by a descriptor goes on with the copy. What the guest sees stays the same.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "kernel_model/files/host/overlay.h"
#include "kernel_model/files/host/regular_file.h"
#include "sim/base/tree_copy.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr const char* kWhat = "the files that the guest has written";

using Copies = std::map<HostFileId, CopiedFile>;

const CopiedFile* copy_of(const Copies& copies, const FileKey& host) {
    const auto found = copies.find({host.device, host.inode});
    return found == copies.end() ? nullptr : &found->second;
}

template <class T>
void rename_keys(std::map<FileKey, T>& by_file, const Copies& copies) {
    std::map<FileKey, T> moved;
    for (auto& [host, value] : by_file) {
        const CopiedFile* const copy = copy_of(copies, host);
        moved.emplace(copy == nullptr ? host : FileKey{copy->id.device, copy->id.inode},
                      std::move(value));
    }
    by_file = std::move(moved);
}

HostFd must_open(SysResult<HostFd> opened) {
    if (!opened)
        throw HostError(std::string("open of ") + kWhat,
                        std::strerror(static_cast<int>(opened.error())));
    return std::move(*opened);
}

}  // namespace

std::string OverlayFileSystem::why_not_separate() const {
    if (state_) return "what the guest writes is kept";
    if (layers_.has_writable_bind()) return "the guest writes to a folder of the host";
    return {};
}

void OverlayFileSystem::separate() {
    check_invariant(why_not_separate().empty(), "a scratch directory that cannot be copied");
    auto own = TemporaryFolder::make(kWhat);
    HostDirectory scratch(HostFd(::open(own.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)));
    if (scratch.fd() < 0) throw HostError(std::string("open of ") + kWhat, std::strerror(errno));
    const Copies copies = copy_tree(layers_.scratch().fd(), scratch.fd(), kWhat);
    const std::uint64_t device = status_of_host_fd(layers_.scratch().fd()).device;
    for (const auto& known : inodes_met_.alive()) {
        const FileStatus old = status_of_host_fd(known->fd());
        const int rights = known->writable() ? O_RDWR : O_RDONLY;
        if (const CopiedFile* const copy = copy_of(copies, old.key())) {
            known->move_to(must_open(scratch.open(copy->relative, rights)));
        } else if (known->writable() && !known->bind && old.links == 0 && old.device == device) {
            // Open, and without a name.
            HostFd to = must_open(scratch.open(".", O_TMPFILE | O_RDWR, 0644));
            const HostFd from = must_open(open_host_file(known->fd(), O_RDONLY));
            copy_data(from.get(), to.get(), kWhat);
            known->move_to(std::move(to));
        }
    }
    for (const auto& known : nodes_met_.alive()) {
        Node& node = static_cast<NodeFile&>(*known).node();
        const CopiedFile* const copy = copy_of(copies, node.host);
        if (copy == nullptr || node.kind != LayerKind::Scratch) continue;
        node.host = {copy->id.device, copy->id.inode};
        node.fd = std::make_shared<const HostFd>(must_open(scratch.open(copy->relative, O_PATH)));
    }
    rename_keys(inodes_, copies);
    rename_keys(uses_, copies);
    rename_keys(fifos_, copies);
    rename_keys(layers_.attributes, copies);
    layers_.change_scratch(std::move(scratch));
    temporary_.leave();
    temporary_ = std::move(own);
}

}  // namespace uprobesim
