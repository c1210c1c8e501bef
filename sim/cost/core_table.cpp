// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/core_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {

namespace {

constexpr std::string_view kWhat = "core table";
constexpr Limits kCycleLimits = {0, 1000};

// One row: { latency = 4, uses = { L = 1, I = 1 }, source = "...", confidence = "..." }
ClassCost read_cost(TomlReader& reader, const toml::table& parent, std::string_view key,
                    std::string_view path, const CoreTable& core) {
    ClassCost cost;
    const std::string name = key_path(path, key);
    if (!parent.contains(key)) {
        reader.fail(
            &parent, fmt::format("missing '{}'", name),
            fmt::format(
                "add {} = {{ latency = ..., uses = {{ <pipe> = <cycles> }}, source = \"...\", "
                "confidence = \"...\" }}",
                key));
        return cost;
    }
    const toml::table& row = reader.table(parent, key, path);
    reader.only(row, name, {"latency", "uses", "source", "confidence"});
    cost.latency = reader.number(row, "latency", name, kCycleLimits);
    const toml::table& uses = reader.table(row, "uses", name);
    reader.only(uses, key_path(name, "uses"), core.pipe_names);
    for (std::size_t pipe = 0; pipe < core.pipe_names.size(); ++pipe) {
        const double cycles = reader.optional_number(uses, core.pipe_names[pipe],
                                                     key_path(name, "uses"), kCycleLimits);
        if (cycles > 0) cost.uses.push_back({pipe, cycles});
    }
    reader.source(row, name);
    reader.confidence(row, name);
    return cost;
}

Result<CoreTable> read_core(const DataFile& file) {
    TomlReader reader("cores", kWhat, file, {"classes", "forms", "sources"});
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();

    CoreTable core;
    reader.only(
        root, "",
        {"name", "description", "based-on", "issue-width", "pipes", "classes", "forms", "sources"});
    core.name = reader.string(root, "name", "");
    reader.string(root, "description", "");
    core.issue_width = reader.figure(root, "issue-width", "", "micro-ops/cycle", {1, 64}).value;
    const toml::table& pipes = reader.table(root, "pipes", "");
    for (auto&& [key, node] : pipes) {
        core.pipe_names.emplace_back(key.str());
        core.pipe_counts.push_back(
            reader.figure(pipes, key.str(), "pipes", "pipes", {1, 64}).value);
    }
    const toml::table& classes = reader.table(root, "classes", "");
    std::vector<std::string> known;
    for (std::size_t c = 0; c < kInsnClassCount; ++c) {
        const std::string_view name = insn_class_name(static_cast<InsnClass>(c));
        known.emplace_back(name);
        core.classes[c] = read_cost(reader, classes, name, "classes", core);
    }
    reader.only(classes, "classes", known);
    const toml::table& forms = reader.table(root, "forms", "");
    reader.only(forms, "forms", {"writeback", "wide-store", "wide-load"});
    core.writeback = read_cost(reader, forms, "writeback", "forms", core);
    core.wide_store = read_cost(reader, forms, "wide-store", "forms", core);
    core.wide_load = read_cost(reader, forms, "wide-load", "forms", core);
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return core;
}

}  // namespace

Result<CoreTable> load_core_table(std::string_view name_or_path) {
    const auto file = TRY(find_data_file("cores", kWhat, name_or_path));
    return read_core(file);
}

Result<CoreTable> parse_core_table(std::string_view text, std::string_view file_name) {
    return read_core(DataFile{std::string(file_name), std::string(text)});
}

}  // namespace uprobesim
