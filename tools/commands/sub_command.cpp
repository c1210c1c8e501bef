// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/sub_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"

namespace uprobesim {

Result<std::string> sub_command(std::string_view command, const std::vector<SubCommand>& known,
                                const Words& words) {
    Words names;
    for (const SubCommand& sub : known) names.emplace_back(sub.name);
    if (words.empty())
        return user_error(fmt::format("{} needs {}", command, or_list(names)), "",
                          fmt::format("see uprobesim {} --help", command));
    const std::string& name = words.front();
    if (std::find(names.begin(), names.end(), name) != names.end()) return name;
    return user_error(fmt::format("unknown sub-command '{}'", name), std::string(command),
                      near_names(name, names));
}

}  // namespace uprobesim
