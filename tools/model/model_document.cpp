// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tools/format/number_text.h"
#include "tools/model/model_report.h"
#include "tools/report/report.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

constexpr std::string_view kPaths = "paths.";

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
    {"behaviour", [](const ProfileKey& key) { return is_no_price(key.role); }},
    {"cost parameters", [](const ProfileKey& key) { return key.row.find('.') == key.row.npos; }},
    {"operations", [](const ProfileKey& key) { return key.row.starts_with("ops."); }},
    {"system calls", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::SystemCalls); }},
    {"faults", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::Faults); }},
    {"signals", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::Signals); }},
    {"probes", [](const ProfileKey& key) { return is_path_of(key, WorkGroup::Probes); }},
    {"other", [](const ProfileKey&) { return true; }},
};

std::string files_text(const ProfileListing& profile) {
    return fmt::format("{}", fmt::join(profile.files, ", based on "));
}

Cell confidence_cell(const ProfileKey* key) {
    return key == nullptr || !key->confidence
               ? no_cell()
               : Cell(std::string(confidence_name(*key->confidence)));
}

Cell value_cell(const ProfileKey* key) {
    if (key == nullptr) return no_cell();
    return key->number ? number_cell(key->value, fmt::format("{}", *key->number))
                       : Cell(key->value);
}

// Keys of one row have the same origin, which is shown once, under the last of them.
Table keys_table(const ProfileListing& profile, const std::vector<const ProfileKey*>& keys,
                 std::string_view title) {
    Table table{.title = std::string(title),
                .columns = {{"key", ColumnKind::Name},
                            {"value"},
                            {"unit", ColumnKind::Name},
                            {"confidence", ColumnKind::Name},
                            {"source", ColumnKind::Note}}};
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const ProfileKey& key = *keys[i];
        const std::string source = key.source.empty() || key.source == key.where
                                       ? key.where
                                       : fmt::format("{}; {}", key.source, key.where);
        const bool last =
            i + 1 == keys.size() || keys[i + 1]->row != key.row || keys[i + 1]->where != key.where;
        table.add({setting_key(profile, key.key), value_cell(&key), key.unit, confidence_cell(&key),
                   last ? Cell(source) : Cell("", source)});
    }
    return table;
}

Table profile_table(const std::vector<NamedProfile>& profiles, std::optional<ProfileKind> kind,
                    const char* heading) {
    Table table{.columns = {{"kind", ColumnKind::Name, "", true},
                            {heading, ColumnKind::Name, "name"},
                            {"description", ColumnKind::Prose}}};
    for (const NamedProfile& p : profiles) {
        if (!kind || p.kind == *kind)
            table.add({std::string(profile_kind_name(p.kind)), p.name, p.description});
    }
    return table;
}

}  // namespace

std::string setting_key(const ProfileListing& profile, std::string_view key) {
    return fmt::format("{}.{}", profile_kind_name(profile.kind), key);
}

Document profile_list_document(const std::vector<NamedProfile>& profiles) {
    const auto machines = static_cast<std::uint64_t>(
        std::count_if(profiles.begin(), profiles.end(),
                      [](const NamedProfile& p) { return p.kind == ProfileKind::Machine; }));
    Document document{"uprobesim: model list",
                      fmt::format("{} (--machine), {} (--kernel)", counted(machines, "machine"),
                                  counted(profiles.size() - machines, "kernel"))};
    document.data = profile_table(profiles, std::nullopt, "name");
    document.add(profile_table(profiles, ProfileKind::Machine, "machine"));
    document.add(profile_table(profiles, ProfileKind::Kernel, "kernel"));
    return document;
}

Document profile_document(const ProfileListing& profile) {
    Document document{
        fmt::format("uprobesim: {} {}", profile_kind_name(profile.kind), profile.name),
        fmt::format("{} {}: {}", profile_kind_name(profile.kind), profile.name,
                    profile.description)};
    document.add(Lines{.lines = {files_text(profile)}, .close = true});
    std::vector<const ProfileKey*> left;
    for (const ProfileKey& key : profile.keys) left.push_back(&key);
    document.data = keys_table(profile, left, "");
    for (const Heading& heading : kHeadings) {
        std::vector<const ProfileKey*> held;
        std::copy_if(left.begin(), left.end(), std::back_inserter(held),
                     [&](const ProfileKey* key) { return heading.holds(*key); });
        std::erase_if(left, [&](const ProfileKey* key) { return heading.holds(*key); });
        document.add(keys_table(profile, held, heading.title));
    }
    return document;
}

Document profile_diff_document(const ProfileListing& a, const ProfileListing& b) {
    Table table{.columns = {{"key", ColumnKind::Name},
                            {"a"},
                            {"b"},
                            {"unit", ColumnKind::Name},
                            {"confidence a", ColumnKind::Name},
                            {"confidence b", ColumnKind::Name}},
                .is_list = true};
    for (const KeyDifference& d : profile_differences(a, b)) {
        table.add({setting_key(a, d.key), value_cell(d.a), value_cell(d.b),
                   d.b != nullptr ? d.b->unit : d.a->unit, confidence_cell(d.a),
                   confidence_cell(d.b)});
    }
    Document document{"uprobesim: model diff",
                      table.rows.empty()
                          ? "no key differs"
                          : fmt::format("{} differ{}", counted(table.rows.size(), "key"),
                                        table.rows.size() == 1 ? "s" : "")};
    Facts sides;
    sides.add(fmt::format("{} a", profile_kind_name(a.kind)),
              fmt::format("{} ({})", a.name, files_text(a)));
    sides.add(fmt::format("{} b", profile_kind_name(b.kind)),
              fmt::format("{} ({})", b.name, files_text(b)));
    document.data = table;
    document.add(std::move(sides));
    document.add(std::move(table));
    return document;
}

}  // namespace uprobesim
