// SPDX-License-Identifier: GPL-2.0-or-later
// What the build knows of itself.
#pragma once

#include <string>
#include <string_view>

namespace uprobesim {

std::string_view tool_version();
// What --version prints: the tool, then the libraries that decide results, then the licence.
std::string version_text();

}  // namespace uprobesim
