// SPDX-License-Identifier: GPL-2.0-or-later
// What the verbs do. Each returns the tool's exit status.
#pragma once

#include "tools/options.h"

namespace uprobesim {

int command_run(const Options& options);
int command_compare(const Options& options);
int command_model_list();

// Prints "uprobesim: ..." as one line on stderr.
void print_error(const UserError& error);

}  // namespace uprobesim
