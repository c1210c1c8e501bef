// SPDX-License-Identifier: GPL-2.0-or-later
// Named kernel work. Code says which path it went (and how many bytes, pages or components it
// moved); only the kernel profile knows what that takes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace uprobesim {

enum class KernelPath : std::uint16_t {
#define KERNEL_PATH(enumerator, group, name, unit, meaning) enumerator,
#include "sim/profile/kernel_path.def"
#undef KERNEL_PATH
    kCount
};
inline constexpr std::size_t kKernelPathCount = static_cast<std::size_t>(KernelPath::kCount);

// What kernel work is for.
enum class WorkGroup { SystemCalls, Faults, Signals, Scheduling, Probes };
inline constexpr std::array kWorkGroups = {WorkGroup::SystemCalls, WorkGroup::Faults,
                                           WorkGroup::Signals, WorkGroup::Scheduling,
                                           WorkGroup::Probes};

struct KernelPathInfo {
    std::string_view name;
    std::string_view unit;
    std::string_view meaning;
    WorkGroup group;
};

inline constexpr std::array<KernelPathInfo, kKernelPathCount> kKernelPaths = {{
#define KERNEL_PATH(enumerator, group, name, unit, meaning) {name, unit, meaning, WorkGroup::group},
#include "sim/profile/kernel_path.def"
#undef KERNEL_PATH
}};
constexpr const KernelPathInfo& kernel_path_info(KernelPath p) {
    return kKernelPaths[static_cast<std::size_t>(p)];
}
constexpr WorkGroup work_group(KernelPath p) {
    return kernel_path_info(p).group;
}
std::optional<KernelPath> find_kernel_path(std::string_view name);

}  // namespace uprobesim
