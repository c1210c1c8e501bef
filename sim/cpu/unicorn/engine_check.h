// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the installed engine does what the simulator needs, and which of its fast paths are used.
// Fast paths depend on the engine's build: each is tested whenever a CPU is made, and left out,
// with the same results, where its test fails.
#pragma once

#include <string>
#include <vector>

namespace uprobesim {

struct FastPath {
    std::string name;
    bool used = false;
    std::string without;  // what is lost where it is not used
    std::string remedy = "build with Debian 12's libunicorn-dev (2.0.1)";
};

struct EngineCheck {
    bool executes = false;  // an addition and an SVC gave what the manual says, and counted as two
    std::vector<FastPath> fast_paths;
};

// Why a CPU that is made now runs plain code; empty: it runs edited code. Throws HostError where
// the engine cannot be set up.
std::string why_plain_code();
// The same as words: "edited code", or "plain code" and why.
std::string engine_way_text();

// Makes a CPU and runs it. Throws HostError where the engine cannot be set up.
EngineCheck check_unicorn();

}  // namespace uprobesim
