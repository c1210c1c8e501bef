// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tools/cli/build_info.h"
#include "tools/doctor/doctor.h"

namespace uprobesim {
namespace {

constexpr std::string_view state_word(DoctorCheck::State state) {
    switch (state) {
        case DoctorCheck::State::Ok: return "ok";
        case DoctorCheck::State::Missing: return "missing";
        case DoctorCheck::State::Optional: return "optional";
    }
    return "";
}

}  // namespace

std::string doctor_text(const std::vector<DoctorCheck>& checks) {
    std::size_t widest = 0;
    for (const DoctorCheck& check : checks) widest = std::max(widest, check.name.size());
    std::string text;
    for (const DoctorCheck& check : checks) {
        text += fmt::format("{:<{}}  {:<8}  {}\n", check.name, widest, state_word(check.state),
                            check.detail);
        if (!check.remedy.empty())
            text += fmt::format("{:<{}}  {:<8}  remedy: {}\n", "", widest, "", check.remedy);
    }
    return text;
}

std::string doctor_json(const std::vector<DoctorCheck>& checks) {
    nlohmann::ordered_json json = {{"schema", "uprobesim.doctor/1"},
                                   {"tool", "uprobesim"},
                                   {"version", tool_version()},
                                   {"healthy", is_healthy(checks)},
                                   {"checks", nlohmann::ordered_json::array()}};
    for (const DoctorCheck& check : checks) {
        const std::size_t name = std::min(check.name.find_first_not_of(' '), check.name.size());
        nlohmann::ordered_json row = {{"check", check.name.substr(name)},
                                      {"state", state_word(check.state)},
                                      {"detail", check.detail}};
        if (!check.remedy.empty()) row["remedy"] = check.remedy;
        json["checks"].push_back(std::move(row));
    }
    return json.dump(2) + "\n";
}

}  // namespace uprobesim
