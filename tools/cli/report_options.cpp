// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_options.h"

#include <fmt/format.h>

#include "sim/base/try.h"

namespace uprobesim {

void add_report_options(OptionTable& table, const char* formats) {
    auto add = table.add_options();
    add("output,o", text_option("FILE"), "write the report to FILE (default: stdout)");
    add("format,f", text_option("FORMAT"), formats);
    add("all", "every row of the long lists, not the first ten");
    add("help,h", "this text");
}

Result<Setting> parse_setting(const std::string& word) {
    auto pair = TRY(parse_key_value(word, "--set", "machine.ops.ic-ivau=0"));
    if (!pair.key.starts_with("machine.") && !pair.key.starts_with("kernel.")) {
        return user_error(fmt::format("'{}' is neither machine.KEY nor kernel.KEY", pair.key),
                          "--set");
    }
    return Setting{std::move(pair.key), std::move(pair.value)};
}

Outcome read_settings(const CommandLine& line, std::vector<Setting>& settings) {
    for (const std::string& word : line.all("set")) settings.push_back(TRY(parse_setting(word)));
    return {};
}

Result<ReportStyle> read_style(const CommandLine& line, const Words& formats) {
    const auto format = TRY(line.choice("format", formats.front(), formats));
    ReportStyle style;
    if (format == "json") style.format = ReportFormat::Json;
    if (format == "csv") style.format = ReportFormat::Csv;
    if (format == "md") style.format = ReportFormat::Markdown;
    style.all = line.given("all");
    return style;
}

Outcome read_output(const CommandLine& line, std::string& output) {
    output = line.one("output", "");
    if (line.given("output") && output.empty())
        return user_error("the file's name is empty", "--output");
    return {};
}

}  // namespace uprobesim
