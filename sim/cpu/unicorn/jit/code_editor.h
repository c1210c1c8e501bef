// SPDX-License-Identifier: GPL-2.0-or-later
// Edits the code that one engine generates, while it is generated. Functions of ours stand in the
// place of some of the engine's own (interposed.cpp): no code has to be found or patched to get in.
// They ask here, and call the engine's.
#pragma once

#include <unicorn/unicorn.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "sim/base/units.h"
#include "sim/cpu/unicorn/jit/block_ends.h"
#include "sim/cpu/unicorn/jit/block_heads.h"
#include "sim/cpu/unicorn/jit/editor_check.h"
#include "sim/cpu/unicorn/jit/engine_tlb.h"
#include "sim/cpu/unicorn/jit/inline_jumps.h"
#include "sim/cpu/unicorn/jit/kept_spaces.h"
#include "sim/cpu/unicorn/jit/near_memory.h"

namespace uprobesim {

// Whether stores to a frame may go by unnoticed.
class StoreGate {
public:
    virtual ~StoreGate() = default;
    virtual bool open_at_once(PAddr frame) = 0;
};

// Told of blocks by their ids. Called while the engine translates and executes.
class BlockCounter {
public:
    virtual ~BlockCounter() = default;
    // A block of `size` bytes at `pc` is being translated. Nothing: it is one too many.
    virtual std::optional<BlockId> translated(std::uint64_t pc, std::uint32_t size) = 0;
    // What its head may count by itself; nothing: it asks each time.
    virtual std::optional<BlockCost> cost_of(BlockId id) const = 0;
    // Its head does so, and asks only when nothing is left.
    virtual void head_counts(BlockId id) = 0;
    // The head asks. False: the engine was told to stop, and the block does not run.
    virtual bool begin(BlockId id) = 0;
    // Its code is not executed any more. May be called for a block whose translation failed: it
    // never ran.
    virtual void gone(BlockId id) = 0;
    virtual void all_gone() = 0;
};

class CodeEditor {
public:
    // Null: nothing can be edited, and why not is in `reason`. `env`: the CPU's state. The engine
    // must be at EL0 and must not have run the guest's code. Nothing is edited before begin().
    static std::unique_ptr<CodeEditor> attach(uc_engine* uc, std::byte* env,
                                              const EngineBuild& build, ExceptionTaker& taker,
                                              std::string& reason);
    ~CodeEditor();
    CodeEditor(const CodeEditor&) = delete;
    CodeEditor& operator=(const CodeEditor&) = delete;

    // From now on blocks are edited. What was translated before stays as it is.
    void begin() { editing_ = true; }
    // From now on a page that enters the engine's TLB is open for inline stores from the first one
    // on, where the gate says so. And the TLB has more entries.
    void open_stores(StoreGate& gate);
    // The engine, whose TLB holds translations of `from`, is about to run in `to`. False: nothing
    // is kept of spaces, and the TLB is to be flushed.
    bool change_space(KeptSpaces::SpaceId from, KeptSpaces::SpaceId to);
    // Of a space that the engine is not in, or of all of these.
    void forget_space(KeptSpaces::SpaceId space) { kept_.forget(space); }
    void forget_other_spaces() { kept_.forget_all(); }
    // Jumps are looked up by the engine, as where they lead depends on more than the address.
    void leave_jumps() { leaves_jumps_ = true; }
    // Blocks that are translated from now on are counted.
    void count_blocks(BlockCounter& counter) { counter_ = &counter; }
    BlockHeads::Memory& counts() { return shared_.counts; }
    // Only then is what it runs edited.
    bool runs_at_el0() const {
        return read_at<std::uint32_t>(env_, layout_.env_flags) == el0_flags_;
    }
    const InlineJumps& jumps() const { return jumps_; }
    // Exceptions that left generated code by its usual way.
    std::uint64_t exceptions() const { return exceptions_; }
    // For tests, which have to notice.
    void never_forget() { forgets_ = false; }

    // --- Of the interposed functions.
    bool is_of(const TcgContext* s) const { return s == context_; }
    bool is_of_env(const void* env) const { return env == env_; }
    bool is_of_cpu(const void* cpu) const { return cpu == cpu_; }
    bool is_of_uc(const void* uc) const { return uc == uc_; }
    // Something inside the engine's TCGContext.
    bool holds(const void* part) const;
    // A block is being made that EL0 will execute.
    bool editing() const { return editing_ && runs_at_el0(); }
    bool edits_jumps() const { return editing() && !leaves_jumps_; }
    void emit_jump() { jumps_.emit(context_); }
    void* find_by_address() { return jumps_.find_by_address(context_); }
    void* find_for_place(std::uint64_t place) { return jumps_.find_for_place(context_, place); }
    bool counts_blocks() const { return counter_ != nullptr && editing(); }
    void edit_end() { ends_.edit(context_); }
    void raised(std::uint32_t number) {
        ++exceptions_;
        taker_.take_exception(number);
    }
    // By the engine: does not return.
    void raise(std::uint32_t number, std::uint32_t syndrome, std::uint32_t el) {
        calls_.raise(env_, number, syndrome, el);
    }
    // Around the making of the block's code.
    struct NotCounted {};
    struct NoRoom {};
    std::variant<BlockId, NotCounted, NoRoom> begin_code(TranslationBlock& block);
    // `size`: of the code that was made; less than 0: none was. Returns that of the whole.
    int end_code(TranslationBlock& block, BlockId id, int size);
    bool begin_block(std::uint64_t id) { return counter_->begin(static_cast<BlockId>(id)); }
    void block_gone(const TranslationBlock& block);
    void all_blocks_gone();
    // Addresses of the space that the engine is in may have got other blocks, as their translations
    // were dropped; or those of any space, as a block was.
    void forget_jumps() {
        if (forgets_) jumps_.forget();
    }
    void forget_all_jumps() {
        forget_jumps();
        if (forgets_) kept_.forget_jumps();
    }

    // An address whose top byte is a tag has been in the TLB.
    bool filled_with_tag() const { return filled_with_tag_; }
    void tlb_filled(std::uint64_t address, std::uint64_t physical, int rights, int mode);

private:
    struct Shared {
        BlockHeads::Memory counts;
        InlineJumps::Memory jumps;
    };
    CodeEditor(uc_engine* uc, std::byte* env, const EngineParts& parts, const EngineLayout& layout,
               const EngineCalls& calls, ExceptionTaker& taker, std::unique_ptr<NearMemory> memory);

    const EngineLayout& layout_;
    const EngineCalls& calls_;
    ExceptionTaker& taker_;
    uc_engine* uc_;
    std::byte* env_;
    void* cpu_;
    TcgContext* context_;
    std::uint32_t el0_flags_;  // of blocks at EL0: what is found inline is found by those only
    std::unique_ptr<NearMemory> memory_;
    Shared& shared_;
    InlineJumps jumps_;
    BlockHeads heads_;
    BlockEnds ends_;
    BlockCounter* counter_ = nullptr;
    EngineTlb tlb_;
    KeptSpaces kept_;
    bool keeps_spaces_ = false;
    StoreGate* gate_ = nullptr;
    std::uint64_t exceptions_ = 0;
    bool filled_with_tag_ = false;
    bool editing_ = false;
    bool leaves_jumps_ = false;
    bool forgets_ = true;
};

}  // namespace uprobesim
