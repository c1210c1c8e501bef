// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/bench/producers.h"
#include "tools/calibrate/calibrate.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

std::string deviations_text(const std::vector<FittedRow>& rows, double mean, std::string_view of) {
    std::string text = fmt::format("mean deviation {:.2f} % of {} {}", mean * 100, rows.size(), of);
    const auto worst =
        std::max_element(rows.begin(), rows.end(), [](const FittedRow& a, const FittedRow& b) {
            return std::abs(a.deviation) < std::abs(b.deviation);
        });
    if (worst != rows.end())
        text += fmt::format("; the worst is {} with {:+.1f} %", worst->full_name(),
                            worst->deviation * 100);
    return text;
}

std::string answer(const Fit& fit) {
    const std::string_view of = fit.measured ? "measured rows" : "published rows";
    const bool several = fit.rows.empty() && fit.transfers;
    std::string text = deviations_text(
        several ? fit.transfers->rows : fit.rows,
        several ? mean_deviation_of(fit.transfers->rows) : fit.mean_deviation(), of);
    const auto all = fit.all_parameters();
    if (std::any_of(all.begin(), all.end(), [](const FittedParameter& p) { return p.unsettled; }))
        text =
            "the fit has not converged, and its figures mean nothing: are these rates of one "
            "machine? " +
            text;
    return text;
}

Table parameters(const std::vector<FittedParameter>& all) {
    // One parameter alone is tied to none: CSV keeps the column.
    const bool untied = std::all_of(all.begin(), all.end(),
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
    for (const FittedParameter& p : all) {
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
Table untold(const std::vector<UntoldParameter>& all) {
    Table table{.title = "not fitted",
                .columns = {{"parameter", ColumnKind::Name},
                            {"kept"},
                            {"because", ColumnKind::Prose},
                            {"to tell it, measure", ColumnKind::Prose}}};
    for (const UntoldParameter& p : all)
        table.add({p.key, number_cell(fmt::format("{:.4g}", p.value), fmt::format("{}", p.value)),
                   p.why, p.measure.empty() ? "no row of the benchmark does" : p.measure});
    return table;
}

Table rows(const std::vector<FittedRow>& all, bool measured) {
    Table table{.columns = {{"row", ColumnKind::Name},
                            {measured ? "measured cycles" : "published cycles"},
                            {"fitted cycles"},
                            {"deviation"},
                            {"if left out"}},
                .first = kFirstRows};
    std::vector<const FittedRow*> sorted;
    sorted.reserve(all.size());
    for (const FittedRow& row : all) sorted.push_back(&row);
    std::stable_sort(sorted.begin(), sorted.end(), [](const FittedRow* a, const FittedRow* b) {
        return std::abs(a->deviation) > std::abs(b->deviation);
    });
    for (const FittedRow* row : sorted) {
        table.add({row->full_name(), real_cell(row->published_cycles, 0),
                   real_cell(row->fitted_cycles, 0), deviation_cell(row->deviation),
                   row->left_out_deviation ? deviation_cell(*row->left_out_deviation) : no_cell()});
    }
    return table;
}

// What CPUs wait for.
void add_transfers(Document& document, const Fit& fit) {
    const TransferFit& transfers = *fit.transfers;
    Lines head{.title = "Rows of several CPUs"};
    if (transfers.parameters.empty()) {
        head.lines.push_back("they tell none of the costs");
    } else {
        head.lines.push_back(fmt::format(
            "{}: {} fitted to {} of {} rows, mean deviation of these {:.2f} %", fit.machine,
            counted(transfers.parameters.size(), "cost"), transfers.fitted_rows(),
            transfers.rows.size(), transfers.mean_deviation() * 100));
        head.lines.push_back(fmt::format(
            "a row's cycles: in which all CPUs together take one hit, mean of {} starts", kStarts));
    }
    document.add(std::move(head));
    if (!transfers.parameters.empty()) document.add(parameters(transfers.parameters));
    document.add(untold(transfers.untold));
    if (!transfers.rows.empty()) document.add(rows(transfers.rows, fit.measured));
}

}  // namespace

Document calibrate_document(const Fit& fit) {
    Document document{"uprobesim: calibrate", answer(fit)};
    document.data = parameters(fit.all_parameters());
    if (!fit.rows.empty()) {
        document.add(Lines{
            .lines = {
                fmt::format("{}: {} parameters fitted to {} of {} rows of {} tables", fit.machine,
                            fit.parameters.size(), fit.fitted_rows(), fit.rows.size(),
                            fit.tables.size()),
                fmt::format("root mean square of the deviations {:.2f} %; worst fitted row when "
                            "left out of the fit {:.1f} %",
                            fit.rms_deviation() * 100, fit.worst_left_out() * 100)}});
        document.add(parameters(fit.parameters));
        document.add(untold(fit.untold));
        document.add(rows(fit.rows, fit.measured));
    }
    if (fit.transfers) add_transfers(document, fit);
    Lines not_used{"not used"};
    for (const FittedRow& r : fit.rows) {
        if (!r.left_out.empty())
            not_used.lines.push_back(fmt::format("{}: {}", r.full_name(), r.left_out));
    }
    for (const PublishedTable& table : fit.not_used)
        not_used.lines.push_back(
            fmt::format("{}: {}", table.id, table.left_out.empty() ? "not named" : table.left_out));
    document.add(std::move(not_used));
    return document;
}

}  // namespace uprobesim
