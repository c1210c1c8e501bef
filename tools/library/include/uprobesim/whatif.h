// SPDX-License-Identifier: GPL-2.0-or-later
// A run with other cost parameters, in milliseconds and without running it again: `uprobesim
// whatif`.
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/export.h>
#include <uprobesim/options.h>
#include <uprobesim/report.h>

#include <optional>
#include <string>

namespace uprobesim {

class UPROBESIM_API WhatIf {
public:
    // A report of a run.
    explicit WhatIf(Report run, Options options = {});
    // A file that `uprobesim run -f json` or `compare -f json` wrote.
    explicit WhatIf(std::string file, Options options = {});

    // Error: an option would change what the program does, not only what it costs.
    Expected<Report> run() const;

private:
    std::string file_;
    std::optional<Report> run_;
    Options options_;
};

}  // namespace uprobesim
