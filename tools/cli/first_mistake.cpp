// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/first_mistake.h"

#include <algorithm>

namespace uprobesim {

void FirstMistake::note_at(std::size_t position, const UserError& error) {
    if (first_ && position_ <= position) return;
    first_ = error;
    position_ = position;
}

void FirstMistake::note(Place place, const UserError& error) {
    const auto& order = line_.order();
    std::size_t at = 0;
    for (; at < order.size(); ++at) {
        if (order[at].name == place.option && place.nth-- == 0) break;
    }
    note_at(at, error);
}

void FirstMistake::note(const UserError& error) {
    const auto& order = line_.order();
    const auto found =
        std::find_if(order.begin(), order.end(), [&](const CommandLine::Occurrence& option) {
            return error.where == option.spelled ||
                   error.where == option.spelled + " " + option.value;
        });
    note_at(static_cast<std::size_t>(found - order.begin()), error);
}

Outcome FirstMistake::outcome() const {
    if (first_) return tl::make_unexpected(*first_);
    return {};
}

}  // namespace uprobesim
