// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/error.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "sim/base/text.h"

namespace uprobesim {

std::string UserError::line() const {
    std::string text;
    if (!where.empty()) text += where + ": ";
    text += what;
    if (!hint.empty()) text += " (" + hint + ")";
    return printable(text);
}

HostError::HostError(std::string_view call, std::string_view detail)
    : std::runtime_error(fmt::format("{} failed: {}", call, detail)) {}

void fail_invariant(std::string_view what) {
    fmt::print(stderr, "uprobesim: internal error: {}\n", what);
    std::fflush(stderr);
    std::abort();
}

}  // namespace uprobesim
