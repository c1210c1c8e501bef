// SPDX-License-Identifier: GPL-2.0-or-later
// One hit or exception explained step by step, for learning how uprobes work and where their time
// goes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "probes/target/spec.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/bench/trigger_target.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/explain/explain.h"
#include "tools/explain/explain_grid.h"
#include "tools/html/report_text.h"
#include "tools/request/guest_request.h"
#include "tools/request/probe_check.h"
#include "tools/simulation/refused_run.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaxHits = 1'000'000'000;
// The first one makes the XOL page and takes its first fetch.
constexpr std::uint64_t kSteadyHit = 2;

constexpr std::string_view kExplainDescription =
    R"(Explains one hit of a probe step by step: each exception with its syndrome (ESR_EL1), the
registers it leaves in ELR_EL1 and SPSR_EL1, each piece of kernel work with its instructions,
costly operations and cycles, the state of the task, its thread flags, the slot that the
instruction is copied to, MDSCR_EL1.SS and the way back. All of it is recorded from a run. Two
kernels are shown next to each other; with several --machines, a table of what the hit costs on each
kernel and machine, without its steps.

TARGET is one of nop, push and ret, the functions of the kernel's uprobe benchmark, or an
instruction as eight hexadecimal digits, which then takes the place of nop. Or name a probe with
-p and a PROGRAM to run; its output is not shown.

In the report, "." marks what changed since the line above: thread flags, task state (UTASK_...),
slots, registers. EL0 is the stepped instruction. The cycles of a function that a return probe
waits for are not part of the hit.

--exception KIND [N] explains another exception of PROGRAM, the first or the Nth of its kind:
a system call (svc), a data-abort or insn-abort, a fault that copies a page (cow), a brk, a step, an
undefined instruction, a sysreg-trap, a pc-alignment fault, an exception in which a signal is
delivered (signal), or an interrupt of EL0 (irq). It is told from the instruction at EL0 to the
return to EL0: the call with its arguments and result, the page before and after a fault, the frame
of a signal, its handler, and the return from it. Probes may be attached or not.

-f html writes one file for a browser that shows it step by step, forwards and backwards, for
all kernels on one time axis: lanes of EL0, hardware and EL1, registers bit by bit, the words of
text and slots, the state of the task, the kernel's functions, and the bill.)";

constexpr std::string_view kExplainExamples = R"(uprobesim explain push
uprobesim explain --hit 1 push
uprobesim explain -f html -o push.html push
uprobesim explain --kind uretprobe --kernels next-20241104 ret
uprobesim explain --kernels v6.12,v6.13 d503233f
uprobesim explain --kernels v6.1,v6.12 --machines kunpeng916,neoverse-n1 -f csv push
uprobesim explain -p uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc --hit 3 /bin/ls /
uprobesim explain --exception svc 5 /bin/ls /
uprobesim explain --exception cow -f html -o cow.html /bin/true)";

constexpr std::string_view kExplainExitStatus =
    R"(0         explained
2         usage error: option, profile or probe; or there were fewer hits or exceptions
3         host failure
126, 127  PROGRAM cannot be executed, was not found)";

std::optional<std::uint32_t> instruction_word(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    std::uint32_t word = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), word, 16);
    if (text.size() != 8 || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return word;
}

Result<TriggerTree> make_target(const GuestRequest& guest) {
    const Words& words = guest.simulation.program.arguments;
    const std::string& target = words.front();
    if (words.size() != 1) {
        return user_error(
            "a target takes no arguments", target,
            "name a probe with -p and a program that hits it: -p 'uprobe:/bin/true:*' /bin/true");
    }
    if (guest.hit > kMaxHits) return user_error(fmt::format("at most {} hits", kMaxHits), "--hit");
    if (std::find(std::begin(kTriggerTargets), std::end(kTriggerTargets), target) !=
        std::end(kTriggerTargets))
        return TriggerTree::make(target, guest.branch_protection);
    const auto word = instruction_word(target);
    if (!word) {
        const Words known(std::begin(kTriggerTargets), std::end(kTriggerTargets));
        const std::string near = did_you_mean(target, known);
        if (begins_as_probe(target))
            return user_error("a probe is no target", target,
                              fmt::format("name it with -p, and a program that hits it: explain -p "
                                          "'{}' PROGRAM",
                                          target));
        return user_error(
            fmt::format("'{}' is no target", target), "",
            !near.empty()
                ? near
                : fmt::format(
                      "{} or an instruction as eight hex digits; a program needs a probe, -p",
                      fmt::join(known, ", ")));
    }
    return TriggerTree::make("nop", guest.branch_protection, word);
}

Result<int> run_explain(const CommandLine& line, const OptionDefaults& defaults) {
    const auto guest = TRY(read_guest_request(GuestCommand::Explain, line, defaults));
    if (guest.report.format == ReportFormat::Html && guest.machines.size() < 2)
        TRY(refuse_row_order(line, "the explorer's HTML has every step, in order"));
    ExplainRequest request;
    request.simulation = guest.simulation;
    request.kernels = guest.kernels;
    request.hit = guest.hit != 0 ? guest.hit : 1;
    std::optional<TriggerTree> tree;
    request.exception = guest.exception;
    if (guest.exception == nullptr && guest.simulation.probes.empty()) {
        request.hit = guest.hit != 0 ? guest.hit : kSteadyHit;
        tree.emplace(TRY(make_target(guest)));
        request.simulation.files = {tree->root(), {}, {}};
        request.simulation.probes = made_probe(
            fmt::format("{}:{}:{}", guest.return_probe.value_or(false) ? "uretprobe" : "uprobe",
                        tree->program(), tree->symbol()),
            guest.handler);
        request.simulation.program.arguments = {tree->program(), std::to_string(request.hit)};
    }
    auto output = TRY(ReportOutput::open(guest.report.output, stdout));
    // The first run says itself what it refuses, before its program starts.
    if (!tree && request.kernels.size() > 1) TRY(check_probes(request.simulation, request.kernels));
    if (guest.machines.size() > 1) {
        const auto grid = explain_machines(request, guest.machines);
        if (!grid) return refuse_run(grid.error());
        output.write(TRY(report_text({.document = [&] { return explain_grid_document(*grid); },
                                      .json = [&] { return explain_grid_json(*grid); }},
                                     guest.report, output.on_terminal())));
        return 0;
    }
    const auto report = explain(request);
    if (!report) return refuse_run(report.error());
    switch (guest.report.format) {
        case ReportFormat::Json: output.write(explain_report_json(*report)); break;
        case ReportFormat::Html: output.write(explain_html(*report)); break;
        case ReportFormat::Text:
        case ReportFormat::Csv:
        case ReportFormat::Markdown:
        case ReportFormat::Svg:
            output.write(
                TRY(written(explain_document(*report), guest.report, output.on_terminal())));
    }
    return 0;
}

}  // namespace

Command explain_command() {
    return {.name = "explain",
            .meaning = "one hit or exception, step by step",
            .help = {{"[options] TARGET [options]", "[options] -p PROBE PROGRAM [ARGUMENTS...]",
                      "[options] --exception KIND [N] PROGRAM [ARGUMENTS...]"},
                     kExplainDescription,
                     kExplainExamples,
                     kExplainExitStatus},
            .words = ValueSource::Program,
            .rest = RestOfWords::GuestProgram,
            .program_needs = "probe exception",
            .options = [] { return guest_options(GuestCommand::Explain); },
            .run = run_explain};
}

}  // namespace uprobesim
