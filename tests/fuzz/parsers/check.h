// SPDX-License-Identifier: GPL-2.0-or-later
// What every parser owes: a value, or one printable line of bounded length.
#pragma once

#include <cstdlib>

#include "sim/base/error.h"

namespace uprobesim {

template <class T>
void check_refusal(const Result<T>& result) {
    if (result) return;
    const std::string line = result.error().line();
    constexpr std::size_t kMost = 3 * 4 * 4300;  // three parts, a byte shown as \x00
    if (line.empty() || line.size() > kMost || line.find('\n') != line.npos ||
        line.find('\0') != line.npos)
        std::abort();
}

}  // namespace uprobesim
