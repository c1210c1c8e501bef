// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/calibrate/contended_rows.h"

namespace uprobesim {

std::vector<ContendedSeries> contended_series(const ScalingData& data) {
    std::vector<ContendedSeries> all;
    for (const ScalingSeries& from : data.series) {
        ContendedSeries& to = all.emplace_back();
        to.table = kScaling;
        to.name = from.name;
        to.variant = from.variant;
        to.kernel = from.kernel;
        if (!from.fit) to.left_out = "held out";
        for (std::size_t place = 0; place < data.producers.size(); ++place) {
            // A lone CPU waits for none.
            if (data.producers[place] > 1)
                to.rows.push_back(
                    {data.producers[place], from.values[place], data.tolerance[place]});
        }
    }
    return all;
}

}  // namespace uprobesim
