// SPDX-License-Identifier: GPL-2.0-or-later
// Manual pages in scdoc(5), made of the tables that parsing and --help read, so that a page cannot
// say anything else than the program. The build writes them by `uprobesim manual PAGE`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tools/request/command.h"

namespace uprobesim {

// "uprobesim", then "uprobesim-run" and so on.
Words manual_pages(std::span<const Command> commands);
// "" if there is no such page.
std::string manual(std::span<const Command> commands, std::string_view page);

}  // namespace uprobesim
