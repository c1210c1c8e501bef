// SPDX-License-Identifier: GPL-2.0-or-later
// Tells machine, kernel and core files apart. Errors in a file are left to its reader, which names
// their line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/toml_text.h"

namespace uprobesim {

namespace {

constexpr std::array kKinds = {ProfileKind::Machine, ProfileKind::Kernel, ProfileKind::Core};
constexpr int kMaxChain = 16;

struct Telltale {
    std::string_view key;
    ProfileKind kind;
};
constexpr std::array kTelltales = {
    Telltale{"paths", ProfileKind::Kernel},        Telltale{"release", ProfileKind::Kernel},
    Telltale{"decode-table", ProfileKind::Kernel}, Telltale{"slot-copy", ProfileKind::Kernel},
    Telltale{"stp", ProfileKind::Kernel},          Telltale{"ops", ProfileKind::Machine},
    Telltale{"core", ProfileKind::Machine},        Telltale{"frequency", ProfileKind::Machine},
    Telltale{"kernel-cpi", ProfileKind::Machine},  Telltale{"classes", ProfileKind::Core},
    Telltale{"pipes", ProfileKind::Core},          Telltale{"issue-width", ProfileKind::Core},
};

struct KindUse {
    ProfileKind kind;
    std::string_view how;
};
constexpr std::array kUses = {
    KindUse{ProfileKind::Machine, "give it to --machine"},
    KindUse{ProfileKind::Kernel, "give it to --kernel"},
    KindUse{ProfileKind::Core, "a machine profile names it: core = \"...\""},
};

std::optional<ProfileKind> kind_of_builtin(std::string_view name) {
    for (const ProfileKind kind : kKinds) {
        const std::vector<std::string> names = builtin_names(profile_kind_folder(kind));
        if (std::find(names.begin(), names.end(), name) != names.end()) return kind;
    }
    return std::nullopt;
}

std::string all_builtins() {
    std::string list;
    for (const ProfileKind kind : kKinds) {
        list += fmt::format("{}{}: {}", list.empty() ? "" : "; ", profile_kind_folder(kind),
                            fmt::join(builtin_names(profile_kind_folder(kind)), ", "));
    }
    return list;
}

// The built-in names that `name` may be a misspelling of; `otherwise` where there is none.
std::string near_builtins(std::string_view name, const std::string& otherwise) {
    std::vector<std::string> known;
    for (const char* folder : {"machines", "kernels", "cores"}) {
        for (std::string& builtin : builtin_names(folder)) known.push_back(std::move(builtin));
    }
    std::string near = did_you_mean(name, known);
    return near.empty() ? otherwise : near;
}

// `unreadable`: of a file whose reader will name the line that is wrong.
Result<ProfileKind> kind_of_file(const DataFile& file, int depth, ProfileKind unreadable) {
    const auto parsed = parse_toml(file);
    if (!parsed) return unreadable;
    const toml::table& table = *parsed;
    for (const Telltale& telltale : kTelltales) {
        if (table.contains(telltale.key)) return telltale.kind;
    }
    const std::string base = table["based-on"].value_or(std::string());
    if (base.empty()) {
        return user_error(
            "neither a machine, a kernel nor a core: it has no key of theirs and no based-on",
            file.file_name + ":1", "add based-on = \"kunpeng916\" or \"v6.12\"");
    }
    if (!names_data_file(base)) {
        if (const auto kind = kind_of_builtin(base)) return *kind;
    } else if (depth == kMaxChain) {
        return unreadable;  // its reader finds the circle
    } else if (const auto next = find_data_file("", "profile", base, file.file_name)) {
        return kind_of_file(*next, depth + 1, unreadable);
    }
    return user_error(
        fmt::format("based-on: nothing is named '{}'", base),
        fmt::format("{}:{}", file.file_name, table.get("based-on")->source().begin.line),
        near_builtins(base, all_builtins()));
}

Result<ProfileKind> kind_of(std::string_view name_or_path, ProfileKind unreadable) {
    if (names_data_file(name_or_path)) {
        const auto file = TRY(find_data_file("", "profile", name_or_path));
        return kind_of_file(file, 1, unreadable);
    }
    if (const auto kind = kind_of_builtin(name_or_path)) return *kind;
    return user_error(
        fmt::format("nothing is named '{}'", name_or_path), "",
        near_builtins(name_or_path, all_builtins() + "; or give a path to a .toml file"));
}

}  // namespace

Result<ProfileKind> find_profile_kind(std::string_view name_or_path) {
    return kind_of(name_or_path, ProfileKind::Machine);
}

std::optional<UserError> other_kind(ProfileKind wanted, std::string_view name_or_path) {
    const auto kind = kind_of(name_or_path, wanted);
    if (!kind || *kind == wanted) return std::nullopt;
    const auto* use = std::find_if(kUses.begin(), kUses.end(),
                                   [&](const KindUse& row) { return row.kind == *kind; });
    return UserError{fmt::format("'{}' is a {} profile, not a {} profile", name_or_path,
                                 profile_kind_name(*kind), profile_kind_name(wanted)),
                     "", std::string(use->how)};
}

}  // namespace uprobesim
