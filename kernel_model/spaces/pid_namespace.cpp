// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/spaces/pid_namespace.h"

namespace uprobesim {

std::int32_t Pid::in(const PidNamespace* space) const {
    if (space == nullptr) return first;
    if (!below || below->numbers.size() < space->level || !is_within(below->space.get(), space))
        return 0;
    return below->numbers[space->level - 1];
}

bool is_within(const PidNamespace* space, const PidNamespace* above) {
    while (space != above && space != nullptr) space = space->parent.get();
    return space == above;
}

}  // namespace uprobesim
