// SPDX-License-Identifier: GPL-2.0-or-later
// What probe specs match, as bpftrace -l and perf probe -F tell it, with each kernel's verdict.
#include <fmt/format.h>

#include "probes/target/bpftrace_program.h"
#include "sim/base/try.h"
#include "sim/profile/kernel_profile.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/report_options.h"
#include "tools/cli/report_output.h"
#include "tools/commands/commands.h"
#include "tools/html/report_text.h"
#include "tools/list/list_report.h"
#include "tools/simulation/probe_list.h"

namespace uprobesim {
namespace {

constexpr std::string_view kListDescription =
    R"text(Lists what probe specs match, one line a probe: its place in the file, the instruction there, and
what each kernel would do with it: emulate it (one exception), step it out of line (two
exceptions), or refuse it. Nothing is run.

SPEC is a probe as bpftrace and perf probe take it: uprobe:BINARY:FUNCTION (u:, uretprobe:, ur:),
with wildcards * and ?, FUNCTION+OFFSET, a file offset, cpp:"ns::f(int)", FUNCTION%return,
BINARY@FILE:LINE where there are line tables, usdt:BINARY:PROVIDER:NAME (U:); several with commas
between them. Without a place, uprobe:BINARY or usdt:BINARY, all of the binary's; BINARY alone, or
a folder, everything that can be probed. Absolute paths are those of the guest, as for run, or else
of this host; with --root only the guest's. Relative paths are this host's.

Names come from .symtab, .dynsym (with versions), .gnu_debugdata, a separate debug file beside the
binary or below /usr/lib/debug, .gopclntab of Go programs, and in stripped binaries from .eh_frame
(fn_OFFSET). Several names of one place are one line. IFUNC resolvers and PLT entries are named as
such. "uprobesim -l" is the same command.)text";

constexpr std::string_view kListExamples =
    R"(uprobesim list 'uprobe:/bin/grep:*'
uprobesim list 'usdt:/usr/bin/python3.11:*' 'uprobe:/lib/aarch64-linux-gnu/libc.so.6:*alloc'
uprobesim list --root build/sysroot -f csv -o probes.csv /usr/bin
uprobesim list -x ./server 'ns::handle*'
uprobesim list --bpftrace 'uprobe:/bin/bash:readline { printf("%s\n", str(arg0)); }')";

constexpr std::string_view kListExitStatus =
    R"(0  listed
2  usage error, or a SPEC matches nothing: one line on stderr tells which and why, nothing else is
   printed
3  host failure)";

OptionTable list_options_table() {
    OptionTable table;
    table
        .text("exec", "BINARY",
              "take each SPEC as a function of BINARY, as perf probe -x does; none: all")
        .short_name('x')
        .from(ValueSource::File);
    table.list(
        "bpftrace", "FILE|PROGRAM",
        "list the probes of a bpftrace program: a file, or the text itself; can be repeated");
    table
        .text("root", "DIR",
              "look up absolute paths inside this host folder, as a guest sees it (default: see "
              "uprobesim sysroot list)")
        .from(ValueSource::Folder);
    add_kernels_option(
        table, fmt::format("kernel profiles: names or TOML files (default {})", kVerdictKernels));
    table.list("set", "kernel.KEY=VALUE", "change one key of the kernel profiles; can be repeated")
        .from(ValueSource::Setting);
    add_report_options(table, all_formats());
    return table;
}

struct Wanted {
    Words paths;
    std::vector<ProbeSpec> specs;
    std::vector<std::string> not_uprobes;
};

Outcome add_specs(const std::string& text, std::vector<ProbeSpec>& specs) {
    const SpecAndHandler split = split_handler(text);
    if (!split.handler.empty())
        return user_error(
            fmt::format("'=={}' says what a probe does, which list has no use for", split.handler),
            text, fmt::format("leave it out, or see what it costs: uprobesim estimate '{}'", text));
    auto parsed = TRY(parse_probe_specs(text, SpecUse::List));
    std::move(parsed.begin(), parsed.end(), std::back_inserter(specs));
    return {};
}

Outcome add_program(const std::string& word, Wanted& wanted) {
    const ProgramText program = TRY(bpftrace_text(word));
    const auto clauses = TRY(read_bpftrace_program(program.text, program.name));
    for (const BpftraceClause& clause : clauses) {
        for (const std::string& probe : clause.probes) {
            if (is_user_probe(probe))
                TRY(add_specs(probe, wanted.specs));
            else
                wanted.not_uprobes.push_back(probe);
        }
    }
    return {};
}

Result<Wanted> read_wanted(const CommandLine& line) {
    Wanted wanted;
    const std::string binary = line.one("exec", "");
    if (line.given("exec") && binary.empty())
        return user_error("the binary's name is empty", "--exec");
    for (const std::string& program : line.all("bpftrace")) TRY(add_program(program, wanted));
    for (const std::string& word : line.rest()) {
        if (!binary.empty()) {
            auto spec = TRY(parse_perf_event(binary, word, SpecUse::List));
            wanted.specs.push_back(std::move(spec));
        } else if (begins_as_probe(word)) {
            TRY(add_specs(word, wanted.specs));
        } else {
            wanted.paths.push_back(word);
        }
    }
    if (!binary.empty() && line.rest().empty()) wanted.paths.push_back(binary);
    if (wanted.paths.empty() && wanted.specs.empty())
        return user_error(wanted.not_uprobes.empty()
                              ? "no probe is given"
                              : "the program has no uprobe and no USDT probe",
                          "", "for example: uprobesim list 'uprobe:/bin/grep:*'");
    return wanted;
}

Result<int> run_list(const CommandLine& line, const OptionDefaults& defaults) {
    const auto options = TRY(read_report_options(line, all_formats(), defaults.no_color));
    auto kernels = TRY(read_kernels(line, kVerdictKernels, "a list"));
    if (line.given("root") && line.one("root", "").empty())
        return user_error("the folder's name is empty", "--root", "");
    const auto wanted = TRY(read_wanted(line));
    const ListFiles files(line.one("root", defaults.root), line.given("root"));
    auto output = TRY(ReportOutput::open(options.output, stdout));
    Lister lister(std::move(kernels), files);
    for (const ProbeSpec& spec : wanted.specs) TRY(lister.add(spec));
    for (const std::string& path : wanted.paths) TRY(lister.add_path(path));
    ListReport report = lister.report();
    report.not_uprobes = wanted.not_uprobes;
    report.settings = line.all("set");
    output.write(TRY(report_text({.document = [&] { return list_document(report); },
                                  .json = [&] { return list_report_json(report); }},
                                 options, output.on_terminal())));
    return 0;
}

}  // namespace

Command list_command() {
    return {.name = "list",
            .meaning = "what probe specs match, and how each probe would be handled",
            .help = {{"[options] SPEC|BINARY|FOLDER..."},
                     kListDescription,
                     kListExamples,
                     kListExitStatus},
            .words = ValueSource::ListedProbe,
            .options = list_options_table,
            .run = run_list};
}

}  // namespace uprobesim
