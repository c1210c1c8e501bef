// SPDX-License-Identifier: GPL-2.0-or-later
// The process's standard streams and the signals of failed writes.
#pragma once

#include <string_view>

namespace uprobesim {

// First thing of all. A stream that the caller closed is one that fails: its descriptor is not left
// for a file of ours, which the guest could write to then. A closed pipe and a file beyond the size
// limit are errno values, for us and for the guest, and not the simulator's end.
void prepare_standard_streams();

// "uprobesim: TEXT" on stderr, if it can be written. Throws nothing: for the end of the process.
void print_failure(std::string_view text) noexcept;

// Last thing of all: `status`, or kExitHostFailure and a line where something that was printed
// could not be written.
int finish_standard_streams(int status) noexcept;

}  // namespace uprobesim
