// SPDX-License-Identifier: GPL-2.0-or-later
// What a machine profile says of its instruction set.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/settings.h"
#include "sim/profile/toml_reader.h"
#include "sim/profile/toml_values.h"

namespace uprobesim {

namespace {

constexpr std::string_view kFeatures = "features";

struct NumberRow {
    std::string_view key;
    std::string_view unit;
    Figure MachineIsa::*member;
    Limits limits;
    double otherwise;
};

constexpr std::array kNumbers = {
    NumberRow{"midr", "register", &MachineIsa::midr, {0, 0xffffffff, true}, 0x410fd083},
    NumberRow{"bhb-iterations", "iterations", &MachineIsa::bhb_iterations, {0, 255, true}, 8},
};

}  // namespace

MachineIsa::MachineIsa() {
    for (const NumberRow& row : kNumbers)
        this->*row.member =
            Figure{row.otherwise, std::string(row.unit), "a Cortex-A72", Confidence::High};
}

MachineIsa read_isa(TomlReader& reader) {
    MachineIsa isa;
    if (!reader.root().contains(kIsaTable)) return isa;
    const toml::table& table = reader.table(reader.root(), kIsaTable, "");
    std::vector<std::string> known{std::string(kFeatures)};
    for (const NumberRow& row : kNumbers) {
        known.emplace_back(row.key);
        if (table.contains(row.key))
            isa.*row.member = reader.figure(table, row.key, kIsaTable, row.unit, row.limits);
    }
    if (table.contains(kFeatures)) {
        const toml::table& row = reader.table(table, kFeatures, kIsaTable);
        const std::string path = key_path(kIsaTable, kFeatures);
        reader.only(row, path, {"list", "source", "confidence"});
        const auto set = isa_set(toml_strings(reader, row, "list", path, true));
        if (!set) reader.fail(row.get("list"), set.error().what, set.error().hint);
        isa.features = set.value_or(IsaSet());
        reader.source(row, path);
        reader.confidence(row, path);
    }
    reader.only(table, kIsaTable, known);
    return isa;
}

std::vector<std::string> isa_keys() {
    std::vector<std::string> keys{key_path(kIsaTable, kFeatures)};
    for (const NumberRow& row : kNumbers) keys.push_back(key_path(kIsaTable, row.key));
    return keys;
}

std::vector<IsaNumber> isa_numbers() {
    std::vector<IsaNumber> numbers;
    numbers.reserve(kNumbers.size());
    for (const NumberRow& row : kNumbers) numbers.push_back({row.key, row.member});
    return numbers;
}

Result<bool> set_isa(MachineIsa& isa, std::string_view key, const Setting& setting) {
    if (key == key_path(kIsaTable, kFeatures)) {
        const auto set = isa_set(setting_words(setting.value));
        if (!set)
            return user_error(set.error().what,
                              fmt::format("--set {}={}", setting.key, setting.value),
                              set.error().hint);
        isa.features = *set;
        return true;
    }
    for (const NumberRow& row : kNumbers) {
        if (key != key_path(kIsaTable, row.key)) continue;
        const auto value = TRY(setting_number(setting, row.limits));
        isa.*row.member = Figure{value, std::string(row.unit), "--set", Confidence::Assumption};
        return true;
    }
    return false;
}

}  // namespace uprobesim
