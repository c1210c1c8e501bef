// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/story_table.h"

#include <fmt/format.h>

#include "sim/profile/kernel_profile.h"
#include "tools/format/number_text.h"
#include "tools/format/text_width.h"
#include "tools/views/syndrome_text.h"

namespace uprobesim {
namespace {

using ColumnKind = Column::Kind;

std::string story_title(const ExplainedRun& run) {
    if (!run.is_hit()) return fmt::format("{} at {}", run.instruction, run.place);
    return run.instruction +
           (run.verdict == "step" ? " is stepped out of line" : " is emulated by " + run.verdict);
}

// The steps of one run as rows; what an event cost, and the sum so far, where it cost something.
class Teller {
public:
    Teller(const MachineProfile& machine, const ExplainedRun& run)
        : machine_(machine), run_(run), last_(run.before) {
        table_.title = fmt::format("{}: {}", run.kernel.name, story_title(run));
        table_.columns = {{"what happens", ColumnKind::Prose},
                          {"insns"},
                          {"cycles"},
                          {"so far", ColumnKind::Number, "cycles_so_far"}};
    }

    Table table() {
        line(fmt::format(
            "before: pc {:#x}, sp {:#x}, {}", run_.before.registers.pc, run_.before.registers.sp,
            run_.is_hit() ? std::string(step_state_name(run_.before.step)) : run_.task));
        if (run_.before.page) line("  " + page_line(*run_.before.page));
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

    // What the machine's entry and exit execute beyond the paths.
    Cell entry_insns(const HitEvent& event) const {
        const double insns = event_insns(machine_, run_.kernel, event);
        return insns == 0 ? Cell() : real_cell(insns, 0);
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
            case HitEvent::Kind::Call: return line("  system call: " + event.text);
            case HitEvent::Kind::CallEnd: return call_end(event);
            case HitEvent::Kind::Signal: return signal(event);
            case HitEvent::Kind::Frame: return frame(event);
            case HitEvent::Kind::Waits:
                return line(fmt::format("  the task waits for {}",
                                        short_duration(static_cast<double>(event.waited_ns))));
            case HitEvent::Kind::More:
                return priced("  " + counted(event.units, "further charge"), event);
        }
    }

    static std::string page_line(const FaultPage& page) {
        return fmt::format(
            "page {:#x}: {}", page.address,
            page.mapping_rights.empty()
                ? std::string("not mapped")
                : fmt::format("{} of {}", page.mapping_rights,
                              page.mapping.empty() ? "anonymous memory" : visible(page.mapping)));
    }

    void call_end(const HitEvent& event) {
        if (event.name.empty()) return line("  " + event.text);
        line(fmt::format("  {} {}", event.name, event.text));
    }

    void signal(const HitEvent& event) {
        line(fmt::format(
            "  {}: {}", event.name,
            event.value != 0 ? fmt::format("its handler at {:#x}", event.value) : event.action));
        line("      " + event.text, Tone::Faint);
    }

    void frame(const HitEvent& event) {
        line(fmt::format("  signal frame: {} at {:#x}", counted(event.bytes, "byte"), event.value));
    }

    void interrupt(const HitEvent& event) {
        line(fmt::format("{}. EXCEPTION EL0 -> EL1: IRQ", ++exceptions_), Tone::Strong);
        line("  ESR_EL1 is not written by an interrupt");
        line(fmt::format("  ELR_EL1 {:#x}{}", event.registers.elr, place(event.registers.elr)));
        line("  " + step_bits(event));
        priced("  hardware entry and return", event, entry_insns(event));
    }

    void exception(const HitEvent& event) {
        if (event.exception == ExceptionClass::Irq) return interrupt(event);
        const SyndromeText text = syndrome_text(event.registers.esr);
        line(fmt::format("{}. EXCEPTION EL0 -> EL1: {}", ++exceptions_, text.ec_name),
             Tone::Strong);
        line(fmt::format("  ESR_EL1 {:#010x}: EC {:#04x}, IL {}, ISS {:#09x}", event.registers.esr,
                         text.ec, event.registers.esr >> 25 & 1, text.iss));
        line("    " + text.iss_text);
        line(fmt::format("  ELR_EL1 {:#x}{}", event.registers.elr, place(event.registers.elr)));
        line("  " + step_bits(event));
        if (event.registers.far) line(fmt::format("  FAR_EL1 {:#x}", *event.registers.far));
        priced("  hardware entry and return", event, entry_insns(event));
    }

    void path(const HitEvent& event) {
        const KernelPathInfo& info = kernel_path_info(event.path);
        std::string text = fmt::format("  {}", info.name);
        if (event.units != 0) text += fmt::format(" ({})", counted(event.units, info.unit));
        priced(std::move(text), event, real_cell(event_insns(machine_, run_.kernel, event), 0));
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
        if (run_.is_hit()) line(fmt::format("    {}", step_state_name(event.state.step)));
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
                "  EL0: the {} runs, {}{}", run_.is_hit() ? "function" : "handler",
                counted(event.insns.value, "instruction"),
                event.others == 0 ? "" : fmt::format(", {}", counted(event.others, "exception"))));
            line(fmt::format("    ({} cycles, not the {}'s)", cycles_text(event.cycles),
                             run_.is_hit() ? "hit" : "exception"));
            return;
        }
        priced(fmt::format("  EL0: {} of the slot", counted(event.insns.value, "instruction")),
               event);
        flush();
    }

    // Where an address is, as far as the hit knows.
    std::string place(std::uint64_t address) const {
        const std::uint64_t first = run_.before.registers.pc;
        const std::string_view what = run_.is_hit() ? "probe" : "instruction";
        if (address == first) return fmt::format(" (the {})", what);
        if (address == first + 4) return fmt::format(" (after the {})", what);
        if (last_.xol_page && address >= *last_.xol_page && address - *last_.xol_page < kPageSize)
            return fmt::format(" (XOL page + {:#x})", address - *last_.xol_page);
        if (last_.shared_page && address >= *last_.shared_page &&
            address - *last_.shared_page < kPageSize)
            return fmt::format(" (shared slots + {:#x})", address - *last_.shared_page);
        return "";
    }

    const MachineProfile& machine_;
    const ExplainedRun& run_;
    HitState last_;
    std::size_t exceptions_ = 0;
    Table table_;
    std::vector<std::string> pending_;
};

}  // namespace

Table story_table(const MachineProfile& machine, const ExplainedRun& run) {
    return Teller(machine, run).table();
}

}  // namespace uprobesim
