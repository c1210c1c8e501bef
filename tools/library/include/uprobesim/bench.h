// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's uprobe benchmark on a simulated machine: `uprobesim bench`. Needs no sysroot.
#pragma once

#include <uprobesim/error.h>
#include <uprobesim/export.h>
#include <uprobesim/options.h>
#include <uprobesim/report.h>

#include <string>
#include <vector>

namespace uprobesim {

class UPROBESIM_API Bench {
public:
    // uprobe-nop, uprobe-push, uprobe-ret, uretprobe-nop, ...; none: all six.
    explicit Bench(std::vector<std::string> variants = {}, Options options = {});

    Expected<Report> run() const;

private:
    std::vector<std::string> variants_;
    Options options_;
};

}  // namespace uprobesim
