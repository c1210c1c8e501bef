// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/task/scheduler.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/toml_reader.h"
#include "sim/profile/toml_values.h"
#include "tools/cli/quantity.h"
#include "tools/cli/report_options.h"
#include "tools/simulation/embedded_scenarios.h"
#include "tools/simulation/output_pattern.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

constexpr std::string_view kSuffix = ".toml";

const ScenarioProcess* find_process(const Scenario& scenario, const std::string& name) {
    const auto& all = scenario.processes;
    const auto it = std::find_if(all.begin(), all.end(),
                                 [&](const ScenarioProcess& p) { return p.name == name; });
    return it == all.end() ? nullptr : &*it;
}

void read_ready_timeout(TomlReader& reader, const toml::table& row, const std::string& path,
                        ScenarioProcess& process) {
    constexpr std::string_view kKey = "ready-timeout";
    if (!row.contains(kKey)) return;
    const auto time = parse_duration(reader.string(row, kKey, path), "");
    if (!time)
        return reader.fail(row.get(kKey),
                           fmt::format("'{}': {}", key_path(path, kKey), time.error().what),
                           time.error().hint);
    process.ready_timeout_ns = *time;
    if (process.ready_port == 0 && process.ready_output.empty())
        reader.fail(row.get(kKey),
                    fmt::format("'{}' needs ready-port or ready-output", key_path(path, kKey)));
}

void read_process(TomlReader& reader, const toml::table& row, const std::string& path,
                  Scenario& scenario) {
    reader.only(row, path,
                {"name", "arguments", "environment", "cwd", "cpu", "ready-port", "ready-output",
                 "ready-timeout"});
    const std::string name = reader.string(row, "name", path);
    if (find_process(scenario, name) != nullptr)
        reader.fail(row.get("name"),
                    fmt::format("'{}' is the name of another process too", key_path(path, "name")));
    ScenarioProcess& process = scenario.processes.emplace_back();
    process.name = name;
    process.arguments = toml_strings(reader, row, "arguments", path, true);
    process.environment = toml_strings(reader, row, "environment", path, false);
    if (row.contains("cwd")) process.cwd = reader.string(row, "cwd", path);
    const double last_cpu = scenario.cpus - 1;
    if (row.contains("cpu"))
        process.cpu = static_cast<unsigned>(
            reader.number(row, "cpu", path, {.min = 0, .max = last_cpu, .whole = true}));
    if (row.contains("ready-port"))
        process.ready_port = static_cast<std::uint16_t>(
            reader.number(row, "ready-port", path, {.min = 1, .max = 65535, .whole = true}));
    process.ready_output = reader.optional_string(row, "ready-output", path);
    read_ready_timeout(reader, row, path, process);
    for (const std::string& entry : process.environment) {
        if (entry.find('=') == std::string::npos)
            reader.fail(&row, fmt::format("'{}' holds something else than KEY=VALUE",
                                          key_path(path, "environment")));
    }
}

void read_result(TomlReader& reader, const toml::table& row, const std::string& path,
                 Scenario& scenario) {
    reader.only(row, path, {"name", "unit", "better", "process", "pattern", "count"});
    ScenarioResult& result = scenario.results.emplace_back();
    result.name = reader.string(row, "name", path);
    result.unit = reader.string(row, "unit", path);
    const std::string better = reader.string(row, "better", path);
    if (reader.ok() && better != "higher" && better != "lower")
        reader.fail(row.get("better"),
                    fmt::format("'{}' must be higher or lower", key_path(path, "better")));
    result.higher_is_better = better == "higher";
    result.process = reader.string(row, "process", path);
    if (reader.ok() && find_process(scenario, result.process) == nullptr)
        reader.fail(row.get("process"),
                    fmt::format("'{}' names no process", key_path(path, "process")));
    result.pattern = reader.optional_string(row, "pattern", path);
    if (row.contains("count")) result.count = reader.number(row, "count", path, {.min = 1});
    if (!reader.ok()) return;
    if (result.pattern.empty() == (result.count == 0))
        return reader.fail(&row, fmt::format("'{}' needs either a pattern or a count", path));
    if (result.pattern.empty()) return;
    if (const auto pattern = OutputPattern::compile(result.pattern); !pattern)
        reader.fail(row.get("pattern"),
                    fmt::format("'{}' {}", key_path(path, "pattern"), pattern.error().what),
                    pattern.error().hint);
}

// Told here, a mistake in a profile or a setting names the file, and not an option.
template <class T>
void check_word(TomlReader& reader, const toml::table& root, std::string_view key,
                const Result<T>& checked) {
    if (checked || !reader.ok()) return;
    const UserError& error = checked.error();
    reader.fail(root.get(key), fmt::format("'{}': {}", key, error.what), error.hint);
}

void read_settings(TomlReader& reader, const toml::table& root, Scenario& scenario) {
    const SimulationRequest defaults;
    for (const std::string& kernel : scenario.kernels)
        check_word(reader, root, "kernels", check_kernel(kernel, {}));
    if (!scenario.machine.empty())
        check_word(reader, root, "machine", check_machine(scenario.machine, {}));
    for (const std::string& word : toml_strings(reader, root, "settings", "", false)) {
        const auto setting = parse_setting(word);
        check_word(reader, root, "settings", setting);
        if (!setting) continue;
        check_word(reader, root, "settings", check_machine(defaults.machine, {*setting}));
        check_word(reader, root, "settings", check_kernel(defaults.kernel, {*setting}));
        scenario.settings.push_back(*setting);
    }
}

const EmbeddedFile* built_in(std::string_view name) {
    for (const EmbeddedFile& file : embedded_scenarios()) {
        if (file.path.substr(0, file.path.size() - kSuffix.size()) == name) return &file;
    }
    return nullptr;
}

}  // namespace

Result<Scenario> parse_scenario(const DataFile& file, std::string name) {
    TomlReader reader({}, "scenario", file, {});
    Scenario scenario;
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();
    reader.only(root, "",
                {"title", "description", "cpus", "probes", "kernels", "machine", "settings", "file",
                 "process", "result"});
    scenario.name = std::move(name);
    scenario.title = reader.string(root, "title", "");
    scenario.description = reader.string(root, "description", "");
    if (root.contains("cpus"))
        scenario.cpus = static_cast<unsigned>(reader.number(
            root, "cpus", "", {.min = 1, .max = double{Scheduler::kMaxCpus}, .whole = true}));
    for (const std::string& word : toml_strings(reader, root, "probes", "", false)) {
        if (const Outcome added = scenario.probes.add(word); !added && reader.ok())
            reader.fail(root.get("probes"),
                        fmt::format("'probes': {}: {}", word, added.error().what),
                        added.error().hint);
    }
    scenario.kernels = toml_strings(reader, root, "kernels", "", false);
    scenario.machine = reader.optional_string(root, "machine", "");
    read_settings(reader, root, scenario);
    each_toml_row(reader, root, "file", [&](const toml::table& row, const std::string& path) {
        reader.only(row, path, {"path", "text"});
        scenario.files.push_back(
            {reader.string(row, "path", path), reader.string(row, "text", path)});
    });
    each_toml_row(reader, root, "process", [&](const toml::table& row, const std::string& path) {
        read_process(reader, row, path, scenario);
    });
    if (reader.ok() && scenario.processes.empty()) reader.fail(&root, "there is no [[process]]");
    each_toml_row(reader, root, "result", [&](const toml::table& row, const std::string& path) {
        read_result(reader, row, path, scenario);
    });
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return scenario;
}

std::vector<std::string> scenario_names() {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_scenarios())
        names.emplace_back(file.path.substr(0, file.path.size() - kSuffix.size()));
    return names;
}

bool is_scenario(std::string_view word) {
    return word.ends_with(kSuffix) || built_in(word) != nullptr;
}

std::string scenario_text(const std::string& name) {
    const EmbeddedFile* file = built_in(name);
    return file == nullptr ? "" : std::string(file->text);
}

Result<Scenario> load_scenario(const std::string& name_or_path) {
    if (const EmbeddedFile* file = built_in(name_or_path))
        return parse_scenario(
            {fmt::format("{}{}", kBuiltinPrefix, file->path), std::string(file->text)},
            name_or_path);
    if (!name_or_path.ends_with(kSuffix)) {
        return user_error(
            fmt::format("no scenario is named '{}'", name_or_path), "",
            near_names(name_or_path, scenario_names()) + "; or give the path of a .toml file");
    }
    const DataFile file = TRY(find_data_file("scenarios", "scenario", name_or_path));
    const std::size_t slash = name_or_path.find_last_of('/') + 1;
    return parse_scenario(file,
                          name_or_path.substr(slash, name_or_path.size() - slash - kSuffix.size()));
}

}  // namespace uprobesim
