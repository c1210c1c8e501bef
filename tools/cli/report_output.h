// SPDX-License-Identifier: GPL-2.0-or-later
// Where a report goes. Opened before the run, so that a long run is not lost to a folder that does
// not exist. What is in the file stays until there is a report to write, and a file that was made
// for a report that never came is removed.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "sim/base/error.h"

namespace uprobesim {

class ReportOutput {
public:
    // `path` empty: `standard`, which is stderr where stdout is the guest's. "-": stdout.
    static Result<ReportOutput> open(const std::string& path, std::FILE* standard = stderr);
    bool on_terminal() const;
    // Throws HostError when the report cannot be written.
    void write(const std::string& report);

private:
    struct Close {
        std::string made;  // the file, as long as it is ours and nothing is in it
        void operator()(std::FILE* file) const;
    };
    std::unique_ptr<std::FILE, Close> file_;
    std::FILE* standard_ = stderr;
    std::string path_;
};

}  // namespace uprobesim
