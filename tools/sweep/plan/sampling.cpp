// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/sampling.h"

#include <numeric>
#include <utility>

#include "sim/base/entropy.h"
#include "sim/base/fnv.h"

namespace uprobesim {
namespace {

double unit_interval(std::uint64_t word) {
    return static_cast<double>(word >> 11) * 0x1.0p-53;
}

// Below `bound`, which is small against 2^64: the bias does not show.
std::uint64_t below(Entropy& entropy, std::uint64_t bound) {
    return entropy.next() % bound;
}

}  // namespace

std::vector<double> latin_axis(std::uint64_t count, std::uint64_t seed, const std::string& name) {
    Entropy entropy(fnv1a64(name) ^ seed);
    entropy.next();  // neighbouring seeds differ in their low bits only
    std::vector<std::uint64_t> parts(count);
    std::iota(parts.begin(), parts.end(), std::uint64_t{0});
    for (std::uint64_t i = count; i > 1; --i) std::swap(parts[i - 1], parts[below(entropy, i)]);
    std::vector<double> values;
    values.reserve(count);
    for (const std::uint64_t part : parts)
        values.push_back((static_cast<double>(part) + unit_interval(entropy.next())) /
                         static_cast<double>(count));
    return values;
}

SampleRows::SampleRows(const Sample& sample, const std::vector<std::string>& axes)
    : sample_(sample), axes_(axes.size()) {
    const auto cube = [&](const char* which) {
        std::vector<double> rows(sample.count * axes.size());
        for (std::size_t axis = 0; axis < axes.size(); ++axis) {
            const auto values = latin_axis(sample.count, sample.seed, axes[axis] + which);
            for (std::uint64_t row = 0; row < sample.count; ++row)
                rows[row * axes.size() + axis] = values[row];
        }
        return rows;
    };
    a_ = cube("");
    // No key of a profile has a blank.
    if (sample.design == Design::Saltelli) b_ = cube(" b");
}

std::uint64_t SampleRows::rows_together() const {
    return sample_.design == Design::Saltelli ? axes_ + 2 : 1;
}

std::uint64_t SampleRows::rows() const {
    return sample_.count * rows_together();
}

double SampleRows::at(std::uint64_t row, std::size_t axis) const {
    if (sample_.design != Design::Saltelli) return a_[row * axes_ + axis];
    const std::uint64_t base = row / rows_together(), part = row % rows_together();
    const bool from_b = part == 1 || part == axis + 2;
    return (from_b ? b_ : a_)[base * axes_ + axis];
}

}  // namespace uprobesim
