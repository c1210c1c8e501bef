// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/temp_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

std::string make_temp_folder(std::string_view purpose) {
    const char* base = std::getenv("TMPDIR");
    std::string folder =
        std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/uprobesim-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr)
        throw HostError(fmt::format("mkdtemp of {}", purpose), std::strerror(errno));
    return folder;
}

}  // namespace uprobesim
