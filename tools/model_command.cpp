// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "sim/cost/profile.h"
#include "tools/commands.h"
#include "tools/verb.h"

namespace uprobesim {
namespace {

constexpr std::string_view kModel = R"(usage: uprobesim model list

Names the machine profiles (--machine) and kernel profiles (--kernel, --kernels) that are built in. A path to a TOML
file of your own does as well as a name.
)";

int list_profiles() {
    fmt::print("machines (--machine)\n");
    for (const std::string& name : builtin_machine_profiles()) {
        const auto profile = load_machine_profile(name, {});
        fmt::print("  {:<24}{}\n", name, profile ? profile->description : profile.error().line());
    }
    fmt::print("\nkernels (--kernel, --kernels)\n");
    for (const std::string& name : builtin_kernel_profiles()) {
        const auto profile = load_kernel_profile(name, {});
        fmt::print("  {:<24}{}\n", name, profile ? profile->description : profile.error().line());
    }
    return 0;
}

}  // namespace

std::string model_help() {
    return std::string(kModel);
}

int model_command(const Words& words, const OptionDefaults&) {
    if (words == Words{"--help"} || words == Words{"-h"}) {
        fmt::print("{}", kModel);
        return 0;
    }
    if (words != Words{"list"}) return refuse({"model has one sub-command: list", "model", "uprobesim model list"});
    return list_profiles();
}

}  // namespace uprobesim
