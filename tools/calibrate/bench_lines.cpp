// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/bench_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "probes/handlers/handler.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/cost/shared_lines.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/bench/trigger_bench.h"

namespace uprobesim {
namespace {

constexpr InputKind kBench{"benchmark", kMaxTextBytes,
                           "give what the kernel's bench or tools/measure printed"};

constexpr std::size_t kMostRows = 5000;  // each is counted by a run
constexpr double kPlace = 0.0005;        // half of the last place of a printed rate

constexpr const char* kLikeThis = "a line is like: uprobe-nop ( 1 cpus): 1.566 ± 0.006M/s";

// What tools/measure has holding its probes: an empty program of BPF, as bench has, or perf stat.
constexpr std::string_view kBpftrace = "bpftrace", kPerf = "perf";

// A number of a file: at most 12 digits, so that no figure leaves the range of what follows.
std::optional<double> number(std::string_view digits) {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value,
                                              std::chars_format::fixed);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    return whole && digits.size() <= 12 ? std::optional(value) : std::nullopt;
}

struct Patterns {
    // uprobe-nop ( 1 cpus): 1.566 ± 0.006M/s ...; the sign may come in any encoding, or as +-.
    RE2 row{R"(^\s*(?:trig-)?([a-z][a-z0-9-]*)\s*(?:\(\s*(\d+)\s*cpus?\s*\))?\s*:\s*(\S+?)\s*)"
            R"((?:[^0-9.\s]+\s*([0-9.]+)\s*)?M/s)",
            RE2::Latin1};
    RE2 begun{R"(^\s*(?:trig-)?u(?:ret)?probe-)", RE2::Latin1};
    RE2 setting_up{R"(^Setting up benchmark '(?:trig-)?([^']+)')", RE2::Latin1};
    // Summary: hits 5.328 ± 0.012M/s (  0.666M/prod), ...
    RE2 summary{R"(^Summary: hits\s+(\S+?)\s*(?:[^0-9.\s]+\s*([0-9.]+)\s*)?M/s)"
                R"((?:\s*\(\s*([0-9.]+)M/prod\))?)",
                RE2::Latin1};
    RE2 header{R"(^#\s*([a-z]+)\s*:\s*(.*?)\s*$)", RE2::Latin1};
    RE2 hertz{R"(^([0-9.]+)\s*([kMG]?)Hz$)"};
};

const Patterns& patterns() {
    // Bytes, not UTF-8: what a terminal made of the sign may be neither.
    static const Patterns all;
    return all;
}

std::optional<double> hertz(const std::string& text) {
    std::string digits, unit;
    if (!RE2::FullMatch(text, patterns().hertz, &digits, &unit)) return std::nullopt;
    const double scale = unit == "G" ? 1e9 : unit == "M" ? 1e6 : unit == "k" ? 1e3 : 1;
    const auto value = number(digits);
    return value ? std::optional(*value * scale) : std::nullopt;
}

class Reader {
public:
    explicit Reader(const std::string& file_name) : file_name_(file_name) {}

    Outcome line(const std::string& text) {
        ++line_;
        std::string a, cpus, rate, plus_minus;
        if (RE2::PartialMatch(text, patterns().header, &a, &rate)) return header(a, rate);
        if (RE2::PartialMatch(text, patterns().setting_up, &a)) {
            set_up_ = a;
            return {};
        }
        std::string each;
        if (RE2::PartialMatch(text, patterns().summary, &rate, &plus_minus, &each)) {
            if (set_up_.empty())
                return wrong("a summary of no known benchmark",
                             "keep bench's line 'Setting up benchmark ...' above it");
            return row(set_up_, producers(rate, each), rate, plus_minus);
        }
        if (RE2::PartialMatch(text, patterns().row, &a, &cpus, &rate, &plus_minus))
            return row(a, cpus.empty() ? "1" : cpus, rate, plus_minus);
        if (RE2::PartialMatch(text, patterns().begun))
            return wrong("this is no line of bench", kLikeThis);
        return {};  // what else a script prints
    }

    Result<BenchLines> end() {
        if (!found_.rows.empty() || !found_.contended.empty()) return std::move(found_);
        return user_error("there is no line of the uprobe benchmark", file_name_, kLikeThis);
    }

private:
    tl::unexpected<UserError> wrong(std::string what, std::string hint) const {
        return user_error(std::move(what), fmt::format("{}:{}", file_name_, line_),
                          std::move(hint));
    }

    Outcome header(const std::string& key, const std::string& value) {
        if (key == "kernel") found_.kernel = value;
        if (key == "consumer") {
            if (value != kBpftrace && value != kPerf)
                return wrong(fmt::format("'{}' is no consumer", printable(value)),
                             "bpftrace or perf");
            found_.consumer = value;
        }
        if (key != "frequency") return {};
        found_.frequency_hz = hertz(value);
        found_.frequency_line = line_;
        if (!found_.frequency_hz || *found_.frequency_hz < 1e3)
            return wrong(fmt::format("'{}' is no frequency", printable(value)), "as 2.4 GHz");
        return {};
    }

    // A summary tells the rate of all producers and of each, to three places: "8"; "64 or 65" where
    // that leaves several.
    static std::string producers(const std::string& rate, const std::string& each) {
        const auto all = number(rate), one = number(each);
        if (!all || !one || !(*one > kPlace)) return "1";
        const double fewest = std::ceil((*all - kPlace) / (*one + kPlace));
        const double most = std::floor((*all + kPlace) / (*one - kPlace));
        return fewest >= most ? fmt::format("{:.0f}", std::max(1.0, most))
                              : fmt::format("{:.0f} to {:.0f}", fewest, most);
    }

    Outcome row(const std::string& name, const std::string& cpus, const std::string& rate,
                const std::string& plus_minus) {
        const auto value = number(rate);
        if (!value || !(*value > 0))
            return wrong(fmt::format("'{}' is no rate in M/s", printable(rate)), kLikeThis);
        if (++rows_ > kMostRows)
            return wrong(fmt::format("there are more than {} rows", kMostRows),
                         "one run of bench has 6 for each number of CPUs: give a few runs");
        const auto variant = parse_trigger_variant(name);
        if (!variant) {
            found_.unused.emplace_back(name, "no probe is hit in it, or not as bench does it");
        } else if (cpus != "1") {
            contended_row(name, *variant, cpus, *value);
        } else {
            found_.rows.push_back({name, *value, number(plus_minus), "", {}});
        }
        return {};
    }

    void contended_row(const std::string& name, const TriggerVariant& variant,
                       const std::string& cpus, double rate) {
        const auto count = number(cpus);
        if (!count || *count < 2 || *count > SharedLines::kMaxCpus) {
            found_.unused.emplace_back(
                fmt::format("{} ({} cpus)", name, cpus),
                count ? fmt::format("runs have 1 to {} CPUs", SharedLines::kMaxCpus)
                      : "its rates are too coarse to tell: add a line like uprobe-push (64 cpus): "
                        "1.313M/s");
            return;
        }
        auto series = std::find_if(found_.contended.begin(), found_.contended.end(),
                                   [&](const ContendedSeries& one) { return one.name == name; });
        if (series == found_.contended.end()) {
            series = found_.contended.insert(series, ContendedSeries{});
            series->name = name;
            series->variant = variant;
        }
        series->rows.push_back({static_cast<unsigned>(*count), rate});
    }

    const std::string& file_name_;
    std::size_t line_ = 0, rows_ = 0;
    std::string set_up_;  // the benchmark whose summary comes next
    BenchLines found_;
};

}  // namespace

Result<BenchLines> parse_bench_lines(std::string_view text, const std::string& file_name) {
    Reader reader(file_name);
    while (!text.empty()) {
        const auto end = text.find('\n');
        TRY(reader.line(std::string(text.substr(0, end))));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return reader.end();
}

std::vector<std::string> released_kernels() {
    static const RE2 released(R"(v\d+\.\d+)");
    std::vector<std::string> names = builtin_kernel_profiles();
    std::erase_if(names, [](const std::string& name) { return !RE2::FullMatch(name, released); });
    return names;
}

Result<std::string> kernel_of_release(const std::string& release, const std::string& where) {
    static const RE2 numbered(R"(^(\d+\.\d+)(?:[.+-].*)?$)");
    const std::vector<std::string> known = released_kernels();
    std::string version;
    if (!RE2::FullMatch(release, numbered, &version)) {
        TRY(load_kernel_profile(release, {}));  // a profile's own name
        return release;
    }
    const std::string name = "v" + version;
    if (std::find(known.begin(), known.end(), name) != known.end()) return name;
    return user_error(
        fmt::format("no kernel profile is of Linux {}", version), where,
        fmt::format("say with --kernel which comes nearest: {} or new", fmt::join(known, ", ")));
}

namespace {

// One that no machine profile takes is the file's mistake, not that of a --set.
Outcome check_frequency(const BenchLines& lines, const std::string& path,
                        const std::string& machine) {
    if (!lines.frequency_hz) return {};
    const auto profile = load_machine_profile(
        machine, {{"machine.frequency", fmt::format("{}", *lines.frequency_hz)}});
    if (profile || !profile.error().where.starts_with("--set ")) return {};
    return user_error("no machine has this frequency",
                      fmt::format("{}:{}", path, lines.frequency_line), profile.error().hint);
}

}  // namespace

Result<BenchFile> read_bench_file(const std::string& path, const std::string& kernel,
                                  const std::string& machine) {
    const auto text = TRY(read_text_file(path, kBench));
    auto lines = TRY(parse_bench_lines(text, path));
    TRY(check_frequency(lines, path, machine));
    const std::string& said = kernel.empty() ? lines.kernel : kernel;
    if (said.empty())
        return user_error("it is not said which kernel ran", path,
                          "give --kernel, or a line '# kernel: ' with what uname -r prints");
    BenchFile file;
    file.table.id = std::filesystem::path(path).stem().string();
    file.table.title = file.table.source = path;
    file.table.machine = machine;
    file.table.kernel = TRY(kernel_of_release(said, kernel.empty() ? path : "--kernel"));
    if (lines.consumer == kPerf) file.table.handler = TRY(find_handler("perf-stat"));
    file.table.unit = "M/s";
    file.table.fit = true;
    file.table.rows = std::move(lines.rows);
    file.contended = std::move(lines.contended);
    for (ContendedSeries& series : file.contended) {
        series.table = file.table.id;
        series.kernel = file.table.kernel;
        series.handler = file.table.handler;
    }
    file.frequency_hz = lines.frequency_hz;
    file.frequency_place =
        fmt::format("{}:{}", std::filesystem::path(path).filename().string(), lines.frequency_line);
    file.unused = std::move(lines.unused);
    return file;
}

}  // namespace uprobesim
