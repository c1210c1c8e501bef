// SPDX-License-Identifier: GPL-2.0-or-later
// The vDSO: a data page and a page of code that every program gets where the machine's counter can
// be read at EL0, so that its clocks are read without an exception (vdso(7)).
#pragma once

#include <cstdint>
#include <memory>

#include "kernel_model/memory/mm.h"

namespace uprobesim {

// The two pages, which all processes share. Null: the machine's counter traps, or there is no image
// in this build. `epoch_ns`: CLOCK_REALTIME less CLOCK_MONOTONIC.
std::shared_ptr<FileBacking> make_vdso(Machine& machine, std::uint64_t epoch_ns);

// Maps them as "[vvar]" and "[vdso]". Value: where the image begins, for AT_SYSINFO_EHDR.
SysResult<VAddr> map_vdso(Mm& mm, const std::shared_ptr<FileBacking>& vdso);

}  // namespace uprobesim
