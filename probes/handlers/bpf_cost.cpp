// SPDX-License-Identifier: GPL-2.0-or-later
// Two passes over the functions of a program. Callers before callees: what registers hold, block by
// block, and with it what each block takes. Callees before callers: the longest path, from the
// exits back, over the edges that close no loop. Each is linear in the instructions.
#include "probes/handlers/bpf_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>

#include "probes/bpf/bpf_blocks.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::string_view kBaseKernel = "v6.12";
constexpr std::size_t kDeepestCalls = 8;  // MAX_CALL_FRAMES
constexpr std::uint64_t kMostCalls = 10'000;
constexpr std::uint64_t kMostJitInsns = 4 * kMostBpfInsns;

struct Lookup {
    HandlerPart hit, miss;
    std::uint64_t hit_insns = 0, miss_insns = 0;
    std::size_t map = 0;
};
struct EdgeWork {
    std::size_t to = 0;
    std::optional<Lookup> missed;  // what finds nothing on this way
};
struct BlockWork {
    BpfTally tally;
    std::vector<std::size_t> callees;
    std::vector<EdgeWork> edges;
    bool reached = false, exits = false;
};

enum class Lookups { Any, Found };
constexpr std::array kBoth = {Lookups::Any, Lookups::Found};

struct FunctionWork {
    enum class Visit { New, Open, Done };
    Visit visit = Visit::New;
    BpfBlocks blocks;
    std::vector<BlockWork> work;
    std::optional<BpfState> entry;
    std::map<std::uint64_t, Lookup> lookups;  // by instruction
    std::bitset<11> used;                     // registers
    std::array<std::optional<BpfTally>, kBoth.size()> longest;
};

class ProgramCost {
public:
    ProgramCost(const BpfObject& object, const BpfCalls& calls, const BpfWeights& weights)
        : object_(object), calls_(calls), weights_(weights) {}

    Result<BpfCost> cost(std::size_t program) {
        TRY(visit(program, 1));
        functions_[program].entry = BpfState();
        for (auto f = order_.rbegin(); f != order_.rend(); ++f) {
            if (functions_[*f].entry) follow(*f);
        }
        for (const std::size_t f : order_) {
            if (functions_[f].entry) TRY(measure(f, f == program));
        }
        const FunctionWork& work = functions_[program];
        BpfCost cost{*work.longest[0], work.longest[1].value_or(*work.longest[0]), {}};
        cost.notes = std::move(notes_);
        if (further_ != 0) cost.notes.push_back(fmt::format("{} more are not known", further_));
        return cost;
    }

private:
    const BpfFunction& function(std::size_t f) const { return object_.functions[f]; }

    tl::unexpected<UserError> refuse(std::size_t f, std::string_view what) const {
        return user_error(fmt::format("'{}' {}", printable(function(f).name), what),
                          object_.file_name, "the kernel would not load it");
    }

    void note(std::size_t f, std::uint64_t at, std::string_view what) {
        constexpr std::size_t kMostNotes = 20;
        if (notes_.size() == kMostNotes) {
            ++further_;
            return;
        }
        notes_.push_back(fmt::format(
            "instruction {}{}: {}", at,
            function(f).is_subprogram ? fmt::format(" of {}", printable(function(f).name)) : "",
            what));
    }

    // Functions in order, each after those that it calls.
    Outcome visit(std::size_t f, std::size_t depth) {
        FunctionWork& work = functions_[f];
        if (work.visit == FunctionWork::Visit::Done) return {};
        if (work.visit == FunctionWork::Visit::Open) return refuse(f, "calls itself");
        if (depth > kDeepestCalls)
            return refuse(f, fmt::format("is called over more than {} functions", kDeepestCalls));
        work.visit = FunctionWork::Visit::Open;
        auto blocks = TRY(find_blocks(function(f), object_.file_name));
        work.blocks = std::move(blocks);
        work.work.resize(work.blocks.blocks.size());
        for (const auto& [at, reference] : function(f).references) {
            if (reference.kind == BpfReference::Kind::Function && function(f).insns[at].is_call())
                TRY(visit(reference.index, depth + 1));
        }
        functions_[f].visit = FunctionWork::Visit::Done;
        order_.push_back(f);
        return {};
    }

    // What registers hold, in all blocks.
    void follow(std::size_t f) {
        FunctionWork& work = functions_[f];
        std::map<std::size_t, BpfState> arriving;
        arriving.emplace(0, *work.entry);
        for (const std::size_t b : work.blocks.order) {
            const auto here = arriving.find(b);
            if (here == arriving.end()) continue;
            BpfState state = here->second;
            arriving.erase(here);
            const BpfBlock& block = work.blocks.blocks[b];
            if (block.heads_loop) state.forget();
            BlockWork& out = work.work[b];
            out.reached = true;
            for (std::uint64_t at = block.begin; at < block.end; ++at) {
                step(f, at, state, out);
                if (function(f).insns[at].is_wide_constant()) ++at;
            }
            leave(f, b, state, arriving);
        }
    }

    void step(std::size_t f, std::uint64_t at, BpfState& state, BlockWork& out) {
        const BpfInsn& insn = function(f).insns[at];
        use_registers(functions_[f], insn);
        const auto reference = function(f).references.find(at);
        const BpfReference* to =
            reference == function(f).references.end() ? nullptr : &reference->second;
        if (insn.is_exit()) {
            out.exits = true;
            out.tally.insns += at + 1 == function(f).insns.size() ? 0 : 1;
        } else if (insn.is_call() || insn.is_indirect_call()) {
            call(f, at, to, state, out);
        } else if (insn.is_wide_constant()) {
            std::optional<std::uint64_t> wide;
            if (to == nullptr && insn.src == 0)
                wide = static_cast<std::uint32_t>(insn.imm) |
                       static_cast<std::uint64_t>(
                           static_cast<std::uint32_t>(function(f).insns[at + 1].imm))
                           << 32;
            out.tally.insns += jit_size(insn, wide);
            state.execute(insn, wide, object_);
            if (to != nullptr) state.give(insn.dst, value_of(*to));
        } else if (!insn.is_conditional()) {
            out.tally.insns += jit_size(insn, std::nullopt);
            if (insn.is_atomic()) out.tally.add({{KernelPath::BpfAtomicAdd, 0}}, 1);
            state.execute(insn, std::nullopt, object_);
        }
    }

    static void use_registers(FunctionWork& work, const BpfInsn& insn) {
        if (insn.is_call() || insn.is_exit() || insn.is_goto()) return;
        work.used.set(insn.dst);
        const bool source = insn.insn_class() == 1 || insn.insn_class() == 3 ||
                            ((insn.is_alu() || insn.is_conditional()) && insn.from_register());
        if (source) work.used.set(insn.src);
    }

    static BpfValue value_of(const BpfReference& reference) {
        const auto index = static_cast<std::uint32_t>(reference.index);
        if (reference.kind == BpfReference::Kind::Map) return {BpfValue::Kind::Map, index, 0};
        if (reference.kind == BpfReference::Kind::Data)
            return {BpfValue::Kind::Data, index, reference.offset};
        return BpfValue::unknown();
    }

    void call(std::size_t f, std::uint64_t at, const BpfReference* to, BpfState& state,
              BlockWork& out) {
        const BpfInsn& insn = function(f).insns[at];
        BpfValue result = BpfValue::unknown();
        if (insn.is_indirect_call()) {
            note(f, at, "what is called by callx is not known, nor in the price");
        } else if (insn.src == kBpfPseudoCall && to != nullptr &&
                   to->kind == BpfReference::Kind::Function) {
            out.tally.add({{KernelPath::BpfSubprogram, 0}}, 1);
            out.callees.push_back(to->index);
            enter(functions_[to->index], state);
        } else if (insn.src != 0) {
            note(f, at,
                 fmt::format("the call of {} is not in the price", to == nullptr || to->name.empty()
                                                                       ? "a function of the kernel"
                                                                       : printable(to->name)));
        } else {
            BpfCall priced = calls_.helper(insn, state);
            for (const std::string& text : priced.notes) note(f, at, text);
            out.tally.insns += priced.insns;
            for (const HandlerPart& part : priced.parts) out.tally.add(part, 1);
            if (priced.miss) {
                functions_[f].lookups[at] = {priced.parts.front(), *priced.miss, priced.insns,
                                             priced.miss_insns, priced.map};
                result = {BpfValue::Kind::Found, 0, at};
            }
        }
        state.returned(result);
    }

    static void enter(FunctionWork& callee, const BpfState& caller) {
        BpfState state;
        for (unsigned n = 1; n <= 5; ++n) {
            const BpfValue& value = caller.argument(n);
            // A lookup is one of the caller's instructions.
            state.give(n, value.kind == BpfValue::Kind::Found ? BpfValue::unknown() : value);
        }
        if (callee.entry)
            callee.entry->merge(state);
        else
            callee.entry = state;
    }

    // The ways out of a block.
    void leave(std::size_t f, std::size_t b, const BpfState& state,
               std::map<std::size_t, BpfState>& arriving) {
        FunctionWork& work = functions_[f];
        const BpfBlock& block = work.blocks.blocks[b];
        if (block.edges.empty()) return;
        const BpfInsn& last = function(f).insns[block.end - 1];
        const bool branches = last.is_conditional() && block.edges.size() == 2;
        const auto decided = branches ? state.decides(last) : std::nullopt;
        // A branch that goes one way always is removed with what is never reached.
        if (branches && !decided) work.work[b].tally.insns += jit_size(last, std::nullopt);
        const bool tests_null = branches && !last.from_register() && last.imm == 0 &&
                                last.insn_class() == 5 &&
                                (last.operation() == static_cast<unsigned>(BpfJump::Equal) ||
                                 last.operation() == static_cast<unsigned>(BpfJump::NotEqual)) &&
                                state[last.dst].kind == BpfValue::Kind::Found;
        for (const BpfEdge& edge : block.edges) {
            if (decided && *decided != edge.taken) continue;
            if (edge.closes_loop) {
                note(f, block.end - 1,
                     fmt::format("the loop back to instruction {} is in the price once",
                                 work.blocks.blocks[edge.to].begin));
                continue;
            }
            BpfState there = state;
            EdgeWork way{edge.to, std::nullopt};
            if (tests_null) {
                const std::uint64_t site = state[last.dst].number;
                const bool is_null =
                    edge.taken == (last.operation() == static_cast<unsigned>(BpfJump::Equal));
                there.found(site, is_null);
                if (is_null) {
                    way.missed = work.lookups[site];
                    there.miss(way.missed->map);
                }
            }
            work.work[b].edges.push_back(way);
            const auto [known, is_new] = arriving.try_emplace(edge.to, there);
            if (!is_new) known->second.merge(there);
        }
    }

    Outcome measure(std::size_t f, bool is_program) {
        for (const Lookups lookups : kBoth) {
            auto& longest = functions_[f].longest[static_cast<std::size_t>(lookups)];
            longest = longest_path(f, lookups);
            if (!longest) continue;
            add_frame(functions_[f], *longest);
            // An empty program sets r0, too.
            if (is_program && longest->insns > 0) --longest->insns;
            if (longest->calls() > kMostCalls || longest->insns > kMostJitInsns)
                return refuse(f, "is longer than what the kernel's verifier takes");
        }
        if (!functions_[f].longest[0]) return refuse(f, "has no way to an exit without a loop");
        return {};
    }

    double more_for_miss(const Lookup& lookup) const {
        return weights_.of(lookup.miss) + static_cast<double>(lookup.miss_insns) -
               weights_.of(lookup.hit) - static_cast<double>(lookup.hit_insns);
    }

    // Of all callees the path is known; nullopt: there is none.
    std::optional<BpfTally> longest_path(std::size_t f, Lookups lookups) const {
        const FunctionWork& work = functions_.at(f);
        struct Best {
            double weight = -1;  // no exit is reached
            std::size_t edge = 0;
        };
        const auto callee_path = [&](std::size_t callee) -> const BpfTally& {
            const auto& longest = functions_.at(callee).longest;
            const auto& wanted = longest[static_cast<std::size_t>(lookups)];
            return wanted ? *wanted : *longest[0];
        };
        std::vector<Best> best(work.work.size());
        for (auto b = work.blocks.order.rbegin(); b != work.blocks.order.rend(); ++b) {
            const BlockWork& block = work.work[*b];
            if (!block.reached) continue;
            double onward = block.exits ? 0 : -1;
            for (std::size_t e = 0; e < block.edges.size(); ++e) {
                const EdgeWork& edge = block.edges[e];
                if (edge.missed && lookups == Lookups::Found) continue;
                if (best[edge.to].weight < 0) continue;
                const double weight = std::max(
                    0.0, best[edge.to].weight + (edge.missed ? more_for_miss(*edge.missed) : 0));
                if (weight <= onward) continue;
                onward = weight;
                best[*b].edge = e;
            }
            if (onward < 0) continue;
            best[*b].weight = onward + weights_.of(block.tally);
            for (const std::size_t callee : block.callees)
                best[*b].weight += weights_.of(callee_path(callee));
        }
        if (best[0].weight < 0) return std::nullopt;
        BpfTally path;
        for (std::size_t b = 0;;) {
            const BlockWork& block = work.work[b];
            path.add(block.tally);
            for (const std::size_t callee : block.callees) path.add(callee_path(callee));
            if (block.exits) return path;
            const EdgeWork& edge = block.edges[best[b].edge];
            if (edge.missed) {
                path.insns += edge.missed->miss_insns;
                path.insns -= edge.missed->hit_insns;  // the lookup is on the path
                path.add(edge.missed->hit, -1);
                path.add(edge.missed->miss, 1);
            }
            b = edge.to;
        }
    }

    static void add_frame(const FunctionWork& work, BpfTally& tally) {
        constexpr unsigned kFirstSaved = 6, kLastSaved = 9, kFrame = 10;
        std::uint64_t saved = 0;
        for (unsigned reg = kFirstSaved; reg <= kLastSaved; ++reg) saved += work.used[reg] ? 1 : 0;
        if (work.used[kFrame])
            tally.add(ProgramParts::frame(saved), 1);
        else if (saved != 0)
            tally.add(ProgramParts::saved(saved), 1);
    }

    const BpfObject& object_;
    const BpfCalls& calls_;
    const BpfWeights& weights_;
    std::map<std::size_t, FunctionWork> functions_;
    std::vector<std::size_t> order_;
    std::vector<std::string> notes_;
    std::uint64_t further_ = 0;
};

}  // namespace

void BpfTally::add(const HandlerPart& part, std::int64_t times) {
    const auto key = std::make_tuple(part.use.path, part.use.units, part.walks_stack);
    const std::int64_t count = parts[key] += times;
    if (count == 0) parts.erase(key);
}

void BpfTally::add(const BpfTally& other) {
    insns += other.insns;
    for (const auto& [key, count] : other.parts)
        add({{std::get<0>(key), std::get<1>(key)}, std::get<2>(key)}, count);
}

std::uint64_t BpfTally::calls() const {
    std::uint64_t count = 0;
    for (const auto& [key, times] : parts) count += static_cast<std::uint64_t>(times);
    return count;
}

BpfWeights::BpfWeights() {
    auto kernel = load_kernel_profile(kBaseKernel, {});
    check_invariant(kernel.has_value(), "the base of all kernels is built in");
    kernel_ = std::move(*kernel);
}

double BpfWeights::of(const HandlerPart& part) const {
    const PathCost& cost = kernel_.paths[static_cast<std::size_t>(part.use.path)];
    return cost.insns + cost.insns_per_unit * static_cast<double>(part.use.units);
}

double BpfWeights::of(const BpfTally& tally) const {
    auto weight = static_cast<double>(tally.insns);
    for (const auto& [key, count] : tally.parts)
        weight += static_cast<double>(count) *
                  of(HandlerPart{{std::get<0>(key), std::get<1>(key)}, std::get<2>(key)});
    return weight;
}

Result<BpfCost> bpf_cost(const BpfObject& object, const BpfCalls& calls, const BpfWeights& weights,
                         std::size_t program) {
    return ProgramCost(object, calls, weights).cost(program);
}

}  // namespace uprobesim
