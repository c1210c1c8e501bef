// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/kept_spaces.h"

#include <algorithm>

namespace uprobesim {

bool KeptSpaces::change(SpaceId from, SpaceId to) {
    auto place = std::ranges::find(kept_, to, &Kept::space);
    if (place == kept_.end()) {
        // One that holds nothing, or that which was left first.
        place = std::ranges::min_element(kept_, {}, &Kept::left);
        if (!tlb_.clear(place->content)) return false;
        place->jumps = InlineJumps::kNoGeneration;
    }
    tlb_.exchange(place->content);
    place->space = from;
    place->left = ++changes_;
    place->jumps = jumps_.go_on_with(place->jumps);
    return true;
}

void KeptSpaces::forget(SpaceId space) {
    const auto place = std::ranges::find(kept_, space, &Kept::space);
    if (place == kept_.end()) return;
    place->space = 0;
    place->left = 0;
}

void KeptSpaces::forget_all() {
    for (Kept& kept : kept_) kept.space = kept.left = 0;
}

void KeptSpaces::forget_jumps() {
    for (Kept& kept : kept_) kept.jumps = InlineJumps::kNoGeneration;
}

}  // namespace uprobesim
