// SPDX-License-Identifier: GPL-2.0-or-later
// ESR_ELx in words: the exception class and what its ISS says, as the Arm manual's description of
// the register has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace uprobesim {

struct SyndromeText {
    std::uint32_t ec = 0;
    std::uint32_t iss = 0;
    std::string_view ec_name;
    std::string iss_text;
};
SyndromeText syndrome_text(std::uint64_t esr);

}  // namespace uprobesim
