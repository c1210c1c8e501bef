// SPDX-License-Identifier: GPL-2.0-or-later
// The two ways in which the engine is used. Results are the same.
#pragma once

#include <cstdint>
#include <string_view>

#include "sim/base/error.h"

namespace uprobesim {

enum class EngineWay : std::uint8_t {
    Edited,  // the code that it generates is edited (jit/code_editor.h), where that can be done
    Plain    // by its interface only, and by what self-tests find in its state
};

// "plain" or "edited"; no name means edited.
Result<EngineWay> engine_way_named(std::string_view name);
// What the environment's UPROBESIM_ENGINE asks for; edited where it has another word.
EngineWay wanted_engine_way();

}  // namespace uprobesim
