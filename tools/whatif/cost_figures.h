// SPDX-License-Identifier: GPL-2.0-or-later
// The figures that some kernel work's cycles follow from, for pages that offer to change them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <vector>

#include "sim/cost/price_terms.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {

// Of one kernel on one machine; both outlive it.
struct CostPlace {
    const MachineProfile& machine;
    const KernelProfile& kernel;
};

class CostFigures {
public:
    explicit CostFigures(std::vector<CostPlace> places) : places_(std::move(places)) {}

    // Work of the place of that number.
    void use(std::size_t place, KernelPath path);
    void use(std::size_t place, ExceptionClass exception);

    // A row for each figure that all places give alike, as --set takes it: `key`, `value`, `unit`,
    // `low` and `high` within its confidence, `source`, `confidence`.
    nlohmann::ordered_json rows() const;

private:
    void note(const std::vector<PriceTerm>& terms);

    std::vector<CostPlace> places_;
    std::set<std::string> keys_{"frequency"};  // of the machine profile
    std::set<KernelPath> paths_;
};

}  // namespace uprobesim
