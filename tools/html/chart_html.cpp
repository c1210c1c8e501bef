// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/chart_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/base/error.h"
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
    for (std::size_t s = 0; s < chart.series.size(); ++s) {
        const Chart::Series& one = chart.series[s];
        series.push_back({{"name", visible(one.name)},
                          {"work", one.work},
                          {"colour", chart_colour(chart, s)},
                          {"words", words_of(one)},
                          {"points", one.points}});
    }
    for (const Chart::Row& row : chart.rows) {
        Json values = Json::array();
        for (const auto& value : row.values) {
            if (!value) {
                values.push_back(nullptr);
                continue;
            }
            Json one = {{"value", value->value}};
            // Lines through many axes have no room for texts.
            if (chart.kind != Chart::Kind::Parallel) one["text"] = chart_figure(value->value);
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
            {"even", chart.even},
            {"row_axis", visible(chart.row_axis)},
            {"series_axis", visible(chart.series_axis)},
            {"series", std::move(series)},
            {"rows", std::move(rows)}};
}

std::string cell(const std::optional<double>& value, const std::vector<std::string>& words = {}) {
    std::string text = "-";
    if (value && words.empty()) text = chart_figure(*value);
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

std::string chart_html(const Chart& chart) {
    const std::string data = data_of(chart).dump(-1, ' ', false, Json::error_handler_t::replace);
    return fmt::format(
        "<figure class=\"chart\" data-chart=\"{}\">\n<details open><summary>Figures<span "
        "class=\"hidden\"> of {}</span></summary>\n<div "
        "class=\"scroll\">{}</div></details>\n</figure>\n",
        html_escaped(data), html_escaped(visible(chart.title)), table_of(chart));
}

}  // namespace uprobesim
