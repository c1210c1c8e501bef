// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/explain.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "sim/base/try.h"
#include "sim/cost/kernel_counts.h"
#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tools/cli/build_info.h"
#include "tools/cli/exit_code.h"
#include "tools/explain/exception_recorder.h"
#include "tools/explain/hit_recorder.h"
#include "tools/format/text_table.h"
#include "tools/simulation/guest_streams.h"

namespace uprobesim {
namespace {

std::string base_name(const std::string& path) {
    return path.substr(path.find_last_of('/') + 1);
}

// Two binaries may have a probe at the same offset; links may give one binary two paths.
const ProbeRow* probe_of(const RunReport& report, const HitRecorder& recorder) {
    const ProbeRow* found = nullptr;
    for (const ProbeRow& row : report.probes) {
        if (row.file_offset != recorder.file_offset()) continue;
        if (found == nullptr || base_name(row.binary) == base_name(recorder.file())) found = &row;
    }
    return found;
}

tl::unexpected<RunRefused> never_hit(const HitRecorder& recorder, std::uint64_t wanted,
                                     const ExitSummary& exit) {
    const std::string what = recorder.hits_seen() == 0
                                 ? "the probe was not hit"
                                 : fmt::format("the probe was hit {} only, not {}",
                                               counted(recorder.hits_seen(), "time"), wanted);
    return tl::make_unexpected(RunRefused{
        {what, "", fmt::format("the program's end: {}", exit_text(exit))}, kExitUserMistake});
}

tl::unexpected<RunRefused> never_taken(const ExceptionRecorder& recorder, const ExceptionKind& kind,
                                       std::uint64_t wanted, const ExitSummary& exit) {
    std::string what = recorder.seen() == 0
                           ? fmt::format("the program took no {}", kind.noun)
                           : fmt::format("the program took {} {} only, not {}", recorder.seen(),
                                         recorder.seen() == 1 ? kind.noun : kind.plural, wanted);
    if (recorder.in_the_kernel() != 0 && kind.paths.empty())
        what += fmt::format("; {} came while it was in the kernel", recorder.in_the_kernel());
    return tl::make_unexpected(RunRefused{
        {what, "", fmt::format("the program's end: {}", exit_text(exit))}, kExitUserMistake});
}

using Simulated = tl::expected<RunReport, RunRefused>;

// The program with an observer; what it writes is not shown.
Simulated observed(const SimulationRequest& simulation, SharedInput& input,
                   const Observers& observers) {
    const GuestStreams streams{input.reader(), std::make_shared<DigestedOutput>(STDOUT_FILENO, -1),
                               std::make_shared<DigestedOutput>(STDERR_FILENO, -1)};
    return simulate(simulation, &streams, observers);
}

tl::expected<void, RunRefused> explain_hit(const SimulationRequest& simulation, std::uint64_t hit,
                                           SharedInput& input, ExplainedRun& run) {
    HitRecorder recorder(hit);
    auto result = TRY(observed(simulation, input, {.observer = &recorder}));
    if (!recorder.found()) return never_hit(recorder, hit, result.exit);
    const ProbeRow* probe = probe_of(result, recorder);
    check_invariant(probe != nullptr, "a hit belongs to a probe");
    run.probe = probe->name;
    run.instruction = probe->instruction;
    run.verdict = probe->verdict;
    run.finished = recorder.finished();
    if (!run.finished) run.end = exit_text(result.exit);
    run.before = recorder.before();
    run.events = recorder.events();
    run.whole = std::move(result);
    return {};
}

tl::expected<void, RunRefused> explain_exception(const SimulationRequest& simulation,
                                                 const ExceptionKind& kind, std::uint64_t number,
                                                 SharedInput& input, ExplainedRun& run) {
    ExceptionRecorder recorder(kind, number);
    Observers observers{.observer = &recorder};
    observers.begin = [&](FileSystem& files, const Uprobes&) { recorder.use(files); };
    auto result = TRY(observed(simulation, input, observers));
    if (!recorder.found()) return never_taken(recorder, kind, number, result.exit);
    run.place = recorder.place();
    run.task = recorder.task_name();
    run.finished = recorder.finished();
    if (!run.finished) run.end = recorder.end().empty() ? exit_text(result.exit) : recorder.end();
    run.before = recorder.before();
    run.events = recorder.events();
    const std::uint64_t pc = run.before.registers.pc;
    const auto word = run.before.code.find(pc);
    if (word != run.before.code.end()) run.instruction = Decoder().disassemble(word->second, pc);
    run.whole = std::move(result);
    return {};
}

}  // namespace

tl::expected<ExplainReport, RunRefused> explain(const ExplainRequest& request) {
    ExplainReport report;
    report.version = tool_version();
    report.command = request.simulation.program.arguments;
    report.probes = request.simulation.probes.words;
    report.seed = request.simulation.seed;
    report.exception = request.exception;
    report.hit = request.hit;
    for (const Setting& s : request.simulation.settings)
        report.settings.push_back(fmt::format("{}={}", s.key, s.value));
    auto machine = load_machine_profile(request.simulation.machine, request.simulation.settings);
    if (!machine) return tl::make_unexpected(RunRefused{machine.error(), kExitUserMistake});
    report.machine = std::move(*machine);

    SharedInput input(STDIN_FILENO);
    for (const std::string& name : request.kernels) {
        auto kernel = load_kernel_profile(name, request.simulation.settings);
        if (!kernel) return tl::make_unexpected(RunRefused{kernel.error(), kExitUserMistake});
        ExplainedRun run;
        run.kernel = std::move(*kernel);
        SimulationRequest simulation = request.simulation;
        simulation.kernel = name;
        if (request.exception != nullptr) {
            TRY(explain_exception(simulation, *request.exception, request.hit, input, run));
        } else {
            TRY(explain_hit(simulation, request.hit, input, run));
        }
        report.runs.push_back(std::move(run));
    }
    return report;
}

std::string exception_title(const ExplainReport& report) {
    const std::uint64_t n = report.hit, last = n % 10;
    const bool teen = n % 100 / 10 == 1;
    const char* ending = teen || last == 0 || last > 3 ? "th"
                         : last == 1                   ? "st"
                         : last == 2                   ? "nd"
                                                       : "rd";
    return fmt::format("the {}{} {}", n, ending, report.exception->noun);
}

double event_insns(const MachineProfile& machine, const KernelProfile& kernel,
                   const HitEvent& event) {
    switch (event.kind) {
        case HitEvent::Kind::Exception:
        case HitEvent::Kind::Nested: return exception_insns(machine, event.exception);
        case HitEvent::Kind::Path: {
            const PathCost& cost = kernel.paths[static_cast<std::size_t>(event.path)];
            return fixed_insns(machine, cost) +
                   cost.insns_per_unit * static_cast<double>(event.units);
        }
        default: return 0;
    }
}

HitTotals hit_totals(const MachineProfile& machine, const ExplainedRun& run) {
    HitTotals totals;
    for (const HitEvent& event : run.events) {
        if (event.kind == HitEvent::Kind::Exception) ++totals.exceptions;
        totals.el1_insns += event_insns(machine, run.kernel, event);
    }
    if (!run.events.empty()) totals.cycles = run.events.back().total;
    return totals;
}

namespace {

void flag(std::vector<std::string>& lines, std::string_view name, bool from, bool to) {
    if (from != to) lines.push_back(fmt::format("{} {}", name, to ? "set" : "cleared"));
}
void value(std::vector<std::string>& lines, std::string_view name, std::uint64_t from,
           std::uint64_t to) {
    if (from != to) lines.push_back(fmt::format("{} {:#x} -> {:#x}", name, from, to));
}

void xol_changes(std::vector<std::string>& lines, const HitState& from, const HitState& to) {
    if (!to.xol_page) return;
    const bool made = from.xol_page != to.xol_page;
    if (made) lines.push_back(fmt::format("the XOL page is made at {:#x}", *to.xol_page));
    for (std::size_t slot = 0; slot < to.xol_words.size(); ++slot) {
        const std::uint32_t before =
            made || slot >= from.xol_words.size() ? 0 : from.xol_words[slot];
        if (before != to.xol_words[slot])
            lines.push_back(
                fmt::format("slot {}: {:08x} -> {:08x}", slot, before, to.xol_words[slot]));
    }
}

std::string page_text(const FaultPage& page) {
    if (!page.present) return "not present";
    if (page.zero_page) return fmt::format("the zero page, {}", page.rights);
    return fmt::format("frame {:#x}, {}{}", page.frame, page.rights,
                       page.holders > 1 ? fmt::format(", {} holders", page.holders) : "");
}

std::string page_change(const FaultPage& from, const FaultPage& to) {
    const std::string before = page_text(from), after = page_text(to);
    if (before == after) return "";
    return fmt::format("page {:#x}: {} -> {}", to.address, before, after);
}

}  // namespace

std::vector<std::string> state_changes(const HitState& from, const HitState& to) {
    std::vector<std::string> lines;
    xol_changes(lines, from, to);
    if (from.shared_page != to.shared_page && to.shared_page)
        lines.push_back(
            fmt::format("the page of shared slots is mapped at {:#x}", *to.shared_page));
    const auto name = [](const HitState& state) {
        return fmt::format("{}slot {}", state.slot_shared ? "shared " : "", *state.slot);
    };
    if (to.slot && from.slot != to.slot)
        lines.push_back(fmt::format("{} is {}, it holds {:08x}", name(to),
                                    to.slot_kept ? "entered" : "taken", to.slot_word));
    if (from.slot && !to.slot)
        lines.push_back(fmt::format("{} {}", name(from),
                                    from.slot_kept ? "is left and kept" : "is free again"));
    if (from.pending_returns != to.pending_returns)
        lines.push_back(
            fmt::format("pending returns {} -> {}", from.pending_returns, to.pending_returns));
    if (from.step != to.step)
        lines.push_back(
            fmt::format("{} -> {}", step_state_name(from.step), step_state_name(to.step)));
    if (from.page && to.page) {
        const std::string line = page_change(*from.page, *to.page);
        if (!line.empty()) lines.push_back(line);
    }
    flag(lines, "TIF_UPROBE", from.tif_uprobe, to.tif_uprobe);
    flag(lines, "TIF_SINGLESTEP", from.tif_singlestep, to.tif_singlestep);
    flag(lines, "TIF_SIGPENDING", from.tif_sigpending, to.tif_sigpending);
    for (std::size_t x = 0; x < from.registers.x.size(); ++x)
        value(lines, fmt::format("x{}", x), from.registers.x[x], to.registers.x[x]);
    value(lines, "sp", from.registers.sp, to.registers.sp);
    value(lines, "pc", from.registers.pc, to.registers.pc);
    value(lines, "PSTATE", from.registers.pstate, to.registers.pstate);
    return lines;
}

}  // namespace uprobesim
