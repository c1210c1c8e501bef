// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/gdb_options.h"

namespace uprobesim {

void add_gdb_option(OptionTable& table) {
    table.section("Debugger");
    table.text(
        "gdb", "PLACE",
        "stop before the first instruction and serve gdb-multiarch: at PORT of 127.0.0.1 (0: "
        "any), HOST:PORT, unix:PATH, or - for standard input and output");
}

}  // namespace uprobesim
