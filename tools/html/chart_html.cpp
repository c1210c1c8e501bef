// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/chart_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
#include "tools/format/number_text.h"
#include "tools/format/text_width.h"
#include "tools/html/page.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kind_word(Chart::Kind kind) {
    switch (kind) {
        case Chart::Kind::Stacked: return "stacked";
        case Chart::Kind::Bars: return "bars";
        case Chart::Kind::Ranges: return "ranges";
        case Chart::Kind::Tornado: return "tornado";
        case Chart::Kind::Lines: return "lines";
        case Chart::Kind::Heat: return "heat";
        case Chart::Kind::Parallel: return "parallel";
    }
    fail_invariant("a kind of chart without a word");
}

// Four digits, or all of a whole part that has more.
std::string figure_text(double value) {
    const double size = std::abs(value);
    if (size == 0 || size >= 1000) return grouped(value);
    const int before = static_cast<int>(std::floor(std::log10(size))) + 1;
    return fmt::format("{:.{}f}", value, std::min(4 - before, 6));
}

bool has_ranges(const Chart& chart) {
    return std::ranges::any_of(chart.rows, [](const Chart::Row& row) {
        return std::ranges::any_of(row.values, [](const auto& v) { return v && v->low; });
    });
}

Json words_of(const Chart::Series& series) {
    Json words = Json::array();
    for (const std::string& word : series.words) words.push_back(visible(word));
    return words;
}

Json data_of(const Chart& chart) {
    Json series = Json::array(), rows = Json::array();
    for (const Chart::Series& one : chart.series)
        series.push_back(
            {{"name", visible(one.name)}, {"work", one.work}, {"words", words_of(one)}});
    for (const Chart::Row& row : chart.rows) {
        Json values = Json::array();
        for (const auto& value : row.values) {
            if (!value) {
                values.push_back(nullptr);
                continue;
            }
            Json one = {{"value", value->value}};
            // Lines through many axes have no room for texts.
            if (chart.kind != Chart::Kind::Parallel) one["text"] = figure_text(value->value);
            if (value->low) one["low"] = *value->low;
            if (value->high) one["high"] = *value->high;
            values.push_back(std::move(one));
        }
        rows.push_back(
            {{"name", visible(row.name)}, {"note", row.note}, {"at", row.at}, {"values", values}});
    }
    return {{"kind", kind_word(chart.kind)},
            {"title", visible(chart.title)},
            {"unit", chart.unit},
            {"base", chart.base},
            {"axis", chart.axis},
            {"row_axis", visible(chart.row_axis)},
            {"series_axis", visible(chart.series_axis)},
            {"series", std::move(series)},
            {"rows", std::move(rows)}};
}

std::string cell(const std::optional<double>& value, const std::vector<std::string>& words = {}) {
    std::string text = "-";
    if (value && words.empty()) text = figure_text(*value);
    if (value && *value >= 0 && *value < static_cast<double>(words.size()))
        text = html_escaped(visible(words[static_cast<std::size_t>(*value)]));
    return fmt::format("<td class=\"figure\">{}</td>", text);
}

std::string table_of(const Chart& chart) {
    const bool ranges = has_ranges(chart);
    std::string html = fmt::format("<table><caption>{}, {}</caption><thead><tr><td></td>",
                                   html_escaped(visible(chart.title)), html_escaped(chart.unit));
    for (const Chart::Series& one : chart.series) {
        html +=
            fmt::format("<th scope=\"col\" class=\"figure\"><span class=\"heading\">{}</span></th>",
                        html_escaped(visible(one.name)));
        if (ranges)
            html +=
                "<th scope=\"col\" class=\"figure\">low</th><th scope=\"col\" "
                "class=\"figure\">high</th>";
    }
    html += "</tr></thead><tbody>\n";
    for (const Chart::Row& row : chart.rows) {
        html += fmt::format("<tr><th scope=\"row\"><bdi class=\"name\">{}</bdi> {}</th>",
                            html_escaped(visible(row.name)), html_escaped(row.note));
        for (std::size_t s = 0; s < row.values.size(); ++s) {
            const auto& value = row.values[s];
            html += cell(value ? std::optional(value->value) : std::nullopt, chart.series[s].words);
            if (ranges)
                html += cell(value ? value->low : std::nullopt) +
                        cell(value ? value->high : std::nullopt);
        }
        html += "</tr>\n";
    }
    return html + "</tbody></table>";
}

}  // namespace

void Chart::choose_time_unit() {
    double most = base;
    for (const Row& row : rows) {
        double sum = 0;
        for (const auto& value : row.values) {
            if (value) sum += value->high.value_or(value->value);
        }
        most = std::max(most, sum);
    }
    struct Unit {
        double ns;
        const char* word;
    };
    constexpr std::array kUnits = {Unit{1e9, "s"}, Unit{1e6, "ms"}, Unit{1e3, "us"}, Unit{1, "ns"}};
    const auto chosen =
        std::ranges::find_if(kUnits, [&](const Unit& u) { return most >= u.ns || u.ns == 1; });
    unit = chosen->word;
    base /= chosen->ns;
    for (Row& row : rows) {
        for (auto& value : row.values) {
            if (!value) continue;
            value->value /= chosen->ns;
            if (value->low) *value->low /= chosen->ns;
            if (value->high) *value->high /= chosen->ns;
        }
    }
}

std::string chart_html(const Chart& chart) {
    const std::string data = data_of(chart).dump(-1, ' ', false, Json::error_handler_t::replace);
    return fmt::format(
        "<figure class=\"chart\" data-chart=\"{}\">\n<details open><summary>Figures<span "
        "class=\"hidden\"> of {}</span></summary>\n<div "
        "class=\"scroll\">{}</div></details>\n</figure>\n",
        html_escaped(data), html_escaped(visible(chart.title)), table_of(chart));
}

}  // namespace uprobesim
