// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace uprobesim {

// "Unicorn 2.0.1": of the library that is loaded.
std::string engine_version();

}  // namespace uprobesim
