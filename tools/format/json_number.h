// SPDX-License-Identifier: GPL-2.0-or-later
// A number as the JSON reports write it.
#pragma once

#include <cmath>

namespace uprobesim {

inline double rounded(double value, int decimals) {
    double scale = 1;
    for (int i = 0; i < decimals; ++i) scale *= 10;
    return std::round(value * scale) / scale;
}

}  // namespace uprobesim
