// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/model/model_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

std::string_view role_name(KeyRole role) {
    switch (role) {
        case KeyRole::Label: return "label";
        case KeyRole::Price: return "cost-parameter";
        case KeyRole::Switch: return "switch";
        case KeyRole::Trapped: return "trapped";
        case KeyRole::Clock: return "clock";
        case KeyRole::Waiting: return "waiting";
        case KeyRole::Behaviour: return "behaviour";
    }
    return "";
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

std::string profile_list_json(const std::vector<NamedProfile>& profiles) {
    Json list = Json::array();
    for (const NamedProfile& p : profiles)
        list.push_back({{"kind", profile_kind_name(p.kind)},
                        {"name", p.name},
                        {"description", p.description}});
    return dump({{"schema", "uprobesim.model-list/1"}, {"profiles", std::move(list)}});
}

std::string profile_json(const ProfileListing& profile) {
    Json json = {{"schema", "uprobesim.model/2"}};
    json.update(head_json(profile));
    Json keys = Json::array();
    for (const ProfileKey& key : profile.keys) keys.push_back(key_json(profile, key));
    json["keys"] = std::move(keys);
    return dump(json);
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
