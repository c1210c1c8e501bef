// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/hit_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/report/report.h"
#include "tools/report/report_read.h"

namespace uprobesim {
namespace {

constexpr InputKind kCounts{"count", kMaxReportBytes,
                            "give what perf stat -x, or a bpftrace map printed"};
constexpr double kMaxCount = 1e18;

using Fields = std::vector<std::string_view>;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Digits, grouped by ',' or not, with a fraction or not.
std::optional<double> number(std::string_view text) {
    std::string digits(text);
    std::erase(digits, ',');
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                              std::chars_format::fixed);
    if (error != std::errc{} || end != digits.data() + digits.size() || !(value >= 0) ||
        value > kMaxCount)
        return std::nullopt;
    return value;
}

Fields split(std::string_view line, char at) {
    Fields fields;
    for (;;) {
        const auto end = line.find(at);
        fields.push_back(trimmed(line.substr(0, end)));
        if (end == std::string_view::npos) return fields;
        line.remove_prefix(end + 1);
    }
}

Fields words(std::string_view line) {
    Fields fields = split(line, ' ');
    std::erase(fields, std::string_view());
    return fields;
}

struct Line {
    std::string_view text;
    std::size_t number;
};

// What a line of some format says. nullopt: it is not of that format.
struct Counted {
    std::string name;  // empty: the line counts nothing, and belongs to the format
    double count = 0;
    std::optional<double> seconds = {};  // since the start
};

// "12345,,probe_redis:processCommand,1000023,100.00,,", with -I "1.000123,12345,,...". A name may
// hold commas ("probe_x:f<a,b>"): it ends where the two numbers of the running time follow.
std::optional<Counted> perf_stat(std::string_view line) {
    const Fields fields = split(line, ',');
    const auto is_value = [&](std::size_t at) {
        return at < fields.size() && (number(fields[at]) || fields[at] == "<not counted>" ||
                                      fields[at] == "<not supported>");
    };
    // value, unit, event: the unit of a counter of hits is empty.
    const std::size_t value = is_value(1) && fields.size() > 3 && fields[2].empty() ? 1 : 0;
    if (!is_value(value) || fields.size() < value + 4 || !fields[value + 1].empty())
        return std::nullopt;
    std::size_t end = value + 3;
    while (end < fields.size() && !number(fields[end])) ++end;
    if (end == fields.size()) return std::nullopt;
    Counted counted;
    const auto count = number(fields[value]);
    for (std::size_t f = value + 2; count && f < end; ++f)
        counted.name.append(f == value + 2 ? "" : ",").append(fields[f]);
    counted.count = count.value_or(0);
    if (value == 1) counted.seconds = number(fields[0]);
    if (counted.name.empty() && count) return std::nullopt;
    return counted;
}

// "@[processCommand]: 123" and "@calls[uprobe:/bin/x:f]: 123".
std::optional<Counted> bpftrace_map(std::string_view line) {
    const auto colon = line.rfind("]: ");
    const auto open = line.find('[');
    if (!line.starts_with('@') || colon == std::string_view::npos || open > colon)
        return std::nullopt;
    const auto count = number(trimmed(line.substr(colon + 3)));
    if (!count) return std::nullopt;
    return Counted{std::string(line.substr(open + 1, colon - open - 1)), *count};
}

// "  1.152 ms   71.683 us          12  main" under "Total time   Self time       Calls  Function".
std::optional<Counted> uftrace_report(std::string_view line) {
    const Fields fields = words(line);
    const auto is_unit = [](std::string_view word) {
        return word == "us" || word == "ms" || word == "s" || word == "m" || word == "h";
    };
    if (fields.size() < 6 || !is_unit(fields[1]) || !is_unit(fields[3])) return std::nullopt;
    const auto calls = number(fields[4]);
    if (!calls || !number(fields[0]) || !number(fields[2])) return std::nullopt;
    return Counted{std::string(trimmed(line.substr(line.find(fields[5], line.find(fields[4]))))),
                   *calls};
}

// "processCommand 123456" and "123456 processCommand"; the name may hold blanks.
std::optional<Counted> name_and_count(std::string_view line) {
    const Fields fields = words(line);
    if (fields.size() < 2) return std::nullopt;
    if (const auto last = number(fields.back())) {
        const auto end = static_cast<std::size_t>(fields.back().data() - line.data());
        return Counted{std::string(trimmed(line.substr(0, end))), *last};
    }
    if (const auto first = number(fields.front())) {
        const auto begin = static_cast<std::size_t>(fields[1].data() - line.data());
        return Counted{std::string(trimmed(line.substr(begin))), *first};
    }
    return std::nullopt;
}

struct Format {
    std::string_view name;
    std::optional<Counted> (*read)(std::string_view line);
    // Lines that say nothing of their own.
    bool (*is_heading)(std::string_view line);
};
constexpr Format kFormats[] = {
    {"perf stat", perf_stat, [](std::string_view) { return false; }},
    {"bpftrace map", bpftrace_map,
     [](std::string_view line) { return line.starts_with("Attaching "); }},
    {"uftrace report", uftrace_report,
     [](std::string_view line) {
         return line.starts_with("Total time") || line.starts_with("=====");
     }},
    {"names and counts", name_and_count, [](std::string_view) { return false; }},
};

std::vector<Line> lines_of(std::string_view text) {
    std::vector<Line> lines;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        if (!line.empty() && line.front() != '#') lines.push_back({line, number});
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

// All lines in one format, or the first line that is not of it.
struct Reading {
    HitCounts counts;
    std::optional<Line> stranger;
};
Reading read_as(const Format& format, const std::vector<Line>& lines) {
    Reading reading;
    reading.counts.format = format.name;
    std::map<std::string, std::size_t> row_of;
    for (const Line& line : lines) {
        if (format.is_heading(line.text)) continue;
        auto counted = format.read(line.text);
        if (!counted) {
            reading.stranger = line;
            return reading;
        }
        if (counted->seconds)
            reading.counts.seconds =
                std::max(reading.counts.seconds.value_or(0), *counted->seconds);
        if (counted->name.empty()) continue;
        auto& rows = reading.counts.rows;
        const auto [same, is_new] = row_of.try_emplace(counted->name, rows.size());
        if (is_new) rows.push_back({std::move(counted->name), 0, line.number});
        rows[same->second].count += counted->count;  // perf stat -I has a line an interval
    }
    return reading;
}

Result<HitCounts> of_report(std::string_view text, std::string_view file_name) {
    const auto runs = TRY(parse_report(text, file_name));
    HitCounts counts{"report", {}, {}};
    // Of a comparison: the last column's hits; all columns have the same.
    const RunReport& run = runs.back().report;
    for (const ProbeRow& probe : run.probes)
        counts.rows.push_back({probe.name, static_cast<double>(probe.hits), 0});
    counts.seconds = totals_of(run).total_ns / 1e9;
    return counts;
}

}  // namespace

std::string_view counted_function(std::string_view name) {
    // A probe spec: the place is what follows the binary.
    for (const std::string_view provider : {"uprobe:", "u:", "uretprobe:", "ur:"}) {
        if (!name.starts_with(provider)) continue;
        const auto slash = name.rfind('/');
        const auto colon =
            name.find(':', slash == std::string_view::npos ? provider.size() : slash);
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }
    // An event: "probe_redis:processCommand", its second place "_1", its return "__return".
    if (const auto colon = name.find(':');
        name.starts_with("probe_") && colon != std::string_view::npos && name[colon + 1] != ':') {
        name.remove_prefix(colon + 1);
        if (name.ends_with("__return")) name.remove_suffix(8);
    }
    return name;
}

Result<HitCounts> parse_hit_counts(std::string_view text, std::string_view file_name) {
    const std::string where(file_name);
    if (trimmed(text.substr(0, text.find('\n'))).starts_with('{'))
        return of_report(text, file_name);
    const std::vector<Line> lines = lines_of(text);
    if (lines.empty())
        return user_error("the file has no counts", where, std::string(kCounts.remedy));
    std::optional<Line> furthest;
    for (const Format& format : kFormats) {
        Reading reading = read_as(format, lines);
        if (!reading.stranger && reading.counts.rows.empty())
            return user_error("nothing was counted", where, "perf says <not counted>");
        if (!reading.stranger) return std::move(reading.counts);
        if (!furthest || reading.stranger->number > furthest->number) furthest = reading.stranger;
    }
    return user_error(fmt::format("'{}' is no count", printable(furthest->text.substr(0, 60))),
                      fmt::format("{}:{}", where, furthest->number),
                      "lines of perf stat -x, a bpftrace map, a uftrace report, or NAME COUNT");
}

Result<HitCounts> read_hit_counts(const std::string& path) {
    const auto text = TRY(read_text_file(path, kCounts));
    return parse_hit_counts(text, path);
}

}  // namespace uprobesim
