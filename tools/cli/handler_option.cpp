// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/handler_option.h"

namespace uprobesim {

void add_handler_option(OptionTable& table) {
    table
        .text("handler", "NAME",
              "what each probe without a ==HANDLER of its own does at a hit: empty, count, "
              "ustack:DEPTH and others (see docs/handlers.md), a TOML file, or "
              "FILE.bpf.o:PROGRAM; programs of one event with + between them (default: an empty "
              "BPF program)")
        .from(ValueSource::Handler);
}

void add_program_options(OptionTable& table) {
    table.list("bpftrace", "FILE|PROGRAM",
               "attach the probes of a bpftrace program, each with what its action takes: a file, "
               "or the text itself; can be repeated");
    table
        .list("bpf", "FILE.bpf.o",
              "attach the uprobe programs of a BPF object file, each with what its longest path "
              "takes, to the probes that their sections name, or, where they name none, to those "
              "without a ==HANDLER; can be repeated")
        .from(ValueSource::File);
}

Result<HandlerPtr> read_handler_option(const CommandLine& line) {
    if (!line.given("handler")) return HandlerPtr();
    return line.about("handler", find_handler(line.one("handler", "")));
}

}  // namespace uprobesim
