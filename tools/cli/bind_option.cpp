// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/bind_option.h"

#include <fmt/format.h>

namespace uprobesim {

Result<BindMount> parse_bind(const std::string& word) {
    const auto wrong = [&](std::string_view reason) {
        return user_error(fmt::format("'{}': {}", word, reason), "--bind",
                          "give HOST:GUEST or HOST:GUEST:rw, for example --bind /tmp/texts:/data");
    };
    BindMount bind;
    std::string rest = word;
    if (rest.ends_with(":rw")) {
        bind.writable = true;
        rest.resize(rest.size() - 3);
    } else if (rest.ends_with(":ro")) {
        rest.resize(rest.size() - 3);
    }
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string::npos || colon == 0) return wrong("the guest's path is missing");
    bind.host = rest.substr(0, colon);
    bind.guest = rest.substr(colon + 1);
    if (!bind.guest.starts_with('/')) return wrong("the guest's path must begin with '/'");
    return bind;
}

}  // namespace uprobesim
