// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/engine_way.h"

#include <fmt/format.h>

#include <cstdlib>

#include "sim/base/text.h"

namespace uprobesim {

Result<EngineWay> engine_way_named(std::string_view name) {
    if (name == "plain") return EngineWay::Plain;
    if (name.empty() || name == "edited") return EngineWay::Edited;
    return user_error(fmt::format("'{}' is no way to use the engine", name), "UPROBESIM_ENGINE",
                      near_names(name, {"edited", "plain"}));
}

EngineWay wanted_engine_way() {
    const char* const wanted = std::getenv("UPROBESIM_ENGINE");
    return engine_way_named(wanted == nullptr ? "" : wanted).value_or(EngineWay::Edited);
}

}  // namespace uprobesim
