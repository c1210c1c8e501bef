// SPDX-License-Identifier: GPL-2.0-or-later
// The vDSO (vdso(7)): a data page and a code page, mapped into every program if EL0 can read the
// machine's counter, so that clocks are read without an exception.
#pragma once

#include <cstdint>
#include <memory>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

// The two pages, shared by all processes. Null: the machine's counter traps, or this build has no
// image. `epoch_ns`: CLOCK_REALTIME minus CLOCK_MONOTONIC.
std::shared_ptr<FileBacking> make_vdso(Machine& machine, std::uint64_t epoch_ns);

// The same for a namespace of times, without offsets yet. NoMem.
SysResult<std::shared_ptr<FileBacking>> make_time_vdso(Machine& machine, std::uint64_t epoch_ns);
// Writes the offsets of its clocks into the data page.
void set_vdso_offsets(const std::shared_ptr<FileBacking>& vdso, std::int64_t monotonic_ns,
                      std::int64_t boottime_ns);

// Writes another epoch into the data page.
void set_vdso_epoch(const std::shared_ptr<FileBacking>& vdso, std::uint64_t epoch_ns);

// Maps the pages as "[vvar]" and "[vdso]". Returns the address of the image, for AT_SYSINFO_EHDR.
SysResult<VAddr> map_vdso(Mm& mm, const std::shared_ptr<FileBacking>& vdso);

}  // namespace uprobesim
