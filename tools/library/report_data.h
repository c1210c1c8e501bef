// SPDX-License-Identifier: GPL-2.0-or-later
// What a report of the library holds.
#pragma once

#include <uprobesim/report.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/html/report_text.h"
#include "tools/sweep/figures.h"

namespace uprobesim {

struct Report::Data {
    std::string command;
    ReportForms forms;
    std::function<Result<Figures>()> figures{};  // nothing: there are none
    int status = 0;
    std::vector<std::string> warnings{};
    bool interrupted = false;
    std::string output{}, error_output{};
    // Made of the forms by make_report().
    std::string json{};
    nlohmann::json values{};  // the same, parsed
};

Report make_report(Report::Data data);

}  // namespace uprobesim
