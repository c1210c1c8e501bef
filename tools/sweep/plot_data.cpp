// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plot_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "sim/base/entropy.h"
#include "sim/base/try.h"
#include "tools/sweep/figures.h"
#include "tools/sweep/indices/polynomial_totals.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostPlaces = 24;  // more values than these are parts of a range
constexpr std::size_t kParts = 12;
constexpr std::uint64_t kEffectsSeed = 2;

std::optional<double> number_of(const std::string& text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

// The point's value as a number, where all values of the axis are.
std::optional<std::vector<double>> numbers_of(const Points& points, std::size_t axis) {
    const Axis& row = points.plan().axes[axis];
    std::map<std::string, double> listed;
    for (const AxisValue& value : row.values) {
        const auto number = number_of(value.text);
        if (!number) return std::nullopt;
        listed[value.text] = *number;
    }
    std::vector<double> numbers;
    for (std::uint64_t point = 0; point < points.size(); ++point)
        numbers.push_back(row.source == AxisSource::Listed ? listed.at(points.text(point, axis))
                                                           : points.number(point, axis));
    return numbers;
}

void place_numbers(AxisPlaces& places) {
    std::vector<double> distinct = places.values;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    const double least = distinct.front(), most = distinct.back();
    if (distinct.size() <= kMostPlaces) {
        places.at = distinct;
    } else {
        for (std::size_t i = 0; i < kParts; ++i)
            places.at.push_back(least + (most - least) * (static_cast<double>(i) + 0.5) /
                                            static_cast<double>(kParts));
    }
    for (const double at : places.at) places.labels.push_back(fmt::format("{:.4g}", at));
    for (const double value : places.values) {
        const auto found = std::lower_bound(distinct.begin(), distinct.end(), value);
        const auto part = static_cast<std::size_t>((value - least) / (most - least) * kParts);
        places.of.push_back(distinct.size() <= kMostPlaces
                                ? static_cast<std::size_t>(found - distinct.begin())
                                : std::min(part, kParts - 1));
    }
}

void place_words(const Points& points, AxisPlaces& places) {
    std::map<std::string, std::size_t> known;
    for (const AxisValue& value : points.plan().axes[places.axis].values) {
        known.try_emplace(value.text, places.labels.size());
        places.at.push_back(static_cast<double>(places.labels.size()));
        places.labels.push_back(value.text);
    }
    for (std::uint64_t point = 0; point < points.size(); ++point) {
        places.of.push_back(known.at(points.text(point, places.axis)));
        places.values.push_back(static_cast<double>(places.of.back()));
    }
}

AxisPlaces places_of(const Points& points, std::size_t axis) {
    AxisPlaces places;
    places.axis = axis;
    places.name = points.plan().axes[axis].name;
    if (auto numbers = numbers_of(points, axis)) {
        places.is_number = true;
        places.values = std::move(*numbers);
        place_numbers(places);
    } else {
        place_words(points, places);
    }
    return places;
}

// A value that is done, with its place on each axis.
struct Done {
    double value = 0;
    std::size_t point = 0;
};

// The variance of the means of groups, and of all values.
struct Variances {
    double between = 0, all = 0;
    std::size_t groups = 0;
};
template <class GroupOf>
Variances variances_of(const std::vector<Done>& values, std::size_t groups, GroupOf group_of) {
    struct Sum {
        double sum = 0;
        double count = 0;
    };
    std::vector<Sum> sums(groups);
    double mean = 0;
    for (const Done& one : values) mean += one.value / static_cast<double>(values.size());
    Variances result;
    for (const Done& one : values) {
        Sum& sum = sums[group_of(one.point)];
        sum.sum += one.value - mean;
        ++sum.count;
        result.all += (one.value - mean) * (one.value - mean);
    }
    for (const Sum& sum : sums) {
        if (sum.count == 0) continue;
        result.between += sum.sum * sum.sum / sum.count;
        ++result.groups;
    }
    return result;
}

// The correlation ratio, less what chance alone would make it.
double ratio_beyond_chance(const Variances& v, std::size_t values) {
    if (v.all <= 0 || values <= v.groups) return 0;
    const double within = (v.all - v.between) / static_cast<double>(values - v.groups);
    return std::max(0.0, (v.between - static_cast<double>(v.groups - 1) * within) / v.all);
}

// All points of a product of the axes: the shares are exact. Others: nothing.
std::optional<Effects> effects_of_grid(const PlotData& data, const Points& points,
                                       const std::vector<Done>& done) {
    const Plan& plan = points.plan();
    if (!plan.exclusions.empty() || plan.sample.count != 0 || done.size() != points.size())
        return std::nullopt;
    for (const Axis& axis : plan.axes) {
        if (!axis.zip.empty()) return std::nullopt;
    }
    Effects effects;
    effects.estimators = "of all points of the axes' product: exact shares of its variance";
    effects.points = done.size();
    for (const AxisPlaces& axis : data.axes) {
        // Points are numbered by the axes' values: without this axis's, what is left is a group.
        std::uint64_t stride = 1;
        for (std::size_t a = plan.axes.size(); a-- > axis.axis + 1;)
            stride *= plan.axes[a].values.size();
        const std::uint64_t size = plan.axes[axis.axis].values.size();
        const auto alone = variances_of(
            done, size, [&](std::size_t point) -> std::size_t { return point / stride % size; });
        const auto others =
            variances_of(done, points.size() / size, [&](std::size_t point) -> std::size_t {
                return point / (stride * size) * stride + point % stride;
            });
        const auto exact = [](double value) { return Share{value, value, value}; };
        effects.axes.push_back({axis.name, axis.axis, exact(alone.between / alone.all),
                                exact(1 - others.between / others.all)});
    }
    return effects;
}

Effects effects_of_points(const PlotData& data, const std::vector<Done>& done) {
    Effects effects;
    effects.estimators =
        "correlation ratio over the axis's values or 12 parts of its range, less what chance makes "
        "it; 95 %: bootstrap over the points";
    effects.points = done.size();
    std::vector<std::vector<double>> resampled(data.axes.size());
    const auto ratio = [&](const std::vector<Done>& values, const AxisPlaces& axis) {
        return ratio_beyond_chance(variances_of(values, axis.labels.size(),
                                                [&](std::size_t point) { return axis.of[point]; }),
                                   values.size());
    };
    Entropy entropy(kEffectsSeed);
    std::vector<Done> drawn(done.size());
    for (std::size_t i = 0; i < resamples_of(done.size(), data.axes.size()); ++i) {
        for (Done& one : drawn) one = done[entropy.next() % done.size()];
        for (std::size_t a = 0; a < data.axes.size(); ++a)
            resampled[a].push_back(ratio(drawn, data.axes[a]));
    }
    for (std::size_t a = 0; a < data.axes.size(); ++a) {
        Share first{ratio(done, data.axes[a])};
        set_interval(first, std::move(resampled[a]));
        effects.axes.push_back({data.axes[a].name, data.axes[a].axis, first, std::nullopt});
    }
    return effects;
}

// Of a Latin hypercube without other axes: totals of a polynomial.
void add_totals(const PlotData& data, const Points& points, const std::vector<Done>& done,
                Effects& effects) {
    const Plan& plan = points.plan();
    const std::vector<std::size_t>& sampled = points.sampled_axes();
    if (plan.sample.count == 0 || plan.sample.design != Design::LatinHypercube ||
        data.axes.size() != sampled.size())
        return;
    std::vector<std::vector<double>> rows;
    std::vector<double> values;
    for (const Done& one : done) {
        std::vector<double>& row = rows.emplace_back();
        for (std::size_t column = 0; column < sampled.size(); ++column)
            row.push_back(points.sample().at(points.sample_row(one.point), column));
        values.push_back(one.value);
    }
    const auto totals = polynomial_totals(rows, values);
    if (!totals) return;
    effects.estimators += fmt::format(
        "; total: of a polynomial of degree {} that predicts {:.2f} % of the variance, the rest of "
        "which may be any axis's",
        totals->degree, 100 * totals->explained);
    for (AxisEffect& effect : effects.axes) {
        const auto column = std::find(sampled.begin(), sampled.end(), effect.axis);
        if (column != sampled.end())
            effect.total = totals->totals[static_cast<std::size_t>(column - sampled.begin())];
    }
}

void sort_effects(Effects& effects) {
    const auto size = [](const AxisEffect& effect) {
        return effect.total ? effect.total->value : effect.first.value;
    };
    std::stable_sort(effects.axes.begin(), effects.axes.end(),
                     [&](const AxisEffect& a, const AxisEffect& b) { return size(a) > size(b); });
}

std::vector<Effects> sobol_effects(const SweepResults& results, const std::string& figure) {
    std::vector<Effects> all;
    const auto indices = indices_of(results, {figure});
    if (!indices) return all;
    const Points& points = *results.points;
    for (const CombinationIndices& one : *indices) {
        Effects effects;
        effects.at = one.combination;
        effects.estimators = estimators_text();
        effects.points = one.indices.rows * points.sample().rows_together();
        for (std::size_t i = 0; i < one.indices.axes.size(); ++i) {
            const std::size_t axis = points.sampled_axes()[i];
            effects.axes.push_back({points.plan().axes[axis].name, axis, one.indices.axes[i].first,
                                    one.indices.axes[i].total});
        }
        all.push_back(std::move(effects));
    }
    return all;
}

std::vector<Effects> effects_of(const SweepResults& results, const PlotData& data) {
    const Points& points = *results.points;
    std::vector<Done> done;
    for (std::size_t point = 0; point < data.values.size(); ++point) {
        if (data.values[point]) done.push_back({*data.values[point], point});
    }
    const auto all = variances_of(done, 1, [](std::size_t) { return std::size_t{0}; });
    if (done.size() < 2 || all.all <= 0 || data.axes.empty()) return {};
    std::vector<Effects> effects;
    if (points.plan().sample.design == Design::Saltelli)
        effects = sobol_effects(results, data.figure);
    if (effects.empty()) {
        const auto grid = effects_of_grid(data, points, done);
        effects.push_back(grid ? *grid : effects_of_points(data, done));
        if (!grid) add_totals(data, points, done, effects.back());
    }
    for (Effects& one : effects) sort_effects(one);
    return effects;
}

}  // namespace

Result<PlotData> plot_data(const SweepResults& results, const std::string& figure) {
    const Points& points = *results.points;
    PlotData data;
    data.figure = figure;
    for (const auto& result : results.results) {
        std::optional<double>& value = data.values.emplace_back();
        if (!result || !result->done) continue;
        for (const NamedFigure& one : parse_figures(result->figures)) {
            if (data.figure.empty()) data.figure = one.name;
            if (one.name == data.figure) value = one.value;
        }
    }
    if (std::none_of(data.values.begin(), data.values.end(), [](const auto& v) { return !!v; }))
        return user_error(figure.empty() ? std::string("no point is done")
                                         : fmt::format("no point has a figure '{}'", figure),
                          results.plan, "see uprobesim sweep collect");
    data.is_time = data.figure.ends_with("_ns") || data.figure.ends_with("/ns");
    for (std::size_t axis = 0; axis < points.plan().axes.size(); ++axis) {
        AxisPlaces places = places_of(points, axis);
        if (places.labels.size() > 1) data.axes.push_back(std::move(places));
    }
    data.effects = effects_of(results, data);
    return data;
}

}  // namespace uprobesim
