// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/plan_axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>

#include "sim/base/text.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/default_profiles.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

// The keys under which an axis lists values of one option of the command.
struct ListRow {
    std::string_view key;
    std::string_view name;  // of the axis
    std::string_view option;
    Outcome (*check)(const std::string& value, const std::vector<Setting>& settings);
};
constexpr std::array kLists = {
    ListRow{"kernels", "kernel", "--kernel", check_kernel},
    ListRow{"machines", "machine", "--machine", check_machine},
    ListRow{"probes", "probes", "--probe", nullptr},
    ListRow{"handlers", "handler", "--handler", nullptr},
    ListRow{"cpus", "cpus", "--cpus", nullptr},
    ListRow{"seeds", "seed", "--seed", nullptr},
};
constexpr std::string_view kSetting = "setting";
constexpr double kMaxSteps = 100'000;
// Of a range with more values than these only three are checked.
constexpr std::size_t kCheckedValues = 64;

std::vector<std::string> axis_keys() {
    std::vector<std::string> keys;
    keys.reserve(kLists.size() + 8);
    for (const ListRow& row : kLists) keys.emplace_back(row.key);
    keys.insert(keys.end(), {std::string(kSetting), "values", "range", "log-range", "steps",
                             "sample", "log-sample", "zip"});
    return keys;
}

// A number or a text as --set and the other options take it.
std::optional<std::string> scalar_text(const toml::node& node) {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto whole = node.value_exact<std::int64_t>()) return fmt::format("{}", *whole);
    if (const auto real = node.value_exact<double>()) return fmt::format("{}", *real);
    return std::nullopt;
}

// One value of a list: a scalar, or an array of them, each given by an option of its own.
std::optional<AxisValue> value_of(const toml::node& node, std::string_view option) {
    AxisValue value;
    const auto add = [&](const toml::node& part) {
        auto text = scalar_text(part);
        if (!text) return false;
        if (!value.words.empty()) value.text += ' ';
        value.text += *text;
        value.words.emplace_back(option);
        value.words.push_back(std::move(*text));
        return true;
    };
    const toml::array* parts = node.as_array();
    if (parts == nullptr) return add(node) ? std::optional(value) : std::nullopt;
    for (const toml::node& part : *parts) {
        if (!add(part)) return std::nullopt;
    }
    return value;
}

std::vector<AxisValue> listed(TomlReader& reader, const toml::table& row, std::string_view key,
                              const std::string& path, std::string_view option) {
    std::vector<AxisValue> values;
    const toml::array* array = row.get(key)->as_array();
    if (array == nullptr || array->empty()) {
        reader.fail(row.get(key), fmt::format("'{}' must be an array with at least one value",
                                              key_path(path, key)));
        return values;
    }
    std::set<std::string> texts;
    for (const toml::node& node : *array) {
        auto value = value_of(node, option);
        if (!value) {
            reader.fail(&node, fmt::format("'{}' holds something else than texts and numbers",
                                           key_path(path, key)));
        } else if (!texts.insert(value->text).second) {
            reader.fail(&node,
                        fmt::format("'{}' has '{}' twice", key_path(path, key), value->text));
        } else {
            values.push_back(std::move(*value));
        }
    }
    return values;
}

struct Ends {
    double from = 0, to = 0;
};
Ends ends_of(TomlReader& reader, const toml::table& row, std::string_view key,
             const std::string& path, bool logarithmic) {
    const toml::array* array = row.get(key)->as_array();
    const auto at = [&](std::size_t i) { return array->get(i)->value<double>(); };
    if (array == nullptr || array->size() != 2 || !array->get(0)->is_number() ||
        !array->get(1)->is_number() || !std::isfinite(*at(0)) || !std::isfinite(*at(1))) {
        reader.fail(row.get(key), fmt::format("'{}' must be two numbers", key_path(path, key)),
                    fmt::format("for example: {} = [0.5, 2]", key));
        return {};
    }
    const Ends ends{*at(0), *at(1)};
    if (ends.from >= ends.to) {
        reader.fail(row.get(key), fmt::format("'{}' does not ascend", key_path(path, key)));
    } else if (logarithmic && ends.from <= 0) {
        reader.fail(row.get(key), fmt::format("'{}' must begin above 0", key_path(path, key)));
    }
    return ends;
}

AxisValue setting_value(const std::string& key, const std::string& text) {
    return {text, {"--set", fmt::format("{}={}", key, text)}};
}

void read_range(TomlReader& reader, const toml::table& row, const std::string& path,
                bool logarithmic, Axis& axis) {
    const Ends ends = ends_of(reader, row, logarithmic ? "log-range" : "range", path, logarithmic);
    const auto steps =
        static_cast<std::size_t>(reader.number(row, "steps", path, {2, kMaxSteps, true}));
    for (std::size_t i = 0; reader.ok() && i < steps; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(steps - 1);
        double value = logarithmic ? ends.from * std::pow(ends.to / ends.from, share)
                                   : ends.from + (ends.to - ends.from) * share;
        if (i + 1 == steps) value = ends.to;  // whatever the rounding makes of it
        axis.values.push_back(setting_value(axis.name, fmt::format("{}", value)));
    }
}

// How the values of a setting are given: one of these keys.
const std::vector<std::string> kValueKeys = {"values", "range", "log-range", "sample",
                                             "log-sample"};

void read_setting_values(TomlReader& reader, const toml::table& row, const std::string& path,
                         Axis& axis) {
    std::vector<std::string> given;
    for (const std::string& key : kValueKeys) {
        if (row.contains(key)) given.push_back(key);
    }
    if (given.size() != 1)
        return reader.fail(
            &row, fmt::format("'{}' has {} of {}", path, given.empty() ? "none" : "more than one",
                              or_list(kValueKeys)));
    const std::string& key = given.front();
    if (row.contains("steps") && !key.ends_with("range"))
        return reader.fail(row.get("steps"),
                           fmt::format("'{}' is for a range", key_path(path, "steps")));
    if (key == "values") {
        for (AxisValue& value : listed(reader, row, key, path, ""))
            axis.values.push_back(setting_value(axis.name, value.text));
    } else if (key.ends_with("range")) {
        read_range(reader, row, path, key == "log-range", axis);
    } else if (key == "sample" && row.get(key)->is_string()) {
        if (row.get(key)->value_or(std::string()) != "confidence")
            return reader.fail(
                row.get(key),
                fmt::format("'{}' must be \"confidence\" or two numbers", key_path(path, key)));
        axis.source = AxisSource::Confidence;
    } else {
        const bool logarithmic = key == "log-sample";
        const Ends ends = ends_of(reader, row, key, path, logarithmic);
        axis.source = logarithmic ? AxisSource::LogSampled : AxisSource::Sampled;
        axis.from = ends.from;
        axis.to = ends.to;
    }
}

struct SettingKey {
    ProfileKind kind = ProfileKind::Machine;
    std::string_view key;  // without "machine." or "kernel."
};
std::optional<SettingKey> setting_key(std::string_view name) {
    for (const ProfileKind kind : {ProfileKind::Machine, ProfileKind::Kernel}) {
        const std::string head = fmt::format("{}.", profile_kind_name(kind));
        if (name.starts_with(head)) return SettingKey{kind, name.substr(head.size())};
    }
    return std::nullopt;
}

bool changes_costs_only(const SettingKey& key) {
    const KeyRole role = key_rule(key.kind, key.key).role;
    return role == KeyRole::Price || role == KeyRole::Switch;
}

// A text such as a word of an enumeration cannot be changed in place.
bool is_number(const AxisValue& value) {
    return value.text.find_first_not_of("0123456789+-.e") == std::string::npos;
}

Outcome check_value(ProfileKind kind, const Setting& setting) {
    return kind == ProfileKind::Machine ? check_machine(kDefaultMachine, {setting})
                                        : check_kernel(kDefaultKernel, {setting});
}

void check_setting(TomlReader& reader, const toml::table& row, ProfileKind kind, const Axis& axis) {
    std::vector<std::string> texts;
    if (axis.source != AxisSource::Listed) {
        texts = {fmt::format("{}", axis.from), fmt::format("{}", axis.to)};
    } else if (axis.values.size() > kCheckedValues && !row.contains("values")) {
        // Its step shows whether a key that takes whole numbers gets them.
        texts = {axis.values[0].text, axis.values[1].text, axis.values.back().text};
    } else {
        for (const AxisValue& value : axis.values) texts.push_back(value.text);
    }
    for (const std::string& text : texts) {
        if (const Outcome checked = check_value(kind, {axis.name, text}); !checked)
            return reader.fail(row.get(kSetting),
                               fmt::format("'{}' = {}: {}", axis.name, text, checked.error().what),
                               checked.error().hint);
    }
}

void add_axis(TomlReader& reader, const toml::table& row, Axis axis, Plan& plan) {
    const auto same = [&](const Axis& other) { return other.name == axis.name; };
    if (std::any_of(plan.axes.begin(), plan.axes.end(), same))
        reader.fail(&row, fmt::format("there is another axis '{}'", axis.name));
    if (!axis.zip.empty() && axis.source != AxisSource::Listed)
        reader.fail(row.get("zip"), "a sampled axis cannot be zipped",
                    "all sampled axes advance together as it is");
    if (reader.ok()) plan.axes.push_back(std::move(axis));
}

// The figures that a pattern means: those that can be a little more or less.
std::vector<std::string> matching_settings(TomlReader& reader, const toml::table& row,
                                           const SettingKey& pattern) {
    std::vector<std::string> names;
    const bool machine = pattern.kind == ProfileKind::Machine;
    const auto listing = list_profile(pattern.kind, machine ? kDefaultMachine : kDefaultKernel, {});
    if (!listing) {
        reader.fail(row.get(kSetting), listing.error().what);
        return names;
    }
    const std::string_view head = pattern.key.substr(0, pattern.key.size() - 1);
    for (const ProfileKey& key : listing->keys) {
        if (key.key.starts_with(head) && key.number && *key.number != 0 && key.confidence &&
            key.role == KeyRole::Price)
            names.push_back(fmt::format("{}.{}", profile_kind_name(pattern.kind), key.key));
    }
    if (names.empty())
        reader.fail(row.get(kSetting), "the pattern matches no figure that has a confidence",
                    "see uprobesim model show");
    return names;
}

void read_setting_axis(TomlReader& reader, const toml::table& row, const std::string& path,
                       Plan& plan) {
    const std::string name = reader.string(row, kSetting, path);
    const auto key = setting_key(name);
    if (!reader.ok()) return;
    if (!key)
        return reader.fail(row.get(kSetting), fmt::format("unknown setting '{}'", name),
                           "settings are machine.KEY or kernel.KEY");
    Axis axis;
    axis.is_setting = true;
    axis.zip = reader.optional_string(row, "zip", path);
    axis.name = name;
    read_setting_values(reader, row, path, axis);
    if (!reader.ok()) return;
    if (name.ends_with('*')) {
        if (axis.source != AxisSource::Confidence)
            return reader.fail(row.get(kSetting), "a pattern needs sample = \"confidence\"",
                               "other values are given to one setting");
        axis.is_price = true;
        for (const std::string& match : matching_settings(reader, row, *key)) {
            axis.name = match;
            add_axis(reader, row, axis, plan);
        }
        return;
    }
    if (axis.source == AxisSource::Confidence) {
        const bool machine = key->kind == ProfileKind::Machine;
        const auto listing =
            list_profile(key->kind, machine ? kDefaultMachine : kDefaultKernel, {});
        const ProfileKey* figure = listing ? listing->find(key->key) : nullptr;
        if (figure == nullptr) {
            if (const Outcome checked = check_value(key->kind, {axis.name, "1"}); !checked)
                return reader.fail(row.get(kSetting), checked.error().what, checked.error().hint);
        }
        if (figure == nullptr || !figure->number || !figure->confidence ||
            key_rule(key->kind, key->key).role != KeyRole::Price)
            return reader.fail(row.get(kSetting), fmt::format("'{}' has no confidence", name),
                               "see uprobesim model show, or give sample = [from, to]");
    } else {
        check_setting(reader, row, key->kind, axis);
    }
    axis.is_price =
        changes_costs_only(*key) && std::all_of(axis.values.begin(), axis.values.end(), is_number);
    add_axis(reader, row, std::move(axis), plan);
}

}  // namespace

void read_axis(TomlReader& reader, const toml::table& row, const std::string& path, Plan& plan) {
    reader.only(row, path, axis_keys());
    if (!reader.ok()) return;
    const ListRow* kind = nullptr;
    int kinds = row.contains(kSetting) ? 1 : 0;
    std::vector<std::string> names{std::string(kSetting)};
    for (const ListRow& list : kLists) {
        names.emplace_back(list.key);
        if (!row.contains(list.key)) continue;
        kind = &list;
        ++kinds;
    }
    if (kinds != 1)
        return reader.fail(&row, fmt::format("'{}' must have one of {}", path, or_list(names)));
    if (kind == nullptr) return read_setting_axis(reader, row, path, plan);
    for (const std::string& key : kValueKeys) {
        if (row.contains(key))
            return reader.fail(row.get(key),
                               fmt::format("'{}' is for a setting", key_path(path, key)));
    }
    Axis axis;
    axis.name = kind->name;
    axis.zip = reader.optional_string(row, "zip", path);
    axis.values = listed(reader, row, kind->key, path, kind->option);
    for (const AxisValue& value : axis.values) {
        const Outcome checked = kind->check == nullptr ? Outcome{} : kind->check(value.text, {});
        if (!checked)
            reader.fail(row.get(kind->key),
                        fmt::format("'{}': {}", key_path(path, kind->key), checked.error().what),
                        checked.error().hint);
    }
    add_axis(reader, row, std::move(axis), plan);
}

void read_exclusion(TomlReader& reader, const toml::table& row, const std::string& path,
                    Plan& plan) {
    std::vector<std::string> names;
    for (const Axis& axis : plan.axes) names.push_back(axis.name);
    reader.only(row, path, names);
    if (row.empty()) reader.fail(&row, fmt::format("'{}' excludes nothing", path));
    Exclusion exclusion;
    for (std::size_t a = 0; a < plan.axes.size(); ++a) {
        const Axis& axis = plan.axes[a];
        const toml::node* node = row.get(axis.name);
        if (node == nullptr || !reader.ok()) continue;
        if (axis.source != AxisSource::Listed)
            return reader.fail(node, fmt::format("'{}' is sampled: its values are not known",
                                                 key_path(path, axis.name)));
        Exclusion::Condition& condition = exclusion.conditions.emplace_back();
        condition.axis = a;
        const auto add = [&](const toml::node& wanted) {
            const auto text = scalar_text(wanted);
            for (std::size_t v = 0; v < axis.values.size(); ++v) {
                if (text && axis.values[v].text == *text) return condition.values.push_back(v);
            }
            std::vector<std::string> known;
            for (const AxisValue& value : axis.values) known.push_back(value.text);
            reader.fail(&wanted,
                        fmt::format("'{}' is no value of the axis", key_path(path, axis.name)),
                        text ? near_names(*text, known) : "");
        };
        if (const toml::array* several = node->as_array()) {
            for (const toml::node& wanted : *several) add(wanted);
        } else {
            add(*node);
        }
    }
    plan.exclusions.push_back(std::move(exclusion));
}

}  // namespace uprobesim
