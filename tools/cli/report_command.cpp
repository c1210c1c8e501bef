// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_command.h"

#include <fmt/format.h>

#include "tools/cli/refusal.h"
#include "tools/cli/report_options.h"

namespace uprobesim {

int run_report_verb(const ReportVerb& verb, const Words& words) {
    auto line = CommandLine::parse(verb.name, words, verb.options(), RestOfWords::Mixed);
    if (!line) return refuse(line.error());
    if (line->given("help")) {
        fmt::print("{}", verb.help());
        return 0;
    }
    std::string output;
    if (auto read = read_output(*line, output); !read) return refuse(read.error());
    auto format = line->choice("format", verb.formats.front(), verb.formats);
    if (!format) return refuse(format.error());
    auto style = read_style(*line, verb.formats);
    if (!style) return refuse(style.error());
    const auto status = verb.run({std::move(*line), std::move(output), std::move(*format), *style});
    return status ? *status : refuse(status.error());
}

}  // namespace uprobesim
