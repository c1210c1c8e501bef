// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/handler_option.h"

namespace uprobesim {

Result<HandlerPtr> read_handler_option(const CommandLine& line) {
    if (!line.given("handler")) return HandlerPtr();
    return line.about("handler", find_handler(line.one("handler", "")));
}

}  // namespace uprobesim
