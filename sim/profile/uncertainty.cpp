// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/profile/uncertainty.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/try.h"

namespace uprobesim {

namespace {

constexpr std::string_view kMachine = "machine.";
constexpr std::string_view kPaths = "kernel.paths.";
constexpr std::string_view kCpuCounts = "cpus";  // unit of those that say which CPUs are near

constexpr std::array kRanges = {
    ConfidenceRange{Confidence::High, 0.98, 1.02},
    ConfidenceRange{Confidence::Medium, 0.85, 1.15},
    ConfidenceRange{Confidence::Low, 0.60, 1.40},
    ConfidenceRange{Confidence::Assumption, 0.50, 2.00},
};

bool is_set(const std::vector<Setting>& settings, const std::string& key) {
    return std::any_of(settings.begin(), settings.end(),
                       [&](const Setting& s) { return s.key == key; });
}

}  // namespace

const ConfidenceRange& confidence_range(Confidence confidence) {
    return *std::find_if(kRanges.begin(), kRanges.end(), [&](const ConfidenceRange& range) {
        return range.confidence == confidence;
    });
}

void IndependentErrors::add(double at_low, double at_high) {
    below_ += std::pow(value_ - std::min(at_low, at_high), 2);
    above_ += std::pow(std::max(at_low, at_high) - value_, 2);
}

double IndependentErrors::low() const {
    return value_ - std::sqrt(below_);
}

double IndependentErrors::high() const {
    return value_ + std::sqrt(above_);
}

Result<Uncertainty> Uncertainty::load(std::string_view machine, std::string_view kernel,
                                      std::vector<Setting> settings, bool waiting) {
    Uncertainty loaded;
    loaded.machine_name_ = machine;
    loaded.settings_ = std::move(settings);
    auto machine_profile = TRY(load_machine_profile(machine, loaded.settings_));
    auto kernel_profile = TRY(load_kernel_profile(kernel, loaded.settings_));
    loaded.profiles_ = {std::move(machine_profile), std::move(kernel_profile)};

    for (const auto& [key, figure] : loaded.profiles_.machine.figures) {
        std::string full = fmt::format("{}{}", kMachine, key);
        if (key_rule(ProfileKind::Machine, key).role != KeyRole::Price) continue;
        if (figure.value == 0 || is_set(loaded.settings_, full)) continue;
        loaded.figures_.push_back({std::move(full), figure.value, figure.unit, figure.confidence});
    }
    if (waiting && loaded.profiles_.machine.contention) {
        for (const ContentionKey& row : contention_keys()) {
            const Figure& figure = row.of(*loaded.profiles_.machine.contention);
            std::string full = fmt::format("{}{}.{}", kMachine, kContentionTable, row.key);
            if (row.unit == kCpuCounts || figure.value == 0 || is_set(loaded.settings_, full))
                continue;
            loaded.figures_.push_back(
                {std::move(full), figure.value, figure.unit, figure.confidence});
        }
    }
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const PathCost& cost = loaded.profiles_.kernel.paths[p];
        std::string full = fmt::format("{}{}", kPaths, kKernelPaths[p].name);
        if (cost.insns == 0 && cost.insns_per_unit == 0) continue;
        if (is_set(loaded.settings_, full + ".insns") ||
            is_set(loaded.settings_, full + ".insns-per-unit"))
            continue;
        loaded.figures_.push_back({std::move(full), cost.insns, "instructions", cost.confidence});
    }
    return loaded;
}

Result<ProfilePair> Uncertainty::with(const std::vector<Change>& changes) const {
    ProfilePair pair = profiles_;
    std::vector<Setting> settings = settings_;
    for (const Change& change : changes) {
        const VariedFigure& figure = figures_[change.figure];
        if (figure.key.starts_with(kPaths)) {
            // load() made the key from the path's name.
            const auto path = find_kernel_path(std::string_view(figure.key).substr(kPaths.size()));
            PathCost& cost = pair.kernel.paths[static_cast<std::size_t>(path.value())];
            cost.insns *= change.factor;
            cost.insns_per_unit *= change.factor;
        } else {
            settings.push_back({figure.key, fmt::format("{}", figure.value * change.factor)});
        }
    }
    // Through the reader, which knows what follows from a figure.
    if (settings.size() != settings_.size()) {
        auto machine = TRY(load_machine_profile(machine_name_, settings));
        pair.machine = std::move(machine);
    }
    return pair;
}

}  // namespace uprobesim
