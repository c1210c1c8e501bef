// SPDX-License-Identifier: GPL-2.0-or-later
// Directory trees whose nodes are modelled, never the host's: /proc, /dev and /sys. Implemented in
// proc/, mounted by the file system.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/files/file.h"
#include "kernel_model/files/system_view.h"

namespace uprobesim {

// One modelled node. Exactly one of `link`, `list`, `open` is set, by its kind.
struct SpecialNode {
    FileStatus status;
    std::string link;             // symbolic link: its target
    std::shared_ptr<File> magic;  // /proc/self/fd/N: opening it opens this description again
    std::function<std::vector<DirEntry>()> list;  // directory
    std::function<std::shared_ptr<File>()> open;  // file
    bool is_link() const { return !link.empty(); }
    bool is_directory() const { return static_cast<bool>(list); }
};

class SpecialTree {
public:
    virtual ~SpecialTree() = default;
    // True for paths below the modelled mount points (canonical guest paths).
    virtual bool owns(const std::string& path) const = 0;
    // `process`: what /proc/self means; may be null. nullopt: no such node.
    virtual std::optional<SpecialNode> find(Process* process, const std::string& path) = 0;
    // The process whose system call is being carried out; `opener` outside of any call.
    virtual Process* reader(Process* opener) const = 0;
    // Null: only the process that asks is shown.
    virtual void set_system_view(const SystemView* system) = 0;
    // The real-time clock, for the nodes' times.
    virtual void set_clock(std::function<std::uint64_t()> now_ns) = 0;
};

}  // namespace uprobesim
