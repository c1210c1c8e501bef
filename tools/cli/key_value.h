// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "sim/base/error.h"

namespace uprobesim {

// "KEY=VALUE" at the first '='.
struct KeyValue {
    std::string key, value;
};
Result<KeyValue> parse_key_value(const std::string& word, const char* option, const char* example);

}  // namespace uprobesim
