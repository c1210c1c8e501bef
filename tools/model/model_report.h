// SPDX-License-Identifier: GPL-2.0-or-later
// What `model` says of profiles, for people and for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/profile/profile_keys.h"
#include "tools/format/document.h"

namespace uprobesim {

struct NamedProfile {
    ProfileKind kind = ProfileKind::Machine;
    std::string name;
    std::string description;
};
Document profile_list_document(const std::vector<NamedProfile>& profiles);
std::string profile_list_json(const std::vector<NamedProfile>& profiles);

Document profile_document(const ProfileListing& profile);
std::string profile_json(const ProfileListing& profile);

// Both of the same kind.
Document profile_diff_document(const ProfileListing& a, const ProfileListing& b);
std::string profile_diff_json(const ProfileListing& a, const ProfileListing& b);

// "machine.kernel-cpi": as --set takes it.
std::string setting_key(const ProfileListing& profile, std::string_view key);

}  // namespace uprobesim
