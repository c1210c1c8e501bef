// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/model/model_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/format/text_table.h"
#include "tools/report/report.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kIndent = 2;
constexpr std::string_view kPaths = "paths.";

std::string setting_key(const ProfileListing& profile, std::string_view key) {
    return fmt::format("{}.{}", profile_kind_name(profile.kind), key);
}

std::string_view role_name(KeyRole role) {
    switch (role) {
        case KeyRole::Label: return "label";
        case KeyRole::Price: return "price";
        case KeyRole::Switch: return "switch";
        case KeyRole::Trapped: return "trapped";
        case KeyRole::Clock: return "clock";
        case KeyRole::Behaviour: return "behaviour";
    }
    return "";
}

// The heading a key stands under; in the order shown.
struct Heading {
    std::string_view title;
    bool (*holds)(const ProfileKey& key);
};
bool is_path_of(const ProfileKey& key, WorkGroup group) {
    if (!key.row.starts_with(kPaths)) return false;
    const auto path = find_kernel_path(std::string_view(key.row).substr(kPaths.size()));
    return path && work_group(*path) == group;
}
constexpr Heading kHeadings[] = {
    {"what happens", [](const ProfileKey& key) { return is_no_price(key.role); }},
    {"figures", [](const ProfileKey& key) { return key.row.find('.') == key.row.npos; }},
    {"operations", [](const ProfileKey& key) { return key.row.starts_with("ops."); }},
    {"system calls", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::SystemCalls); }},
    {"faults", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::Faults); }},
    {"signals", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::Signals); }},
    {"probes", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::Probes); }},
    {"other", [](const ProfileKey&) { return true; }},
};

// Keys, values and confidence in columns; under each row, once, where it is from.
std::string keys_text(const ProfileListing& profile, const std::vector<const ProfileKey*>& keys) {
    TextTable table({"", "", "", ""});
    for (const ProfileKey* key : keys) {
        table.add({setting_key(profile, key->key), key->value, key->unit,
                   key->confidence ? std::string(confidence_name(*key->confidence)) : ""});
    }
    const std::string columns = table.text(kIndent);
    std::string out;
    std::size_t at = columns.find('\n') + 1;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::size_t end = columns.find('\n', at) + 1;
        out += columns.substr(at, end - at);
        at = end;
        const bool last = i + 1 == keys.size() || keys[i + 1]->row != keys[i]->row ||
                          keys[i + 1]->where != keys[i]->where;
        if (!last) continue;
        out += keys[i]->source.empty() || keys[i]->source == keys[i]->where
                   ? fmt::format("      {}\n", printable(keys[i]->where))
                   : fmt::format("      {}; {}\n", printable(keys[i]->source),
                                 printable(keys[i]->where));
    }
    return out;
}

std::string files_text(const ProfileListing& profile) {
    return printable(fmt::format("{}", fmt::join(profile.files, ", based on ")));
}

std::string side(const ProfileKey* key) {
    return key == nullptr ? "-" : printable(key->value);
}

Json key_json(const ProfileListing& profile, const ProfileKey& key) {
    Json json = {{"key", setting_key(profile, key.key)}};
    if (key.number) {
        json["value"] = *key.number;
    } else {
        json["value"] = key.value;
    }
    json["unit"] = key.unit;
    json["confidence"] = key.confidence ? Json(confidence_name(*key.confidence)) : Json(nullptr);
    json["source"] = key.source;
    json["where"] = key.where;
    json["role"] = role_name(key.role);
    return json;
}

Json head_json(const ProfileListing& profile) {
    return {{"kind", profile_kind_name(profile.kind)},
            {"name", profile.name},
            {"description", profile.description},
            {"files", profile.files}};
}

std::string dump(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string profile_list_text(const std::vector<NamedProfile>& profiles) {
    const auto of_kind = [&](ProfileKind kind) {
        std::string out;
        for (const NamedProfile& p : profiles) {
            if (p.kind == kind) out += fmt::format("  {:<24}{}\n", p.name, p.description);
        }
        return out;
    };
    return "machines (--machine)\n" + of_kind(ProfileKind::Machine) +
           "\nkernels (--kernel, --kernels)\n" + of_kind(ProfileKind::Kernel);
}

std::string profile_list_json(const std::vector<NamedProfile>& profiles) {
    Json list = Json::array();
    for (const NamedProfile& p : profiles)
        list.push_back({{"kind", profile_kind_name(p.kind)},
                        {"name", p.name},
                        {"description", p.description}});
    return dump({{"schema", "uprobesim.model-list/1"}, {"profiles", std::move(list)}});
}

std::string profile_text(const ProfileListing& profile) {
    std::string out =
        fmt::format("{} {}: {}\n{}\n", profile_kind_name(profile.kind), printable(profile.name),
                    printable(profile.description), files_text(profile));
    std::vector<const ProfileKey*> left;
    for (const ProfileKey& key : profile.keys) left.push_back(&key);
    for (const Heading& heading : kHeadings) {
        std::vector<const ProfileKey*> held;
        std::copy_if(left.begin(), left.end(), std::back_inserter(held),
                     [&](const ProfileKey* key) { return heading.holds(*key); });
        std::erase_if(left, [&](const ProfileKey* key) { return heading.holds(*key); });
        if (!held.empty()) out += fmt::format("\n{}\n{}", heading.title, keys_text(profile, held));
    }
    return out;
}

std::string profile_json(const ProfileListing& profile) {
    Json json = {{"schema", "uprobesim.model/1"}};
    json.update(head_json(profile));
    Json keys = Json::array();
    for (const ProfileKey& key : profile.keys) keys.push_back(key_json(profile, key));
    json["keys"] = std::move(keys);
    return dump(json);
}

std::string profile_diff_text(const ProfileListing& a, const ProfileListing& b) {
    const std::vector<KeyDifference> differences = profile_differences(a, b);
    std::string out = fmt::format("{} a: {} ({})\n{} b: {} ({})\n\n", profile_kind_name(a.kind),
                                  printable(a.name), files_text(a), profile_kind_name(b.kind),
                                  printable(b.name), files_text(b));
    if (differences.empty()) return out + "no figure differs\n";
    TextTable table({"key", "a", "b", "unit", "confidence a", "confidence b"});
    for (const KeyDifference& d : differences) {
        const auto confidence = [](const ProfileKey* key) {
            return key == nullptr || !key->confidence
                       ? "-"
                       : std::string(confidence_name(*key->confidence));
        };
        table.add({setting_key(a, d.key), side(d.a), side(d.b),
                   d.b != nullptr ? d.b->unit : d.a->unit, confidence(d.a), confidence(d.b)});
    }
    return out + table.text(kIndent);
}

std::string profile_diff_json(const ProfileListing& a, const ProfileListing& b) {
    Json differences = Json::array();
    for (const KeyDifference& d : profile_differences(a, b)) {
        const auto one = [](const ProfileListing& profile, const ProfileKey* key) {
            return key == nullptr ? Json(nullptr) : key_json(profile, *key);
        };
        differences.push_back(
            {{"key", setting_key(a, d.key)}, {"a", one(a, d.a)}, {"b", one(b, d.b)}});
    }
    return dump({{"schema", "uprobesim.model-diff/1"},
                 {"a", head_json(a)},
                 {"b", head_json(b)},
                 {"differences", std::move(differences)}});
}

}  // namespace uprobesim
