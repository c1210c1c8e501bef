// SPDX-License-Identifier: GPL-2.0-or-later
// The recorded hit or exception of one kernel as JSON: the state before it and its events.
#pragma once

#include <map>
#include <nlohmann/json.hpp>

#include "sim/cost/price_terms.h"
#include "sim/insn/decoder.h"
#include "tools/explain/explain.h"

namespace uprobesim {

class HitJson {
public:
    HitJson(const MachineProfile& machine, const ExplainedRun& run);

    // First the one, then the other.
    nlohmann::ordered_json before();
    nlohmann::ordered_json events();

private:
    using Json = nlohmann::ordered_json;

    Json event(const HitEvent& event);
    Json path(const HitEvent& event) const;
    Json terms(const std::vector<PriceTerm>& terms) const;
    Json words(const HitState& state);
    Json system_registers() const;

    const MachineProfile& machine_;
    const ExplainedRun& run_;
    Decoder decoder_;
    // As the events so far have left them.
    const HitState* last_;
    std::map<std::uint64_t, std::uint32_t> words_;  // by address, as last seen
    struct {
        std::optional<std::uint64_t> esr;  // none: no exception has written it
        std::uint64_t elr = 0, spsr = 0;
        std::optional<std::uint64_t> far;
    } registers_;
    bool steps_ = false;  // MDSCR_EL1.SS
};

}  // namespace uprobesim
