// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace uprobesim {

// /boot/config-RELEASE: what the modelled kernel has, as a distribution tells it of its own. Test
// suites look there for what they may expect.
std::string kernel_config(const std::string& release);

}  // namespace uprobesim
