// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/engine_version.h"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

namespace uprobesim {

std::string engine_version() {
    unsigned major = 0, minor = 0;
    const unsigned packed = uc_version(&major, &minor);
    return fmt::format("Unicorn {}.{}.{}", major, minor, packed >> 8 & 0xff);
}

}  // namespace uprobesim
