// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/figures.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/base/try.h"
#include "tools/sweep/plan/number_json.h"

namespace uprobesim {
namespace {

using Json = nlohmann::json;

constexpr double kNoFigure = std::numeric_limits<double>::quiet_NaN();

struct RunFigure {
    std::string_view name;
    double (*value)(const RunReport&, const Totals&);
};

double count(std::uint64_t n) {
    return static_cast<double>(n);
}

constexpr std::array kRunFigures = {
    RunFigure{"total_ns", [](const RunReport&, const Totals& t) { return t.total_ns; }},
    RunFigure{"user_ns", [](const RunReport&, const Totals& t) { return t.user_ns; }},
    RunFigure{"kernel_ns", [](const RunReport&, const Totals& t) { return t.kernel_ns; }},
    RunFigure{"probe_ns",
              [](const RunReport& r, const Totals& t) {
                  return to_ns(t.hit_cycles + t.placing_cycles, r.frequency_hz);
              }},
    RunFigure{"cycles_per_hit",
              [](const RunReport&, const Totals& t) { return t.mean_hit_cycles(); }},
    RunFigure{"kernel_cycles",
              [](const RunReport&, const Totals& t) { return in_cycles(t.kernel_cycles); }},
    RunFigure{"user_cycles",
              [](const RunReport& r, const Totals&) { return in_cycles(r.user_cycles); }},
    RunFigure{"user_insns",
              [](const RunReport& r, const Totals&) { return count(r.user_insns.value); }},
    RunFigure{"exceptions", [](const RunReport&, const Totals& t) { return count(t.exceptions); }},
    RunFigure{"hits", [](const RunReport&, const Totals& t) { return count(t.hits); }},
    RunFigure{"stepped_hits", [](const RunReport&, const Totals& t) { return count(t.stepped); }},
    RunFigure{"emulated_hits", [](const RunReport&, const Totals& t) { return count(t.emulated); }},
    RunFigure{"exit_status",
              [](const RunReport& r, const Totals&) {
                  return static_cast<double>(exit_code_of(r.exit));
              }},
};

// A benchmark's rows and an estimate's totals are as many as kernels and machines: named by these
// only where there are several.
std::string place_name(const Json& place, std::size_t places) {
    if (places < 2) return "";
    return fmt::format("{}@{}/", place.at("kernel").at("name").get<std::string>(),
                       place.at("machine").at("name").get<std::string>());
}

constexpr std::array kBenchFigures = {"ns_per_hit", "cycles_per_hit", "million_hits_per_second",
                                      "exception_cycles_per_hit", "kernel_insns_per_hit"};
constexpr std::array kEstimateFigures = {"ns", "low_ns", "high_ns"};

void add_member(const Json& from, const char* member, std::string name, Figures& figures) {
    const auto value = from.find(member);
    if (value != from.end() && value->is_number())
        figures.push_back({std::move(name), value->get<double>()});
}

Figures figures_of_bench(const Json& report) {
    Figures figures;
    const Json& tables = report.at("tables");
    for (const Json& table : tables) {
        const std::string place = place_name(table, tables.size());
        for (const Json& row : table.at("rows")) {
            const auto variant = row.at("variant").get<std::string>();
            for (const char* member : kBenchFigures)
                add_member(row, member, fmt::format("{}{}/{}", place, variant, member), figures);
        }
    }
    return figures;
}

Figures figures_of_estimate(const Json& report) {
    Figures figures;
    const Json& places = report.at("places");
    for (const Json& place : places) {
        const std::string name = place_name(place, places.size());
        if (place.contains("total")) {
            for (const char* member : kEstimateFigures)
                add_member(place.at("total"), member, fmt::format("{}total_{}", name, member),
                           figures);
        }
        const Json& hits = place.at("hits");
        for (const Json& hit : hits) {
            const auto& probe = report.at("probes").at(hit.at("probe").get<std::size_t>());
            const std::string which =
                hits.size() < 2 ? "hit"
                                : fmt::format("{}{}", probe.value("function", "?"),
                                              probe.value("return", false) ? "%return" : "");
            for (const char* member : kEstimateFigures)
                add_member(hit, member, fmt::format("{}{}/{}", name, which, member), figures);
        }
    }
    return figures;
}

}  // namespace

std::vector<std::string> figure_names(const std::vector<const RunReport*>& runs,
                                      const std::vector<std::string>& labels) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::string head =
            labels.empty() ? "" : fmt::format("{}/", i == 0 ? "baseline" : labels[i - 1]);
        for (const RunFigure& figure : kRunFigures)
            names.push_back(fmt::format("{}{}", head, figure.name));
        for (const ResultRow& result : runs[i]->results) {
            if (result.value) names.push_back(fmt::format("{}result/{}", head, result.name));
        }
        if (i != 0) names.push_back(head + "slowdown");
    }
    return names;
}

void add_figure_values(const std::vector<const RunReport*>& runs, std::vector<double>& values) {
    double first_ns = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const RunReport& run = *runs[i];
        const Totals totals = totals_of(run);
        for (const RunFigure& figure : kRunFigures) values.push_back(figure.value(run, totals));
        for (const ResultRow& result : run.results) {
            if (result.value) values.push_back(*result.value);
        }
        if (i == 0) first_ns = totals.total_ns;
        if (i != 0) values.push_back(first_ns != 0 ? totals.total_ns / first_ns : kNoFigure);
    }
}

Figures figures_of_runs(const std::vector<const RunReport*>& runs,
                        const std::vector<std::string>& labels) {
    const auto names = figure_names(runs, labels);
    std::vector<double> values;
    add_figure_values(runs, values);
    Figures figures;
    for (std::size_t i = 0; i < names.size(); ++i) figures.push_back({names[i], values[i]});
    return figures;
}

Result<Figures> figures_of_report(std::string_view command, const std::string& json) {
    if (command == "run" || command == "compare") {
        const auto saved = TRY(parse_report(json, "the report"));
        std::vector<const RunReport*> runs;
        std::vector<std::string> labels;
        for (const SavedRun& run : saved) {
            runs.push_back(&run.report);
            // The only one has the same name whatever its kernel.
            if (runs.size() > 1) labels.push_back(saved.size() == 2 ? "probed" : run.label);
        }
        return figures_of_runs(runs, labels);
    }
    const Json report = Json::parse(json, nullptr, false);
    try {
        return command == "bench" ? figures_of_bench(report) : figures_of_estimate(report);
    } catch (const Json::exception& error) {
        return user_error(
            fmt::format("the report of {} has not the expected form: {}", command, error.what()));
    }
}

std::string unfinished(const std::vector<SavedRun>& runs) {
    for (const SavedRun& run : runs) {
        const ExitKind kind = run.report.exit.kind;
        if (kind != ExitKind::Exited && kind != ExitKind::Signalled)
            return exit_text(run.report.exit);
    }
    return "";
}

FigureWriter::FigureWriter(const std::vector<std::string>& names) {
    for (const std::string& name : names)
        heads_.push_back(Json(name).dump(-1, ' ', false, Json::error_handler_t::replace) + ":");
}

void FigureWriter::add(const std::vector<double>& values, std::string& json) const {
    json += '{';
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i != 0) json += ',';
        json += heads_[i];
        if (std::isfinite(values[i])) {
            add_number(values[i], json);
        } else {
            json += "null";
        }
    }
    json += '}';
}

std::string figures_json(const Figures& figures) {
    std::vector<std::string> names;
    std::vector<double> values;
    for (const NamedFigure& figure : figures) {
        names.push_back(figure.name);
        values.push_back(figure.value);
    }
    std::string json;
    FigureWriter(names).add(values, json);
    return json;
}

Figures parse_figures(const std::string& json) {
    Figures figures;
    const auto object = nlohmann::ordered_json::parse(json, nullptr, false);
    if (!object.is_object()) return figures;
    for (const auto& [name, value] : object.items()) {
        if (value.is_number()) figures.push_back({name, value.get<double>()});
    }
    return figures;
}

}  // namespace uprobesim
