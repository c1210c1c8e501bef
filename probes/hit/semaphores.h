// SPDX-License-Identifier: GPL-2.0-or-later
// The counters by which programs learn that their USDT probes are attached; see semaphores.cpp.
#pragma once

#include <optional>

#include "kernel_model/memory/mm.h"
#include "probes/hit/uprobes.h"

namespace uprobesim {

// Of a uprobe that has one: its mapping in the memory, which may be made later.
std::optional<Vma> semaphore_mapping(const Mm& mm, const Uprobe& uprobe);
VAddr semaphore_address(const Vma& vma, const Uprobe& uprobe);
// __update_ref_ctr. False: the page must be made writable first.
bool change_semaphore(Mm& mm, const Vma& vma, const Uprobe& uprobe, int difference);

}  // namespace uprobesim
