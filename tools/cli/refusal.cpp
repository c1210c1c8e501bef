// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/refusal.h"

#include <fmt/format.h>

#include <cstdio>

#include "tools/cli/exit_code.h"

namespace uprobesim {

int refuse(const UserError& error) {
    fmt::print(stderr, "uprobesim: {}\n", error.line());
    return kExitUserMistake;
}

void print_failure(std::string_view text) noexcept {
    std::fprintf(stderr, "uprobesim: %.*s\n", static_cast<int>(text.size()), text.data());
}

}  // namespace uprobesim
