// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a report that whatif reads. What is read must be one that can be written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/parsers/check.h"
#include "tools/report/report_document.h"
#include "tools/report/report_read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto runs =
        uprobesim::parse_report({reinterpret_cast<const char*>(data), size}, "input.json");
    uprobesim::check_refusal(runs);
    if (!runs) return 0;
    for (const auto& run : *runs) {
        if (uprobesim::run_report_json(run.report).empty()) std::abort();
    }
    return 0;
}
