// SPDX-License-Identifier: GPL-2.0-or-later
// A profile key by key, as the files say it: value, source, confidence, file and line. For showing
// and comparing profiles, and for knowing which keys are prices only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"

namespace uprobesim {

enum class ProfileKind { Machine, Kernel, Core };
std::string_view profile_kind_name(ProfileKind kind);    // "machine"
std::string_view profile_kind_folder(ProfileKind kind);  // "machines"

// What changing a key's value can change.
enum class KeyRole {
    Label,      // nothing: names and descriptions
    Price,      // how much something costs: a run can be priced again
    Switch,     // a price that is there or not; not a quantity that could be a little more or less
    Trapped,    // what the guest reads from a trapped register: a run that trapped on none can be
                // priced again
    Clock,      // how the guest reads the clock: a run that never did can be priced again
    Waiting,    // how long CPUs wait for each other: needs another run if there were several
    Behaviour,  // what happens: needs another run
};

constexpr bool is_no_price(KeyRole role) {
    return role == KeyRole::Trapped || role == KeyRole::Clock || role == KeyRole::Behaviour;
}

struct ProfileKey {
    std::string key;               // as --set takes it after "machine." or "kernel."
    std::string value;             // numbers in the shortest form that reads back the same
    std::optional<double> number;  // of a number
    std::string unit;
    std::string source;
    std::optional<Confidence> confidence;
    std::string where;  // "builtin:kernels/v6.12.toml:27", or "--set"
    // What shares one source: "paths.uprobe.lookup"; the key itself where it stands alone.
    std::string row;
    KeyRole role = KeyRole::Behaviour;
};

struct ProfileListing {
    ProfileKind kind = ProfileKind::Machine;
    std::string name;
    std::string description;
    std::vector<std::string> files;  // the one asked for, then what it is based on
    std::vector<ProfileKey> keys;    // in the alphabetical order of their rows

    const ProfileKey* find(std::string_view key) const;
};

// Of a profile: the tables of which one that is based on it replaces rows, not the whole.
std::vector<std::string_view> merged_tables(ProfileKind kind);

enum class KeysListed : std::uint8_t { All, NoPrices };
// Machines and kernels. Reads as strictly as the loaders do.
Result<ProfileListing> list_profile(ProfileKind kind, std::string_view name_or_path,
                                    const std::vector<Setting>& settings,
                                    KeysListed listed = KeysListed::All);

// A key that is no price, with its value: what a run depends on.
struct BehaviourKey {
    std::string key;
    std::string value;

    static void members(auto& self, auto& visit) { visit(self.key, self.value); }
};
// Those of a profile, as its listing has them.
Result<std::vector<BehaviourKey>> profile_behaviour(ProfileKind kind, std::string_view name_or_path,
                                                    const std::vector<Setting>& settings);

// A key whose values differ; null: the profile does not have the key. A count that a path does not
// mention is 0.
struct KeyDifference {
    std::string key;
    const ProfileKey* a = nullptr;
    const ProfileKey* b = nullptr;
};
std::vector<KeyDifference> profile_differences(const ProfileListing& a, const ProfileListing& b);
// What is told points into both.
std::vector<KeyDifference> profile_differences(const ProfileListing&,
                                               const ProfileListing&&) = delete;
std::vector<KeyDifference> profile_differences(const ProfileListing&&,
                                               const ProfileListing&) = delete;

// Which kind a name or a file is: what it is based on tells, or else its keys.
Result<ProfileKind> find_profile_kind(std::string_view name_or_path);
// "'v6.12' is a kernel profile, ..." where the name or file that is to be of one kind is of
// another.
std::optional<UserError> other_kind(ProfileKind wanted, std::string_view name_or_path);
// What reading it gave, with that error before any other.
template <class Profile>
Result<Profile> of_kind(ProfileKind wanted, std::string_view name_or_path, Result<Profile> read) {
    if (read) return read;
    if (auto error = other_kind(wanted, name_or_path)) return tl::make_unexpected(*error);
    return read;
}

// When a run first depends on a key: until then runs that differ in it are the same run.
enum class FirstUse {
    Start,    // at once
    Paths,    // when a kernel path or an exception is taken whose cost or whose lines it changes
    Release,  // when the guest asks for the kernel's release
    Probes,   // when a probe is there
    Never,
};

// The first row of the table that fits; a key without a row is behaviour, so that nothing unknown
// is re-priced.
struct KeyRule {
    ProfileKind kind;
    std::string_view key;  // a '*' at its end stands for any rest
    KeyRole role;
    std::string_view why;  // where it is no price: what the key decides
    FirstUse first_use = FirstUse::Start;
};
const KeyRule& key_rule(ProfileKind kind, std::string_view key);

std::string_view confidence_name(Confidence confidence);

}  // namespace uprobesim
