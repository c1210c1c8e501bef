// SPDX-License-Identifier: GPL-2.0-or-later
// A program of the host, for what it prints.
#pragma once

#include <string>
#include <vector>

#include "sim/base/error.h"

namespace uprobesim {

struct ProgramOutput {
    int status = 0;  // of exit; 128 and the signal's number
    std::string output, errors;

    // The first line of the errors, or of the output.
    std::string complaint() const;
};

// The first word is looked for as a shell does. Error: there is no such program.
Result<ProgramOutput> run_host_program(const std::vector<std::string>& words);

}  // namespace uprobesim
