// SPDX-License-Identifier: GPL-2.0-or-later
// The block estimate: the largest of three bounds, as though the block ran back to back with itself
// in a core that looks far ahead.
//  - issue: micro-ops over the issue width;
//  - pipes: the busiest kind of pipe;
//  - chain: by how much the longest dependency chain grows from one pass of the block to the next
//    (a chain that starts anew in each pass overlaps with others).
// Not modelled: cache and TLB misses, mispredicted branches, memory dependencies, the size of the
// window. All make real code slower.
#include "sim/cost/core_model.h"

#include <algorithm>
#include <array>

#include "sim/base/try.h"
#include "sim/cost/core_table.h"
#include "sim/cost/prices.h"
#include "sim/insn/decoder.h"

namespace uprobesim {

namespace {

constexpr std::size_t kRegisters = 65;  // X0..X30, SP, V0..V31, NZCV

using ReadyTimes = std::array<double, kRegisters>;

template <class Visit>
void for_each_register(const RegSet& set, Visit visit) {
    for (std::uint64_t left = set.regs; left != 0; left &= left - 1) {
        visit(static_cast<std::size_t>(__builtin_ctzll(left)));
    }
    if (set.nzcv) visit(kRegisters - 1);
}

class PipelineModel final : public BlockModel {
public:
    explicit PipelineModel(CoreTable table)
        : table_(std::move(table)), busy_(table_.pipe_counts.size()) {
        for (const WordCost& row : table_.words)
            words_of_[static_cast<std::size_t>(row.cls)].push_back(&row);
    }

    BlockInfo analyse(std::span<const std::uint32_t> words) const override {
        BlockInfo block;
        std::vector<Costed>& insns = insns_;
        insns.clear();
        block.classes.reserve(words.size());
        block.cycles_through.reserve(words.size());
        for (const std::uint32_t word : words) {
            insns.push_back(costed(word));
            block.classes.push_back(insns.back().cls);
            if (insns.back().cls == InsnClass::Exclusive) block.has_exclusive = true;
        }
        const double chain_per_insn =
            words.empty() ? 0 : chain_growth(insns) / static_cast<double>(words.size());

        double micro_ops = 0;
        std::fill(busy_.begin(), busy_.end(), 0.0);
        double busiest = 0;
        double count = 0;
        CentiCycles last;
        for (const Costed& insn : insns) {
            // Even what needs no pipe, a hint, takes its place in the issue group.
            micro_ops += std::max(1.0, occupy(*insn.cost, 1, busiest));
            if (insn.writeback) micro_ops += occupy(table_.writeback, 1, busiest);
            if (const double further = further_parts(insn); further > 0)
                micro_ops += occupy(wide_form(insn), further, busiest);
            count += 1;

            const double cycles =
                std::max({micro_ops / table_.issue_width, chain_per_insn * count, busiest});
            last = std::max(last, from_cycles(cycles));
            block.cycles_through.push_back(last);
        }
        return block;
    }

private:
    struct Costed : InsnInfo {
        const ClassCost* cost = nullptr;
        std::optional<std::size_t> accumulator;  // a register that is read later than the others
        double accumulate = 0;
    };

    Costed costed(std::uint32_t word) const {
        Costed insn{decoder_.describe(word), nullptr, std::nullopt, 0};
        insn.cost = &table_.classes[static_cast<std::size_t>(insn.cls)];
        for (const WordCost* const row : words_of_[static_cast<std::size_t>(insn.cls)]) {
            if ((word & row->mask) != row->value) continue;
            insn.cost = &row->cost;
            if (row->accumulator) accumulate(word, *row, insn);
            break;
        }
        return insn;
    }

    static void accumulate(std::uint32_t word, const WordCost& row, Costed& insn) {
        constexpr unsigned kZero = 31;
        const auto field = [word](unsigned low) { return word >> low & 31u; };
        const unsigned reg = field(*row.accumulator);
        const bool is_vector = insn.cls != InsnClass::IntMul;
        // Of a product with itself it is wanted as early as the factors; MUL adds to zero.
        if (reg == field(5) || reg == field(16) || (!is_vector && reg == kZero)) return;
        insn.accumulator = reg + (is_vector ? kFirstVectorBit : 0);
        insn.accumulate = row.accumulate;
        insn.reads.regs &= ~(std::uint64_t{1} << *insn.accumulator);
    }

    static bool is_store(const InsnInfo& insn) {
        return insn.cls == InsnClass::Store || insn.cls == InsnClass::StoreFp;
    }
    const ClassCost& wide_form(const InsnInfo& insn) const {
        return is_store(insn) ? table_.wide_store : table_.wide_load;
    }
    static double further_parts(const InsnInfo& insn) {
        const unsigned part = is_store(insn) ? 8 : 16;
        const unsigned further = (insn.access_bytes - 1) / part;  // whole parts
        return insn.access_bytes <= part ? 0 : further;
    }

    // Adds `times` of this cost to the pipes; answers the micro-ops that takes. A micro-op that
    // holds its pipe longer (a divide) still issues once. `busiest`: cycles of the kind of pipe
    // that has most to do, which only grow.
    double occupy(const ClassCost& cost, double times, double& busiest) const {
        double micro_ops = 0;
        for (const PipeUse& use : cost.uses) {
            double& busy = busy_[use.pipe];
            busy += use.cycles * times;
            busiest = std::max(busiest, busy / table_.pipe_counts[use.pipe]);
            micro_ops += times;
        }
        return micro_ops;
    }

    // Whether the block reads what an earlier pass of it has written. If not, each pass is like the
    // first, and nothing grows.
    static bool hands_on(const std::vector<Costed>& insns) {
        RegSet from_before, written;
        for (const Costed& insn : insns) {
            std::uint64_t reads = insn.reads.regs;
            if (insn.accumulator) reads |= std::uint64_t{1} << *insn.accumulator;
            from_before.regs |= reads & ~written.regs;
            from_before.nzcv = from_before.nzcv || (insn.reads.nzcv && !written.nzcv);
            written.regs |= insn.writes.regs;
            if (insn.writeback) written.regs |= std::uint64_t{1} << insn.base;
            written.nzcv = written.nzcv || insn.writes.nzcv;
        }
        return (from_before.regs & written.regs) != 0 || (from_before.nzcv && written.nzcv);
    }

    double chain_growth(const std::vector<Costed>& insns) const {
        if (!hands_on(insns)) return 0;
        ReadyTimes ready{};
        // Four passes to settle, four to measure: a chain may need several passes to come round
        // through other registers.
        const double settled =
            (run_passes(insns, 4, ready), *std::max_element(ready.begin(), ready.end()));
        run_passes(insns, 4, ready);
        return (*std::max_element(ready.begin(), ready.end()) - settled) / 4;
    }

    void run_passes(const std::vector<Costed>& insns, int passes, ReadyTimes& ready) const {
        for (int pass = 0; pass < passes; ++pass) {
            for (const Costed& insn : insns) {
                double start = 0;
                for_each_register(insn.reads,
                                  [&](std::size_t r) { start = std::max(start, ready[r]); });
                double done = start + insn.cost->latency;
                if (insn.accumulator)
                    done = std::max(done, ready[*insn.accumulator] + insn.accumulate);
                // Moves of constants start a new chain; nothing else is known to break one.
                for_each_register(insn.writes, [&](std::size_t r) { ready[r] = done; });
                if (insn.writeback) ready[insn.base] = start + table_.writeback.latency;
            }
        }
    }

    const CoreTable table_;
    std::array<std::vector<const WordCost*>, kInsnClassCount> words_of_;  // in the table's order
    Decoder decoder_;
    // Of the block that is analysed: kept, as most blocks are as long as others.
    mutable std::vector<Costed> insns_;
    mutable std::vector<double> busy_;
};

}  // namespace

Result<std::unique_ptr<BlockModel>> load_core_model(std::string_view name_or_path) {
    auto table = TRY(load_core_table(name_or_path));
    return std::make_unique<PipelineModel>(std::move(table));
}

}  // namespace uprobesim
