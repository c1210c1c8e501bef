// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string_view>

namespace uprobesim {

// write(2) until all is written. 0, or the errno of the write that failed, which errno has too.
int write_all(int fd, std::string_view text);

}  // namespace uprobesim
