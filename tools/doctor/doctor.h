// SPDX-License-Identifier: GPL-2.0-or-later
// What an installation has and lacks: each check with what was found, or with the remedy.
#pragma once

#include <string>
#include <vector>

#include "tools/sysroot/host_places.h"

namespace uprobesim {

struct DoctorCheck {
    enum class State { Ok, Missing, Optional };  // Optional: not there, and not needed to simulate

    std::string name;
    State state = State::Ok;
    std::string detail;  // what was found or is missing
    std::string remedy;  // how to provide it if it is missing
};

struct DoctorOptions {
    HostPlaces host;
    std::string root;         // what guests see as / without --root; empty: there is none
    std::string search_path;  // $PATH
};

std::vector<DoctorCheck> examine(const DoctorOptions& options);

// Whether nothing that is needed is missing.
bool is_healthy(const std::vector<DoctorCheck>& checks);

std::string doctor_text(const std::vector<DoctorCheck>& checks);
std::string doctor_json(const std::vector<DoctorCheck>& checks);

}  // namespace uprobesim
