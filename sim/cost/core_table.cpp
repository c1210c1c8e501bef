// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cost/core_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/packed/packed.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {

namespace {

constexpr std::string_view kWhat = "core table";
constexpr Limits kCycleLimits = {0, 1000};

// The keys that a row of the table may have beside those of a cost.
const std::vector<std::string> kCostKeys = {"latency", "uses", "source", "confidence"};
const std::vector<std::string> kWordKeys = {"latency",    "uses",        "source",
                                            "confidence", "class",       "mask",
                                            "value",      "accumulator", "accumulate"};

// One row: { latency = 4, uses = { L = 1, I = 1 }, source = "...", confidence = "..." }
ClassCost read_cost(TomlReader& reader, const toml::table& parent, std::string_view key,
                    std::string_view path, const CoreTable& core,
                    const std::vector<std::string>& keys = kCostKeys) {
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
    reader.only(row, name, keys);
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

// { class = "int-mul", mask = 0xffe00000, value = 0x1b000000, accumulator = 10, accumulate = 1, ...
// }
WordCost read_word(TomlReader& reader, const toml::table& words, std::string_view key,
                   const std::vector<std::string>& classes, const CoreTable& core) {
    constexpr Limits kWordLimits = {.min = 0, .max = 0xffffffff, .whole = true};
    constexpr Limits kBits = {.min = 0, .max = 27, .whole = true};
    WordCost word;
    word.cost = read_cost(reader, words, key, "words", core, kWordKeys);
    const std::string name = key_path("words", key);
    const toml::table& row = reader.table(words, key, "words");
    const auto number = [&](std::string_view what) {
        return static_cast<std::uint32_t>(reader.number(row, what, name, kWordLimits));
    };
    word.mask = number("mask");
    word.value = number("value");
    const std::string cls = reader.string(row, "class", name);
    const auto found = std::find(classes.begin(), classes.end(), cls);
    if (found == classes.end())
        reader.fail(row.get("class"), fmt::format("there is no class '{}'", cls));
    else
        word.cls = static_cast<InsnClass>(found - classes.begin());
    if (row.contains("accumulator")) {
        word.accumulator = static_cast<unsigned>(reader.number(row, "accumulator", name, kBits));
        word.accumulate = reader.number(row, "accumulate", name, kCycleLimits);
    }
    if ((word.value & ~word.mask) != 0)
        reader.fail(&row, fmt::format("'{}' has bits in its value that its mask leaves out", name));
    return word;
}

Result<CoreTable> read_core(const DataFile& file) {
    TomlReader reader("cores", kWhat, file, {"classes", "words", "forms", "sources"});
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();

    CoreTable core;
    reader.only(root, "",
                {"name", "description", "based-on", "issue-width", "pipes", "classes", "words",
                 "forms", "sources"});
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
    if (root.contains("words")) {
        const toml::table& words = reader.table(root, "words", "");
        for (auto&& [key, node] : words)
            core.words.push_back(read_word(reader, words, key.str(), known, core));
        // Of two rows for a word the narrower one is meant.
        std::stable_sort(core.words.begin(), core.words.end(),
                         [](const WordCost& a, const WordCost& b) {
                             return std::popcount(a.mask) > std::popcount(b.mask);
                         });
    }
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
    if (auto core = packed_profile<CoreTable>("cores", name_or_path)) return std::move(*core);
    return read_core(TRY(find_data_file("cores", kWhat, name_or_path)));
}

Result<CoreTable> parse_core_table(std::string_view text, std::string_view file_name) {
    return read_core(DataFile{std::string(file_name), std::string(text)});
}

}  // namespace uprobesim
