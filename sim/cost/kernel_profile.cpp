// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel profiles: what the kernel does, and how many instructions and costly operations each named path takes.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "sim/cost/data_files.h"
#include "sim/cost/profile.h"
#include "sim/cost/settings.h"
#include "sim/cost/toml_reader.h"

namespace uprobesim {

namespace {

constexpr std::string_view kWhat = "kernel profile";
constexpr Limits kInsnLimits = {0, 1e9};
constexpr Limits kOpCountLimits = {0, 1e6};

// What a word in the file stands for.
template <class T>
struct Word {
    std::string_view name;
    T value;
};
constexpr std::array kStpForms = {
    Word<StpForm>{"none", StpForm::None},
    Word<StpForm>{"pin-and-map", StpForm::PinAndMap},
    Word<StpForm>{"copy-to-user", StpForm::CopyToUser},
};
constexpr std::array kSlotPolicies = {
    Word<SlotCopyPolicy>{"always", SlotCopyPolicy::Always},
    Word<SlotCopyPolicy>{"if-changed", SlotCopyPolicy::IfChanged},
};
constexpr std::array kStepEnds = {
    Word<StepEnd>{"hardware", StepEnd::Hardware},
    Word<StepEnd>{"brk-after-slot", StepEnd::BrkAfterSlot},
};
constexpr std::array kSlotOwners = {
    Word<SlotOwner>{"per-hit", SlotOwner::Hit},
    Word<SlotOwner>{"per-uprobe", SlotOwner::Uprobe},
    Word<SlotOwner>{"prefilled", SlotOwner::Prefilled},
};
constexpr std::array kLookups = {
    Word<Lookup>{"mmap-lock", Lookup::MmapLock},
    Word<Lookup>{"lockless", Lookup::Lockless},
};
constexpr std::array kConsumers = {
    Word<Consumer>{"bpf-empty", Consumer::BpfEmpty},
    Word<Consumer>{"perf", Consumer::Perf},
    Word<Consumer>{"ftrace", Consumer::Ftrace},
};
constexpr std::array kReturnHolds = {
    Word<ReturnHold>{"refcount", ReturnHold::Refcount},
    Word<ReturnHold>{"lease", ReturnHold::Lease},
};
constexpr std::array kDecodeTables = {
    Word<int>{"6.1", 0}, Word<int>{"6.12", 0}, Word<int>{"6.13", 0}, Word<int>{"6.13+stp", 0}, Word<int>{"new", 0},
};

template <class Words>
auto find_word(const Words& words, std::string_view name) {
    using Value = decltype(words[0].value);
    for (const auto& word : words) {
        if (word.name == name) return std::optional<Value>(word.value);
    }
    return std::optional<Value>();
}
template <class Words>
std::string word_list(const Words& words) {
    std::string list;
    for (const auto& word : words) list += fmt::format("{}{}", list.empty() ? "" : ", ", word.name);
    return list;
}

template <class Words>
auto read_word(TomlReader& reader, std::string_view key, const Words& words) {
    const std::string name = reader.string(reader.root(), key, "");
    const auto value = find_word(words, name);
    if (!value) {
        reader.fail(reader.root().get(key), fmt::format("'{}' is '{}'", key, name),
                    fmt::format("one of: {}", word_list(words)));
    }
    return value.value_or(words[0].value);
}

// Nothing where the file does not say.
AlsoSimulatedSet read_simulate_also(TomlReader& reader) {
    constexpr std::string_view kKey = "simulate-also";
    const toml::node* node = reader.root().get(kKey);
    if (node == nullptr) return {};
    std::vector<std::string> names;
    const toml::array* list = node->as_array();
    const bool strings = list != nullptr && std::all_of(list->begin(), list->end(),
                                                        [](const toml::node& element) { return element.is_string(); });
    if (!strings) {
        reader.fail(node, fmt::format("'{}' is not a list of words", kKey), "as in [\"sub-sp\", \"mov\"]");
        return {};
    }
    for (const toml::node& element : *list) names.push_back(element.value_or(std::string()));
    const auto set = also_simulated_set(names);
    if (!set) reader.fail(node, set.error().what, set.error().hint);
    return set.value_or(AlsoSimulatedSet());
}

void read_path(TomlReader& reader, const toml::table& paths, std::size_t index, PathCost& cost) {
    const KernelPathInfo& info = kKernelPaths[index];
    const toml::node* node = paths.get(info.name);
    const std::string name = key_path("paths", info.name);
    if (node == nullptr) {
        reader.fail(&paths, fmt::format("missing path '{}'", info.name),
                    fmt::format("add \"{}\" = {{ insns = ..., source = \"...\", confidence = \"...\" }}", info.name));
        return;
    }
    const toml::table& row = reader.table(paths, info.name, "paths");
    reader.only(row, name, {"insns", "insns-per-unit", "unit", "ops", "source", "confidence"});
    cost.insns = reader.number(row, "insns", name, kInsnLimits);
    cost.insns_per_unit = reader.optional_number(row, "insns-per-unit", name, kInsnLimits);
    const std::string unit = reader.optional_string(row, "unit", name);
    if (reader.ok() && unit != info.unit) {
        reader.fail(row.contains("unit") ? row.get("unit") : &row, fmt::format("'{}.unit' is '{}'", name, unit),
                    info.unit.empty() ? "this path has a fixed cost only" : fmt::format("it must be '{}'", info.unit));
    }
    if (reader.ok() && info.unit.empty() && row.contains("insns-per-unit")) {
        reader.fail(row.get("insns-per-unit"), fmt::format("'{}.insns-per-unit' has no unit to multiply", name),
                    "this path has a fixed cost only");
    }
    if (row.contains("ops")) {
        const toml::table& ops = reader.table(row, "ops", name);
        std::vector<std::string> known;
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            const std::string_view op_name = kernel_op_name(static_cast<KernelOp>(op));
            known.emplace_back(op_name);
            cost.ops[op] = reader.optional_number(ops, op_name, key_path(name, "ops"), kOpCountLimits);
        }
        reader.only(ops, key_path(name, "ops"), known);
    }
    cost.source = reader.source(row, name);
    cost.confidence = reader.confidence(row, name);
}

// The number "paths.<path name>.<field>" names; path names have dots of their own.
double* find_path_number(KernelProfile& kernel, std::string_view key, Limits& limits) {
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const std::string prefix = fmt::format("paths.{}.", kKernelPaths[p].name);
        if (!key.starts_with(prefix)) continue;
        const std::string_view field = key.substr(prefix.size());
        limits = kInsnLimits;
        if (field == "insns") return &kernel.paths[p].insns;
        if (field == "insns-per-unit" && !kKernelPaths[p].unit.empty()) return &kernel.paths[p].insns_per_unit;
        limits = kOpCountLimits;
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            if (field == fmt::format("ops.{}", kernel_op_name(static_cast<KernelOp>(op)))) {
                return &kernel.paths[p].ops[op];
            }
        }
    }
    return nullptr;
}

std::vector<std::string> all_setting_keys() {
    std::vector<std::string> keys = {"release", "decode-table", "stp",    "simulate-also", "slot-copy",
                                     "step",    "slots",        "lookup", "consumer",      "return-instance"};
    for (const KernelPathInfo& info : kKernelPaths) {
        keys.push_back(fmt::format("paths.{}.insns", info.name));
        if (!info.unit.empty()) keys.push_back(fmt::format("paths.{}.insns-per-unit", info.name));
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            keys.push_back(fmt::format("paths.{}.ops.{}", info.name, kernel_op_name(static_cast<KernelOp>(op))));
        }
    }
    return keys;
}

template <class Words, class T>
Outcome set_word(const Setting& setting, const Words& words, T& into) {
    const auto value = find_word(words, setting.value);
    if (!value) {
        return user_error(fmt::format("'{}' is not a value of '{}'", setting.value, setting.key),
                          fmt::format("--set {}={}", setting.key, setting.value),
                          fmt::format("one of: {}", word_list(words)));
    }
    into = *value;
    return {};
}

Outcome apply_one(KernelProfile& kernel, std::string_view key, const Setting& setting) {
    if (key == "stp") return set_word(setting, kStpForms, kernel.stp);
    if (key == "slot-copy") return set_word(setting, kSlotPolicies, kernel.slot_copy);
    if (key == "step") return set_word(setting, kStepEnds, kernel.step);
    if (key == "slots") return set_word(setting, kSlotOwners, kernel.slots);
    if (key == "lookup") return set_word(setting, kLookups, kernel.lookup);
    if (key == "consumer") return set_word(setting, kConsumers, kernel.consumer);
    if (key == "return-instance") return set_word(setting, kReturnHolds, kernel.return_instance);
    if (key == "decode-table") {
        int ignored = 0;
        const Outcome known = set_word(setting, kDecodeTables, ignored);
        if (known) kernel.decode_table = setting.value;
        return known;
    }
    if (key == "simulate-also") {
        const auto set = also_simulated_set(also_simulated_names(setting.value));
        if (!set)
            return user_error(set.error().what, fmt::format("--set {}={}", setting.key, setting.value),
                              set.error().hint);
        kernel.simulate_also = *set;
        return {};
    }
    if (key == "release") {
        kernel.release = setting.value;
        return {};
    }
    Limits limits;
    double* number = find_path_number(kernel, key, limits);
    if (number == nullptr) return unknown_setting(setting, "kernel", all_setting_keys());
    const auto value = setting_number(setting, limits);
    if (!value) return tl::make_unexpected(value.error());
    *number = *value;
    return {};
}

Result<KernelProfile> read_kernel(const DataFile& file, const std::vector<Setting>& settings) {
    TomlReader reader("kernels", kWhat, file, {"paths", "sources"});
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();

    KernelProfile kernel;
    reader.only(root, "",
                {"name", "description", "based-on", "release", "decode-table", "stp", "simulate-also", "slot-copy",
                 "step", "slots", "lookup", "consumer", "return-instance", "sources", "paths"});
    kernel.name = reader.string(root, "name", "");
    kernel.description = reader.string(root, "description", "");
    kernel.release = reader.string(root, "release", "");
    read_word(reader, "decode-table", kDecodeTables);
    kernel.decode_table = reader.string(root, "decode-table", "");
    kernel.stp = read_word(reader, "stp", kStpForms);
    kernel.simulate_also = read_simulate_also(reader);
    kernel.slot_copy = read_word(reader, "slot-copy", kSlotPolicies);
    kernel.step = read_word(reader, "step", kStepEnds);
    kernel.slots = read_word(reader, "slots", kSlotOwners);
    kernel.lookup = read_word(reader, "lookup", kLookups);
    kernel.consumer = read_word(reader, "consumer", kConsumers);
    kernel.return_instance = read_word(reader, "return-instance", kReturnHolds);
    const toml::table& paths = reader.table(root, "paths", "");
    std::vector<std::string> known;
    for (const KernelPathInfo& info : kKernelPaths) known.emplace_back(info.name);
    reader.only(paths, "paths", known);
    for (std::size_t p = 0; p < kKernelPathCount && reader.ok(); ++p) read_path(reader, paths, p, kernel.paths[p]);
    if (!reader.ok()) return tl::make_unexpected(reader.error());

    for (const Setting& setting : settings) {
        const auto key = setting_for("kernel", setting);
        if (!key) return tl::make_unexpected(key.error());
        if (!*key) continue;
        if (const Outcome set = apply_one(kernel, **key, setting); !set) return tl::make_unexpected(set.error());
    }
    if (kernel.simulate_also.has(AlsoSimulated::Stp) && kernel.stp == StpForm::None) {
        reader.fail(root.get("simulate-also"), "'simulate-also' has 'stp', but 'stp' is 'none'",
                    "set stp to pin-and-map or copy-to-user");
        return tl::make_unexpected(reader.error());
    }
    kernel.text_hash = profile_hash(reader.texts(), "kernel", settings);
    return kernel;
}

}  // namespace

Result<KernelProfile> load_kernel_profile(std::string_view name_or_path, const std::vector<Setting>& settings) {
    const auto file = find_data_file("kernels", kWhat, name_or_path);
    if (!file) return tl::make_unexpected(file.error());
    return read_kernel(*file, settings);
}

Result<KernelProfile> parse_kernel_profile(std::string_view text, std::string_view file_name,
                                           const std::vector<Setting>& settings) {
    return read_kernel(DataFile{std::string(file_name), std::string(text)}, settings);
}

std::vector<std::string> builtin_kernel_profiles() {
    return builtin_names("kernels");
}

}  // namespace uprobesim
