// SPDX-License-Identifier: GPL-2.0-or-later
// The points of a plan, in an order that follows from the plan alone: the axes as they are written,
// the last one fastest; zipped axes and all sampled axes are one dimension each, at the place of
// their first. Nothing is stored for a point but which one it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/sweep/plan.h"
#include "tools/sweep/sampling.h"

namespace uprobesim {

class Points {
public:
    // `kernel` and `machine`: of a command without such an axis.
    static Result<Points> make(const Plan& plan, std::string kernel, std::string machine);

    std::uint64_t size() const { return kept_.size(); }
    const Plan& plan() const { return *plan_; }
    std::string kernel(std::uint64_t point) const;
    std::string machine(std::uint64_t point) const;

    // The axis's value there as --set and other options take it.
    std::string text(std::uint64_t point, std::size_t axis) const;
    // Of a price.
    double number(std::uint64_t point, std::size_t axis) const;
    // The options that make the command run the point; `prices`: those of cost parameters too.
    std::vector<std::string> options(std::uint64_t point, bool prices) const;
    // {"machine.kernel-cpi":1.1,...}: in the order of the axes.
    std::string parameters(std::uint64_t point) const;

    // Points of the same group differ in cost parameters only.
    std::uint64_t group(std::uint64_t point) const;

    // Points of the same combination differ in the sample's row only; "" without other axes.
    std::string combination(std::uint64_t point) const;

    // The row of the sample that the point belongs to; 0 without a sample.
    std::uint64_t sample_row(std::uint64_t point) const;
    const SampleRows& sample() const { return sample_; }
    const std::vector<std::size_t>& sampled_axes() const { return sampled_; }

private:
    struct Dimension {
        std::vector<std::size_t> axes;
        std::uint64_t size = 0;
        std::uint64_t stride = 0;
        bool prices_only = true;
    };
    struct Place {
        std::size_t dimension = 0;
        std::size_t column = 0;  // of the sample
    };
    explicit Points(const Plan& plan) : plan_(&plan) {}
    void make_dimensions();
    Outcome load_figures();
    std::uint64_t index(std::uint64_t linear, std::size_t axis) const;
    bool excluded(std::uint64_t linear) const;
    double sampled(std::uint64_t point, std::size_t axis) const;

    const Plan* plan_;
    std::string kernel_, machine_;
    std::size_t kernel_axis_ = 0, machine_axis_ = 0;  // beyond the axes: there is none
    std::vector<Dimension> dimensions_;
    std::vector<Place> places_;  // of each axis
    std::vector<std::size_t> sampled_;
    SampleRows sample_;
    std::vector<std::uint64_t> kept_;
    // The ends of a figure's confidence, by axis and profile.
    struct Ends {
        double from = 0, to = 0;
    };
    std::map<std::pair<std::size_t, std::string>, Ends> figures_;
};

// Chunk `number` of `count`, from 1: a range of points.
struct PointRange {
    std::uint64_t begin = 0, end = 0;
};
PointRange chunk_of(std::uint64_t points, std::uint64_t number, std::uint64_t count);

}  // namespace uprobesim
