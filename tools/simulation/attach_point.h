// SPDX-License-Identifier: GPL-2.0-or-later
// When probes come to a run and when they go again, and what of it is counted: --attach-at,
// --detach-at, --roi.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/target/spec.h"
#include "sim/base/error.h"

namespace uprobesim {

struct AttachPoint {
    enum class Kind : std::uint8_t {
        Start,  // before the first program: probes are placed as programs map their files
        Main,   // the main program's main()
        Ready,  // a program of the scenario is ready, or all that are waited for
        Time,   // of simulated time
        After,  // so long after the probes came
        Hit,    // a place is about to be executed for the Nth time
        End,    // of the run
    };
    Kind kind = Kind::Start;
    std::string text{};     // as it was given
    std::string program{};  // Ready: its name; empty: all
    std::uint64_t ns = 0;   // Time, After
    std::optional<ProbeSpec> place{};
    std::uint64_t count = 0;
};

enum class Roi : std::uint8_t {
    All,     // the whole run is counted
    Attach,  // what happens while the probes are there
};

struct AttachPlan {
    AttachPoint at{};
    AttachPoint until{.kind = AttachPoint::Kind::End};
    Roi roi = Roi::All;

    // Whether a report says anything of it.
    bool given() const {
        return at.kind != AttachPoint::Kind::Start || until.kind != AttachPoint::Kind::End ||
               roi != Roi::All;
    }
};

// The values of --attach-at and --detach-at.
Result<AttachPoint> parse_attach_point(const std::string& word);
Result<AttachPoint> parse_detach_point(const std::string& word);
// Whether the word says a point by simulated time.
bool is_timed_point(std::string_view word);

}  // namespace uprobesim
