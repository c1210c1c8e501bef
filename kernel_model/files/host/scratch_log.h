// SPDX-License-Identifier: GPL-2.0-or-later
// The text of the log of a kept scratch directory (docs/scratch.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/files/file.h"

namespace uprobesim {

// A line with its checksum and its end.
std::string line_of(std::string_view text);
// The lines up to the first that is not whole, without checksums.
std::vector<std::string> whole_lines(const std::string& log);
std::vector<std::string> words_of(const std::string& line);

// A name as a word of a line: as in /proc/mounts, what could be taken for its end is \ooo.
std::string escaped(std::string_view name);
std::string unescaped(std::string_view text);

// "file INO MODE ..."
std::string file_text(const FileStatus& status);
bool read_file_text(const std::string& text, FileStatus& status);

}  // namespace uprobesim
