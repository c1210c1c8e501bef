// SPDX-License-Identifier: GPL-2.0-or-later
// A probed file by its name alone, as bpftrace and libbpf take it: a program is looked up where a
// shell finds it, a library where the dynamic linker does, by its file's name or as "libc".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "probes/target/path_glob.h"

namespace uprobesim {

// Whether it is no path.
bool is_short_name(std::string_view binary);
// Its path; nullopt: there is none. Of several versions of a library the one that sorts last.
std::optional<std::string> find_short_name(const std::string& name, const FolderReader& names_in);
// What to say then.
std::string short_name_not_found(std::string_view name);

}  // namespace uprobesim
