// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/estimate_targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "probes/target/probe_places.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/insn/decoder.h"
#include "tools/format/number_text.h"
#include "tools/list/spec_files.h"

namespace uprobesim {
namespace {

constexpr std::size_t kNearbyWords = 8;  // after the probed one, for the advice
constexpr std::size_t kMostNames = 5;

// The words at an offset, up to where the next function begins.
std::vector<std::uint32_t> words_at(const ProbedFile& file, std::uint64_t offset) {
    std::uint64_t end = offset + 4;
    if (const SymbolIndex* index = file.index()) {
        const auto& all = index->functions();
        const auto next =
            std::upper_bound(all.begin(), all.end(), offset - file.base(),
                             [](std::uint64_t at, const Function& f) { return at < f.offset; });
        end = next != all.end() ? next->offset + file.base() : ~std::uint64_t{0};
    }
    std::vector<std::uint32_t> words;
    for (std::uint64_t at = offset; words.size() <= kNearbyWords && at < end; at += 4) {
        const auto word = file.word_at(at);
        if (!word) break;
        words.push_back(*word);
    }
    return words;
}

// The consumers of a place are run by one hit.
bool joins_other(std::vector<EstimateTarget>& targets, EstimateTarget& added) {
    const auto there = std::find_if(targets.begin(), targets.end(), [&](const EstimateTarget& t) {
        return t.consumers && t.file_offset == added.file_offset && t.binary == added.binary;
    });
    if (there == targets.end()) return false;
    // Without handlers, each spec is taken for itself.
    if (!added.consumers->handlers.given && !there->consumers->handlers.given) return false;
    ProbeConsumers& consumers = *there->consumers;
    consumers.entry += added.consumers->entry;
    consumers.returns += added.consumers->returns;
    consumers.handlers.join(added.consumers->handlers);
    there->wants_return = there->wants_return || added.wants_return;
    there->handlers.insert(there->handlers.end(), added.handlers.begin(), added.handlers.end());
    return true;
}

void add_handler(EstimateTarget& target, const ProbeHandler& handler, bool of_return) {
    const NewConsumers added = consumers_of(&handler, of_return);
    ProbeConsumers& consumers = target.consumers.emplace();
    consumers.entry = added.entry;
    consumers.returns = added.returns;
    consumers.handlers.add(&handler, of_return);
    target.handlers.push_back(handler.name);
}

Outcome add_places(const ProbedFile& file, const AttachedSpec& attached,
                   std::vector<EstimateTarget>& targets, std::vector<std::string>& notes) {
    const ProbeSpec& spec = attached.spec;
    TRY(check_handler(attached.handler.get(), spec));
    auto places = TRY(find_places(file, spec));
    const Decoder decoder;
    std::size_t resolvers = 0;
    for (ProbePlace& place : places) {
        // It runs once: no rate of calls is its own.
        if (spec.has_wildcard() && place.kind == ProbePlace::Kind::Indirect) {
            ++resolvers;
            continue;
        }
        if (place.kind == ProbePlace::Kind::Indirect) return indirect_function(spec, place);
        auto words =
            place.offset % 4 == 0 ? words_at(file, place.offset) : std::vector<std::uint32_t>();
        if (words.empty())
            return user_error(fmt::format("there is no instruction at {:#x}", place.offset),
                              spec.text, "probes go on instructions only");
        EstimateTarget target;
        target.binary = file.path();
        target.function = std::move(place.name);
        target.aliases = std::move(place.aliases);
        target.file_offset = place.offset;
        target.wants_return = spec.kind == ProbeSpec::Kind::Uretprobe;
        target.instruction = decoder.disassemble(words.front(), place.offset);
        target.words = std::move(words);
        // Beside one with a handler, the kernel profile's consumer is one more of the same hit.
        target.consumers = ProbeConsumers{1, target.wants_return ? 1U : 0U};
        if (attached.handler) add_handler(target, *attached.handler, target.wants_return);
        if (!joins_other(targets, target)) targets.push_back(std::move(target));
    }
    if (resolvers != 0)
        notes.push_back(fmt::format("{}: {} left out, as each runs once", spec.text,
                                    counted(resolvers, "IFUNC resolver")));
    return {};
}

std::string some(const std::vector<std::string>& names) {
    std::vector<std::string> first(
        names.begin(),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(kMostNames, names.size())));
    return fmt::format("{}{}", fmt::join(first, ", "), names.size() > kMostNames ? ", ..." : "");
}

}  // namespace

Result<std::vector<EstimateTarget>> estimate_targets(const std::vector<AttachedSpec>& specs,
                                                     const ListFiles& files,
                                                     std::vector<std::string>& notes) {
    std::vector<EstimateTarget> targets;
    SpecFiles spec_files(files);
    for (const AttachedSpec& spec : specs) {
        TRY(spec_files.each(spec.spec, [&](const ProbedFile& file) {
            return add_places(file, spec, targets, notes);
        }));
    }
    return targets;
}

Outcome apply_counts(std::vector<EstimateTarget>& targets, const HitCounts& counts, double seconds,
                     std::vector<std::string>& notes) {
    std::vector<std::string> strangers, uncounted;
    for (const HitCount& row : counts.rows) {
        const std::string_view function = counted_function(row.name);
        bool found = false;
        for (EstimateTarget& target : targets) {
            const auto is_name = [&](std::string_view name) {
                return name == function || name == row.name;
            };
            if (!is_name(target.function) &&
                std::none_of(target.aliases.begin(), target.aliases.end(), is_name))
                continue;
            target.rate = target.rate.value_or(0) + row.count / seconds;
            found = true;
        }
        if (!found) strangers.push_back(printable(row.name));
    }
    for (const EstimateTarget& target : targets) {
        if (!target.rate) uncounted.push_back(target.function);
    }
    if (uncounted.size() == targets.size()) {
        std::vector<std::string> names;
        names.reserve(targets.size());
        for (const EstimateTarget& target : targets) names.push_back(target.function);
        const std::string near =
            strangers.empty() ? "" : did_you_mean(counted_function(strangers.front()), names);
        return user_error(
            fmt::format("none of the probes is counted: the file has {}", some(strangers)),
            "--counts", near);
    }
    for (EstimateTarget& target : targets) target.rate = target.rate.value_or(0);
    if (!strangers.empty())
        notes.push_back(fmt::format("counted but not among the probes: {}", some(strangers)));
    if (!uncounted.empty())
        notes.push_back(fmt::format("not counted, so taken as never hit: {}", some(uncounted)));
    return {};
}

}  // namespace uprobesim
