// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/gdb/hit_stops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "probes/hit/probe_state.h"
#include "sim/base/text.h"

namespace uprobesim {
namespace {

struct PhaseRow {
    HitPhase phase;
    std::string_view name;
    std::string_view meaning;
};
constexpr std::array kPhases{PhaseRow{HitPhase::Brk, "brk", "before the BRK is taken"},
                             PhaseRow{HitPhase::Slot, "slot", "before the instruction in the slot"},
                             PhaseRow{HitPhase::Return, "return", "before the return of the hit"}};

const PhaseRow& row_of(HitPhase phase) {
    return kPhases[static_cast<std::size_t>(phase)];
}

std::string name_of(const Uprobe& uprobe) {
    return fmt::format("uprobe:{}:{}", uprobe.binary, uprobe.symbol);
}

bool is_meant(const Uprobe& uprobe, const std::string& spec) {
    return uprobe.spec == spec || uprobe.symbol == spec || name_of(uprobe) == spec;
}

}  // namespace

std::string_view phase_name(HitPhase phase) {
    return row_of(phase).name;
}

std::optional<HitPhase> phase_named(std::string_view name) {
    const auto* const row = std::find_if(kPhases.begin(), kPhases.end(),
                                         [&](const PhaseRow& r) { return r.name == name; });
    return row == kPhases.end() ? std::nullopt : std::optional(row->phase);
}

void HitStops::use(Kernel& kernel, const Uprobes& uprobes) {
    kernel_ = &kernel;
    uprobes_ = &uprobes;
    hits_.clear();
}

Outcome HitStops::add(HitPhase phase, const std::string& spec) {
    const auto& all = uprobes_->uprobes();
    const bool known = std::any_of(all.begin(), all.end(), [&](const auto& uprobe) {
        return spec.empty() || is_meant(*uprobe, spec);
    });
    if (all.empty()) return user_error("the run has no probes", "catch", "give run some with -p");
    if (!known) {
        std::vector<std::string> names;
        names.reserve(all.size());
        for (const auto& uprobe : all)
            names.push_back(spec.find(':') == spec.npos ? uprobe->symbol : name_of(*uprobe));
        return user_error(fmt::format("no probe is named '{}'", printable(spec)), "catch",
                          near_names(spec, names));
    }
    wanted_.push_back({phase, spec});
    return {};
}

std::vector<std::string> HitStops::lines() const {
    std::vector<std::string> lines;
    for (const Wanted& wanted : wanted_)
        lines.push_back(fmt::format("{} {}", phase_name(wanted.phase),
                                    wanted.spec.empty() ? "of all probes" : wanted.spec));
    return lines;
}

std::optional<std::string> HitStops::line(HitPhase phase, const Uprobe* uprobe) const {
    const bool wants = std::any_of(wanted_.begin(), wanted_.end(), [&](const Wanted& w) {
        return w.phase == phase &&
               (w.spec.empty() || (uprobe != nullptr && is_meant(*uprobe, w.spec)));
    });
    if (!wants) return std::nullopt;
    return fmt::format("uprobesim: {}: {}", row_of(phase).meaning,
                       uprobe == nullptr ? "the return of a probed function" : name_of(*uprobe));
}

std::optional<std::string> HitStops::at_brk(const Task& task, const Stop& stop) {
    const auto* const brk = std::get_if<Brk>(&stop.why);
    const TrapClient* const client = kernel_->client();
    if (brk == nullptr || client == nullptr || !client->owns_brk(task, brk->imm))
        return std::nullopt;
    const Uprobe* const uprobe = uprobes_->at(*task.process, stop.pc);
    hits_[task.id] = {.uprobe = uprobe};
    return line(HitPhase::Brk, uprobe);
}

std::optional<std::string> HitStops::at_return(const Task& task) {
    const auto hit = hits_.find(task.id);
    if (hit == hits_.end()) return std::nullopt;
    const UprobeTask* const state = find_state(task);
    const bool steps = state != nullptr && state->active != nullptr;
    const Uprobe* const uprobe = hit->second.uprobe;
    if (steps) {
        // An exception in the slot comes back to it.
        if (std::exchange(hit->second.in_slot, true)) return std::nullopt;
        return line(HitPhase::Slot, uprobe);
    }
    hits_.erase(hit);
    return line(HitPhase::Return, uprobe);
}

}  // namespace uprobesim
