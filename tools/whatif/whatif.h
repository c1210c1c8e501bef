// SPDX-License-Identifier: GPL-2.0-or-later
// A saved run with different cost parameters: its counts times the figures of other profiles,
// without running. What would change the counts themselves is refused.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/figure.h"
#include "sim/profile/uncertainty.h"
#include "tools/format/document.h"
#include "tools/report/report.h"

namespace uprobesim {

struct WhatIfRequest {
    std::string machine{};            // empty: the run's own
    std::string kernel{};             // empty: the run's own
    std::vector<Setting> settings{};  // on top of the run's own
    bool low = false, high = false;
};

// One figure that is not what it was.
struct KeyChange {
    std::string key;
    std::string before, after;  // with unit
};

// What is asked of a run.
struct Answer {
    double total_ns = 0;
    double overhead_ns = 0;
    double mean_hit_cycles = 0;
    double kernel_cycles = 0;
};
Answer answer_of(const RunReport& report);

// One figure moved to the ends of its range while all others stay.
struct Swing {
    VariedFigure figure;
    double low_value = 0, high_value = 0;
    Answer at_low, at_high;

    double ns() const;  // between the two ends
};

struct AnswerRange {
    // Every figure at the end that makes the run shorter, or longer.
    std::optional<RunReport> low, high;
    // As far as independent errors take it: the root of the sum of the squares of the swings.
    double independent_low_ns = 0, independent_high_ns = 0;
    std::vector<Swing> swings;  // those that move the time, the largest first
};

struct PricedAgain {
    RunReport before, after;
    std::vector<KeyChange> changes;
    std::vector<std::string> notes;
    std::optional<AnswerRange> range;
};

Result<PricedAgain> price_again(const RunReport& saved, const WhatIfRequest& request);

// The profiles that a run was made with, read again with its settings.
Result<ProfilePair> profiles_of(const RunReport& saved);
// What to type to have the run made again with one more setting.
std::string command_to_run_again(const RunReport& saved, const Setting& setting);

// The counts of `saved` at these prices.
RunReport repriced(const RunReport& saved, const PriceList& prices);

// The same again and again without copies: the rows' names are looked up once.
class Repricer {
public:
    explicit Repricer(const RunReport& saved);
    // Until the next call.
    const RunReport& at(const PriceList& prices);

private:
    void price_attachment(const PriceList& prices);

    RunReport run_;
    std::vector<ExceptionClass> exceptions_;  // of run_.exceptions
    std::vector<KernelPath> paths_;           // of run_.paths
};
Result<AnswerRange> range_of(const RunReport& saved, const Uncertainty& uncertainty, bool low,
                             bool high);

struct WhatIfReport {
    std::string file;
    std::string label;  // of a comparison's column
    PricedAgain result;
};
// CSV has the answers before and after, with their range where asked for.
Document whatif_document(const WhatIfReport& report);
std::string whatif_json(const WhatIfReport& report);

}  // namespace uprobesim
