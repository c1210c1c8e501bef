// SPDX-License-Identifier: GPL-2.0-or-later
// --gdb of `run`.
#pragma once

#include <string>

#include "tools/cli/option_table.h"
#include "tools/gdb/wire/gdb_place.h"

namespace uprobesim {

struct GdbOptions {
    GdbPlace place;
    // Why the run cannot be made again from its start; empty: it can.
    std::string no_reverse;
};

void add_gdb_option(OptionTable& table);

}  // namespace uprobesim
