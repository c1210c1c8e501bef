// SPDX-License-Identifier: GPL-2.0-or-later
// What the page of a report needs to price it again while a slider moves: the report's counts, and
// the terms that the price of each is the sum of. The page multiplies (tools/html/priced.js).
#pragma once

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "sim/cost/account.h"
#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_path.h"
#include "tools/whatif/cost_figures.h"

namespace uprobesim {

struct SheetRow {
    struct Share {
        double times = 0, units = 0;
    };
    std::variant<KernelPath, ExceptionClass> work;
    double times = 0, units = 0;
    std::array<Share, kAccountCount> accounts{};  // all zero: not divided
};

enum class AnswerUnit { Nanoseconds, Cycles, MillionsASecond, PercentOfACpu };

// A figure that is shown: what cycles of the item it is of, divided by `per`.
struct SheetAnswer {
    std::string name;
    AnswerUnit unit = AnswerUnit::Cycles;
    std::vector<std::string> of;  // "user", "kernel" (all rows), or an account
    double per = 1;
    double idle_ns = 0;  // is added
};

// A run, a variant of the benchmark, a sum of probes.
struct SheetItem {
    std::string label{};
    std::size_t place = 0;  // of the sheet's
    std::vector<SheetRow> rows{};
    double user_cycles = 0;
    std::vector<SheetAnswer> answers{};
    double hits = 0;  // of which the mean is drawn; 0: none
    // Units are priced in lots of so many and rounded then; 0: all of a row's at once.
    double lot = 0;
    std::string command{};  // gives the same at other figures, with --set added
};

struct PriceSheet {
    std::vector<CostPlace> places;
    std::vector<SheetItem> items;
    std::vector<std::string> known{};  // keys that --set gave: they have no range
    std::string run_instead{};         // makes what a change of behaviour needs, with --set added
    std::vector<std::string> behaviour{};  // keys that are not offered because they change it

    std::string json() const;
};

// Where there is nothing to move: why, in a sentence.
std::string no_sliders_json(const std::string& why);

}  // namespace uprobesim
