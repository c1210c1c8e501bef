// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/settings.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "sim/base/fnv.h"
#include "sim/base/text.h"

namespace uprobesim {

namespace {
std::string where(const Setting& setting) {
    return fmt::format("--set {}={}", setting.key, setting.value);
}
}  // namespace

Result<std::optional<std::string_view>> setting_for(std::string_view profile,
                                                    const Setting& setting) {
    const std::string_view key = setting.key;
    const std::size_t dot = key.find('.');
    const std::string_view head = key.substr(0, dot);
    if (dot == key.npos || (head != "machine" && head != "kernel")) {
        return user_error(fmt::format("unknown setting '{}'", key), where(setting),
                          "settings are machine.<key>=<number> or kernel.<key>=<value>");
    }
    if (head != profile) return std::nullopt;
    return key.substr(dot + 1);
}

Result<double> setting_number(const Setting& setting, Limits limits) {
    double value = 0;
    const char* end = setting.value.data() + setting.value.size();
    const auto [stop, error] = std::from_chars(setting.value.data(), end, value);
    if (error != std::errc() || stop != end || !std::isfinite(value)) {
        return user_error(fmt::format("'{}' is not a number", setting.value), where(setting),
                          "give a decimal number");
    }
    if (!limits.allow(value)) {
        return user_error(fmt::format("{} is out of range", value), where(setting),
                          fmt::format("it must be {}", limits.text()));
    }
    return value;
}

std::vector<std::string> setting_words(std::string_view list) {
    std::vector<std::string> names;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        names.emplace_back(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return names;
}

tl::unexpected<UserError> unknown_setting(const Setting& setting, std::string_view profile,
                                          const std::vector<std::string>& known) {
    std::vector<std::string> full;
    full.reserve(known.size());
    for (const std::string& key : known) full.push_back(fmt::format("{}.{}", profile, key));
    return user_error(fmt::format("unknown setting '{}'", setting.key), where(setting),
                      near_names(setting.key, full));
}

std::string profile_hash(const std::string& of_files, std::string_view profile,
                         const std::vector<Setting>& settings) {
    std::uint64_t hash = 0;
    std::from_chars(of_files.data(), of_files.data() + of_files.size(), hash, 16);
    for (const Setting& setting : settings) {
        if (!setting.key.starts_with(fmt::format("{}.", profile))) continue;
        hash = fnv1a64(fmt::format("{}={}\n", setting.key, setting.value), hash);
    }
    return fmt::format("{:016x}", hash);
}

}  // namespace uprobesim
