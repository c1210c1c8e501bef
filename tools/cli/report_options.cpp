// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/report_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/key_value.h"
#include "tools/cli/refusal.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMostRows = 1'000'000'000;

struct FormatRow {
    ReportFormat format;
    std::string_view word;
};
constexpr std::array kFormats = {
    FormatRow{ReportFormat::Text, "text"}, FormatRow{ReportFormat::Json, "json"},
    FormatRow{ReportFormat::Csv, "csv"},   FormatRow{ReportFormat::Markdown, "md"},
    FormatRow{ReportFormat::Html, "html"}, FormatRow{ReportFormat::Svg, "svg"}};

struct ColorRow {
    ColorMode mode;
    std::string_view word;
};
constexpr std::array kColors = {ColorRow{ColorMode::Auto, "auto"},
                                ColorRow{ColorMode::Always, "always"},
                                ColorRow{ColorMode::Never, "never"}};

Words words_of(const std::vector<ReportFormat>& formats) {
    Words words;
    for (const ReportFormat format : formats) words.emplace_back(format_word(format));
    return words;
}

Words color_words() {
    Words words;
    for (const ColorRow& row : kColors) words.emplace_back(row.word);
    return words;
}

// The keys of --set that a key without its first word may be: "machine.ops.isb"; empty: none.
std::string whole_keys(std::string_view key) {
    Words keys;
    const auto add = [&](ProfileKind kind, const Words& builtin) {
        const auto listing = list_profile(kind, builtin.front(), {});
        if (listing && listing->find(key) != nullptr)
            keys.push_back(fmt::format("{}.{}", profile_kind_name(kind), key));
    };
    add(ProfileKind::Machine, builtin_machine_profiles());
    add(ProfileKind::Kernel, builtin_kernel_profiles());
    return or_list(keys);
}

}  // namespace

void add_kernel_option(OptionTable& table, std::string meaning) {
    table.text("kernel", "NAME", std::move(meaning)).also("kernels").from(ValueSource::Kernel);
}

void add_kernels_option(OptionTable& table, std::string meaning) {
    table.text("kernels", "A,B,...", std::move(meaning))
        .also("kernel")
        .several_from(ValueSource::Kernel);
}

void add_machine_option(OptionTable& table, std::string meaning) {
    table.text("machine", "NAME", std::move(meaning)).also("machines").from(ValueSource::Machine);
}

void add_machines_option(OptionTable& table, std::string meaning) {
    table.text("machines", "A,B,...", std::move(meaning))
        .also("machine")
        .several_from(ValueSource::Machine);
}

void add_set_option(OptionTable& table, std::string meaning) {
    table.list("set", "KEY=VALUE", std::move(meaning)).from(ValueSource::Setting);
}

Result<Setting> parse_setting(const std::string& word) {
    auto pair = TRY(parse_key_value(word, "--set", "machine.ops.ic-ivau=0"));
    if (!pair.key.starts_with("machine.") && !pair.key.starts_with("kernel.")) {
        const std::string near = whole_keys(pair.key);
        return user_error(fmt::format("'{}' is neither machine.KEY nor kernel.KEY", pair.key),
                          "--set",
                          near.empty() ? "uprobesim model show NAME lists the keys of a machine or "
                                         "kernel profile"
                                       : fmt::format("did you mean {}?", near));
    }
    return Setting{std::move(pair.key), std::move(pair.value)};
}

Outcome read_settings(const CommandLine& line, std::vector<Setting>& settings) {
    for (const std::string& word : line.all("set")) settings.push_back(TRY(parse_setting(word)));
    return {};
}

Result<Words> profile_names(const CommandLine& line, std::string_view option, ProfileKind kind,
                            std::string_view otherwise) {
    Words words = TRY(line.names(option, std::string(otherwise)));
    if (std::none_of(words.begin(), words.end(), names_data_file)) return words;
    std::map<std::string, std::string> word_of;
    for (const std::string& word : words) {
        const auto listing = list_profile(kind, word, {});
        if (!listing) continue;  // told by what reads it
        const auto [same, is_new] = word_of.try_emplace(listing->name, word);
        if (is_new || same->second == word) continue;
        return user_error(
            fmt::format("{} and {} are both named '{}'", same->second, word, listing->name),
            line.spelled(option),
            fmt::format("give {} a name of its own: name = \"...\"",
                        names_data_file(word) ? word : same->second));
    }
    return words;
}

Result<std::vector<KernelProfile>> read_kernels(const CommandLine& line, std::string_view otherwise,
                                                std::string_view what) {
    std::vector<Setting> settings;
    TRY(read_settings(line, settings));
    for (const Setting& s : settings) {
        if (!what.empty() && !s.key.starts_with("kernel."))
            return user_error(fmt::format("'{}': {} has no machine", s.key, what), "--set",
                              "kernel.KEY=VALUE");
    }
    std::vector<KernelProfile> kernels;
    const auto names = TRY(profile_names(line, "kernels", ProfileKind::Kernel, otherwise));
    for (const std::string& name : names) {
        auto kernel = TRY(line.about("kernels", load_kernel_profile(name, settings)));
        kernels.push_back(std::move(kernel));
    }
    return kernels;
}

std::string_view format_word(ReportFormat format) {
    for (const FormatRow& row : kFormats) {
        if (row.format == format) return row.word;
    }
    fail_invariant("a report format without a word");
}

const std::vector<ReportFormat>& all_formats() {
    static const std::vector<ReportFormat> all = {ReportFormat::Text, ReportFormat::Json,
                                                  ReportFormat::Csv, ReportFormat::Markdown,
                                                  ReportFormat::Html};
    return all;
}

const std::vector<ReportFormat>& charted_formats() {
    static const std::vector<ReportFormat> all = [] {
        std::vector<ReportFormat> formats = all_formats();
        formats.push_back(ReportFormat::Svg);
        return formats;
    }();
    return all;
}

bool uses_color(ColorMode mode, bool on_terminal) {
    return mode == ColorMode::Always || (mode == ColorMode::Auto && on_terminal);
}

std::string typed_command(std::string_view command, const CommandLine& line) {
    OptionTable of_report;
    add_report_options(of_report, charted_formats());
    std::string typed = fmt::format("uprobesim {}", command);
    for (const CommandLine::Occurrence& option : line.order()) {
        if (of_report.find(option.name) != nullptr) continue;
        typed += ' ' + option.spelled;
        if (!option.value.empty()) typed += ' ' + shell_word(option.value);
    }
    for (const std::string& word : line.rest()) typed += ' ' + shell_word(word);
    return typed;
}

Result<std::string> written(Document document, const ReportOptions& options, bool on_terminal) {
    const auto in_order = TRY(arranged(std::move(document), options.order));
    return written(in_order, options.style(on_terminal));
}

std::string written_anyway(const Document& document, const ReportOptions& options,
                           bool on_terminal) {
    const auto text = written(document, options, on_terminal);
    if (text) return *text;
    refuse(text.error());
    return written(document, options.style(on_terminal));
}

void add_report_options(OptionTable& table, const std::vector<ReportFormat>& formats,
                        std::string_view standard) {
    add_file_options(table, formats, standard);
    add_row_options(table);
    add_color_option(table);
    add_help_option(table);
}

void add_file_options(OptionTable& table, const std::vector<ReportFormat>& formats,
                      std::string_view standard) {
    table.section("Report");
    table
        .text("output", "FILE",
              fmt::format("write the report to FILE; - is stdout (default: {})", standard))
        .short_name('o')
        .from(ValueSource::File);
    add_format_option(table, formats);
}

void add_format_option(OptionTable& table, const std::vector<ReportFormat>& formats) {
    const Words words = words_of(formats);
    table
        .text("format", "FORMAT",
              fmt::format("format of the report: {} (default {})", or_list(words), words.front()))
        .short_name('f')
        .one_of(words);
}

void add_row_options(OptionTable& table) {
    table.flag("all", "list every row of long lists, not only the first ten");
    table.text(
        "sort", "COLUMN",
        "sort rows by a column, as its heading has it: numbers the largest first; a - before "
        "it turns the order round");
    table.text("top", "N", "list N rows of long lists");
}

void add_color_option(OptionTable& table) {
    table
        .text("color", "WHEN",
              "colors in text reports: auto (on a terminal, unless NO_COLOR is set), always or "
              "never (default auto)")
        .one_of(color_words());
}

void add_help_option(OptionTable& table) {
    table.flag("help", "print this text").short_name('h');
}

Result<std::string> read_output(const CommandLine& line) {
    std::string output = line.one("output", "");
    if (line.given("output") && output.empty())
        return user_error("the file's name is empty", line.spelled("output"));
    return output;
}

Outcome refuse_row_order(const CommandLine& line, std::string_view why) {
    if (!line.given("sort") && !line.given("top")) return {};
    return user_error(std::string(why), line.given("sort") ? "--sort" : "--top",
                      "it is for text, csv, md and html");
}

Outcome refuse_report_options(const CommandLine& line, std::string_view why, LinesGo where) {
    if (where == LinesGo::ToStdout && line.given("output"))
        return user_error(std::string(why), line.spelled("output"));
    for (const char* option : {"format", "all", "sort", "top"}) {
        if (line.given(option)) return user_error(std::string(why), line.spelled(option));
    }
    return {};
}

Result<ReportOptions> read_report_options(const CommandLine& line,
                                          const std::vector<ReportFormat>& formats, bool no_color) {
    ReportOptions options;
    options.output = TRY(read_output(line));
    const Words known = words_of(formats);
    const auto format = TRY(line.choice("format", known.front(), known));
    options.format = formats[static_cast<std::size_t>(
        std::distance(known.begin(), std::find(known.begin(), known.end(), format)))];
    options.all = line.given("all");
    options.order.column = line.one("sort", "");
    if (line.given("sort") && options.order.column.empty())
        return user_error("the column's name is empty", "--sort");
    options.order.top = TRY(line.number("top", 0, kMostRows));
    if (line.given("top") && (options.order.top == 0 || options.all))
        return user_error(options.all ? "it and --all exclude each other" : "at least one row",
                          "--top");
    if (options.format == ReportFormat::Json)
        TRY(refuse_row_order(line, "JSON has every row, in an order of its own"));
    if (options.format == ReportFormat::Svg) TRY(refuse_row_order(line, "SVG has no rows"));
    const auto color = TRY(line.choice("color", no_color ? "never" : "auto", color_words()));
    for (const ColorRow& row : kColors) {
        if (row.word == color) options.color = row.mode;
    }
    return options;
}

}  // namespace uprobesim
