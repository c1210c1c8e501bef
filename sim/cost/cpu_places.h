// SPDX-License-Identifier: GPL-2.0-or-later
// Which of a machine's CPUs so many threads are on that hit probes.
#pragma once

#include <vector>

#include "sim/base/error.h"
#include "sim/profile/contention.h"

namespace uprobesim {

enum class Pinning { Compact, Scatter, List };
struct PinRequest {
    Pinning how = Pinning::Compact;
    std::vector<unsigned> cpus;  // of List
};
// The machine's CPUs for `threads` of them. Compact: 0, 1, 2...; Scatter: as far from each other as
// can be. An error: a list that is too short.
Result<std::vector<unsigned>> places_for(const PinRequest& pin, const ContentionFigures& figures,
                                         unsigned threads);

}  // namespace uprobesim
