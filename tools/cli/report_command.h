// SPDX-License-Identifier: GPL-2.0-or-later
// What the verbs that run no guest's program of their own have in common: words in any order,
// --help, -o and -f.
#pragma once

#include <string>
#include <string_view>

#include "tools/cli/command_line.h"
#include "tools/format/document_writers.h"

namespace uprobesim {

// The words as read, with what all these verbs take from them.
struct ReportWords {
    CommandLine line;
    std::string output;  // -o, or empty
    std::string format;
    ReportStyle style;
};

struct ReportVerb {
    std::string_view name;
    std::string (*help)();
    OptionTable (*options)();
    Words formats;  // of -f; the first is the default
    // Does it; an exit status, or the user's mistake.
    Result<int> (*run)(const ReportWords& words);
};

// Returns the tool's exit status.
int run_report_verb(const ReportVerb& verb, const Words& words);

}  // namespace uprobesim
