// SPDX-License-Identifier: GPL-2.0-or-later
// A hit told in lines; two kernels stand side by side, exception by exception.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"
#include "tools/explain/explain.h"
#include "tools/format/text_table.h"
#include "tools/views/syndrome_text.h"

namespace uprobesim {
namespace {

// A line, with what its event cost and the sum so far where it cost something.
struct Line {
    std::string text;
    std::string cycles = {}, total = {};
};
// From one exception to the next.
using Leg = std::vector<Line>;

constexpr std::size_t kNumberWidth = 8;

class Teller {
public:
    explicit Teller(const ExplainedRun& run) : run_(run), last_(run.before) {}

    std::vector<Leg> legs() {
        for (const HitEvent& event : run_.events) {
            changes(event);
            tell(event);
        }
        if (!run_.finished) line(fmt::format("  the program's end: {}", run_.end));
        return std::move(legs_);
    }

private:
    void line(std::string text) { legs_.back().push_back({std::move(text)}); }
    void priced(std::string text, const HitEvent& event) {
        legs_.back().push_back(
            {std::move(text), cycles_text(event.cycles), cycles_text(event.total)});
    }

    void changes(const HitEvent& event) {
        const bool told = event.kind != HitEvent::Kind::User || event.own;
        if (told && !legs_.empty()) {
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
            case HitEvent::Kind::ExitWork: return line("  exit work: the uprobe core is called");
            case HitEvent::Kind::Eret: return eret(event);
            case HitEvent::Kind::User: return user(event);
        }
    }

    void exception(const HitEvent& event) {
        legs_.emplace_back();
        const SyndromeText text = syndrome_text(event.registers.esr);
        line(fmt::format("{}. EXCEPTION EL0 -> EL1: {}", legs_.size(), text.ec_name));
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
        priced(fmt::format("{:<32}{:>5} insns", text, grouped(path_insns(run_.kernel, event))),
               event);
        std::string ops;
        const PathCost& cost = run_.kernel.paths[static_cast<std::size_t>(event.path)];
        for (std::size_t op = 0; op < kKernelOpCount; ++op) {
            if (cost.ops[op] == 0) continue;
            const std::string one =
                fmt::format("{:g} {}", cost.ops[op], kernel_op_name(static_cast<KernelOp>(op)));
            if (ops.size() + one.size() > 40) {
                line("      " + ops + ",");
                ops.clear();
            }
            ops += (ops.empty() ? "" : ", ") + one;
        }
        if (!ops.empty()) line("      " + ops);
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
    std::vector<Leg> legs_;
    std::vector<std::string> pending_;
};

std::string format_line(const Line& line, std::size_t width) {
    return fmt::format("{:<{}}{:>{}}{:>{}}", line.text, width, line.cycles, kNumberWidth,
                       line.total, kNumberWidth);
}

// One leg of each run, the shorter ones filled with empty lines.
std::string beside(const std::vector<std::vector<Leg>>& columns, std::size_t leg,
                   std::size_t width) {
    std::size_t height = 0;
    for (const auto& column : columns)
        height = std::max(height, leg < column.size() ? column[leg].size() : 0);
    std::string text;
    for (std::size_t row = 0; row < height; ++row) {
        std::string line;
        for (std::size_t c = 0; c < columns.size(); ++c) {
            const bool there = leg < columns[c].size() && row < columns[c][leg].size();
            if (c != 0) line += " | ";
            line += format_line(there ? columns[c][leg][row] : Line{}, width);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

Leg heading(const ExplainedRun& run) {
    Leg lines{{run.kernel.name, "cycles", "so far"}};
    lines.push_back({fmt::format(
        "  {}: {}", run.instruction,
        run.verdict == "step" ? "stepped out of line" : "simulated by " + run.verdict)});
    lines.push_back({fmt::format("  before: pc {:#x}, sp {:#x}", run.before.registers.pc,
                                 run.before.registers.sp)});
    lines.push_back({fmt::format("  {}", step_state_name(run.before.step))});
    return lines;
}

std::string runs_text(const ExplainReport& report, std::size_t first, std::size_t count) {
    std::vector<std::vector<Leg>> columns;
    std::size_t width = 0, legs = 0;
    for (std::size_t r = first; r < first + count; ++r) {
        columns.push_back(Teller(report.runs[r]).legs());
        columns.back().insert(columns.back().begin(), heading(report.runs[r]));
        legs = std::max(legs, columns.back().size());
        for (const Leg& leg : columns.back()) {
            for (const Line& line : leg) width = std::max(width, line.text.size());
        }
    }
    std::string text;
    for (std::size_t leg = 0; leg < legs; ++leg) text += "\n" + beside(columns, leg, width);
    return text;
}

std::string paths_text(const ExplainReport& report) {
    std::map<KernelPath, bool> charged;
    for (const ExplainedRun& run : report.runs) {
        for (const HitEvent& event : run.events) {
            if (event.kind == HitEvent::Kind::Path) charged[event.path] = true;
        }
    }
    std::size_t width = 0;
    for (const auto& [path, there] : charged)
        width = std::max(width, kernel_path_info(path).name.size());
    std::string text = "\nKernel work by name\n";
    for (const auto& [path, there] : charged) {
        const KernelPathInfo& info = kernel_path_info(path);
        text += fmt::format("  {:<{}}  {}\n", info.name, width, info.meaning);
    }
    return text;
}

std::string totals_text(const ExplainReport& report) {
    TextTable table({"one hit", "exceptions", "EL1 insns", "cycles", "time"});
    for (const ExplainedRun& run : report.runs) {
        const HitTotals t = hit_totals(run);
        table.add({run.kernel.name, grouped(t.exceptions), grouped(t.el1_insns),
                   cycles_text(t.cycles),
                   duration_text(to_ns(t.cycles, report.machine.frequency_hz.value))});
    }
    return "\n" + table.text(0);
}

}  // namespace

std::string explain_report_text(const ExplainReport& report) {
    // Not of which kind: a place may have probes of both.
    const std::string& probe = report.runs.front().probe;
    std::string text =
        fmt::format("Hit {} of {} on {}\n", report.hit,
                    printable(probe.substr(probe.find(':') + 1)), report.machine.name);
    // More than two columns are too wide to read.
    if (report.runs.size() == 2) {
        text += runs_text(report, 0, 2);
    } else {
        for (std::size_t r = 0; r < report.runs.size(); ++r) text += runs_text(report, r, 1);
    }
    return text + totals_text(report) + paths_text(report);
}

}  // namespace uprobesim
