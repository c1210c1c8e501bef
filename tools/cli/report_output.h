// SPDX-License-Identifier: GPL-2.0-or-later
// Where a report goes. Opened before the run, so that a long run is not lost to a folder that does
// not exist; a file gets its name when the report is whole (sim/base/output_file.h).
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "sim/base/error.h"
#include "sim/base/output_file.h"

namespace uprobesim {

class ReportOutput {
public:
    // `path` empty: `standard`, which is stderr where stdout is the guest's. "-": stdout.
    static Result<ReportOutput> open(const std::string& path, std::FILE* standard = stderr);
    bool on_terminal() const;
    // Throws HostError when the report cannot be written.
    void write(const std::string& report);

private:
    std::optional<OutputFile> file_;
    std::FILE* standard_ = stderr;
};

}  // namespace uprobesim
