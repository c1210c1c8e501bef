// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/model/machine_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {
namespace {

constexpr std::string_view kMachine = "machine.", kOps = "ops.";
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

// Those that are not in `figures`, by key: "isa.midr".
std::map<std::string, Figure*> other_figures(MachineProfile& machine) {
    std::map<std::string, Figure*> all;
    for (const IsaNumber& row : isa_numbers())
        all[key_path(kIsaTable, row.key)] = &(machine.isa.*row.member);
    if (!machine.contention) return all;
    for (const ContentionKey& row : contention_keys())
        all[key_path(kContentionTable, row.key)] = &row.of(*machine.contention);
    return all;
}

bool is_same(const Figure& a, const Figure& b) {
    return a.value == b.value && a.source == b.source && a.confidence == b.confidence;
}

std::string feature_line(const MachineIsa& isa) {
    std::vector<std::string> names;
    for (const std::string& name : isa_names(isa.features)) names.push_back(toml_string(name));
    return fmt::format(
        "features = {{ list = [{}], source = \"of the profile that this one was made from, or "
        "--set\", confidence = \"high\" }}\n",
        fmt::join(names, ", "));
}

// The lines of [isa] and of [contention] that `base` does not have.
std::string other_tables(MachineProfile machine, std::optional<MachineProfile> base) {
    std::string isa, contention;
    if (!base || !(base->isa.features == machine.isa.features)) isa = feature_line(machine.isa);
    const auto of_base = base ? other_figures(*base) : std::map<std::string, Figure*>();
    for (const auto& [key, figure] : other_figures(machine)) {
        const auto known = of_base.find(key);
        if (known != of_base.end() && is_same(*known->second, *figure)) continue;
        const std::size_t dot = key.find('.');
        (key.substr(0, dot) == kIsaTable ? isa : contention) +=
            figure_line(key.substr(dot + 1), *figure);
    }
    std::string text;
    if (!isa.empty()) text += fmt::format("\n# The instruction set.\n[{}]\n{}", kIsaTable, isa);
    if (!contention.empty())
        text += fmt::format("\n# What CPUs wait for.\n[{}]\n{}", kContentionTable, contention);
    return text;
}

}  // namespace

void mark_given(MachineProfile& machine, const std::vector<Setting>& settings,
                const std::map<std::string, std::string>& stated) {
    std::map<std::string, Figure*> all = other_figures(machine);
    for (auto& [key, figure] : machine.figures) all[key] = &figure;
    for (const Setting& setting : settings) {
        if (!setting.key.starts_with(kMachine)) continue;
        const auto found = all.find(setting.key.substr(kMachine.size()));
        if (found == all.end()) continue;  // a list
        const auto place = stated.find(setting.key);
        found->second->source =
            place == stated.end() ? std::string("given: --set") : "measured: " + place->second;
        found->second->confidence = Confidence::High;
    }
}

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
    std::optional<MachineProfile> base;
    if (!based_on.empty()) {
        if (auto loaded = load_machine_profile(based_on, {})) base = std::move(*loaded);
    }
    return text + other_tables(machine, std::move(base));
}

}  // namespace uprobesim
