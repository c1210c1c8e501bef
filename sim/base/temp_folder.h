// SPDX-License-Identifier: GPL-2.0-or-later
// Temporary folders, one for the files of each run.
#pragma once

#include <string>
#include <string_view>

namespace uprobesim {

// Makes it in TMPDIR, or /tmp, and returns its path; the caller removes it. Throws HostError, which
// says what the folder was for.
std::string make_temp_folder(std::string_view purpose);

}  // namespace uprobesim
