// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/guest_environment.h"

#include <fmt/format.h>

#include <map>

#include "sim/base/try.h"
#include "tools/cli/key_value.h"

namespace uprobesim {

Result<Words> guest_environment(const Words& given) {
    std::map<std::string, std::string> variables = {
        {"HOME", "/root"},
        {"LANG", "C"},
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"TERM", "dumb"},
    };
    for (const std::string& word : given) {
        auto pair = TRY(parse_key_value(word, "--env", "LANG=C.UTF-8"));
        variables[pair.key] = pair.value;
    }
    Words environment;
    for (const auto& [key, value] : variables)
        environment.push_back(fmt::format("{}={}", key, value));
    return environment;
}

}  // namespace uprobesim
