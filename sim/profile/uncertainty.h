// SPDX-License-Identifier: GPL-2.0-or-later
// How far off a figure may be, from its confidence, and the figures of two profiles varied within
// that.
#pragma once

#include <string>
#include <vector>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/profile_keys.h"

namespace uprobesim {

// A value may be as small as value * low and as large as value * high. The table and its reasons:
// sim/README.md.
struct ConfidenceRange {
    Confidence confidence;
    double low;
    double high;
};
const ConfidenceRange& confidence_range(Confidence confidence);

// How far a sum goes when the figures that it follows from are off independently of each other: the
// root of the sum of the squares of what each alone makes of it.
class IndependentErrors {
public:
    explicit IndependentErrors(double value) : value_(value) {}
    // The value with one figure at the ends of its range.
    void add(double at_low, double at_high);
    double low() const;
    double high() const;

private:
    double value_;
    double below_ = 0, above_ = 0;  // squares
};

struct ProfilePair {
    MachineProfile machine;
    KernelProfile kernel;
};

// One figure that can be a little more or less. Of a kernel path it is all its instructions, fixed
// and per unit.
struct VariedFigure {
    std::string key;  // "machine.kernel-cpi", "kernel.paths.uprobe.lookup"
    double value = 0;
    std::string unit;
    Confidence confidence = Confidence::Assumption;
};

class Uncertainty {
public:
    // `machine` and `kernel` as given on the command line. What --set gave is taken as known, and
    // so is what is 0. `waiting`: also what the way of a line between CPUs costs, but not which
    // CPUs are near each other.
    static Result<Uncertainty> load(std::string_view machine, std::string_view kernel,
                                    std::vector<Setting> settings, bool waiting = false);

    const ProfilePair& profiles() const { return profiles_; }
    const std::vector<VariedFigure>& figures() const { return figures_; }

    // The profiles with each named figure times its factor.
    struct Change {
        std::size_t figure;
        double factor;
    };
    Result<ProfilePair> with(const std::vector<Change>& changes) const;

private:
    std::string machine_name_;
    std::vector<Setting> settings_;
    ProfilePair profiles_;
    std::vector<VariedFigure> figures_;
};

}  // namespace uprobesim
