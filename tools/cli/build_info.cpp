// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/build_info.h"

#include <fmt/format.h>

#include "sim/cpu/unicorn/engine_check.h"
#include "sim/cpu/unicorn/engine_version.h"
#include "sim/insn/decoder.h"

namespace uprobesim {

std::string_view tool_version() {
    return UPROBESIM_VERSION;
}

std::string version_text() {
    return fmt::format(
        "uprobesim version {}\n"
        "CPU engine: {}, {}\n"
        "disassembler: {}\n"
        "License GPLv2+: GNU GPL version 2 or later <https://gnu.org/licenses/gpl-2.0.html>\n"
        "This is free software: you are free to change and redistribute it.\n"
        "There is NO WARRANTY, to the extent permitted by law.\n",
        tool_version(), engine_version(), engine_way_text(), disassembler_version());
}

}  // namespace uprobesim
