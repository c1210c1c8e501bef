// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/model/machine_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/profile_keys.h"

namespace uprobesim {
namespace {

constexpr std::string_view kOps = "ops.";
constexpr std::string_view kBuiltinMachines = "builtin:machines/", kToml = ".toml";

// A TOML basic string escapes what a JSON string does, in the same way.
std::string toml_string(std::string_view text) {
    return nlohmann::json(std::string(text))
        .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string figure_line(std::string_view key, const Figure& figure) {
    return fmt::format("{} = {{ value = {}, unit = {}, source = {}, confidence = \"{}\" }}\n", key,
                       figure.value, toml_string(figure.unit), toml_string(figure.source),
                       confidence_name(figure.confidence));
}

}  // namespace

Outcome check_profile_name(std::string_view name) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-+._").find(c) != std::string_view::npos;
    };
    if (name.empty() || name.front() == '-' || name.front() == '.' || name.size() > 64 ||
        !std::all_of(name.begin(), name.end(), is_plain))
        return user_error(fmt::format("'{}' is no name of a profile", printable(name)), "",
                          "letters, digits and - + . _, at most 64, a letter or digit first");
    const auto known = builtin_machine_profiles();
    if (std::find(known.begin(), known.end(), name) != known.end())
        return user_error(fmt::format("'{}' is a built-in machine", name), "",
                          fmt::format("choose another name, such as my-{}", name));
    return {};
}

Result<std::string> built_in_base(const std::string& name_or_path) {
    const auto listing = TRY(list_profile(ProfileKind::Machine, name_or_path, {}));
    for (const std::string& file : listing.files) {
        if (!file.starts_with(kBuiltinMachines)) continue;
        return file.substr(kBuiltinMachines.size(),
                           file.size() - kBuiltinMachines.size() - kToml.size());
    }
    return std::string();
}

std::string machine_text(const MachineProfile& machine, std::string_view based_on,
                         std::string_view head) {
    std::string text;
    while (!head.empty()) {
        const auto end = std::min(head.find('\n'), head.size());
        text += fmt::format("# {}\n", head.substr(0, end));
        head.remove_prefix(std::min(end + 1, head.size()));
    }
    text += fmt::format("name = {}\n", toml_string(machine.name));
    if (!based_on.empty()) text += fmt::format("based-on = {}\n", toml_string(based_on));
    text += fmt::format("description = {}\ncore = {}\n", toml_string(machine.description),
                        toml_string(machine.core_file));
    bool in_ops = false;
    for (const MachineKey& row : machine_keys()) {
        const bool is_op = row.key.starts_with(kOps);
        if (is_op && !in_ops)
            text +=
                "\n# What an operation of kernel code costs beyond its instruction; 0: it is in "
                "kernel-cpi.\n[ops]\n";
        in_ops = is_op;
        if (!is_op) text += fmt::format("\n# {}\n", row.meaning);
        text +=
            figure_line(is_op ? row.key.substr(kOps.size()) : row.key, machine.figures.at(row.key));
    }
    return text;
}

}  // namespace uprobesim
