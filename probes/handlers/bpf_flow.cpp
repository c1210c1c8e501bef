// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpf_flow.h"

#include <fmt/format.h>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

void use_registers(BpfFunctionFlow& work, const BpfInsn& insn) {
    if (insn.is_call() || insn.is_exit() || insn.is_goto()) return;
    work.used.set(insn.dst);
    const bool source = insn.insn_class() == 1 || insn.insn_class() == 3 ||
                        ((insn.is_alu() || insn.is_conditional()) && insn.from_register());
    if (source) work.used.set(insn.src);
}

BpfValue value_of(const BpfReference& reference) {
    const auto index = static_cast<std::uint32_t>(reference.index);
    if (reference.kind == BpfReference::Kind::Map) return {BpfValue::Kind::Map, index, 0};
    if (reference.kind == BpfReference::Kind::Data)
        return {BpfValue::Kind::Data, index, reference.offset};
    return BpfValue::unknown();
}

void enter(BpfFunctionFlow& callee, const BpfState& caller) {
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

}  // namespace

std::vector<std::string> BpfFlow::notes() const {
    std::vector<std::string> all = notes_;
    if (further_ != 0) all.push_back(fmt::format("{} more are not known", further_));
    return all;
}

void BpfFlow::note(std::size_t f, std::uint64_t at, std::string_view what) {
    constexpr std::size_t kMostNotes = 20;
    if (notes_.size() == kMostNotes) {
        ++further_;
        return;
    }
    notes_.push_back(fmt::format(
        "instruction {}{}: {}", at,
        function(f).is_subprogram ? fmt::format(" of {}", printable(function(f).name)) : "", what));
}

void BpfFlow::follow(std::size_t f) {
    BpfFunctionFlow& work = functions_[f];
    std::map<std::size_t, BpfState> arriving;
    arriving.emplace(0, *work.entry);
    for (const std::size_t b : work.blocks.order) {
        const auto here = arriving.find(b);
        if (here == arriving.end()) continue;
        BpfState state = here->second;
        arriving.erase(here);
        const BpfBlock& block = work.blocks.blocks[b];
        if (block.heads_loop) state.forget();
        BpfBlockWork& out = work.work[b];
        out.reached = true;
        for (std::uint64_t at = block.begin; at < block.end; ++at) {
            step(f, at, state, out);
            if (function(f).insns[at].is_wide_constant()) ++at;
        }
        leave(f, b, state, arriving);
    }
}

void BpfFlow::step(std::size_t f, std::uint64_t at, BpfState& state, BpfBlockWork& out) {
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

void BpfFlow::call(std::size_t f, std::uint64_t at, const BpfReference* to, BpfState& state,
                   BpfBlockWork& out) {
    const BpfInsn& insn = function(f).insns[at];
    // In an object the call of a kernel's function is that of an undefined symbol; libbpf writes
    // the kind and the function's number into it.
    const bool of_kernel =
        insn.src == kBpfPseudoKernelCall ||
        (insn.src == kBpfPseudoCall && to != nullptr && to->kind == BpfReference::Kind::Extern);
    BpfValue result = BpfValue::unknown();
    if (insn.is_indirect_call()) {
        note(f, at, "what is called by callx is not known, nor in the price");
    } else if (insn.src == kBpfPseudoCall && to != nullptr &&
               to->kind == BpfReference::Kind::Function) {
        out.tally.add({{KernelPath::BpfSubprogram, 0}}, 1);
        out.callees.push_back(to->index);
        enter(functions_[to->index], state);
    } else if (insn.src != 0 && !of_kernel) {
        note(f, at,
             fmt::format("the call of {} is not in the price",
                         to == nullptr ? "a function that is not there" : printable(to->name)));
    } else {
        const BpfCall priced = of_kernel ? calls_.kernel_function(to == nullptr ? "" : to->name)
                                         : calls_.helper(insn, state);
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

// The ways out of a block.
void BpfFlow::leave(std::size_t f, std::size_t b, const BpfState& state,
                    std::map<std::size_t, BpfState>& arriving) {
    BpfFunctionFlow& work = functions_[f];
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
            work.loops.push_back({b, edge.to, block.end - 1});
            continue;
        }
        BpfState there = state;
        BpfEdgeWork way{edge.to, std::nullopt};
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

}  // namespace uprobesim
