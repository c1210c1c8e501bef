// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/handler_option.h"

namespace uprobesim {

void add_handler_option(OptionTable& table) {
    table
        .text("handler", "NAME",
              "what each probe without a ==HANDLER of its own does at a hit: empty, count, "
              "ustack:DEPTH and others (see docs/handlers.md), or a TOML file (default: an empty "
              "BPF program)")
        .from(ValueSource::Handler);
}

void add_bpftrace_option(OptionTable& table) {
    table.list("bpftrace", "FILE|PROGRAM",
               "attach the probes of a bpftrace program, each with what its action takes: a file, "
               "or the text itself; can be repeated");
}

Result<HandlerPtr> read_handler_option(const CommandLine& line) {
    if (!line.given("handler")) return HandlerPtr();
    return line.about("handler", find_handler(line.one("handler", "")));
}

}  // namespace uprobesim
