// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/estimate_targets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "probes/target/symbol_index.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/insn/decoder.h"
#include "tools/format/number_text.h"
#include "tools/sysroot/path_in_root.h"

namespace uprobesim {
namespace {

constexpr InputKind kBinary{"program", kMaxProgramBytes,
                            "give the path of an arm64 program or library"};
constexpr std::size_t kNearbyWords = 8;  // behind the probed one, for the advice
constexpr std::size_t kMostNames = 5;

Result<SymbolIndex> index_of(const std::string& root, const std::string& binary) {
    const auto named = [&](auto result) {
        if (!result) result.error().where = binary;
        return result;
    };
    std::string host = binary;
    if (!root.empty()) {
        auto inside = TRY(path_in_root(root, binary));
        host = std::move(inside);
    }
    const auto file = TRY(named(InputFile::open(host, kBinary)));
    auto bytes = TRY(named(file.bytes()));
    return SymbolIndex::build(std::move(bytes), binary);
}

// Places of a binary by offset; the first of several names.
std::map<std::uint64_t, std::string> places_of(const ProbeSpec& spec, const SymbolIndex& index) {
    std::map<std::uint64_t, std::string> places;
    if (spec.raw_offset) {
        places.emplace(*spec.raw_offset, fmt::format("{:#x}", *spec.raw_offset));
        return places;
    }
    for (const Function* f : index.matching(spec.symbol)) {
        places.emplace(f->offset + spec.offset,
                       spec.offset == 0 ? f->name : fmt::format("{}+{}", f->name, spec.offset));
    }
    return places;
}

// The words at an offset, up to where the next function begins.
std::vector<std::uint32_t> words_at(const SymbolIndex& index, std::uint64_t offset) {
    const auto& all = index.functions();
    const auto next =
        std::upper_bound(all.begin(), all.end(), offset,
                         [](std::uint64_t at, const Function& f) { return at < f.offset; });
    std::vector<std::uint32_t> words;
    for (std::uint64_t at = offset; words.size() <= kNearbyWords; at += 4) {
        if (next != all.end() && at >= next->offset) break;
        const auto word = index.in_text(at) ? index.word_at(at) : std::nullopt;
        if (!word) break;
        words.push_back(*word);
    }
    return words;
}

Outcome add_spec(const ProbeSpec& spec, const SymbolIndex& index,
                 std::vector<EstimateTarget>& targets, std::vector<std::string>& notes) {
    const auto places = places_of(spec, index);
    if (places.empty()) {
        const auto near = index.near(spec.symbol, 3);
        return user_error(
            fmt::format("no function of {} is '{}'", spec.binary, spec.symbol), spec.text,
            near.empty()
                ? fmt::format("the file has {}", counted(index.functions().size(), "function"))
                : fmt::format("did you mean {}?", fmt::join(near, ", ")));
    }
    const Decoder decoder;
    std::vector<std::string> left_out;
    for (const auto& [offset, name] : places) {
        auto words = words_at(index, offset);
        if (words.empty() || offset % 4 != 0) {
            if (!spec.has_wildcard())
                return user_error(fmt::format("there is no instruction at {:#x}", offset),
                                  spec.text, "probes go on instructions only");
            left_out.push_back(name);
            continue;
        }
        EstimateTarget target;
        target.binary = spec.binary;
        target.function = name;
        target.file_offset = offset;
        target.wants_return = spec.kind == ProbeSpec::Kind::Uretprobe;
        target.instruction = decoder.disassemble(words.front(), offset);
        target.words = std::move(words);
        targets.push_back(std::move(target));
    }
    if (!left_out.empty())
        notes.push_back(fmt::format("{}: {} without an instruction left out", spec.text,
                                    counted(left_out.size(), "place")));
    return {};
}

std::string some(const std::vector<std::string>& names) {
    std::vector<std::string> first(
        names.begin(),
        names.begin() + static_cast<std::ptrdiff_t>(std::min(kMostNames, names.size())));
    return fmt::format("{}{}", fmt::join(first, ", "), names.size() > kMostNames ? ", ..." : "");
}

}  // namespace

Result<std::vector<EstimateTarget>> estimate_targets(const std::vector<ProbeSpec>& specs,
                                                     const std::string& root,
                                                     std::vector<std::string>& notes) {
    std::vector<EstimateTarget> targets;
    std::map<std::string, SymbolIndex> indexes;
    for (const ProbeSpec& spec : specs) {
        auto known = indexes.find(spec.binary);
        if (known == indexes.end()) {
            auto index = TRY(index_of(root, spec.binary));
            known = indexes.emplace(spec.binary, std::move(index)).first;
        }
        TRY(add_spec(spec, known->second, targets, notes));
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
            if (target.function != function && target.function != row.name) continue;
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
        for (const EstimateTarget& target : targets) names.push_back(target.function);
        const std::string near =
            strangers.empty() ? "" : did_you_mean(counted_function(strangers.front()), names);
        return user_error(
            fmt::format("none of the probes is counted: the file has {}", some(strangers)),
            "--counts", near);
    }
    if (!strangers.empty())
        notes.push_back(fmt::format("counted but not among the probes: {}", some(strangers)));
    if (!uncounted.empty())
        notes.push_back(fmt::format("not counted, so taken as never hit: {}", some(uncounted)));
    return {};
}

}  // namespace uprobesim
