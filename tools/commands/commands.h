// SPDX-License-Identifier: GPL-2.0-or-later
// What the verbs do and say of themselves; tools/commands/command.cpp is their table. Each takes
// the words after its name and returns the tool's exit status.
#pragma once

#include <string>

#include "tools/commands/guest_options.h"

namespace uprobesim {

std::string run_help();
int run_command(const Words& words, const OptionDefaults& defaults);

std::string compare_help();
int compare_command(const Words& words, const OptionDefaults& defaults);

std::string bench_help();
int bench_command(const Words& words, const OptionDefaults& defaults);

std::string reproduce_help();
int reproduce_command(const Words& words, const OptionDefaults& defaults);

std::string calibrate_help();
int calibrate_command(const Words& words, const OptionDefaults& defaults);

std::string audit_help();
int audit_command(const Words& words, const OptionDefaults& defaults);

std::string explain_help();
int explain_command(const Words& words, const OptionDefaults& defaults);

std::string model_help();
int model_command(const Words& words, const OptionDefaults& defaults);

std::string scenario_help();
int scenario_command(const Words& words, const OptionDefaults& defaults);

std::string whatif_help();
int whatif_command(const Words& words, const OptionDefaults& defaults);

}  // namespace uprobesim
