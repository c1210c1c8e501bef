// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of a sweep's results, however they are stored.
#pragma once

#include <string>

namespace uprobesim {

struct PointResult {
    std::string key;
    std::string parameters;  // JSON
    bool done = false;       // or else it failed
    std::string reason;      // of a failure
    std::string figures;     // JSON; empty: failed
    std::string report_hash;
    std::string run;  // the key of the run that it was priced from; empty: a run of its own
    std::string log;  // the end of what the run printed
};

// A run that several points are priced from.
struct SharedRun {
    std::string key;
    std::string command;  // its words, for people
    std::string report;   // JSON, as the command wrote it
    std::string report_hash;
    std::string refusal;  // why its points cannot be priced from it; empty: they can
    std::string notes;    // what pricing cannot know, a line each
    std::string log;
};

}  // namespace uprobesim
