// SPDX-License-Identifier: GPL-2.0-or-later
// Requests of the library as the words of a command: its table of options reads and checks them, so
// that the library takes what the command takes, and says the same of what is wrong.
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/options.h>

#include <new>

#include "sim/base/error.h"
#include "tools/cli/command_line.h"
#include "tools/cli/exit_code.h"
#include "tools/request/command.h"

namespace uprobesim {

// `rest`: the words that are no options.
Result<CommandLine> read_request(const CommandSyntax& syntax, const OptionTable& table,
                                 const Options& options, const Words& rest);

// What the process's environment says of sysroots. A build that the process's own program lies in
// is not looked at.
OptionDefaults library_defaults();

// Options have no dashes here.
Error error_of(UserError error, int status = kExitUserMistake);

// The boundary of the library: what the host refuses is an error, too.
template <class Function>
auto guarded(Function function) -> decltype(function()) {
    const auto failed = [](std::string what) {
        return Error{Error::Kind::Host, std::move(what), "", "", kExitHostFailure};
    };
    try {
        return function();
    } catch (const std::bad_alloc&) {
        return failed("the host is out of memory");
    } catch (const std::exception& error) {
        return failed(error.what());
    }
}

}  // namespace uprobesim
