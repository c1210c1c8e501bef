// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/toml_values.h"
#include "tools/cli/quantity.h"
#include "tools/sweep/plan/plan_axes.h"

namespace uprobesim {
namespace {

// `scenario` is how people call `run` of one.
const std::vector<std::string> kCommands = {"run", "compare", "bench", "estimate", "scenario"};
const std::vector<std::string> kDesigns = {"latin-hypercube", "saltelli"};
constexpr double kMaxSeed = 9007199254740992;  // 2^53: what a TOML number keeps exactly

std::string word_of(TomlReader& reader, const toml::table& table, std::string_view key,
                    std::string_view path, const std::vector<std::string>& known) {
    std::string word = reader.string(table, key, path);
    if (reader.ok() && std::find(known.begin(), known.end(), word) == known.end())
        reader.fail(table.get(key), fmt::format("'{}' is '{}'", key_path(path, key), word),
                    near_names(word, known));
    return word;
}

void read_sample(TomlReader& reader, const toml::table& root, Sample& sample) {
    if (!root.contains("sample")) return;
    const toml::table& table = reader.table(root, "sample", "");
    reader.only(table, "sample", {"count", "seed", "design"});
    sample.count = static_cast<std::uint64_t>(
        reader.number(table, "count", "sample", {2, double{kMaxPoints}, true}));
    if (table.contains("seed"))
        sample.seed =
            static_cast<std::uint64_t>(reader.number(table, "seed", "sample", {0, kMaxSeed, true}));
    if (table.contains("design") &&
        word_of(reader, table, "design", "sample", kDesigns) == kDesigns[1])
        sample.design = Design::Saltelli;
}

void read_limits(TomlReader& reader, const toml::table& root, Plan& plan) {
    const auto limit = [&](std::string_view key, auto parse, std::uint64_t& into) {
        if (!root.contains(key)) return;
        const auto value = parse(reader.string(root, key, ""));
        if (value) {
            into = *value;
        } else {
            reader.fail(root.get(key), fmt::format("'{}': {}", key, value.error().what),
                        value.error().hint);
        }
    };
    limit(
        "time-limit", [](const std::string& text) { return parse_duration(text, ""); },
        plan.time_limit_ns);
    constexpr std::uint64_t kLeast = std::uint64_t{16} << 20;
    limit(
        "memory-limit", [](const std::string& text) { return parse_size(text, "", kLeast, "16M"); },
        plan.memory_limit_bytes);
}

// What only shows when all axes are known.
void check_axes(TomlReader& reader, const Plan& plan) {
    std::uint64_t sampled = 0;
    std::map<std::string, const Axis*> zipped;
    for (const Axis& axis : plan.axes) {
        if (axis.source != AxisSource::Listed) ++sampled;
        if (axis.zip.empty()) continue;
        const Axis*& first = zipped[axis.zip];
        if (first == nullptr) first = &axis;
        if (axis.values.size() != first->values.size())
            reader.fail(
                reader.root().get("axis"),
                fmt::format("'{}' has {} values and '{}' has {}, and both have zip = \"{}\"",
                            first->name, first->values.size(), axis.name, axis.values.size(),
                            axis.zip),
                "zipped axes advance together: give them equally many values");
    }
    const std::uint64_t numbers =
        sampled * plan.sample.count * (plan.sample.design == Design::Saltelli ? 2 : 1);
    if (numbers > kMaxSampled)
        reader.fail(
            reader.root().get("sample"),
            fmt::format("the sample has {} numbers; at most {} are drawn", numbers, kMaxSampled),
            "lower its count, or sample fewer axes");
    if (sampled != 0 && plan.sample.count == 0)
        reader.fail(reader.root().get("axis"), "an axis is sampled, and there is no [sample]",
                    "add [sample] with count = <number>");
    if (sampled == 0 && plan.sample.count != 0)
        reader.fail(reader.root().get("sample"), "there is a [sample], and no axis is sampled",
                    "add an axis with sample = \"confidence\" or sample = [from, to]");
}

}  // namespace

Result<Plan> parse_plan(const DataFile& file) {
    TomlReader reader({}, "sweep plan", file, {});
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();
    reader.only(root, "",
                {"title", "command", "arguments", "share-runs", "time-limit", "memory-limit",
                 "sample", "axis", "exclude"});
    Plan plan;
    plan.file = file.file_name;
    plan.text = file.text;
    plan.title = reader.optional_string(root, "title", "");
    plan.command = word_of(reader, root, "command", "", kCommands);
    if (plan.command == "scenario") plan.command = "run";
    plan.arguments = toml_strings(reader, root, "arguments", "", false);
    plan.share_runs = toml_flag(reader, root, "share-runs", "", true);
    read_limits(reader, root, plan);
    read_sample(reader, root, plan.sample);
    std::uint64_t values = 0;
    each_toml_row(reader, root, "axis", [&](const toml::table& row, const std::string& path) {
        if (!reader.ok()) return;
        read_axis(reader, row, path, plan);
        values += plan.axes.empty() ? 0 : plan.axes.back().values.size();
        if (values > kMaxPoints)
            reader.fail(&row, fmt::format("the axes have more than {} values", kMaxPoints),
                        "leave out axes or values, or make several plans");
    });
    if (reader.ok() && plan.axes.empty())
        reader.fail(nullptr, "there is no [[axis]]", "see uprobesim sweep --help");
    if (reader.ok()) check_axes(reader, plan);
    each_toml_row(reader, root, "exclude", [&](const toml::table& row, const std::string& path) {
        if (reader.ok() && plan.exclusions.size() == kMaxExclusions)
            reader.fail(&row, fmt::format("there are more than {} exclusions", kMaxExclusions),
                        "a key can have an array of values");
        if (reader.ok()) read_exclusion(reader, row, path, plan);
    });
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    return plan;
}

Result<Plan> load_plan(const std::string& path) {
    auto text = TRY(read_text_file(path, {"sweep plan", kMaxTextBytes}));
    return parse_plan({path, std::move(text)});
}

}  // namespace uprobesim
