// SPDX-License-Identifier: GPL-2.0-or-later
// /proc, /dev and /sys as the guest sees them: modelled, never the host's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/files/file.h"
#include "kernel_model/files/system_view.h"
#include "sim/machine.h"

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

class SpecialFiles {
public:
    explicit SpecialFiles(Machine& machine) : machine_(machine) {}
    // True for paths below the modelled mount points (canonical guest paths).
    static bool owns(const std::string& path);
    // nullopt: no such node.
    std::optional<SpecialNode> find(Process* process, const std::string& path);
    Process* reader(Process* opener) const;
    void show(const SystemView* system) { system_ = system; }
    void set_clock(std::function<std::uint64_t()> now_ns) { now_ns_ = std::move(now_ns); }

private:
    std::optional<SpecialNode> find_dev(Process* process, const std::string& name);
    std::optional<SpecialNode> find_terminal(Process* process, const std::string& name);
    std::optional<SpecialNode> find_proc(Process* process, const std::string& name);
    // `whole`: the directory of the process, not that of one of its tasks.
    std::optional<SpecialNode> find_process(Process& process, Task& task, const std::string& name,
                                            bool whole);
    std::optional<SpecialNode> find_in_table(const std::string& path);
    std::optional<SpecialNode> find_sys(const std::string& name);
    SpecialNode text(std::function<std::string()> make, std::uint32_t mode = 0444);
    SpecialNode link_to(std::string target) const;
    SpecialNode directory(std::vector<std::string> names) const;
    FileStatus base_status(std::uint32_t mode) const;

    Machine& machine_;
    const SystemView* system_ = nullptr;
    std::function<std::uint64_t()> now_ns_;
};

}  // namespace uprobesim
