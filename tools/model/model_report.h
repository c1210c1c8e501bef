// SPDX-License-Identifier: GPL-2.0-or-later
// What `model` says of profiles, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "sim/profile/profile_keys.h"

namespace uprobesim {

struct NamedProfile {
    ProfileKind kind = ProfileKind::Machine;
    std::string name;
    std::string description;
};
std::string profile_list_text(const std::vector<NamedProfile>& profiles);
std::string profile_list_json(const std::vector<NamedProfile>& profiles);

std::string profile_text(const ProfileListing& profile);
std::string profile_json(const ProfileListing& profile);

// Both of the same kind.
std::string profile_diff_text(const ProfileListing& a, const ProfileListing& b);
std::string profile_diff_json(const ProfileListing& a, const ProfileListing& b);

}  // namespace uprobesim
