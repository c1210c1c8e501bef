// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/report/attach_blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"
#include "tools/format/number_text.h"

namespace uprobesim {
namespace {

std::string when(const RegistrationRow& row) {
    const std::string point = printable(row.point);
    if (!row.at_ns) return fmt::format("{}: never reached, {}", point, row.not_reached);
    return fmt::format("{}, at {}", point, duration_text(static_cast<double>(*row.at_ns)));
}

std::string what(const RegistrationRow& row, const char* done) {
    return fmt::format(
        "{} {} in {} of {}, {}{}", counted(row.breakpoints, "breakpoint"), done,
        counted(row.pages, "page"), counted(row.mappings, "mapping"),
        row.processes == 1 ? "1 process" : fmt::format("{} processes", row.processes),
        row.read_in == 0 ? "" : fmt::format("; {} read in first", counted(row.read_in, "page")));
}

std::string took(const RegistrationRow& row, double frequency_hz) {
    const CentiCycles cycles = cycles_of(row);
    return fmt::format("{} cycles, {} of another CPU, and {} asleep", cycles_text(cycles),
                       duration_text(to_ns(cycles, frequency_hz)), duration_text(row.wait_ns));
}

void add(Facts& facts, const RegistrationRow& row, bool attaches, double frequency_hz) {
    const bool reached = row.at_ns.has_value();
    facts.add(attaches ? "attached" : "detached", when(row), reached ? Tone::Plain : Tone::Alarm);
    constexpr std::size_t kMostFailed = 10;
    for (std::size_t i = 0; i < std::min(row.failed.size(), kMostFailed); ++i)
        facts.add(i == 0 ? "not attached" : "",
                  fmt::format("{}: {}", printable(row.failed[i].probe), row.failed[i].meaning),
                  Tone::Alarm);
    if (row.failed.size() > kMostFailed)
        facts.add("", fmt::format("and {} more", row.failed.size() - kMostFailed), Tone::Alarm);
    if (row.events == 0) return;
    facts.add("", what(row, attaches ? "placed" : "removed"));
    facts.add(attaches ? "to attach" : "to detach", took(row, frequency_hz));
}

}  // namespace

Facts attach_facts(const RunReport& report) {
    Facts facts;
    if (!report.attachment) return facts;
    const AttachReport& attachment = *report.attachment;
    add(facts, attachment.attach, true, report.frequency_hz);
    if (attachment.detach) add(facts, *attachment.detach, false, report.frequency_hz);
    if (attachment.late_returns != 0)
        facts.add("late returns",
                  fmt::format("{} of calls that were under way, through the trampoline",
                              grouped(attachment.late_returns)));
    if (attachment.roi)
        facts.add("counted", attachment.detach ? "from attaching to detaching only"
                                               : "from attaching on only");
    return facts;
}

Table attach_table(const RunReport& report) {
    Table table;
    if (!report.attachment) return table;
    table.columns = {{"attaching, detaching by path", Column::Kind::Name},
                     {"times"},
                     {"units"},
                     {"EL1 insns"},
                     {"cycles"},
                     {"time"}};
    const AttachReport& attachment = *report.attachment;
    for (const RegistrationRow* row :
         {&attachment.attach, attachment.detach ? &*attachment.detach : nullptr}) {
        if (row == nullptr) continue;
        for (const PathRow& p : row->paths) {
            table.add({p.name, count_cell(p.times),
                       p.unit.empty() ? Cell() : Cell(counted(p.units, p.unit)),
                       real_cell(p.insns, 0), cycles_cell(p.cycles),
                       duration_cell(to_ns(p.cycles, report.frequency_hz))});
        }
    }
    return table;
}

CentiCycles cycles_of(const RegistrationRow& row) {
    CentiCycles sum;
    for (const PathRow& path : row.paths) sum += path.cycles;
    return sum;
}

std::vector<std::string> attach_warnings(const RunReport& report) {
    std::vector<std::string> lines;
    if (!report.attachment) return lines;
    const auto warn = [&](const char* option, const RegistrationRow& row, const char* so) {
        if (!row.at_ns)
            lines.push_back(fmt::format("{} {} was never reached: {}, {}", option,
                                        printable(row.point), row.not_reached, so));
    };
    const AttachReport& attachment = *report.attachment;
    warn("--attach-at", attachment.attach, "so no probe was attached");
    if (const auto& failed = attachment.attach.failed; !failed.empty())
        lines.push_back(
            fmt::format("{} could not be attached, {}: {}; on a real system perf_event_open fails",
                        counted(failed.size(), "probe"), printable(failed.front().probe),
                        failed.front().meaning));
    if (attachment.detach && attachment.attach.at_ns)
        warn("--detach-at", *attachment.detach, "so the probes stayed to the end");
    return lines;
}

}  // namespace uprobesim
