// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/shared_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "sim/base/try.h"
#include "sim/profile/toml_reader.h"

namespace uprobesim {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {"read", "write", "lock",
                                                    "find", "take",  "clear"};
constexpr std::string_view kForm = "as in 'write mmap-lock at 60' or 'lock siglock at 90 for 34'";
constexpr double kMostInsns = 1e6;

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t begin = text.find_first_not_of(' ');
        if (begin == text.npos) break;
        text.remove_prefix(begin);
        const std::size_t end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

std::optional<double> insns(std::string_view word) {
    double number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = error == std::errc() && stop == word.data() + word.size();
    if (!whole || !(number >= 0 && number <= kMostInsns)) return std::nullopt;
    return number;
}

std::vector<std::string_view> line_names() {
    std::vector<std::string_view> names;
    names.reserve(kSharedLines.size());
    for (const SharedLineInfo& info : kSharedLines) names.push_back(info.name);
    return names;
}

// In order of their places, each Take after a Find of its line.
Outcome check_order(const std::vector<LineAccess>& list) {
    double last = 0;
    std::optional<SharedLine> found;
    for (const LineAccess& access : list) {
        if (access.at < last)
            return user_error("the accesses of a path stand in the order of their places", "", "");
        last = access.at + access.held;
        if (access.kind == AccessKind::Find) found = access.line;
        if (access.kind == AccessKind::Take && found != access.line)
            return user_error("'take' follows a 'find' of the same line", "", "");
    }
    return {};
}

Outcome take_words(PathAccesses& path, const std::vector<std::string_view>& words) {
    path.list.clear();
    for (const std::string_view word : words) {
        const auto access = TRY(parse_line_access(word));
        path.list.push_back(access);
    }
    return check_order(path.list);
}

}  // namespace

std::optional<SharedLine> find_shared_line(std::string_view name) {
    const auto found = std::find_if(kSharedLines.begin(), kSharedLines.end(),
                                    [&](const SharedLineInfo& row) { return row.name == name; });
    if (found == kSharedLines.end()) return std::nullopt;
    return static_cast<SharedLine>(found - kSharedLines.begin());
}

Result<LineAccess> parse_line_access(std::string_view text) {
    const auto words = words_of(text);
    const auto refuse = [&](std::string hint) {
        return user_error(fmt::format("'{}' is no access to a line", text), "", std::move(hint));
    };
    if (words.size() < 4 || words[2] != "at") return refuse(std::string(kForm));
    const auto kind = std::find(kKinds.begin(), kKinds.end(), words[0]);
    if (kind == kKinds.end())
        return refuse(fmt::format("it begins with one of: {}", fmt::join(kKinds, ", ")));
    const auto line = find_shared_line(words[1]);
    if (!line) return refuse(fmt::format("the lines are: {}", fmt::join(line_names(), ", ")));
    LineAccess access{static_cast<AccessKind>(kind - kKinds.begin()), *line, 0, 0};
    const bool locks = access.kind == AccessKind::Lock;
    const auto at = insns(words[3]);
    const bool ends = locks ? words.size() == 6 && words[4] == "for" : words.size() == 4;
    const auto held = locks && ends ? insns(words[5]) : std::optional(0.0);
    if (!at || !ends || !held) return refuse(std::string(kForm));
    access.at = *at;
    access.held = *held;
    return access;
}

void read_accesses(TomlReader& reader, AccessesByPath& accesses) {
    if (!reader.root().contains(kAccessesTable)) return;
    const toml::table& table = reader.table(reader.root(), kAccessesTable, "");
    std::vector<std::string> known;
    for (std::size_t p = 0; p < kKernelPathCount && reader.ok(); ++p) {
        const std::string_view path = kKernelPaths[p].name;
        known.emplace_back(path);
        if (!table.contains(path)) continue;
        const std::string name = key_path(kAccessesTable, path);
        const toml::table& row = reader.table(table, path, kAccessesTable);
        reader.only(row, name, {"list", "source", "confidence"});
        accesses[p].source = reader.source(row, name);
        accesses[p].confidence = reader.confidence(row, name);
        const toml::array* list = row.get_as<toml::array>("list");
        if (!reader.ok()) return;
        if (list == nullptr)
            return reader.fail(&row, fmt::format("'{}.list' is no list", name), std::string(kForm));
        std::vector<std::string_view> words;
        for (const toml::node& word : *list) words.push_back(word.value_or(std::string_view()));
        if (const Outcome taken = take_words(accesses[p], words); !taken)
            return reader.fail(list, taken.error().what, taken.error().hint);
    }
    if (reader.ok()) reader.only(table, kAccessesTable, known);
}

PathAccesses* find_accesses(AccessesByPath& accesses, std::string_view key) {
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        if (key == key_path(kAccessesTable, kKernelPaths[p].name)) return &accesses[p];
    }
    return nullptr;
}

Outcome set_accesses(PathAccesses& path, const Setting& setting) {
    std::vector<std::string_view> words;
    std::string_view rest = setting.value;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        words.push_back(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (const Outcome taken = take_words(path, words); !taken)
        return user_error(taken.error().what, fmt::format("--set {}", setting.key),
                          taken.error().hint);
    path.source = "--set";
    path.confidence = Confidence::Assumption;
    return {};
}

}  // namespace uprobesim
