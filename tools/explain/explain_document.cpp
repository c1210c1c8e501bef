// SPDX-License-Identifier: GPL-2.0-or-later
// Tables that explain a hit: its cost and where its cycles go, the kernels side by side, and then
// what happens on each of them, step by step.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"
#include "tools/explain/explain.h"
#include "tools/format/number_text.h"
#include "tools/views/syndrome_text.h"

namespace uprobesim {
namespace {

using Kind = Column::Kind;

// The steps of one run as rows; what an event cost, and the sum so far, where it cost something.
class Teller {
public:
    explicit Teller(const ExplainedRun& run) : run_(run), last_(run.before) {
        table_.title = fmt::format("{}: {} {}", run.kernel.name, run.instruction,
                                   run.verdict == "step" ? std::string("is stepped out of line")
                                                         : "is emulated by " + run.verdict);
        table_.columns = {{"what happens", Kind::Prose},
                          {"insns"},
                          {"cycles"},
                          {"so far", Kind::Number, "cycles_so_far"}};
    }

    Table table() {
        line(fmt::format("before: pc {:#x}, sp {:#x}, {}", run_.before.registers.pc,
                         run_.before.registers.sp, step_state_name(run_.before.step)));
        for (const HitEvent& event : run_.events) {
            changes(event);
            tell(event);
        }
        if (!run_.finished) line(fmt::format("  the program's end: {}", run_.end));
        return std::move(table_);
    }

private:
    void line(std::string text, Tone tone = Tone::Plain) {
        Cell cell(std::move(text));
        cell.tone = tone;
        table_.add({std::move(cell)});
    }
    void priced(std::string text, const HitEvent& event, Cell insns = {}) {
        table_.add({std::move(text), std::move(insns), cycles_cell(event.cycles),
                    cycles_cell(event.total)});
    }

    void changes(const HitEvent& event) {
        const bool told = event.kind != HitEvent::Kind::User || event.own;
        if (told && exceptions_ != 0) {
            for (const std::string& change : state_changes(last_, event.state))
                pending_.push_back("  . " + change);
        }
        last_ = event.state;
        // What the program did comes under its line, what the kernel did above the next charge.
        if (event.kind == HitEvent::Kind::User) return;
        flush();
    }
    void flush() {
        for (std::string& change : pending_) line(std::move(change));
        pending_.clear();
    }

    void tell(const HitEvent& event) {
        switch (event.kind) {
            case HitEvent::Kind::Exception: return exception(event);
            case HitEvent::Kind::Nested:
                return priced(
                    fmt::format("  {} taken in the kernel", exception_class_name(event.exception)),
                    event);
            case HitEvent::Kind::Path: return path(event);
            case HitEvent::Kind::ExitWork:
                return line("  exit-to-user work calls uprobe_notify_resume()");
            case HitEvent::Kind::Eret: return eret(event);
            case HitEvent::Kind::User: return user(event);
        }
    }

    void exception(const HitEvent& event) {
        const SyndromeText text = syndrome_text(event.registers.esr);
        line(fmt::format("{}. EXCEPTION EL0 -> EL1: {}", ++exceptions_, text.ec_name),
             Tone::Strong);
        line(fmt::format("  ESR_EL1 {:#010x}: EC {:#04x}, IL {}, ISS {:#09x}", event.registers.esr,
                         text.ec, event.registers.esr >> 25 & 1, text.iss));
        line("    " + text.iss_text);
        line(fmt::format("  ELR_EL1 {:#x}{}", event.registers.elr, place(event.registers.elr)));
        line("  " + step_bits(event));
        if (event.registers.far) line(fmt::format("  FAR_EL1 {:#x}", *event.registers.far));
        priced("  hardware entry and return", event);
    }

    void path(const HitEvent& event) {
        const KernelPathInfo& info = kernel_path_info(event.path);
        std::string text = fmt::format("  {}", info.name);
        if (event.units != 0) text += fmt::format(" ({})", counted(event.units, info.unit));
        priced(std::move(text), event, real_cell(path_insns(run_.kernel, event), 0));
        std::string ops;
        const PathCost& cost = run_.kernel.paths[static_cast<std::size_t>(event.path)];
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            if (cost.ops[op] == 0) continue;
            ops += fmt::format("{}{:g} {}", ops.empty() ? "" : ", ", cost.ops[op],
                               kernel_op_name(static_cast<KernelOp>(op)));
        }
        if (!ops.empty()) line("      " + ops, Tone::Faint);
    }

    void eret(const HitEvent& event) {
        line("  ERET to EL0");
        line(fmt::format("    ELR_EL1 {:#x}{}", event.registers.elr, place(event.registers.elr)));
        line("    " + step_bits(event));
        line(fmt::format("    {}", step_state_name(event.state.step)));
    }

    // What makes the CPU step: both are needed. MDSCR_EL1.SS is what Linux makes it, by
    // TIF_SINGLESTEP.
    static std::string step_bits(const HitEvent& event) {
        return fmt::format("SPSR_EL1 {:#010x}: SS {}; MDSCR_EL1.SS {}", event.registers.spsr,
                           event.registers.spsr >> 21 & 1, event.state.tif_singlestep ? 1 : 0);
    }

    void user(const HitEvent& event) {
        if (!event.own) {
            line(fmt::format(
                "  EL0: the function runs, {}{}", counted(event.insns.value, "instruction"),
                event.others == 0 ? "" : fmt::format(", {}", counted(event.others, "exception"))));
            line(fmt::format("    ({} cycles, not the hit's)", cycles_text(event.cycles)));
            return;
        }
        priced(fmt::format("  EL0: {} of the slot", counted(event.insns.value, "instruction")),
               event);
        flush();
    }

    // Where an address is, as far as the hit knows.
    std::string place(std::uint64_t address) const {
        const std::uint64_t probed = run_.before.registers.pc;
        if (address == probed) return " (the probe)";
        if (address == probed + 4) return " (after the probe)";
        if (last_.xol_page && address >= *last_.xol_page && address - *last_.xol_page < kPageSize)
            return fmt::format(" (XOL page + {:#x})", address - *last_.xol_page);
        if (last_.shared_page && address >= *last_.shared_page &&
            address - *last_.shared_page < kPageSize)
            return fmt::format(" (shared slots + {:#x})", address - *last_.shared_page);
        return "";
    }

    const ExplainedRun& run_;
    HitState last_;
    std::size_t exceptions_ = 0;
    Table table_;
    std::vector<std::string> pending_;
};

// A hit's cycles by what they are for, in the order of their first charge.
struct Part {
    std::string name, meaning;
    std::vector<double> cycles;  // by run

    double most() const { return *std::max_element(cycles.begin(), cycles.end()); }
};

class Parts {
public:
    explicit Parts(std::size_t runs) : runs_(runs) {}

    void add(const HitEvent& event, std::size_t run) {
        switch (event.kind) {
            case HitEvent::Kind::Exception:
            case HitEvent::Kind::Nested:
                return add("exceptions", "hardware entry and return", event, run);
            case HitEvent::Kind::Path: {
                const KernelPathInfo& info = kernel_path_info(event.path);
                return add(info.name, info.meaning, event, run);
            }
            case HitEvent::Kind::User:
                if (event.own) add("EL0", "the probed instruction in its slot", event, run);
                return;
            case HitEvent::Kind::ExitWork:
            case HitEvent::Kind::Eret: return;
        }
    }
    std::vector<Part> by_cost() && {
        std::stable_sort(parts_.begin(), parts_.end(),
                         [](const Part& a, const Part& b) { return a.most() > b.most(); });
        return std::move(parts_);
    }

private:
    void add(std::string_view name, std::string_view meaning, const HitEvent& event,
             std::size_t run) {
        auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const Part& part) { return part.name == name; });
        if (found == parts_.end())
            found = parts_.insert(parts_.end(), {std::string(name), std::string(meaning),
                                                 std::vector<double>(runs_)});
        found->cycles[run] += in_cycles(event.cycles);
    }

    std::size_t runs_;
    std::vector<Part> parts_;
};

std::vector<Part> parts_of(const ExplainReport& report) {
    Parts parts(report.runs.size());
    for (std::size_t r = 0; r < report.runs.size(); ++r) {
        for (const HitEvent& event : report.runs[r].events) parts.add(event, r);
    }
    return std::move(parts).by_cost();
}

// "5,750 cycles (2.4 us) on next-20241104: 402 in exceptions, 5,346 in the kernel, 2 at EL0".
std::string answer(const ExplainReport& report, const std::vector<Part>& parts) {
    std::string text = "a hit costs";
    for (std::size_t r = 0; r < report.runs.size(); ++r) {
        double exceptions = 0, user = 0, kernel = 0;
        for (const Part& part : parts) {
            (part.name == "exceptions" ? exceptions
             : part.name == "EL0"      ? user
                                       : kernel) += part.cycles[r];
        }
        const HitTotals totals = hit_totals(report.runs[r]);
        text += fmt::format("{} {} cycles ({}) on {}: {} exceptions + {} kernel{}",
                            r == 0 ? "" : ";", cycles_text(totals.cycles),
                            short_duration(to_ns(totals.cycles, report.machine.frequency_hz.value)),
                            report.runs[r].kernel.name, grouped(exceptions), grouped(kernel),
                            user == 0 ? "" : fmt::format(" + {} EL0", grouped(user)));
    }
    return text;
}

Table totals(const ExplainReport& report) {
    Table table{
        .columns = {{"one hit", Kind::Name}, {"exceptions"}, {"EL1 insns"}, {"cycles"}, {"time"}}};
    for (const ExplainedRun& run : report.runs) {
        const HitTotals t = hit_totals(run);
        table.add({run.kernel.name, count_cell(t.exceptions), real_cell(t.el1_insns, 0),
                   cycles_cell(t.cycles),
                   duration_cell(to_ns(t.cycles, report.machine.frequency_hz.value))});
    }
    return table;
}

Table split(const ExplainReport& report, const std::vector<Part>& parts) {
    Table table{.columns = {{"cycles of a hit", Kind::Name}}, .first = kFirstRows};
    for (const ExplainedRun& run : report.runs) table.columns.push_back({run.kernel.name});
    table.columns.push_back({"what it is", Kind::Prose});
    for (const Part& part : parts) {
        std::vector<Cell> cells{part.name};
        for (const double cycles : part.cycles)
            cells.push_back(cycles == 0 ? no_cell() : real_cell(cycles, 0));
        cells.emplace_back(part.meaning);
        table.add(std::move(cells));
    }
    return table;
}

// For CSV: the steps of all runs.
Table all_steps(const std::vector<Table>& stories, const ExplainReport& report) {
    Table data{.columns = {{"kernel", Kind::Name}}};
    for (std::size_t r = 0; r < stories.size(); ++r) {
        if (r == 0)
            data.columns.insert(data.columns.end(), stories[r].columns.begin(),
                                stories[r].columns.end());
        for (const std::vector<Cell>& row : stories[r].rows) {
            std::vector<Cell> cells{report.runs[r].kernel.name};
            cells.insert(cells.end(), row.begin(), row.end());
            data.add(std::move(cells));
        }
    }
    return data;
}

}  // namespace

Document explain_document(const ExplainReport& report) {
    const std::vector<Part> parts = parts_of(report);
    Document document{fmt::format("uprobesim {}: explain", report.version), answer(report, parts)};
    // Not of which kind: a place may have probes of both.
    const std::string& probe = report.runs.front().probe;
    document.add(
        Lines{.lines = {fmt::format("Hit {} of {} on {}", report.hit,
                                    probe.substr(probe.find(':') + 1), report.machine.name)}});
    document.add(totals(report));
    document.add(split(report, parts));
    std::vector<Table> stories;
    for (const ExplainedRun& run : report.runs) stories.push_back(Teller(run).table());
    document.data = all_steps(stories, report);
    for (Table& story : stories) document.add(std::move(story));
    return document;
}

}  // namespace uprobesim
