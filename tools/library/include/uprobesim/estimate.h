// SPDX-License-Identifier: GPL-2.0-or-later
// What probes would cost at a rate, before any is attached: `uprobesim estimate`. Nothing is run.
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/export.h>
#include <uprobesim/options.h>
#include <uprobesim/report.h>

#include <string>
#include <vector>

namespace uprobesim {

class UPROBESIM_API Estimate {
public:
    // uprobe:BINARY:FUNCTION, uretprobe:...; with the options "rate", "counts", "budget", ...
    explicit Estimate(std::vector<std::string> probes, Options options = {});

    Expected<Report> run() const;

private:
    std::vector<std::string> probes_;
    Options options_;
};

}  // namespace uprobesim
