// SPDX-License-Identifier: GPL-2.0-or-later
// Selects the leftmost of several errors in the values of a command line. The program reads the
// values in its own order; the user reads the line from left to right.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "sim/base/error.h"
#include "tools/cli/command_line.h"

namespace uprobesim {

class FirstMistake {
public:
    // The nth occurrence of an option, from 0.
    struct Place {
        const char* option = nullptr;
        std::size_t nth = 0;
    };

    explicit FirstMistake(const CommandLine& line) : line_(line) {}

    void note(Place place, const UserError& error);
    // The error's `where` tells the place if it is "--OPTION" or "--OPTION VALUE". Otherwise the
    // mistake is in the words after the options.
    void note(const UserError& error);
    void note(const Outcome& outcome) {
        if (!outcome) note(outcome.error());
    }
    // `into` keeps its value after a mistake.
    template <class T>
    void take(Place place, Result<T> value, T& into) {
        if (value) {
            into = std::move(*value);
        } else {
            note(place, value.error());
        }
    }
    // The same, where the error tells its place.
    template <class T>
    void take(Result<T> value, T& into) {
        if (value) {
            into = std::move(*value);
        } else {
            note(value.error());
        }
    }
    // Of two errors at the same place, the first one noted wins.
    Outcome outcome() const;

private:
    void note_at(std::size_t position, const UserError& error);

    const CommandLine& line_;
    std::optional<UserError> first_;
    std::size_t position_ = 0;
};

}  // namespace uprobesim
