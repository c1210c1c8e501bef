// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/calibrate/calibrate.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

std::string row_name(const FittedRow& row) {
    return row.table + "/" + row.name;
}

std::string answer(const Fit& fit) {
    std::string text =
        fmt::format("mean deviation {:.2f} % of {} {}rows", fit.mean_deviation() * 100,
                    fit.rows.size(), fit.measured ? "measured " : "published ");
    const auto worst = std::max_element(fit.rows.begin(), fit.rows.end(),
                                        [](const FittedRow& a, const FittedRow& b) {
                                            return std::abs(a.deviation) < std::abs(b.deviation);
                                        });
    if (worst != fit.rows.end())
        text += fmt::format("; the worst is {} with {:+.1f} %", row_name(*worst),
                            worst->deviation * 100);
    if (std::any_of(fit.parameters.begin(), fit.parameters.end(),
                    [](const FittedParameter& p) { return p.unsettled; }))
        text =
            "the fit has not converged, and its figures mean nothing: are these rates of one "
            "machine? " +
            text;
    return text;
}

Table parameters(const Fit& fit) {
    // One parameter alone is tied to none: CSV keeps the column.
    const bool untied = std::all_of(fit.parameters.begin(), fit.parameters.end(),
                                    [](const FittedParameter& p) { return p.tied_to.empty(); });
    Table table{
        .columns = {{"parameter", ColumnKind::Name},
                    {"before"},
                    {"fitted"},
                    {"±", ColumnKind::Number, "standard_error"},
                    {"mean share"},
                    {"max share"},
                    {"in row", ColumnKind::Name},
                    {"most correlated with (r)", ColumnKind::Name, "most correlated with", untied},
                    {"r", ColumnKind::Number, "", true},
                    {"at_bound", ColumnKind::Number, "", true}}};
    for (const FittedParameter& p : fit.parameters) {
        table.add({p.key, number_cell(fmt::format("{:.4g}", p.start), fmt::format("{}", p.start)),
                   number_cell(fmt::format("{:.4g}{}", p.value,
                                           p.at_bound    ? " (bound)"
                                           : p.unsettled ? " (not converged)"
                                                         : ""),
                               fmt::format("{:.6g}", p.value)),
                   number_cell(fmt::format("{:.2g}", p.standard_error),
                               fmt::format("{:.6g}", p.standard_error)),
                   share_cell(p.mean_share, 1), share_cell(p.most_share, 1), p.most_in,
                   p.tied_to.empty()
                       ? no_cell()
                       : Cell(fmt::format("{} ({:+.2f})", p.tied_to, p.correlation), p.tied_to),
                   number_cell(fmt::format("{:+.2f}", p.correlation),
                               fmt::format("{:.5f}", p.correlation)),
                   count_cell(p.at_bound ? 1 : 0)});
    }
    return table;
}

// What the rows do not tell, and what would.
Table untold(const Fit& fit) {
    Table table{.title = "not fitted",
                .columns = {{"parameter", ColumnKind::Name},
                            {"kept"},
                            {"because", ColumnKind::Prose},
                            {"to tell it, measure", ColumnKind::Prose}}};
    for (const UntoldParameter& p : fit.untold)
        table.add({p.key, number_cell(fmt::format("{:.4g}", p.value), fmt::format("{}", p.value)),
                   p.why, p.measure.empty() ? "no row of the benchmark does" : p.measure});
    return table;
}

Table rows(const Fit& fit) {
    Table table{.columns = {{"row", ColumnKind::Name},
                            {fit.measured ? "measured cycles" : "published cycles"},
                            {"fitted cycles"},
                            {"deviation"},
                            {"if left out"}},
                .first = kFirstRows};
    std::vector<const FittedRow*> sorted;
    for (const FittedRow& row : fit.rows) sorted.push_back(&row);
    std::stable_sort(sorted.begin(), sorted.end(), [](const FittedRow* a, const FittedRow* b) {
        return std::abs(a->deviation) > std::abs(b->deviation);
    });
    for (const FittedRow* row : sorted) {
        table.add({row_name(*row), real_cell(row->published_cycles, 0),
                   real_cell(row->fitted_cycles, 0), deviation_cell(row->deviation),
                   deviation_cell(row->left_out_deviation)});
    }
    return table;
}

}  // namespace

Document calibrate_document(const Fit& fit) {
    Document document{"uprobesim: calibrate", answer(fit)};
    document.data = parameters(fit);
    document.add(Lines{
        .lines = {
            fmt::format("{}: {} parameters fitted to {} of {} rows of {} tables", fit.machine,
                        fit.parameters.size(), fit.fitted_rows(), fit.rows.size(),
                        fit.tables.size()),
            fmt::format("root mean square of the deviations {:.2f} %; worst fitted row when left "
                        "out of the fit {:.1f} %",
                        fit.rms_deviation() * 100, fit.worst_left_out() * 100)}});
    document.add(parameters(fit));
    document.add(untold(fit));
    document.add(rows(fit));
    Lines not_used{"not used"};
    for (const FittedRow& r : fit.rows) {
        if (!r.left_out.empty())
            not_used.lines.push_back(fmt::format("{}: {}", row_name(r), r.left_out));
    }
    for (const PublishedTable& table : fit.not_used)
        not_used.lines.push_back(
            fmt::format("{}: {}", table.id, table.left_out.empty() ? "not named" : table.left_out));
    document.add(std::move(not_used));
    return document;
}

}  // namespace uprobesim
