// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/base/try.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/uncertainty.h"

namespace uprobesim {
namespace {

std::size_t axis_named(const Plan& plan, std::string_view name) {
    const auto found = std::find_if(plan.axes.begin(), plan.axes.end(),
                                    [&](const Axis& axis) { return axis.name == name; });
    return static_cast<std::size_t>(found - plan.axes.begin());
}

// What was not written as a number: 1e3 and .5 are, as --set takes them.
double number_of(const std::string& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string json_text(const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<Points> Points::make(const Plan& plan, std::string kernel, std::string machine) {
    Points points(plan);
    points.kernel_ = std::move(kernel);
    points.machine_ = std::move(machine);
    points.kernel_axis_ = axis_named(plan, "kernel");
    points.machine_axis_ = axis_named(plan, "machine");
    points.make_dimensions();
    TRY(points.load_figures());
    std::uint64_t size = 1;
    for (auto dimension = points.dimensions_.rbegin(); dimension != points.dimensions_.rend();
         ++dimension) {
        dimension->stride = size;
        if (dimension->size > kMaxPoints || size * dimension->size > kMaxPoints)
            return user_error(fmt::format("the plan has more than {} points", kMaxPoints),
                              plan.file, "leave out axes or values, or make several plans");
        size *= dimension->size;
    }
    points.kept_.reserve(size);
    for (std::uint64_t linear = 0; linear < size; ++linear) {
        if (!points.excluded(linear)) points.kept_.push_back(linear);
    }
    if (points.kept_.empty()) return user_error("the plan excludes all its points", plan.file);
    return points;
}

void Points::make_dimensions() {
    constexpr std::string_view kSample = " sample";  // no zip word of a user: see below
    std::map<std::string, std::size_t> shared;       // by zip word, the sample under its own
    std::vector<std::string> names;
    for (std::size_t a = 0; a < plan_->axes.size(); ++a) {
        const Axis& axis = plan_->axes[a];
        const bool is_sampled = axis.source != AxisSource::Listed;
        const std::string word = is_sampled ? std::string(kSample) : "=" + axis.zip;
        const bool alone = !is_sampled && axis.zip.empty();
        const auto known = alone ? shared.end() : shared.find(word);
        std::size_t d = dimensions_.size();
        if (known != shared.end()) {
            d = known->second;
        } else {
            dimensions_.emplace_back().size = axis.values.size();
            if (!alone) shared[word] = d;
        }
        dimensions_[d].axes.push_back(a);
        dimensions_[d].prices_only &= axis.is_price;
        places_.push_back({d, sampled_.size()});
        if (is_sampled) {
            sampled_.push_back(a);
            names.push_back(axis.name);
        }
    }
    if (sampled_.empty()) return;
    sample_ = SampleRows(plan_->sample, names);
    dimensions_[shared.at(std::string(kSample))].size = sample_.rows();
}

Outcome Points::load_figures() {
    const auto profiles = [&](std::size_t axis, const std::string& otherwise) {
        std::vector<std::string> names;
        if (axis == plan_->axes.size()) return std::vector<std::string>{otherwise};
        for (const AxisValue& value : plan_->axes[axis].values) names.push_back(value.text);
        return names;
    };
    for (const ProfileKind kind : {ProfileKind::Machine, ProfileKind::Kernel}) {
        const std::string head = fmt::format("{}.", profile_kind_name(kind));
        std::vector<std::size_t> mine;
        for (const std::size_t a : sampled_) {
            const Axis& axis = plan_->axes[a];
            if (axis.source == AxisSource::Confidence && axis.name.starts_with(head))
                mine.push_back(a);
        }
        if (mine.empty()) continue;
        const bool machine = kind == ProfileKind::Machine;
        for (const std::string& name :
             profiles(machine ? machine_axis_ : kernel_axis_, machine ? machine_ : kernel_)) {
            const auto listing = TRY(list_profile(kind, name, {}));
            for (const std::size_t a : mine) {
                const ProfileKey* key =
                    listing.find(std::string_view(plan_->axes[a].name).substr(head.size()));
                if (key == nullptr || !key->number || !key->confidence)
                    return user_error(
                        fmt::format("'{}' has no confidence in '{}'", plan_->axes[a].name, name),
                        plan_->file, "give the axis sample = [from, to]");
                const ConfidenceRange& range = confidence_range(*key->confidence);
                figures_[{a, name}] = {*key->number * range.low, *key->number * range.high};
            }
        }
    }
    return {};
}

std::uint64_t Points::index(std::uint64_t linear, std::size_t axis) const {
    const Dimension& dimension = dimensions_[places_[axis].dimension];
    return linear / dimension.stride % dimension.size;
}

bool Points::excluded(std::uint64_t linear) const {
    return std::any_of(
        plan_->exclusions.begin(), plan_->exclusions.end(), [&](const Exclusion& exclusion) {
            return std::all_of(exclusion.conditions.begin(), exclusion.conditions.end(),
                               [&](const Exclusion::Condition& condition) {
                                   const auto& values = condition.values;
                                   return std::find(values.begin(), values.end(),
                                                    index(linear, condition.axis)) != values.end();
                               });
        });
}

std::string Points::kernel(std::uint64_t point) const {
    return kernel_axis_ == plan_->axes.size() ? kernel_ : text(point, kernel_axis_);
}

std::string Points::machine(std::uint64_t point) const {
    return machine_axis_ == plan_->axes.size() ? machine_ : text(point, machine_axis_);
}

double Points::sampled(std::uint64_t point, std::size_t a) const {
    const Axis& axis = plan_->axes[a];
    const double share = sample_.at(index(kept_[point], a), places_[a].column);
    if (axis.source == AxisSource::LogSampled)
        return axis.from * std::pow(axis.to / axis.from, share);
    Ends ends{axis.from, axis.to};
    if (axis.source == AxisSource::Confidence)
        ends = figures_.at({a, axis.name.starts_with("machine.") ? machine(point) : kernel(point)});
    return ends.from + (ends.to - ends.from) * share;
}

std::string Points::text(std::uint64_t point, std::size_t a) const {
    const Axis& axis = plan_->axes[a];
    if (axis.source == AxisSource::Listed) return axis.values[index(kept_[point], a)].text;
    return fmt::format("{}", sampled(point, a));
}

double Points::number(std::uint64_t point, std::size_t a) const {
    const Axis& axis = plan_->axes[a];
    return axis.source == AxisSource::Listed ? number_of(text(point, a)) : sampled(point, a);
}

std::vector<std::string> Points::options(std::uint64_t point, bool prices) const {
    std::vector<std::string> words;
    for (std::size_t a = 0; a < plan_->axes.size(); ++a) {
        const Axis& axis = plan_->axes[a];
        if (axis.is_price && !prices) continue;
        if (axis.source != AxisSource::Listed) {
            words.insert(words.end(), {"--set", fmt::format("{}={}", axis.name, text(point, a))});
            continue;
        }
        const auto& given = axis.values[index(kept_[point], a)].words;
        words.insert(words.end(), given.begin(), given.end());
    }
    return words;
}

std::string Points::parameters(std::uint64_t point) const {
    std::string json = "{";
    for (std::size_t a = 0; a < plan_->axes.size(); ++a) {
        const Axis& axis = plan_->axes[a];
        const bool number = axis.is_price || axis.source != AxisSource::Listed;
        json += fmt::format("{}\"{}\":", a == 0 ? "" : ",", axis.name);
        if (number) {
            fmt::format_to(std::back_inserter(json), "{}", this->number(point, a));
        } else {
            json += json_text(text(point, a));
        }
    }
    return json + "}";
}

std::uint64_t Points::group(std::uint64_t point) const {
    std::uint64_t group = 0;
    for (const Dimension& dimension : dimensions_) {
        if (dimension.prices_only) continue;
        group = group * dimension.size + kept_[point] / dimension.stride % dimension.size;
    }
    return group;
}

std::string Points::combination(std::uint64_t point) const {
    std::string text;
    for (std::size_t a = 0; a < plan_->axes.size(); ++a) {
        if (plan_->axes[a].source != AxisSource::Listed) continue;
        text += fmt::format("{}{}={}", text.empty() ? "" : " ", plan_->axes[a].name,
                            this->text(point, a));
    }
    return text;
}

std::uint64_t Points::sample_row(std::uint64_t point) const {
    return sampled_.empty() ? 0 : index(kept_[point], sampled_.front());
}

PointRange chunk_of(std::uint64_t points, std::uint64_t number, std::uint64_t count) {
    // points * count is at most 10^6 * 10^6.
    return {points * (number - 1) / count, points * number / count};
}

}  // namespace uprobesim
