// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/view_options.h"

#include "sim/base/try.h"
#include "tools/cli/quantity.h"

namespace uprobesim {
namespace {

Outcome read_file(const CommandLine& line, const char* option, std::string& path) {
    path = line.one(option, "");
    if (line.given(option) && path.empty())
        return user_error("the file's name is empty", std::string("--") + option);
    return {};
}

Outcome read_strace(const CommandLine& line, ViewOptions& view) {
    for (const char* option : {"strace", "strace-output", "strace-filter", "strace-limit"})
        view.strace |= line.given(option);
    TRY(read_file(line, "strace-output", view.strace_output));
    if (line.given("strace-filter")) {
        auto filter = TRY(CallFilter::parse(line.one("strace-filter", ""), "--strace-filter"));
        view.strace_filter = std::move(filter);
    }
    const auto limit = TRY(line.number("strace-limit", view.strace_limit));
    view.strace_limit = limit;
    return {};
}

Outcome read_exceptions(const CommandLine& line, ViewOptions& view) {
    for (const char* option : {"log-exceptions", "log-exceptions-output", "log-exceptions-filter",
                               "log-exceptions-limit"})
        view.exceptions |= line.given(option);
    TRY(read_file(line, "log-exceptions-output", view.exceptions_output));
    if (line.given("log-exceptions-filter")) {
        auto filter = TRY(ExceptionFilter::parse(line.one("log-exceptions-filter", ""),
                                                 "--log-exceptions-filter"));
        view.exceptions_filter = filter;
    }
    const auto limit = TRY(line.number("log-exceptions-limit", view.exceptions_limit));
    view.exceptions_limit = limit;
    return {};
}

Outcome read_trace(const CommandLine& line, ViewOptions& view) {
    TRY(read_file(line, "trace", view.trace));
    if (!line.given("trace-limit")) return {};
    if (view.trace.empty())
        return user_error("there is no trace to limit", "--trace-limit", "give --trace FILE");
    const auto limit = TRY(parse_size(line.one("trace-limit", ""), "--trace-limit", 1, "1"));
    view.trace_limit = limit;
    return {};
}

}  // namespace

void add_view_options(OptionTable& table) {
    table.section("Views of the run");
    table.flag("strace",
               "print each system call and signal in the format of strace, with simulated times");
    table.text("strace-output", "FILE", "write them to FILE (default: stderr)")
        .from(ValueSource::File);
    table.text("strace-filter", "LIST",
               "only these: names, %file, %process, %network, %signal, %memory, %desc, ...; with a "
               "leading '!': all but these");
    table.text("strace-limit", "N", "print at most N lines (default 100000)");
    table.flag("log-exceptions",
               "print each exception from EL0: time, CPU, task, syndrome, place, cycles");
    table.text("log-exceptions-output", "FILE", "write them to FILE (default: stderr)")
        .from(ValueSource::File);
    table.text("log-exceptions-filter", "LIST",
               "only these classes: svc, brk, step, abort, ... (as in the report)");
    table.text("log-exceptions-limit", "N", "print at most N lines (default 100000)");
    table
        .text("stacks", "FILE",
              "write all cycles as folded stacks, for flamegraph.pl and speedscope: program, "
              "function, exception or [uprobe] and probe, kernel path; as a flame graph for a "
              "browser if FILE ends in .html")
        .from(ValueSource::File);
    table
        .text("trace", "FILE",
              "write a time line of CPUs, tasks, exceptions, kernel paths and probe hits, for "
              "ui.perfetto.dev; as Chrome's JSON if FILE ends in .json")
        .from(ValueSource::File);
    table.text("trace-limit", "SIZE",
               "end the time line at this size, with K, M or G (default 256M)");
}

Result<ViewOptions> read_view_options(const CommandLine& line) {
    ViewOptions view;
    TRY(read_strace(line, view));
    TRY(read_exceptions(line, view));
    TRY(read_file(line, "stacks", view.stacks));
    TRY(read_trace(line, view));
    return view;
}

}  // namespace uprobesim
