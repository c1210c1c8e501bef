// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/blocks/code_frames.h"

#include <algorithm>
#include <utility>

namespace uprobesim {

void CodeFrames::add(PAddr frame) {
    const std::uint64_t n = frame.value / kPageSize;
    if (n >= translated_.size()) translated_.resize(n + n / 2 + 1);
    translated_[n] = 1;
}

void CodeFrames::add(PAddr frame, Place place) {
    add(frame);
    const std::uint64_t n = frame.value / kPageSize;
    std::vector<Place>& places = places_[n];
    if (std::find(places.begin(), places.end(), place) != places.end()) return;
    places.push_back(place);
    spaces_.emplace(place.space, n);
}

std::span<const CodeFrames::Place> CodeFrames::places(PAddr frame) const {
    const auto it = places_.find(frame.value / kPageSize);
    if (it == places_.end()) return {};
    return it->second;
}

std::vector<CodeFrames::Place> CodeFrames::take(PAddr frame) {
    const std::uint64_t n = frame.value / kPageSize;
    if (n < translated_.size()) translated_[n] = 0;
    const auto it = places_.find(n);
    if (it == places_.end()) return {};
    std::vector<Place> places = std::move(it->second);
    for (const Place& place : places) spaces_.erase({place.space, n});
    places_.erase(it);
    return places;
}

void CodeFrames::leave(std::uint64_t space) {
    const auto first = spaces_.lower_bound({space, 0});
    auto last = first;
    for (; last != spaces_.end() && last->first == space; ++last) {
        // The frame stays: what was translated of it is there for any space.
        const auto at = places_.find(last->second);
        if (at != places_.end())
            std::erase_if(at->second, [&](const Place& place) { return place.space == space; });
    }
    spaces_.erase(first, last);
}

void CodeFrames::clear() {
    translated_.clear();
    places_.clear();
    spaces_.clear();
}

}  // namespace uprobesim
