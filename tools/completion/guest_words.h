// SPDX-License-Identifier: GPL-2.0-or-later
// Completions of words that name what is in the guest's file tree. Candidates are whole words; one
// to which more may be added ends in '/', ':' or ','. Whatever cannot be read has none.
#pragma once

#include <string>
#include <string_view>

#include "tools/cli/option_table.h"

namespace uprobesim {

// Paths in `root` that begin with `word`, an absolute guest path; folders end in '/'.
Words complete_guest_path(const std::string& root, const std::string& word);

// uprobe:BINARY:PLACE[,PLACE...]: the kind, then paths, then the binary's functions.
Words complete_probe(const std::string& root, const std::string& word);

// The program to run: a path, or a name that is found in /bin and /usr/bin.
Words complete_program(const std::string& root, const std::string& word);

}  // namespace uprobesim
