// SPDX-License-Identifier: GPL-2.0-or-later
// Two passes over the functions of a program. Callers before callees: what registers hold, block by
// block, and with it what each block takes. Callees before callers: the longest path, from the
// exits back, over the edges that close no loop. Each is linear in the instructions.
#include "probes/handlers/bpf_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "probes/handlers/bpf_flow.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::size_t kDeepestCalls = 8;  // MAX_CALL_FRAMES
constexpr std::uint64_t kMostCalls = 10'000;
constexpr std::uint64_t kMostJitInsns = 4 * kMostBpfInsns;

enum class Lookups { Any, Found };
constexpr std::array kBoth = {Lookups::Any, Lookups::Found};
using Longest = std::array<std::optional<BpfTally>, kBoth.size()>;  // nullopt: there is no path

class ProgramCost {
public:
    ProgramCost(const BpfObject& object, const BpfCalls& calls, const BpfWeights& weights)
        : object_(object), flow_(object, calls), weights_(weights) {}

    Result<BpfCost> cost(std::size_t program) {
        TRY(visit(program, 1));
        flow_[program].entry = BpfState();
        for (auto f = order_.rbegin(); f != order_.rend(); ++f) {
            if (flow_[*f].entry) flow_.follow(*f);
        }
        for (const std::size_t f : order_) {
            if (flow_[f].entry) TRY(measure(f, f == program));
        }
        const Longest& longest = longest_[program];
        return BpfCost{*longest[0], longest[1].value_or(*longest[0]), flow_.notes()};
    }

private:
    const BpfFunction& function(std::size_t f) const { return object_.functions[f]; }

    tl::unexpected<UserError> refuse(std::size_t f, std::string_view what) const {
        return user_error(fmt::format("'{}' {}", printable(function(f).name), what),
                          object_.file_name, "the kernel would not load it");
    }

    // Functions in order, each after those that it calls.
    Outcome visit(std::size_t f, std::size_t depth) {
        if (visits_[f] == Visit::Done) return {};
        if (visits_[f] == Visit::Open) return refuse(f, "calls itself");
        if (depth > kDeepestCalls)
            return refuse(f, fmt::format("is called over more than {} functions", kDeepestCalls));
        visits_[f] = Visit::Open;
        auto blocks = TRY(find_blocks(function(f), object_.file_name));
        flow_[f].work.resize(blocks.blocks.size());
        flow_[f].blocks = std::move(blocks);
        for (const auto& [at, reference] : function(f).references) {
            if (reference.kind == BpfReference::Kind::Function && function(f).insns[at].is_call())
                TRY(visit(reference.index, depth + 1));
        }
        visits_[f] = Visit::Done;
        order_.push_back(f);
        return {};
    }

    Outcome measure(std::size_t f, bool is_program) {
        for (const Lookups lookups : kBoth) {
            auto& longest = longest_[f][static_cast<std::size_t>(lookups)];
            longest = longest_path(f, lookups);
            if (!longest) continue;
            add_frame(flow_.at(f), *longest);
            // An empty program sets r0, too.
            if (is_program && longest->insns > 0) --longest->insns;
            if (longest->calls() > kMostCalls || longest->insns > kMostJitInsns)
                return refuse(f, "is longer than what the kernel's verifier takes");
        }
        if (!longest_[f][0]) return refuse(f, "has no way to an exit without a loop");
        tell_loops(f);
        return {};
    }

    // Each takes a walk over the function, and more are not told of one by one.
    void tell_loops(std::size_t f) {
        constexpr std::size_t kMostMeasured = 20;
        const std::vector<BpfLoop>& loops = flow_.at(f).loops;
        for (std::size_t n = 0; n < loops.size(); ++n) {
            const std::uint64_t begin = flow_.at(f).blocks.blocks[loops[n].to].begin;
            std::string text =
                fmt::format("the loop back to instruction {} is in the price once", begin);
            if (n < kMostMeasured) {
                if (const auto round = round_weight(flow_.at(f), loops[n]))
                    text += fmt::format("; each further round takes {:.0f} instructions (v6.12)",
                                        std::round(*round));
            }
            flow_.note(f, loops[n].at, text);
        }
    }

    // The longest way from a loop's head to its jump back.
    std::optional<double> round_weight(const BpfFunctionFlow& flow, const BpfLoop& loop) const {
        std::vector<double> best(flow.work.size(), -1);
        for (auto b = flow.blocks.order.rbegin(); b != flow.blocks.order.rend(); ++b) {
            const BpfBlockWork& block = flow.work[*b];
            if (!block.reached) continue;
            double here = *b == loop.from ? 0 : -1;
            for (const BpfEdgeWork& edge : block.edges) {
                if (best[edge.to] < 0) continue;
                here =
                    std::max(here, best[edge.to] + (edge.missed ? more_for_miss(*edge.missed) : 0));
            }
            if (here >= 0) best[*b] = here + weight_of(block, Lookups::Any);
        }
        if (best[loop.to] < 0) return std::nullopt;
        return best[loop.to];
    }

    double more_for_miss(const BpfLookup& lookup) const {
        return weights_.of(lookup.miss) + static_cast<double>(lookup.miss_insns) -
               weights_.of(lookup.hit) - static_cast<double>(lookup.hit_insns);
    }

    // Of the way to an exit.
    struct Best {
        double weight = -1;  // no exit is reached
        std::size_t edge = 0;
    };

    // Of a callee the path is known.
    const BpfTally& callee_path(std::size_t callee, Lookups lookups) const {
        const Longest& longest = longest_.at(callee);
        const auto& wanted = longest[static_cast<std::size_t>(lookups)];
        return wanted ? *wanted : *longest[0];
    }

    // From a block whose successors are known.
    Best best_from(const BpfBlockWork& block, const std::vector<Best>& best,
                   Lookups lookups) const {
        Best here{block.exits ? 0.0 : -1.0, 0};
        for (std::size_t e = 0; e < block.edges.size(); ++e) {
            const BpfEdgeWork& edge = block.edges[e];
            if (edge.missed && lookups == Lookups::Found) continue;
            if (best[edge.to].weight < 0) continue;
            const double weight = std::max(
                0.0, best[edge.to].weight + (edge.missed ? more_for_miss(*edge.missed) : 0));
            if (weight > here.weight) here = {weight, e};
        }
        if (here.weight < 0) return here;
        here.weight += weight_of(block, lookups);
        return here;
    }

    double weight_of(const BpfBlockWork& block, Lookups lookups) const {
        double weight = weights_.of(block.tally);
        for (const std::size_t callee : block.callees)
            weight += weights_.of(callee_path(callee, lookups));
        return weight;
    }

    // nullopt: there is none.
    std::optional<BpfTally> longest_path(std::size_t f, Lookups lookups) const {
        const BpfFunctionFlow& flow = flow_.at(f);
        std::vector<Best> best(flow.work.size());
        for (auto b = flow.blocks.order.rbegin(); b != flow.blocks.order.rend(); ++b) {
            if (flow.work[*b].reached) best[*b] = best_from(flow.work[*b], best, lookups);
        }
        if (best[0].weight < 0) return std::nullopt;
        BpfTally path;
        for (std::size_t b = 0;;) {
            const BpfBlockWork& block = flow.work[b];
            path.add(block.tally);
            for (const std::size_t callee : block.callees) path.add(callee_path(callee, lookups));
            if (block.exits) return path;
            const BpfEdgeWork& edge = block.edges[best[b].edge];
            if (edge.missed) {
                path.insns += edge.missed->miss_insns;
                path.insns -= edge.missed->hit_insns;  // the lookup is on the path
                path.add(edge.missed->hit, -1);
                path.add(edge.missed->miss, 1);
            }
            b = edge.to;
        }
    }

    static void add_frame(const BpfFunctionFlow& work, BpfTally& tally) {
        constexpr unsigned kFirstSaved = 6, kLastSaved = 9, kFrame = 10;
        std::uint64_t saved = 0;
        for (unsigned reg = kFirstSaved; reg <= kLastSaved; ++reg) saved += work.used[reg] ? 1 : 0;
        if (work.used[kFrame])
            tally.add(ProgramParts::frame(saved), 1);
        else if (saved != 0)
            tally.add(ProgramParts::saved(saved), 1);
    }

    enum class Visit { New, Open, Done };

    const BpfObject& object_;
    BpfFlow flow_;
    const BpfWeights& weights_;
    std::map<std::size_t, Visit> visits_;
    std::map<std::size_t, Longest> longest_;
    std::vector<std::size_t> order_;  // functions, each after those that it calls
};

}  // namespace

Result<BpfCost> bpf_cost(const BpfObject& object, const BpfCalls& calls, const BpfWeights& weights,
                         std::size_t program) {
    return ProgramCost(object, calls, weights).cost(program);
}

}  // namespace uprobesim
