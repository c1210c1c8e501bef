// SPDX-License-Identifier: GPL-2.0-or-later
// The modelled directory trees /proc, /dev and /sys, which show nothing of the host. Implemented in
// proc/, mounted by the file system.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/abi/errno.h"
#include "kernel_model/files/file.h"
#include "kernel_model/files/system_view.h"

namespace uprobesim {

// A modelled node. By its kind, exactly one of `link`, `list` and `open` is set.
struct SpecialNode {
    FileStatus status;
    std::string link;             // symbolic link: its target
    std::shared_ptr<File> magic;  // /proc/self/fd/N: opening it opens this description again
    // Why the link may be neither followed nor read, or the directory neither searched nor listed;
    // nothing: it may.
    std::optional<Errno> barred;
    // A directory. To be called in the same system call.
    std::function<std::vector<DirEntry>()> list;
    // A file, by the flags of open(). A null result: a device that does not exist.
    std::function<SysResult<std::shared_ptr<File>>(std::uint32_t flags)> open;
    // A file that unlink removes; nothing: it cannot be removed.
    std::function<void()> remove;
    // The superuser has no more rights than the mode gives (sysctl_perm).
    bool strict = false;
    bool is_link() const { return !link.empty(); }
    bool is_directory() const { return static_cast<bool>(list); }
};

class SpecialTree {
public:
    virtual ~SpecialTree() = default;
    // True for paths below the modelled mount points (canonical guest paths).
    virtual bool owns(const std::string& path) const = 0;
    // `process`: for /proc/self; may be null. nullopt: no such node.
    virtual std::optional<SpecialNode> find(Process* process, const std::string& path) = 0;
    // The process whose system call is being executed; `opener` outside of system calls.
    virtual Process* reader(Process* opener) const = 0;
    // Null: only the calling process is shown.
    virtual void set_system_view(const SystemView* system) = 0;
    // The real-time clock, for the nodes' times.
    virtual void set_clock(std::function<std::uint64_t()> now_ns) = 0;
};

}  // namespace uprobesim
