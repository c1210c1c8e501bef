// SPDX-License-Identifier: GPL-2.0-or-later
// Counting of edited code: what its blocks are made of when they are translated, what is left of a
// budget, and what happens when a block's head asks.
#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/unicorn_cpu_impl.h"

namespace uprobesim {

namespace {

// Given at a time: so few instructions that their cycles, of the blocks that do not ask, never run
// out.
constexpr std::uint64_t kMostInsns = 1u << 16, kMostCyclesOfInsn = 1u << 16;
constexpr std::int64_t kAllCycles = 0xffffffff;
static_assert(kMostInsns * kMostCyclesOfInsn - 1 <= kAllCycles);
// Counters of one context take up to 8 MiB of the host's memory.
constexpr std::size_t kMostCounting = 64;
// Less than nothing, and far from where subtracting a block would make it more.
constexpr std::int64_t kNothing = -(std::int64_t{1} << 62);

std::uint64_t insns_in(std::int64_t packed) {
    return static_cast<std::uint64_t>(packed >> 32);
}
std::uint64_t cycles_in(std::int64_t packed) {
    return static_cast<std::uint64_t>(packed & kAllCycles);
}

}  // namespace

// Or gives edits up, where the self-test fails.
void UnicornCpu::count_by_heads() {
    counts_ = &editor_->counts();
    editor_->count_blocks(*this);
    editor_refused_ = test_counting();
    if (editor_refused_.empty()) return;
    counts_ = nullptr;
    editor_.reset();
}

// What was not as expected; empty: nothing. No code of the test is left.
std::string UnicornCpu::test_counting() {
    constexpr std::uint32_t kProgram[] = {
        0xf1000442,  // subs x2, x2, #1
        0xf9400083,  // ldr x3, [x4]
        0x54ffffc1,  // b.ne, to the beginning
        0xd4000001,  // svc #0
    };
    static constexpr std::uint64_t kRounds = 1000, kRound = 3;
    static constexpr VAddr kCode(0x400000), kNowhere(0x500000);
    AddressSpace space(memory_, *this);
    const auto frame = memory_.allocate();
    if (!frame || !space.map(kCode, *frame, {true, false, true}))
        throw HostError("testing the engine's counts", "the simulated memory is too small");
    std::memcpy(memory_.bytes(*frame).data(), kProgram, sizeof kProgram);
    const ContextId id = create_context();
    const auto run_from_start = [&](VAddr data, std::uint64_t budget) {
        write(id, Reg::Pc, kCode.value);
        write(id, xreg(2), kRounds);
        write(id, xreg(4), data.value);
        return run(id, space, InsnCount(budget));
    };
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    std::string wrong;
    const Stop whole = run_from_start(kCode, kAll);
    const std::span words(kProgram);
    const std::int64_t expected =
        static_cast<std::int64_t>(kRounds) * cycles_of(*infos_.of(words.first(kRound))) +
        cycles_of(*infos_.of(words.subspan(kRound)));
    std::uint64_t by_class = 0;
    for (const std::uint64_t n : work(id).by_class) by_class += n;
    if (whole.retired != InsnCount(kRounds * kRound + 1) || by_class != whole.retired.value ||
        static_cast<std::int64_t>(this->cycles(id).value) != expected)
        wrong = "blocks are not counted as they are executed";
    if (asked_ > kRounds / 10) wrong = "heads of blocks do not count by themselves";
    // 100 are not a multiple of a round: the round that is begun is finished.
    const Stop spent = run_from_start(kCode, 100);
    if (!std::holds_alternative<BudgetSpent>(spent.why) || spent.retired != InsnCount(102) ||
        spent.pc != kCode)
        wrong = "budgets are not kept";
    const Stop aborted = run_from_start(kNowhere, kAll);
    if (!std::holds_alternative<Abort>(aborted.why) || aborted.retired != InsnCount(1))
        wrong = "a block that aborts is not counted up to there";
    destroy_context(id);
    --next_context_;  // what comes is numbered as without the test
    drop_code(*frame);
    return wrong;
}

std::optional<BlockId> UnicornCpu::translated(std::uint64_t pc, std::uint32_t size) {
    if (engine_.code().is_full()) break_soon();
    if (translated_.wants_recycling()) recycle_blocks();
    const VAddr begin(pc);
    const BlockShape shape = shape_of(pc, size);
    const std::uint32_t all = std::max(shape.size, shape.whole);
    std::vector<std::uint32_t> words(all / 4);
    // It was fetched from there, so the page is there; and a block never leaves its page.
    if (const auto t = space_->lookup(begin); t && begin.page_offset() + all <= kPageSize) {
        words = code_at(t->frame, begin, all);
        note_code(t->frame, begin.page());
    }
    const std::span executed = std::span(words).first(shape.size / 4);
    TranslatedBlock block;
    block.address = pc;
    block.insns = shape.size / 4;
    block.info = infos_.of(executed);
    std::int64_t cycles = cycles_of(*block.info);
    if (shape.whole > shape.size) {
        // A cut costs nothing: the part takes what the whole does less what the rest takes.
        cycles = cycles_of(*infos_.of(words)) -
                 cycles_of(*infos_.of(std::span(words).subspan(executed.size())));
    }
    block.cycles = static_cast<std::int32_t>(cycles);
    block.misaligned = (pc & 3) != 0;
    block.stepped = space_->shadowed(begin.page());
    block.cut = shape.cut;
    block.guarded = !words.empty() && begins_block(pc, words[0]);
    if (shape.whole > shape.size && is_chosen(pc + shape.size))
        block.whole = whole_around(words, shape.size);
    return translated_.add(std::move(block));
}

std::optional<BlockCost> UnicornCpu::cost_of(BlockId id) const {
    const TranslatedBlock& b = translated_[id];
    if (b.misaligned || b.stepped || b.cut || b.guarded || b.whole != nullptr) return std::nullopt;
    if (b.cycles < 0 || static_cast<std::uint64_t>(b.cycles) > b.insns * kMostCyclesOfInsn)
        return std::nullopt;
    return BlockCost{b.insns, static_cast<std::uint32_t>(b.cycles)};
}

bool UnicornCpu::begin(BlockId id) {
    ++asked_;
    // What the head has subtracted is given back: it is not decided yet whether the block runs.
    const TranslatedBlock& b = translated_[id];
    if (b.by_head)
        counts_->left += BlockCost{b.insns, static_cast<std::uint32_t>(b.cycles)}.packed();
    take_counts();
    stopped_ = false;
    if (insns_ >= limit_ && cutting_ == nullptr && step_place_ == nullptr &&
        goes_on_at(b.address)) {
        allow_piece();
        begin_translated(id);
    } else if (insns_ >= limit_) {
        begin_unusual_block(b.address, 0);
    } else {
        begin_translated(id);
    }
    give_limit();
    return !stopped_;
}

void UnicornCpu::begin_translated(BlockId id) {
    const TranslatedBlock& b = translated_[id];
    if (b.misaligned) return stop_before(b.address);
    if (b.stepped && is_step_page(b.address)) {
        in_step_page_ = true;
        return stop_engine();
    }
    if (b.cut && std::exchange(cut_tried_, 0) != b.address) {
        cut_ = {b.address, b.insns * 4};
        return stop_engine();
    }
    if (b.guarded && !may_begin(b.address)) return stop_before(b.address);
    count_block(id);
    if (may_be_piece()) [[unlikely]]
        note_piece(b.address, b.insns, b.cycles, b.whole.get());
}

void UnicornCpu::count_block(BlockId id) {
    const TranslatedBlock& b = translated_[id];
    ++counts_->counts[id];
    insns_ += b.insns;
    cycles_ += static_cast<std::uint64_t>(std::int64_t{b.cycles});
}

void UnicornCpu::use_counts_of(Context& c) {
    if (!c.counts) {
        if (counting_contexts_ == kMostCounting) fold_all_counts();
        c.counts.emplace(translated_.most());
        ++counting_contexts_;
    }
    counts_->counts = c.counts->data();
    counts_->last = BlockHeads::kNone;
}

void UnicornCpu::fold_all_counts() {
    for (auto& [id, c] : contexts_) {
        if (c.counts) translated_.fold(*c.counts, c.work.by_class, teller(id));
        c.counts.reset();
    }
    counting_contexts_ = 0;
}

// What an observer is told of a context's blocks.
TranslatedBlocks::Tell UnicornCpu::teller(ContextId id) const {
    if (observer_ == nullptr) return {};
    return [observer = observer_, id](const TranslatedBlock& block, std::uint64_t times) {
        observer->executed(id, VAddr(block.address),
                           static_cast<std::int64_t>(times) * block.cycles);
    };
}

void UnicornCpu::observe(BlockObserver* observer) {
    observer_ = observer;
    if (!blocks_) return;
    if (observer == nullptr) return blocks_->tell({});
    // Records are folded before another context runs.
    blocks_->tell([this](const BlockRecord& r) {
        if (observer_ == nullptr) return;
        observer_->executed(loaded_id_, VAddr(r.address),
                            static_cast<std::int64_t>(r.count) * r.cycles);
    });
}

void observe_blocks(Cpu& cpu, BlockObserver* observer) {
    auto* const unicorn = dynamic_cast<UnicornCpu*>(&cpu);
    check_invariant(unicorn != nullptr, "blocks of another CPU cannot be observed");
    unicorn->observe(observer);
}

void UnicornCpu::give_limit() {
    given_ = kNothing;
    if (limit_ > insns_) {
        const std::uint64_t insns = std::min(limit_ - insns_, kMostInsns) - 1;
        given_ = static_cast<std::int64_t>(insns << 32) + kAllCycles;
    }
    counts_->left = given_;
}

void UnicornCpu::take_counts() {
    const std::int64_t left = counts_->left;
    insns_ += insns_in(given_) - insns_in(left);
    cycles_ += cycles_in(given_) - cycles_in(left);
    given_ = left;
}

void UnicornCpu::break_soon() {
    limit_ = 0;
    if (!edited()) return;
    take_counts();
    give_limit();
}

void UnicornCpu::recycle_blocks() {
    for (auto& [id, c] : contexts_) {
        if (c.counts) translated_.fold_dropped(*c.counts, c.work.by_class, teller(id));
    }
    translated_.recycle();
}

}  // namespace uprobesim
