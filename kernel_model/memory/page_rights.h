// SPDX-License-Identifier: GPL-2.0-or-later
// The page table permissions for a mapping's protection.
#pragma once

#include "kernel_model/memory/vma.h"
#include "sim/mem/prot.h"

namespace uprobesim {

// arm64's protection_map: without enhanced PAN every accessible page is readable.
constexpr Prot leaf_rights(Prot asked, bool writable) {
    if (asked.none()) return {};
    return {.read = true,
            .write = asked.write && writable,
            .exec = asked.exec,
            .guarded = asked.guarded};
}

// Whether the mapping permits the access, as do_page_fault checks it.
constexpr bool vma_permits(Prot asked, Access access) {
    return permits(leaf_rights(asked, true), access);
}

}  // namespace uprobesim
