// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/profile_keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/packed/packed.h"
#include "sim/profile/settings.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {

namespace {

constexpr std::string_view kReadWhy =
    "the guest read a trapped register, CNTVCT_EL0 or CTR_EL0 perhaps";
constexpr std::string_view kWaitingWhy =
    "how long CPUs wait for each other is found out by running";
constexpr std::string_view kUnknownWhy = "it is not known to be a cost parameter only";

constexpr std::array kRules = {
    KeyRule{ProfileKind::Machine, "name", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Machine, "description", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Machine, "based-on", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Machine, "vdso-clock", KeyRole::Clock,
            "it decides whether programs read the clock by a system call"},
    KeyRule{ProfileKind::Machine, "frequency", KeyRole::Price, {}},
    KeyRule{ProfileKind::Machine, "kernel-cpi", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "exception-entry", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "exception-return", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "kpti", KeyRole::Switch, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "kpti-switch", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "bhb", KeyRole::Switch, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "bhb-loop", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "shareability-cores", KeyRole::Switch, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "dsb-ish-per-core", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "slot-refetch-*", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "debug-register-traps", KeyRole::Switch, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "debug-exceptions-to-el2", KeyRole::Switch, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "debug-trap", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "ops.*", KeyRole::Price, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "core", KeyRole::Behaviour,
            "user cycles are counted block by block while the program runs"},
    KeyRule{ProfileKind::Machine, "counter-frequency", KeyRole::Trapped, kReadWhy},
    KeyRule{ProfileKind::Machine, "idc", KeyRole::Trapped, kReadWhy},
    KeyRule{ProfileKind::Machine, "dic", KeyRole::Trapped, kReadWhy},
    KeyRule{ProfileKind::Machine, "dic-hidden", KeyRole::Trapped, kReadWhy},
    KeyRule{ProfileKind::Machine, "isa.bhb-iterations", KeyRole::Switch, {}, FirstUse::Paths},
    KeyRule{ProfileKind::Machine, "isa.*", KeyRole::Behaviour,
            "it decides which instructions programs find and choose"},
    KeyRule{ProfileKind::Machine, "contention.*", KeyRole::Waiting, kWaitingWhy},
    KeyRule{ProfileKind::Kernel, "accesses.*", KeyRole::Waiting, kWaitingWhy, FirstUse::Paths},
    KeyRule{ProfileKind::Kernel, "name", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Kernel, "description", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Kernel, "label", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Kernel, "based-on", KeyRole::Label, {}, FirstUse::Never},
    KeyRule{ProfileKind::Kernel, "release", KeyRole::Behaviour, "the guest can read it",
            FirstUse::Release},
    KeyRule{ProfileKind::Kernel, "decode-table", KeyRole::Behaviour,
            "it decides which instructions are emulated, stepped or refused", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "stp", KeyRole::Behaviour,
            "it decides the way an emulated STP goes", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "emulate-also", KeyRole::Behaviour,
            "it decides which instructions are emulated", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "slot-copy", KeyRole::Behaviour,
            "it decides which hits synchronise their slot", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "step", KeyRole::Behaviour,
            "it decides which exceptions a step takes", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "slots", KeyRole::Behaviour, "it decides which hits fill a slot",
            FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "lookup", KeyRole::Behaviour, "it decides which lookup a hit does",
            FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "consumer", KeyRole::Behaviour, "it decides what a hit runs",
            FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "return-instance", KeyRole::Behaviour,
            "it decides what a return probe does", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "lru-batch", KeyRole::Behaviour,
            "it decides when the pages that placing replaces are freed", FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "bpf-stats", KeyRole::Behaviour, "it decides what a hit runs",
            FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "uprobe-multi", KeyRole::Price, {}, FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "waits.*", KeyRole::Price, {}, FirstUse::Probes},
    KeyRule{ProfileKind::Kernel, "paths.*", KeyRole::Price, {}, FirstUse::Paths},
};
constexpr KeyRule kUnknown{ProfileKind::Machine, "*", KeyRole::Behaviour, kUnknownWhy};

bool fits(std::string_view pattern, std::string_view key) {
    return pattern.ends_with('*') ? key.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : key == pattern;
}

std::string where_of(const toml::node& node) {
    return node.source().path ? fmt::format("{}:{}", *node.source().path, node.source().begin.line)
                              : "";
}

// Numbers as numbers however the file or the option writes them, so that 50e6 and 50000000 are the
// same.
void set_value(ProfileKey& key, double number) {
    key.number = number;
    key.value = fmt::format("{}", number);
}
void set_value(ProfileKey& key, const toml::node& node) {
    if (const auto number = node.value<double>(); number && node.is_number()) {
        set_value(key, *number);
    } else if (const auto text = node.value<std::string>()) {
        key.value = *text;
    } else if (const auto yes = node.value<bool>()) {
        key.value = *yes ? "true" : "false";
    } else if (const toml::array* list = node.as_array()) {
        std::vector<std::string> parts;
        for (const toml::node& element : *list) parts.push_back(element.value_or(std::string("?")));
        key.value = fmt::format("{}", fmt::join(parts, ","));
    }
}

bool is_listed(KeyRole role, KeysListed listed) {
    return listed == KeysListed::All || is_no_price(role) || role == KeyRole::Label;
}

class Lister {
public:
    Lister(ProfileListing& listing, TomlReader& reader, KeysListed listed)
        : listing_(listing), reader_(reader), listed_(listed) {}

    void table(const toml::table& table, std::string_view path) {
        for (auto&& [name, node] : table) {
            const std::string key = key_path(path, name.str());
            if (path.empty() && name.str() == "sources") continue;
            if (!is_listed(key_rule(listing_.kind, key).role, listed_)) continue;
            const toml::table* inner = node.as_table();
            if (inner == nullptr) {
                set_value(add(key, node), node);
            } else if (inner->contains("value")) {
                figure(key, *inner);
            } else if (inner->contains("insns")) {
                path_row(key, *inner);
            } else if (const toml::node* list = inner->get("list")) {
                sourced(key, *inner, *list);
            } else {
                this->table(*inner, key);
            }
        }
    }

private:
    ProfileKey& add(std::string key, const toml::node& node) {
        ProfileKey& added = listing_.keys.emplace_back();
        added.row = key;
        added.key = std::move(key);
        added.where = where_of(node);
        return added;
    }

    ProfileKey& sourced(const std::string& key, const toml::table& row, const toml::node& value) {
        ProfileKey& figure = add(key, row);
        set_value(figure, value);
        figure.source = reader_.source(row, key);
        figure.confidence = reader_.confidence(row, key);
        return figure;
    }

    void figure(const std::string& key, const toml::table& row) {
        sourced(key, row, *row.get("value")).unit = row["unit"].value_or(std::string());
    }

    void path_row(const std::string& path, const toml::table& row) {
        const std::string unit = row["unit"].value_or(std::string());
        const auto part = [&](const std::string& name, const toml::node& node, std::string of) {
            ProfileKey& figure = add(key_path(path, name), row);
            set_value(figure, node);
            figure.row = path;
            figure.unit = std::move(of);
            figure.source = reader_.source(row, path);
            figure.confidence = reader_.confidence(row, path);
        };
        part("insns", *row.get("insns"), "instructions");
        if (const toml::node* each = row.get("insns-per-unit"))
            part("insns-per-unit", *each, "instructions/" + unit);
        if (const toml::node* saves = row.get("lse-saves"))
            part("lse-saves", *saves, "instructions");
        const toml::table* ops = row["ops"].as_table();
        if (ops == nullptr) return;
        for (auto&& [op, node] : *ops) part(fmt::format("ops.{}", op.str()), node, "times");
    }

    ProfileListing& listing_;
    TomlReader& reader_;
    KeysListed listed_;
};

// A checked setting: the loader took it. What the row does not mention yet is added to it.
void apply(ProfileListing& listing, const std::string& key, const std::string& value) {
    const auto found = std::find_if(listing.keys.begin(), listing.keys.end(),
                                    [&](const ProfileKey& k) { return k.key == key; });
    const bool is_new = found == listing.keys.end();
    ProfileKey& set = is_new ? listing.keys.emplace_back() : *found;
    if (is_new) {
        set.key = set.row = key;
        if (key.starts_with("paths."))
            set.unit = key.find(".ops.") != key.npos ? "times" : "instructions/unit";
    }
    double number = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = error == std::errc() && stop == value.data() + value.size();
    if (whole && (set.number || is_new)) {
        set_value(set, number);
    } else {
        set.value = value;
    }
    set.source = set.where = "--set";
    set.confidence.reset();
}

Outcome check_by_loader(ProfileKind kind, std::string_view name,
                        const std::vector<Setting>& settings) {
    if (kind == ProfileKind::Machine) {
        TRY(load_machine_profile(name, settings));
    } else {
        TRY(load_kernel_profile(name, settings));
    }
    return {};
}

}  // namespace

std::string_view profile_kind_name(ProfileKind kind) {
    constexpr std::array<std::string_view, 3> kNames = {"machine", "kernel", "core"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view profile_kind_folder(ProfileKind kind) {
    constexpr std::array<std::string_view, 3> kFolders = {"machines", "kernels", "cores"};
    return kFolders[static_cast<std::size_t>(kind)];
}

std::string_view confidence_name(Confidence confidence) {
    constexpr std::array<std::string_view, 4> kNames = {"high", "medium", "low", "assumption"};
    return kNames[static_cast<std::size_t>(confidence)];
}

std::vector<std::string_view> merged_tables(ProfileKind kind) {
    if (kind == ProfileKind::Machine) return {"ops", kIsaTable, kContentionTable, "sources"};
    return {"paths", "waits", kAccessesTable, "sources"};
}

const KeyRule& key_rule(ProfileKind kind, std::string_view key) {
    for (const KeyRule& rule : kRules) {
        if (rule.kind == kind && fits(rule.key, key)) return rule;
    }
    return kUnknown;
}

const ProfileKey* ProfileListing::find(std::string_view key) const {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const ProfileKey& k) { return k.key == key; });
    return found == keys.end() ? nullptr : &*found;
}

Result<ProfileListing> list_profile(ProfileKind kind, std::string_view name_or_path,
                                    const std::vector<Setting>& settings, KeysListed listed) {
    check_invariant(kind != ProfileKind::Core, "a core table has no listing");
    TRY(check_by_loader(kind, name_or_path, settings));
    const std::string what = fmt::format("{} profile", profile_kind_name(kind));
    const auto file = TRY(find_data_file(profile_kind_folder(kind), what, name_or_path));
    TomlReader reader = read_toml(profile_kind_folder(kind), what, file, merged_tables(kind));
    if (!reader.ok()) return tl::make_unexpected(reader.error());

    ProfileListing listing;
    listing.kind = kind;
    listing.files = reader.files();
    Lister(listing, reader, listed).table(reader.root(), "");
    if (!reader.ok()) return tl::make_unexpected(reader.error());
    for (const Setting& setting : settings) {
        const auto key = TRY(setting_for(profile_kind_name(kind), setting));
        if (key) apply(listing, std::string(*key), setting.value);
    }
    for (ProfileKey& key : listing.keys) key.role = key_rule(kind, key.key).role;
    if (const ProfileKey* name = listing.find("name")) listing.name = name->value;
    if (const ProfileKey* description = listing.find("description"))
        listing.description = description->value;
    std::erase_if(listing.keys, [listed](const ProfileKey& key) {
        return key.role == KeyRole::Label || !is_listed(key.role, listed);
    });
    return listing;
}

Result<std::vector<BehaviourKey>> profile_behaviour(ProfileKind kind, std::string_view name_or_path,
                                                    const std::vector<Setting>& settings) {
    using Behaviour = std::vector<BehaviourKey>;
    const std::string folder = packed_behaviour_folder(profile_kind_folder(kind));
    if (auto packed = packed_profile<Behaviour>(folder, name_or_path); packed && settings.empty())
        return std::move(*packed);
    auto listing = TRY(list_profile(kind, name_or_path, settings, KeysListed::NoPrices));
    Behaviour behaviour;
    behaviour.reserve(listing.keys.size());
    for (ProfileKey& key : listing.keys)
        behaviour.push_back({std::move(key.key), std::move(key.value)});
    return behaviour;
}

std::vector<KeyDifference> profile_differences(const ProfileListing& a, const ProfileListing& b) {
    std::map<std::string_view, KeyDifference> by_key;
    for (const ProfileKey& key : a.keys) by_key[key.key] = {key.key, &key, nullptr};
    for (const ProfileKey& key : b.keys) {
        KeyDifference& d = by_key[key.key];
        d.key = key.key;
        d.b = &key;
    }
    const auto value = [](const ProfileKey* key, std::string_view name) {
        return key != nullptr ? key->value : name.starts_with("paths.") ? "0" : "";
    };
    std::vector<KeyDifference> differences;
    for (const auto& [name, d] : by_key) {
        if (value(d.a, name) != value(d.b, name)) differences.push_back(d);
    }
    return differences;
}

}  // namespace uprobesim
