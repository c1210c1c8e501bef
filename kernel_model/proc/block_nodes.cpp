// SPDX-License-Identifier: GPL-2.0-or-later
// /dev/loop-control and /dev/loopN.
#include <fmt/format.h>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/stat.h"
#include "kernel_model/block/loop_devices.h"
#include "kernel_model/proc/inode_number.h"
#include "kernel_model/proc/proc_files.h"

namespace uprobesim {

std::vector<std::string> SpecialFiles::loop_names() const {
    if (system_ == nullptr) return {};
    std::vector<std::string> names = {"loop-control"};
    for (const auto& [number, device] : system_->loops().all())
        names.push_back(fmt::format("loop{}", number));
    return names;
}

std::optional<SpecialNode> SpecialFiles::find_loop(const std::string& name) {
    constexpr std::string_view kName = "/loop";
    constexpr std::uint32_t kDiskGroup = 6;
    if (system_ == nullptr || !name.starts_with(kName)) return std::nullopt;
    SpecialNode n;
    if (name == "/loop-control") {
        n.status = base_status(abi::kIfChr | 0660);
        n.status.rdevice = abi::device_number(abi::kMiscMajor, abi::kLoopControlMinor);
    } else {
        const auto number = listed_number(name.substr(kName.size()));
        if (!number || !system_->loops().find(static_cast<std::uint32_t>(*number)))
            return std::nullopt;
        n.status = base_status(abi::kIfBlk | 0660);
        n.status.rdevice = abi::device_number(abi::kLoopMajor, static_cast<std::uint32_t>(*number));
    }
    n.status.gid = kDiskGroup;
    n.status.inode = inode_of("/dev" + name);
    FileStatus status = n.status;
    status.device = kDevDevice;
    if (name == "/loop-control") {
        n.open = [this, status](std::uint32_t) {
            return std::make_shared<LoopControl>(system_->loops(), status);
        };
        return n;
    }
    n.open = [this, status](std::uint32_t) -> SysResult<std::shared_ptr<File>> {
        auto device = system_->loops().find(abi::device_minor(status.rdevice));
        if (!device) return tl::make_unexpected(Errno::Nxio);
        return std::make_shared<LoopFile>(std::move(device), status);
    };
    return n;
}

}  // namespace uprobesim
