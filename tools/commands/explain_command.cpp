// SPDX-License-Identifier: GPL-2.0-or-later
// One hit told step by step, for learning how uprobes work and where their time goes.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "tools/bench/trigger_target.h"
#include "tools/cli/refusal.h"
#include "tools/cli/report_output.h"
#include "tools/commands/command.h"
#include "tools/commands/commands.h"
#include "tools/explain/explain.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMaxHits = 1'000'000'000;
constexpr std::uint64_t kSteadyHit =
    2;  // the first one makes the XOL page and takes its first fetch

constexpr std::string_view kHelp = R"(usage: uprobesim explain [options] TARGET
       uprobesim explain [options] -p PROBE PROGRAM [ARGUMENTS...]

Tells one hit of a probe step by step: each exception with its syndrome (ESR_EL1), the registers it leaves in ELR_EL1
and SPSR_EL1, each piece of kernel work with its instructions, costly operations and cycles, the state of the task, its
thread flags, the slot the instruction is copied to, MDSCR_EL1.SS and the way back. Nothing of it is a script: it is
taken down from a run. Two kernels are told side by side.

TARGET is one of nop, push and ret, the functions of the kernel's uprobe benchmark, or an instruction as eight hex
digits, which then stands in nop's place. Or name a probe with -p and a PROGRAM to run; its output is not shown.

  .    marks what changed since the line above: thread flags, task state (UTASK_...), slots, registers
  EL0  is the stepped instruction; the cycles of a function that a return probe waits for are not the hit's

Examples:
  uprobesim explain push
  uprobesim explain --hit 1 push
  uprobesim explain --kind uretprobe --kernels next-20241104 ret
  uprobesim explain --kernels v6.12,v6.13 d503233f
  uprobesim explain -p uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc --hit 3 /bin/ls /

Exit status: 0 the hit is told; 2 a mistake in the command line, a profile or a probe, or the probe was not hit so often;
3 the host failed; 126, 127 PROGRAM cannot be executed, was not found.

Options:
)";

std::optional<std::uint32_t> instruction_word(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    std::uint32_t word = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), word, 16);
    if (text.size() != 8 || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return word;
}

Result<TriggerTree> make_target(const Options& options) {
    const Words& words = options.simulation.program.arguments;
    const std::string& target = words.front();
    if (words.size() != 1) {
        return user_error(
            "a target takes no arguments", target,
            "name a probe with -p to have it hit by a program: -p 'uprobe:/bin/true:*' /bin/true");
    }
    if (options.hit > kMaxHits)
        return user_error(fmt::format("at most {} hits", kMaxHits), "--hit");
    if (std::find(std::begin(kTriggerTargets), std::end(kTriggerTargets), target) !=
        std::end(kTriggerTargets))
        return TriggerTree::make(target, options.branch_protection);
    const auto word = instruction_word(target);
    if (!word) {
        return user_error(
            fmt::format("'{}' is no target", target), "",
            fmt::format("{} or an instruction as eight hex digits; a program needs a probe, -p",
                        fmt::join(kTriggerTargets, ", ")));
    }
    return TriggerTree::make("nop", options.branch_protection, word);
}

}  // namespace

std::string explain_help() {
    return std::string(kHelp) + guest_option_list(GuestVerb::Explain);
}

int explain_command(const Words& words, const OptionDefaults& defaults) {
    auto options = parse_guest_options(GuestVerb::Explain, words, defaults);
    if (!options) return refuse(options.error());
    if (options->help) {
        fmt::print("{}", explain_help());
        return 0;
    }
    ExplainRequest request;
    request.simulation = options->simulation;
    request.kernels = options->kernels;
    request.hit = options->hit != 0 ? options->hit : 1;
    std::optional<TriggerTree> tree;
    if (options->simulation.probes.empty()) {
        request.hit = options->hit != 0 ? options->hit : kSteadyHit;
        auto made = make_target(*options);
        if (!made) return refuse(made.error());
        tree.emplace(std::move(*made));
        request.simulation.files = {tree->root(), {}, {}};
        request.simulation.probes = made_probe(
            fmt::format("{}:{}:{}", options->return_probe.value_or(false) ? "uretprobe" : "uprobe",
                        tree->program(), tree->symbol()));
        request.simulation.program.arguments = {tree->program(), std::to_string(request.hit)};
    }
    auto output = ReportOutput::open(options->output, stdout);
    if (!output) return refuse(output.error());
    const auto report = explain(request);
    if (!report) return refuse_run(report.error());
    output->write(options->style.format == ReportFormat::Json
                      ? explain_report_json(*report)
                      : written(explain_document(*report), options->style));
    return 0;
}

}  // namespace uprobesim
