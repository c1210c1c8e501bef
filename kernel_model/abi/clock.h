// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>

namespace uprobesim::abi {

inline constexpr std::uint64_t kTickNs = 4'000'000;  // CONFIG_HZ=250, as Debian builds it

}  // namespace uprobesim::abi
