// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/code_frames.h"

#include <algorithm>
#include <utility>

namespace uprobesim {

void CodeFrames::add(PAddr frame, Place place) {
    const std::uint64_t n = frame.value / kPageSize;
    if (n >= translated_.size()) translated_.resize(n + n / 2 + 1);
    translated_[n] = 1;
    std::vector<Place>& places = places_[n];
    if (std::find(places.begin(), places.end(), place) != places.end()) return;
    places.push_back(place);
    spaces_[place.space].push_back(n);
}

std::vector<CodeFrames::Place> CodeFrames::take(PAddr frame) {
    const auto it = places_.find(frame.value / kPageSize);
    if (it == places_.end()) return {};
    translated_[it->first] = 0;
    std::vector<Place> places = std::move(it->second);
    for (const Place& place : places) {
        const auto space = spaces_.find(place.space);
        if (space != spaces_.end()) std::erase(space->second, it->first);
    }
    places_.erase(it);
    return places;
}

void CodeFrames::leave(std::uint64_t space) {
    const auto it = spaces_.find(space);
    if (it == spaces_.end()) return;
    for (const std::uint64_t frame : it->second) {
        // The frame stays: what was translated of it is there for any space.
        const auto at = places_.find(frame);
        if (at != places_.end())
            std::erase_if(at->second, [&](const Place& place) { return place.space == space; });
    }
    spaces_.erase(it);
}

}  // namespace uprobesim
