// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/code_editor.h"

#include <cstring>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/jit/editor_check.h"
#include "sim/cpu/unicorn/jit/engine_pages.h"
#include "sim/cpu/unicorn/jit/engine_registry.h"
#include "sim/mem/tag.h"

namespace uprobesim {

std::unique_ptr<CodeEditor> CodeEditor::attach(uc_engine* uc, std::byte* env,
                                               const EngineBuild& build, ExceptionTaker& taker,
                                               std::string& reason) {
    const auto refused = [&reason](std::string why) {
        reason = std::move(why);
        return nullptr;
    };
    if (env == nullptr) return refused("the engine's CPU state was not found");
    EngineParts parts;
    if (std::string why = check_layout(build.layout, uc, env, parts); !why.empty())
        return refused(std::move(why));
    auto memory = std::make_unique<NearMemory>(env, sizeof(Shared));
    if (memory->data() == nullptr)
        return refused("there is no room within 2 GiB of the engine's CPU state");
    return std::unique_ptr<CodeEditor>(
        new CodeEditor(uc, env, parts, build.layout, engine_calls(), taker, std::move(memory)));
}

CodeEditor::CodeEditor(uc_engine* uc, std::byte* env, const EngineParts& parts,
                       const EngineLayout& layout, const EngineCalls& calls, ExceptionTaker& taker,
                       std::unique_ptr<NearMemory> memory)
    : layout_(layout),
      calls_(calls),
      taker_(taker),
      uc_(uc),
      env_(env),
      cpu_(parts.cpu),
      context_(parts.context),
      el0_flags_(read_at<std::uint32_t>(env, layout.env_flags)),
      memory_(std::move(memory)),
      shared_(*reinterpret_cast<Shared*>(memory_->data())),
      jumps_(layout, calls, env, shared_.jumps),
      heads_(layout, calls, env, shared_.counts),
      ends_(layout, calls),
      tlb_(layout, env, EnginePages::bits(uc)),
      kept_(tlb_, jumps_) {
    EngineRegistry<CodeEditor>::all().add(*this);
}

CodeEditor::~CodeEditor() {
    EngineRegistry<CodeEditor>::all().remove(*this);
}

std::variant<BlockId, CodeEditor::NotCounted, CodeEditor::NoRoom> CodeEditor::begin_code(
    TranslationBlock& block) {
    // The engine ends a run by a block of nothing.
    if (block.size == 0) return NotCounted{};
    // PSTATE.BTYPE is among a block's flags, and not among the CPU's (TBFLAG_A64 of QEMU 5.0.1). A
    // block that is found without it, by an inline jump, differs in guarded pages only, and where
    // pages may be guarded there are no inline jumps.
    constexpr std::uint32_t kBranchType = 3u << 10;
    check_invariant((block.flags & ~kBranchType) == el0_flags_,
                    "EL0 runs in a state that its blocks do not know");
    const auto id = counter_->translated(block.pc, block.size);
    if (!id) return NoRoom{};
    check_invariant(heads_.remove_test(context_),
                    "a block of the engine begins in a way that is not known");
    BlockHeads::make_room(block);
    return *id;
}

int CodeEditor::end_code(TranslationBlock& block, BlockId id, int size) {
    constexpr int kTooLarge = -2;  // the engine makes it anew of fewer instructions
    constexpr std::size_t kMost = 0xffff;
    if (size > 0 && static_cast<std::size_t>(size) + BlockHeads::kHeadBytes > kMost)
        size = kTooLarge;
    heads_.take_room(context_, block, size > 0);
    if (size <= 0) {
        counter_->gone(id);
        return size;
    }
    const auto cost = counter_->cost_of(id);
    const std::size_t end = BlockHeads::kHeadBytes + static_cast<std::size_t>(size);
    heads_.write(context_, block.code, end, id, block.pc, cost);
    if (cost) counter_->head_counts(id);
    return static_cast<int>(end + BlockHeads::kAskBytes);
}

void CodeEditor::block_gone(const TranslationBlock& block) {
    if (counter_ == nullptr) return;
    if (const auto id = heads_.id_of(block.code)) counter_->gone(*id);
}

void CodeEditor::open_stores(StoreGate& gate) {
    keeps_spaces_ = tlb_.grow();
    gate_ = &gate;
}

void CodeEditor::all_blocks_gone() {
    if (forgets_) {
        jumps_.all_gone();
        kept_.forget_jumps();
    }
    if (counter_ != nullptr) counter_->all_gone();
}

bool CodeEditor::change_space(KeptSpaces::SpaceId from, KeptSpaces::SpaceId to) {
    if (!keeps_spaces_ || !kept_.change(from, to)) return false;
    // The engine looks for blocks by their addresses there, whatever the space.
    constexpr std::size_t kJumpCacheBytes = 4096 * sizeof(void*);  // TB_JMP_CACHE_SIZE
    std::memset(static_cast<std::byte*>(cpu_) + layout_.cpu_jump_cache, 0, kJumpCacheBytes);
    return true;
}

void CodeEditor::tlb_filled(std::uint64_t address, std::uint64_t physical, int rights, int mode) {
    constexpr int kWrite = 2;  // PAGE_WRITE
    if (without_tag(address) != address) filled_with_tag_ = true;
    if (gate_ == nullptr || mode != EngineTlb::kMode || (rights & kWrite) == 0) return;
    if (gate_->open_at_once(PAddr(page_floor(physical)))) tlb_.open_for_stores(address);
}

bool CodeEditor::holds(const void* part) const {
    const auto at = reinterpret_cast<std::uintptr_t>(part);
    const auto begin = reinterpret_cast<std::uintptr_t>(context_);
    return at >= begin && at - begin < layout_.tcg_size;
}

}  // namespace uprobesim
