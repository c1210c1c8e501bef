// SPDX-License-Identifier: GPL-2.0-or-later
// /proc, /dev and /sys as the guest sees them: modelled, never the host's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/files/host/special_files.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/files/special_tree.h"
#include "kernel_model/spaces/pid_table.h"
#include "kernel_model/sysctl/sysctls.h"
#include "sim/machine.h"

namespace uprobesim {

struct ProcessRow;

// The number that a directory shows as `name`: digits, without leading zeros.
std::optional<std::int32_t> listed_number(std::string_view name);
// Of /proc/PID, opened as a directory: which process it is of.
std::optional<Pid> process_of_directory(const PidTable& ids, File& file);

inline constexpr std::uint64_t kDevDevice = 0x05;  // st_dev of what is in /dev

class SpecialFiles final : public SpecialTree {
public:
    explicit SpecialFiles(Machine& machine) : machine_(machine) {}
    bool owns(const std::string& path) const override;
    std::optional<SpecialNode> find(Process* process, const std::string& path) override;
    Process* reader(Process* opener) const override;
    void set_system_view(const SystemView* system) override { system_ = system; }
    void set_clock(std::function<std::uint64_t()> now_ns) override { now_ns_ = std::move(now_ns); }

private:
    std::optional<SpecialNode> find_queue(const std::string& path);
    std::optional<SpecialNode> find_dev(Process* process, const std::string& name);
    std::optional<SpecialNode> find_log(const std::string& path);
    std::optional<SpecialNode> find_loop(const std::string& name);
    std::vector<std::string> loop_names() const;
    std::optional<SpecialNode> find_terminal(Process* process, const std::string& name);
    // `space`: the namespace whose processes this /proc shows, by their numbers there.
    std::optional<SpecialNode> find_proc(const PidSpace& space, const ProcOptions& options,
                                         Process* process, const std::string& name);
    std::optional<SpecialNode> find_own_link(const PidNamespace* space, const ProcOptions& options,
                                             const Process& reader, const std::string& name) const;
    // has_pid_permissions: whether a mount with these options shows it, which hides from `least`
    // on.
    bool shows(const ProcOptions& options, const Process* reader, const Process& shown,
               ProcOptions::Hide least) const;
    // `whole`: the directory of the process, not that of one of its tasks.
    std::optional<SpecialNode> find_process(const PidSpace& space, Process& process, Task& task,
                                            const std::string& name, bool whole);
    std::optional<SpecialNode> find_thread(const PidSpace& space, Process& process,
                                           const std::string& rest);
    std::optional<SpecialNode> node_of_row(const PidSpace& space, Process& process, Task& task,
                                           const ProcessRow& row, bool whole);
    std::vector<std::string> proc_names(const PidNamespace* space, const ProcOptions& options,
                                        const Process* reader);
    Process* process_of(const PidNamespace* space, Process* reader,
                        const std::string& number) const;
    std::optional<SpecialNode> find_in_table(const std::string& path, const PidSpace& space = {});
    std::optional<SpecialNode> find_sys(const std::string& name);
    SpecialNode parameter(const SysctlRow& row, std::uint64_t inode);
    SpecialNode text(TextFile::Make make, std::uint32_t mode = 0444, std::uint64_t inode = 0);
    // A file of a process, which may end before the file is closed. `make`: its text, for the task.
    // ptrace_may_access, of the task that reads.
    bool reads(const Process& reader, const Process& shown) const;
    std::optional<SpecialNode> namespace_link(const Process&, const std::string& name);
    std::optional<SpecialNode> memory_file(Process&, const std::string& name);
    std::optional<SpecialNode> descriptor_file(const PidSpace&, Process&, const std::string& name);
    std::optional<SpecialNode> mapped_file(const Process&, const std::string& name);
    std::optional<SpecialNode> attribute_file(Process&, const std::string& name);
    std::optional<SpecialNode> process_file(const PidSpace&, Process&, const std::string& name);
    SpecialNode link_to(std::string target) const;
    SpecialNode directory(std::vector<std::string> names) const;
    SpecialNode directory_of(std::function<std::vector<std::string>()> names) const;
    FileStatus base_status(std::uint32_t mode) const;

    Machine& machine_;
    const SystemView* system_ = nullptr;
    std::function<std::uint64_t()> now_ns_;
};

}  // namespace uprobesim
