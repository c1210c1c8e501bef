// SPDX-License-Identifier: GPL-2.0-or-later
// Which frames the engine has translated code of, and at which pages blocks of them were counted. A
// frame that is not here may change without the engine being told: most writes to pages that may be
// executed are to such frames.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "sim/base/units.h"

namespace uprobesim {

class CodeFrames {
public:
    // `known`: blocks are counted, so it is known which frames were translated. Otherwise any may
    // have been.
    explicit CodeFrames(bool known) : known_(known) {}

    struct Place {
        std::uint64_t space = 0;  // AddressSpace::id
        VAddr page;
        bool operator==(const Place&) const = default;
    };

    bool holds(PAddr frame) const {
        const std::uint64_t n = frame.value / kPageSize;
        return !known_ || (n < translated_.size() && translated_[n] != 0);
    }
    void add(PAddr frame);
    void add(PAddr frame, Place place);
    // Where the frame's blocks are.
    std::span<const Place> places(PAddr frame) const;
    // Forgets the frame; returns where its blocks were.
    std::vector<Place> take(PAddr frame);
    // The space is gone, and with it the places in it.
    void leave(std::uint64_t space);
    // No code is left of any frame.
    void clear();

private:
    bool known_;
    std::vector<std::uint8_t> translated_;                // by frame number
    std::map<std::uint64_t, std::vector<Place>> places_;  // by frame number
    std::set<std::pair<std::uint64_t, std::uint64_t>>
        spaces_;  // space and frame with a place there
};

}  // namespace uprobesim
