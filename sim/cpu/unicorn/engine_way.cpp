// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/engine_way.h"

#include <cstdlib>
#include <string_view>

namespace uprobesim {

EngineWay wanted_engine_way() {
    const char* const wanted = std::getenv("UPROBESIM_ENGINE");
    return wanted != nullptr && std::string_view(wanted) == "plain" ? EngineWay::Plain
                                                                    : EngineWay::Edited;
}

}  // namespace uprobesim
