// SPDX-License-Identifier: GPL-2.0-or-later
// Kernel profiles: what the kernel does, and how many instructions and costly operations each named
// path takes.
#include "sim/profile/kernel_profile.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <type_traits>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/packed/packed.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/settings.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {

namespace {

constexpr std::string_view kWhat = "kernel profile";
constexpr Limits kInsnLimits = {0, 1e9};
constexpr Limits kOpCountLimits = {0, 1e6};
constexpr Limits kWaitLimits = {0, 1e6};

// Keys with an enumerated value: their words, in the order of the enumeration.
constexpr auto kDecodeWords = [] {
    std::array<std::string_view, kDecodeTables.size()> words;
    std::transform(kDecodeTables.begin(), kDecodeTables.end(), words.begin(),
                   [](const DecodeTableWord& row) { return row.word; });
    return words;
}();
static_assert(std::is_sorted(kDecodeTables.begin(), kDecodeTables.end(),
                             [](const DecodeTableWord& a, const DecodeTableWord& b) {
                                 return a.table < b.table;
                             }));
constexpr std::string_view kStpForms[] = {"none", "pin-and-map", "copy-to-user"};
constexpr std::string_view kSlotPolicies[] = {"always", "if-changed"};
constexpr std::string_view kStepEnds[] = {"hardware", "brk-after-slot"};
constexpr std::string_view kSlotOwners[] = {"per-hit", "per-uprobe", "prefilled"};
constexpr std::string_view kLookups[] = {"mmap-lock", "lockless"};
constexpr std::string_view kConsumers[] = {"bpf-empty", "perf", "ftrace"};
constexpr std::string_view kReturnHolds[] = {"refcount", "lease"};
constexpr std::string_view kLruBatches[] = {"15", "31"};
constexpr std::string_view kNoYes[] = {"no", "yes"};
constexpr std::string_view kTextBusy[] = {"refused", "allowed"};

struct WordKey {
    std::string_view key;
    std::span<const std::string_view> words;
    void (*set)(KernelProfile& kernel, std::size_t place);

    std::string list() const { return fmt::format("{}", fmt::join(words, ", ")); }
    // False: it is none of the words.
    bool apply(KernelProfile& kernel, std::string_view word) const {
        const auto found = std::find(words.begin(), words.end(), word);
        if (found == words.end()) return false;
        set(kernel, static_cast<std::size_t>(found - words.begin()));
        return true;
    }
};

template <auto Member>
void set_member(KernelProfile& kernel, std::size_t place) {
    using Value = std::remove_reference_t<decltype(kernel.*Member)>;
    kernel.*Member = static_cast<Value>(place);
}

constexpr WordKey kWordKeys[] = {
    {"decode-table", kDecodeWords, set_member<&KernelProfile::decode_table>},
    {"stp", kStpForms, set_member<&KernelProfile::stp>},
    {"slot-copy", kSlotPolicies, set_member<&KernelProfile::slot_copy>},
    {"step", kStepEnds, set_member<&KernelProfile::step>},
    {"slots", kSlotOwners, set_member<&KernelProfile::slots>},
    {"lookup", kLookups, set_member<&KernelProfile::lookup>},
    {"consumer", kConsumers, set_member<&KernelProfile::consumer>},
    {"return-instance", kReturnHolds, set_member<&KernelProfile::return_instance>},
    {"lru-batch", kLruBatches, set_member<&KernelProfile::lru_batch>},
    {"uprobe-multi", kNoYes, set_member<&KernelProfile::uprobe_multi>},
    {"text-busy", kTextBusy, set_member<&KernelProfile::text_busy>},
    {"bpf-stats", kNoYes, set_member<&KernelProfile::bpf_stats>},
};

void read_word(TomlReader& reader, const WordKey& key, KernelProfile& kernel) {
    const std::string word = reader.string(reader.root(), key.key, "");
    if (!key.apply(kernel, word)) {
        reader.fail(reader.root().get(key.key), fmt::format("'{}' is '{}'", key.key, word),
                    fmt::format("one of: {}", key.list()));
    }
}

// Nothing where the file does not say.
AlsoEmulatedSet read_emulate_also(TomlReader& reader) {
    constexpr std::string_view kKey = "emulate-also";
    const toml::node* node = reader.root().get(kKey);
    if (node == nullptr) return {};
    std::vector<std::string> names;
    const toml::array* list = node->as_array();
    const bool strings = list != nullptr &&
                         std::all_of(list->begin(), list->end(),
                                     [](const toml::node& element) { return element.is_string(); });
    if (!strings) {
        reader.fail(node, fmt::format("'{}' is not a list of words", kKey),
                    "as in [\"sub-sp\", \"mov\"]");
        return {};
    }
    for (const toml::node& element : *list) names.push_back(element.value_or(std::string()));
    const auto set = also_emulated_set(names);
    if (!set) reader.fail(node, set.error().what, set.error().hint);
    return set.value_or(AlsoEmulatedSet());
}

void read_path(TomlReader& reader, const toml::table& paths, std::size_t index, PathCost& cost) {
    const KernelPathInfo& info = kKernelPaths[index];
    const toml::node* node = paths.get(info.name);
    const std::string name = key_path("paths", info.name);
    if (node == nullptr) {
        reader.fail(
            &paths, fmt::format("missing path '{}'", info.name),
            fmt::format("add \"{}\" = {{ insns = ..., source = \"...\", confidence = \"...\" }}",
                        info.name));
        return;
    }
    const toml::table& row = reader.table(paths, info.name, "paths");
    reader.only(row, name,
                {"insns", "insns-per-unit", "unit", "ops", "lse-saves", "source", "confidence"});
    cost.insns = reader.number(row, "insns", name, kInsnLimits);
    cost.insns_per_unit = reader.optional_number(row, "insns-per-unit", name, kInsnLimits);
    const std::string unit = reader.optional_string(row, "unit", name);
    if (reader.ok() && unit != info.unit) {
        reader.fail(row.contains("unit") ? row.get("unit") : &row,
                    fmt::format("'{}.unit' is '{}'", name, unit),
                    info.unit.empty() ? "this path has a fixed cost only"
                                      : fmt::format("it must be '{}'", info.unit));
    }
    if (reader.ok() && info.unit.empty() && row.contains("insns-per-unit")) {
        reader.fail(row.get("insns-per-unit"),
                    fmt::format("'{}.insns-per-unit' has no unit to multiply", name),
                    "this path has a fixed cost only");
    }
    if (row.contains("ops")) {
        const toml::table& ops = reader.table(row, "ops", name);
        std::vector<std::string> known;
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            const std::string_view op_name = kernel_op_name(static_cast<KernelOp>(op));
            known.emplace_back(op_name);
            cost.ops[op] =
                reader.optional_number(ops, op_name, key_path(name, "ops"), kOpCountLimits);
        }
        reader.only(ops, key_path(name, "ops"), known);
    }
    if (row.contains("lse-saves"))
        cost.lse_saves = reader.number(row, "lse-saves", name, {0, cost.insns, false});
    cost.source = reader.source(row, name);
    cost.confidence = reader.confidence(row, name);
}

void read_waits(TomlReader& reader, KernelProfile& kernel) {
    const toml::table& waits = reader.table(reader.root(), "waits", "");
    std::vector<std::string> known(kKernelWaits.begin(), kKernelWaits.end());
    reader.only(waits, "waits", known);
    for (std::size_t w = 0; w < kKernelWaits.size() && reader.ok(); ++w)
        kernel.waits[w] = reader.figure(waits, kKernelWaits[w], "waits", "ms", kWaitLimits);
}

// The number "waits.<name>" or "paths.<path name>.<field>" names; path names have dots of their
// own.
double* find_number(KernelProfile& kernel, std::string_view key, Limits& limits) {
    limits = kWaitLimits;
    for (std::size_t w = 0; w < kKernelWaits.size(); ++w) {
        if (key == key_path("waits", kKernelWaits[w])) return &kernel.waits[w].value;
    }
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const std::string prefix = fmt::format("paths.{}.", kKernelPaths[p].name);
        if (!key.starts_with(prefix)) continue;
        const std::string_view field = key.substr(prefix.size());
        limits = kInsnLimits;
        if (field == "insns") return &kernel.paths[p].insns;
        if (field == "insns-per-unit" && !kKernelPaths[p].unit.empty())
            return &kernel.paths[p].insns_per_unit;
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
    std::vector<std::string> keys = {"release", "emulate-also"};
    keys.reserve(keys.size() + std::size(kWordKeys) + 2);
    for (const WordKey& word : kWordKeys) keys.emplace_back(word.key);
    for (const std::string_view wait : kKernelWaits) keys.push_back(key_path("waits", wait));
    for (const KernelPathInfo& info : kKernelPaths) {
        keys.push_back(key_path(kAccessesTable, info.name));
        keys.push_back(fmt::format("paths.{}.insns", info.name));
        if (!info.unit.empty()) keys.push_back(fmt::format("paths.{}.insns-per-unit", info.name));
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            keys.push_back(fmt::format("paths.{}.ops.{}", info.name,
                                       kernel_op_name(static_cast<KernelOp>(op))));
        }
    }
    return keys;
}

Outcome apply_one(KernelProfile& kernel, std::string_view key, const Setting& setting) {
    for (const WordKey& word : kWordKeys) {
        if (word.key != key) continue;
        if (word.apply(kernel, setting.value)) return {};
        return user_error(fmt::format("'{}' is not a value of '{}'", setting.value, setting.key),
                          fmt::format("--set {}={}", setting.key, setting.value),
                          fmt::format("one of: {}", word.list()));
    }
    if (key == "emulate-also") {
        const auto set = also_emulated_set(setting_words(setting.value));
        if (!set)
            return user_error(set.error().what,
                              fmt::format("--set {}={}", setting.key, setting.value),
                              set.error().hint);
        kernel.emulate_also = *set;
        return {};
    }
    if (key == "release") {
        kernel.release = setting.value;
        return {};
    }
    if (PathAccesses* accesses = find_accesses(kernel.accesses, key))
        return set_accesses(*accesses, setting);
    Limits limits;
    double* number = find_number(kernel, key, limits);
    if (number == nullptr) return unknown_setting(setting, "kernel", all_setting_keys());
    const auto value = TRY(setting_number(setting, limits));
    *number = value;
    return {};
}

Outcome apply(KernelProfile& kernel, const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) {
        const auto key = TRY(setting_for("kernel", setting));
        if (key) TRY(apply_one(kernel, *key, setting));
    }
    kernel.text_hash = profile_hash(kernel.text_hash, "kernel", settings);
    return {};
}

bool has_no_form_of_stp(const KernelProfile& kernel) {
    return kernel.emulate_also.has(AlsoEmulated::Stp) && kernel.stp == StpForm::None;
}

Result<KernelProfile> read_kernel(const DataFile& file, const std::vector<Setting>& settings) {
    TomlReader reader = read_toml("kernels", kWhat, file, merged_tables(ProfileKind::Kernel));
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    const toml::table& root = reader.root();

    KernelProfile kernel;
    std::vector<std::string> keys = {"name",     "description", "label",
                                     "based-on", "release",     "emulate-also"};
    for (const WordKey& word : kWordKeys) keys.emplace_back(word.key);
    keys.insert(keys.end(), {"sources", "paths", "waits", std::string(kAccessesTable)});
    std::vector<std::string> known;
    known.reserve(kKernelPathCount);
    for (const KernelPathInfo& info : kKernelPaths) known.emplace_back(info.name);
    reader.only(root, "", keys,
                {{kAccessesTable, known, "list"},
                 {"paths", known},
                 {"waits", {kKernelWaits.begin(), kKernelWaits.end()}}});
    kernel.name = reader.string(root, "name", "");
    kernel.description = reader.string(root, "description", "");
    kernel.label = reader.own_string("label");
    kernel.release = reader.string(root, "release", "");
    for (const WordKey& word : kWordKeys) read_word(reader, word, kernel);
    kernel.emulate_also = read_emulate_also(reader);
    const toml::table& paths = reader.table(root, "paths", "");
    reader.only(paths, "paths", known);
    for (std::size_t p = 0; p < kKernelPathCount && reader.ok(); ++p)
        read_path(reader, paths, p, kernel.paths[p]);
    if (reader.ok()) read_waits(reader, kernel);
    if (reader.ok()) read_accesses(reader, kernel.accesses);
    if (!reader.ok()) return tl::make_unexpected(reader.error());

    kernel.text_hash = text_hash(reader.texts());
    TRY(apply(kernel, settings));
    if (has_no_form_of_stp(kernel)) {
        reader.fail(root.get("emulate-also"), "'emulate-also' has 'stp', but 'stp' is 'none'",
                    "set stp to pin-and-map or copy-to-user");
        return tl::make_unexpected(reader.error());
    }
    return kernel;
}

}  // namespace

Result<KernelProfile> load_kernel_profile(std::string_view name_or_path,
                                          const std::vector<Setting>& settings) {
    const auto read = [&]() -> Result<KernelProfile> {
        if (auto kernel = packed_profile<KernelProfile>("kernels", name_or_path)) {
            TRY(apply(*kernel, settings));
            if (!has_no_form_of_stp(*kernel)) return std::move(*kernel);
        }
        const auto file = TRY(find_data_file("kernels", kWhat, name_or_path));
        return read_kernel(file, settings);
    };
    return of_kind(ProfileKind::Kernel, name_or_path, read());
}

Result<KernelProfile> parse_kernel_profile(std::string_view text, std::string_view file_name,
                                           const std::vector<Setting>& settings) {
    return read_kernel(DataFile{std::string(file_name), std::string(text)}, settings);
}

double* find_number(KernelProfile& kernel, std::string_view key) {
    Limits limits;
    return find_number(kernel, key, limits);
}

std::vector<std::string> builtin_kernel_profiles() {
    return builtin_names("kernels");
}

}  // namespace uprobesim
