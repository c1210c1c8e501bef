// SPDX-License-Identifier: GPL-2.0-or-later
// Which mappings may hold breakpoints, and where in them the probed places are.
#pragma once

#include "kernel_model/memory/vma.h"
#include "probes/hit/place_miss.h"

namespace uprobesim {

struct Uprobe;

// valid_vma: private, of a file, and may be made executable, which all may here. A writable one
// holds none: what it copies at a write is the program's.
inline bool may_hold(const Vma& vma) {
    return vma.file && vma.name.empty() && !vma.shared && !vma.prot.write;
}
// The same for taking one away: it may have been made writable since.
inline bool may_have_held(const Vma& vma) {
    return vma.file && vma.name.empty() && !vma.shared;
}

// Of a breakpoint that could not be stored.
PlaceMiss why_not(const Vma& vma, const Uprobe& uprobe);

// `of_file`: the file's uprobes by their offsets.
template <class Probes, class Function>
void for_each_in(Probes& of_file, const Vma& vma, Function&& function) {
    const std::uint64_t end = vma.file_offset + vma.range.size();
    for (auto it = of_file.lower_bound(vma.file_offset); it != of_file.end() && it->first < end;
         ++it)
        function(*it->second, vma.range.begin + (it->first - vma.file_offset));
}

}  // namespace uprobesim
