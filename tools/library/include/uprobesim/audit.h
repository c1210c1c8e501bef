// SPDX-License-Identifier: GPL-2.0-or-later
// How each kernel handles a uprobe on the first instruction of each function of arm64 binaries:
// `uprobesim audit`. Nothing is run.
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/export.h>
#include <uprobesim/options.h>
#include <uprobesim/report.h>

#include <string>
#include <vector>

namespace uprobesim {

class UPROBESIM_API Audit {
public:
    // Programs, libraries and folders of them, by their paths on the host, or in the option "root".
    explicit Audit(std::vector<std::string> binaries, Options options = {});

    Expected<Report> run() const;

private:
    std::vector<std::string> binaries_;
    Options options_;
};

}  // namespace uprobesim
