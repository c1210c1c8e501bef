// SPDX-License-Identifier: GPL-2.0-or-later
// /proc/PID/{uid_map,gid_map,projid_map,setgroups}: the ids of a process's user namespace
// (kernel/user_namespace.c).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "kernel_model/proc/proc_text.h"
#include "kernel_model/task/process.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using Inside = std::optional<std::uint32_t> (*)(const UserSpace&, std::uint32_t);

// The ids outside are those that the reader knows; of its own namespace, those of the parent.
std::string text_of(const ProcessContext& c, IdMap UserNamespace::*which, Inside inside_of) {
    const auto line = [](std::uint32_t first, std::uint32_t there, std::uint32_t count) {
        return fmt::format("{:>10} {:>10} {:>10}\n", first, there, count);
    };
    const UserSpace& space = c.task.cred->space;
    if (!space) return line(0, 0, kNoId);
    const Task* const reader = c.system != nullptr ? c.system->current() : nullptr;
    UserSpace seen_from = reader != nullptr ? reader->cred->space : nullptr;
    if (seen_from == space) seen_from = space->parent;
    std::string text;
    for (const IdRange& range : (*space).*which)
        text += line(range.first, inside_of(seen_from, range.outside).value_or(kNoId), range.count);
    return text;
}

std::string user_map(const ProcessContext& c) {
    return text_of(c, &UserNamespace::users, user_inside);
}
std::string group_map(const ProcessContext& c) {
    return text_of(c, &UserNamespace::groups, group_inside);
}

std::string project_map(const ProcessContext& c) {
    return text_of(c, &UserNamespace::projects, project_inside);
}

std::optional<std::uint32_t> next_number(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    std::uint32_t value = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), value);
    if (read.ec != std::errc()) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(read.ptr - line.data()));
    if (!line.empty() && line.front() != ' ' && line.front() != '\t') return std::nullopt;
    return value;
}

bool overlap(std::uint32_t a, std::uint32_t b, const IdRange& x, const IdRange& y) {
    return a <= b + (y.count - 1) && b <= a + (x.count - 1);
}

// A line for each range: the first id inside, the first one outside as the parent knows it, how
// many there are.
SysResult<IdMap> parse(std::string_view text) {
    constexpr std::size_t kMostRanges = 340;  // UID_GID_MAP_MAX_EXTENTS
    const auto wrong = [] { return tl::make_unexpected(Errno::Inval); };
    IdMap map;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto first = next_number(line), there = next_number(line), count = next_number(line);
        if (!first || !there || !count || line.find_first_not_of(" \t") != line.npos)
            return wrong();
        const IdRange range{*first, *there, *count};
        if (*first == kNoId || *there == kNoId || *count == 0 || *first + *count <= *first ||
            *there + *count <= *there)
            return wrong();
        for (const IdRange& other : map) {
            if (overlap(range.first, other.first, range, other) ||
                overlap(range.outside, other.outside, range, other))
                return wrong();
        }
        map.push_back(range);
        if (map.size() > kMostRanges) return wrong();
    }
    return map.empty() ? SysResult<IdMap>(wrong()) : SysResult<IdMap>(std::move(map));
}

struct Kind {
    IdMap UserNamespace::*map = nullptr;
    std::optional<std::uint32_t> (*outside_of)(const UserSpace&, std::uint32_t) = nullptr;
    std::optional<Capability> needed;  // nothing: anybody may map projects
    bool groups = false;
};

// new_idmap_permitted: who made the namespace maps itself; others only with the capability in the
// parent.
bool permitted(const UserNamespace& space, const Credentials& writer, const IdMap& map,
               const Kind& kind) {
    if (!kind.needed) return true;
    if (map.size() == 1 && map[0].count == 1 && space.owner == writer.uid.effective) {
        const auto there = kind.outside_of(space.parent, map[0].outside);
        const std::uint32_t own = kind.groups ? writer.gid.effective : writer.uid.effective;
        if (there == own && (!kind.groups || !space.may_set_groups)) return true;
    }
    return writer.capable_in(space.parent, *kind.needed);
}

// map_write.
SysResult<void> write_map(Task& task, const Task& writer, std::string_view text, const Kind& kind) {
    const UserSpace& space = task.cred->space;
    const Credentials& own = *writer.cred;
    if (!space || (own.space != space && own.space != space->parent))
        return tl::make_unexpected(Errno::Perm);
    if (text.size() >= kPageSize) return tl::make_unexpected(Errno::Inval);
    IdMap& map = (*space).*kind.map;
    if (!map.empty() || !own.capable_in(space, Capability::SysAdmin))
        return tl::make_unexpected(Errno::Perm);
    IdMap next = TRY(parse(text));
    if (!permitted(*space, own, next, kind)) return tl::make_unexpected(Errno::Perm);
    for (IdRange& range : next) {
        const auto there = kind.outside_of(space->parent, range.outside);
        if (!there || !kind.outside_of(space->parent, range.outside + (range.count - 1)))
            return tl::make_unexpected(Errno::Perm);
        range.outside = *there;
    }
    map = std::move(next);
    return {};
}

SysResult<void> write_user_map(Task& task, const Task& writer, std::string_view text) {
    return write_map(task, writer, text,
                     {&UserNamespace::users, user_outside, Capability::Setuid, false});
}
SysResult<void> write_group_map(Task& task, const Task& writer, std::string_view text) {
    return write_map(task, writer, text,
                     {&UserNamespace::groups, group_outside, Capability::Setgid, true});
}

SysResult<void> write_project_map(Task& task, const Task& writer, std::string_view text) {
    return write_map(task, writer, text,
                     {&UserNamespace::projects, project_outside, std::nullopt, false});
}

std::string set_groups(const ProcessContext& c) {
    const UserSpace& space = c.task.cred->space;
    return !space || space->may_set_groups ? "allow\n" : "deny\n";
}

// proc_setgroups_write: denied for good, and before groups are mapped.
SysResult<void> write_set_groups(Task& task, const Task& writer, std::string_view text) {
    const UserSpace& space = task.cred->space;
    if (!writer.cred->capable_in(space, Capability::SysAdmin))
        return tl::make_unexpected(Errno::Acces);
    constexpr std::size_t kRoom = 8;
    const std::string_view blanks(" \t\n\0", 4);
    const std::size_t end = text.find_last_not_of(blanks);
    if (text.size() >= kRoom || end == text.npos) return tl::make_unexpected(Errno::Inval);
    const std::string_view word = text.substr(0, end + 1);
    if (word != "allow" && word != "deny") return tl::make_unexpected(Errno::Inval);
    if (word == "allow") {
        return space && !space->may_set_groups ? tl::make_unexpected(Errno::Perm)
                                               : SysResult<void>();
    }
    if (!space || !space->groups.empty()) return tl::make_unexpected(Errno::Perm);
    space->may_set_groups = false;
    return {};
}

constexpr ProcessRow kIdMapRows[] = {
    {"gid_map", group_map, 0644, write_group_map},
    {"projid_map", project_map, 0644, write_project_map},
    {"setgroups", set_groups, 0644, write_set_groups},
    {"uid_map", user_map, 0644, write_user_map},
};

}  // namespace

std::span<const ProcessRow> process_id_maps() {
    return kIdMapRows;
}

}  // namespace uprobesim
