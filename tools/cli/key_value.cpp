// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/key_value.h"

#include <fmt/format.h>

namespace uprobesim {

Result<KeyValue> parse_key_value(const std::string& word, const char* option, const char* example) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
        return user_error(fmt::format("'{}' is not of the form KEY=VALUE", word), option,
                          fmt::format("for example {} {}", option, example));
    }
    return KeyValue{word.substr(0, equals), word.substr(equals + 1)};
}

}  // namespace uprobesim
