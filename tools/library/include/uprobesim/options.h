// SPDX-License-Identifier: GPL-2.0-or-later
// What is asked for, by the names of the command's options: everything that `uprobesim COMMAND
// --help` lists can be given, and means the same.
//
//     {{"probe", "uprobe:/bin/ls:*"}, {"kernel", "v6.12"}, {"set", "machine.ops.ic-ivau=0"}}
#pragma once

#include <string>
#include <vector>

namespace uprobesim {

struct Option {
    std::string name;     // long and without "--": "kernel", "max-sim-time"
    std::string value{};  // as after "--kernel"; empty where the option takes none
};

// In any order. Those that can be repeated on the command line can be here. The form of a report
// (format, output, all, sort, top, color) is not asked for here: see Report.
using Options = std::vector<Option>;

}  // namespace uprobesim
