// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/base/entropy.h"
#include "sim/base/fnv.h"
#include "sim/base/try.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/uncertainty.h"
#include "tools/sweep/plan/exclusions.h"
#include "tools/sweep/plan/number_json.h"

namespace uprobesim {
namespace {

constexpr std::string_view kMachine = "machine.";

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

// Different for different values.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    return Entropy(hash ^ value).next();
}

}  // namespace

Result<Points> Points::make(const Plan& plan, std::string kernel, std::string machine) {
    Points points(plan);
    points.kernel_ = std::move(kernel);
    points.machine_ = std::move(machine);
    points.kernel_axis_ = axis_named(plan, "kernel");
    points.machine_axis_ = axis_named(plan, "machine");
    TRY(points.make_dimensions());
    points.make_texts();
    TRY(points.load_figures());
    points.leave_out();
    if (points.size_ == 0) return user_error("the plan excludes all its points", plan.file);
    return points;
}

Outcome Points::make_dimensions() {
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
    if (!sampled_.empty()) {
        sample_ = SampleRows(plan_->sample, names);
        dimensions_[shared.at(std::string(kSample))].size = sample_.rows();
    }
    std::uint64_t size = 1;
    for (auto dimension = dimensions_.rbegin(); dimension != dimensions_.rend(); ++dimension) {
        dimension->stride = size;
        if (dimension->size > kMaxPoints || size * dimension->size > kMaxPoints)
            return user_error(fmt::format("the plan has more than {} points", kMaxPoints),
                              plan_->file, "leave out axes or values, or make several plans");
        size *= dimension->size;
    }
    return {};
}

void Points::make_texts() {
    for (const Axis& axis : plan_->axes) {
        AxisTexts& texts = texts_.emplace_back();
        texts.json_name = json_text(axis.name) + ":";
        texts.name_hash = fnv1a64(axis.name);
        for (const AxisValue& value : axis.values) {
            texts.hashes.push_back(fnv1a64(value.text));
            texts.numbers.push_back(number_of(value.text));
            texts.json.push_back(axis.is_price ? fmt::format("{}", texts.numbers.back())
                                               : json_text(value.text));
        }
    }
}

// Conditions on axes that advance together are one.
void Points::leave_out() {
    std::vector<std::uint64_t> sizes;
    for (const Dimension& dimension : dimensions_) sizes.push_back(dimension.size);
    std::vector<IndexSets> exclusions;
    for (const Exclusion& exclusion : plan_->exclusions) {
        std::map<std::size_t, std::vector<bool>> sets;
        for (const Exclusion::Condition& condition : exclusion.conditions) {
            const std::size_t d = places_[condition.axis].dimension;
            std::vector<bool> wanted(sizes[d]);
            for (const std::size_t value : condition.values) wanted[value] = true;
            const auto [at, is_new] = sets.try_emplace(d, wanted);
            for (std::size_t i = 0; !is_new && i < wanted.size(); ++i)
                at->second[i] = at->second[i] && wanted[i];
        }
        IndexSets& added = exclusions.emplace_back();
        for (auto& [dimension, indices] : sets) added.push_back({dimension, std::move(indices)});
    }
    for (const LinearRange& range : kept_ranges(sizes, exclusions)) {
        kept_.push_back({size_, range.begin});
        size_ += range.end - range.begin;
    }
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
                texts_[a].ends.push_back({*key->number * range.low, *key->number * range.high});
            }
        }
    }
    return {};
}

std::uint64_t Points::linear(std::uint64_t point) const {
    const auto after = std::upper_bound(kept_.begin(), kept_.end(), point,
                                        [](std::uint64_t p, const Kept& k) { return p < k.point; });
    const Kept& range = *(after - 1);
    return range.linear + (point - range.point);
}

std::uint64_t Points::index(std::uint64_t linear, std::size_t axis) const {
    const Dimension& dimension = dimensions_[places_[axis].dimension];
    return linear / dimension.stride % dimension.size;
}

std::string Points::kernel(std::uint64_t point) const {
    return kernel_axis_ == plan_->axes.size() ? kernel_ : text(point, kernel_axis_);
}

std::string Points::machine(std::uint64_t point) const {
    return machine_axis_ == plan_->axes.size() ? machine_ : text(point, machine_axis_);
}

double Points::sampled(std::uint64_t linear, std::size_t a) const {
    const Axis& axis = plan_->axes[a];
    const double share = sample_.at(index(linear, a), places_[a].column);
    if (axis.source == AxisSource::LogSampled)
        return axis.from * std::pow(axis.to / axis.from, share);
    Ends ends{axis.from, axis.to};
    if (axis.source == AxisSource::Confidence) {
        const std::size_t of = axis.name.starts_with(kMachine) ? machine_axis_ : kernel_axis_;
        ends = texts_[a].ends[of == plan_->axes.size() ? 0 : index(linear, of)];
    }
    return ends.from + (ends.to - ends.from) * share;
}

std::string Points::text(std::uint64_t point, std::size_t a) const {
    const Axis& axis = plan_->axes[a];
    if (axis.source == AxisSource::Listed) return axis.values[index(linear(point), a)].text;
    return fmt::format("{}", sampled(linear(point), a));
}

double Points::number(std::uint64_t point, std::size_t a) const {
    const std::uint64_t at = linear(point);
    return plan_->axes[a].source == AxisSource::Listed ? texts_[a].numbers[index(at, a)]
                                                       : sampled(at, a);
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
        const auto& given = axis.values[index(linear(point), a)].words;
        words.insert(words.end(), given.begin(), given.end());
    }
    return words;
}

std::string Points::parameters(std::uint64_t point) const {
    std::string json;
    add_parameters(point, json);
    return json;
}

void Points::add_parameters(std::uint64_t point, std::string& json) const {
    const std::uint64_t at = linear(point);
    json += '{';
    for (std::size_t a = 0; a < plan_->axes.size(); ++a) {
        if (a != 0) json += ',';
        json += texts_[a].json_name;
        if (plan_->axes[a].source == AxisSource::Listed) {
            json += texts_[a].json[index(at, a)];
        } else {
            add_number(sampled(at, a), json);
        }
    }
    json += '}';
}

std::uint64_t Points::hash(std::uint64_t point, std::uint64_t hash) const {
    const std::uint64_t at = linear(point);
    for (std::size_t a = 0; a < plan_->axes.size(); ++a) {
        const std::uint64_t value = plan_->axes[a].source == AxisSource::Listed
                                        ? texts_[a].hashes[index(at, a)]
                                        : std::bit_cast<std::uint64_t>(sampled(at, a));
        hash = mixed(mixed(hash, texts_[a].name_hash), value);
    }
    return hash;
}

std::uint64_t Points::group(std::uint64_t point) const {
    std::uint64_t group = 0;
    const std::uint64_t at = linear(point);
    for (const Dimension& dimension : dimensions_) {
        if (dimension.prices_only) continue;
        group = group * dimension.size + at / dimension.stride % dimension.size;
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
    return sampled_.empty() ? 0 : index(linear(point), sampled_.front());
}

}  // namespace uprobesim
