// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

namespace uprobesim {

std::string printable(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            safe += fmt::format("\\x{:02x}", byte);
        } else {
            safe += c;
        }
    }
    return safe;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

std::string did_you_mean(std::string_view given, const std::vector<std::string>& known) {
    // Only names of ordinary length are compared: the cost is the product of both lengths.
    constexpr std::size_t kMaxLength = 80, kMaxNames = 3;
    if (given.size() > kMaxLength) return {};
    std::vector<std::pair<std::size_t, std::string_view>> close;
    for (const std::string& name : known) {
        const std::size_t distance = edit_distance(given, name);
        // Of a short name, few letters may be wrong: all words of three differ by three.
        if (distance <= (name.size() < 6 ? name.size() / 3 : 1 + name.size() / 4))
            close.emplace_back(distance, name);
    }
    if (close.empty()) return {};
    std::stable_sort(close.begin(), close.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> names;
    for (const auto& [distance, name] : close) {
        if (names.size() < kMaxNames) names.push_back(fmt::format("'{}'", name));
    }
    return fmt::format("did you mean {}?", or_list(names));
}

std::string near_names(std::string_view given, const std::vector<std::string>& known) {
    constexpr std::size_t kShortList = 20;
    std::string near = did_you_mean(given, known);
    if (!near.empty() || known.size() > kShortList) return near;
    return fmt::format("known: {}", fmt::join(known, ", "));
}

std::string shell_word(const std::string& word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

BindRemedy bind_remedy(std::string_view host_path) {
    const std::filesystem::path host = std::filesystem::path(host_path).lexically_normal();
    const std::string guest = "/" + host.filename().string();
    return {fmt::format("--bind {}{}:{}", host.is_absolute() ? "" : "$PWD/",
                        shell_word(host.string()), shell_word(guest)),
            guest};
}

std::string or_list(const std::vector<std::string>& words) {
    std::string list;
    for (std::size_t i = 0; i < words.size(); ++i)
        list += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return list;
}

}  // namespace uprobesim
