// SPDX-License-Identifier: GPL-2.0-or-later
// The process's standard streams and the signals of failed writes.
#pragma once

namespace uprobesim {

// First thing of all. A stream that the caller closed is one that fails: its descriptor is not left
// for a file of ours, which the guest could write to then. A closed pipe and a file beyond the size
// limit are errno values, for us and for the guest, and not the simulator's end.
void prepare_standard_streams();

// Last thing of all: `status`, or kExitHostFailure and a line where something that was printed
// could not be written.
int finish_standard_streams(int status) noexcept;

}  // namespace uprobesim
