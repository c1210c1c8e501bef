// SPDX-License-Identifier: GPL-2.0-or-later
// The points of a plan, in an order that follows from the plan alone: the axes as they are written,
// the last one fastest; zipped axes and all sampled axes are one dimension each, at the place of
// their first. Nothing is stored for a point: what an exclusion leaves are ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/sweep/plan/plan.h"
#include "tools/sweep/plan/sampling.h"

namespace uprobesim {

class Points {
public:
    // `kernel` and `machine`: of a command without such an axis.
    static Result<Points> make(const Plan& plan, std::string kernel, std::string machine);

    std::uint64_t size() const { return size_; }
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
    void add_parameters(std::uint64_t point, std::string& json) const;
    // Of the parameters' names and values; `hash`: of what comes before.
    std::uint64_t hash(std::uint64_t point, std::uint64_t hash) const;

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
    struct Ends {
        double from = 0, to = 0;
    };
    // What is asked of an axis at every point, made once.
    struct AxisTexts {
        std::string json_name;              // "\"kernel\":"
        std::vector<std::string> json;      // of its listed values
        std::vector<double> numbers;        // of a setting's listed values that are numbers
        std::vector<std::uint64_t> hashes;  // of its listed values
        std::uint64_t name_hash = 0;
        // Confidence: the figure's range for each value of the axis of kernels or machines.
        std::vector<Ends> ends;
    };
    // Points that are kept, one after the other.
    struct Kept {
        std::uint64_t point = 0;   // the number of the first
        std::uint64_t linear = 0;  // its place in the product of all dimensions
    };
    explicit Points(const Plan& plan) : plan_(&plan) {}
    Outcome make_dimensions();
    Outcome load_figures();
    void make_texts();
    void leave_out();
    std::uint64_t linear(std::uint64_t point) const;
    std::uint64_t index(std::uint64_t linear, std::size_t axis) const;
    double sampled(std::uint64_t linear, std::size_t axis) const;

    const Plan* plan_;
    std::string kernel_, machine_;
    std::size_t kernel_axis_ = 0, machine_axis_ = 0;  // beyond the axes: there is none
    std::vector<Dimension> dimensions_;
    std::vector<Place> places_;  // of each axis
    std::vector<std::size_t> sampled_;
    SampleRows sample_;
    std::uint64_t size_ = 0;
    std::vector<Kept> kept_;
    std::vector<AxisTexts> texts_;  // of each axis
};

}  // namespace uprobesim
