// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/code_frames.h"

#include <algorithm>
#include <utility>

namespace uprobesim {

void CodeFrames::add(PAddr frame, Place place) {
    const std::uint64_t n = frame.value / kPageSize;
    if (n >= translated_.size()) translated_.resize(n + n / 2 + 1);
    translated_[n] = 1;
    std::vector<Place>& places = places_[n];
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
}

std::vector<CodeFrames::Place> CodeFrames::take(PAddr frame) {
    const auto it = places_.find(frame.value / kPageSize);
    if (it == places_.end()) return {};
    translated_[it->first] = 0;
    std::vector<Place> places = std::move(it->second);
    places_.erase(it);
    return places;
}

}  // namespace uprobesim
