// SPDX-License-Identifier: GPL-2.0-or-later
// Runs contexts on one UnicornEngine and counts what they do. Hooks only record and stop; the
// reason is put together when the engine is at rest.
//
// Counting: the block hook, or the head of each block of edited code, adds the block's instructions
// and cycles when it begins. A block that an exception leaves in the middle is corrected by what
// follows the exception's pc. A prefetch abort needs none: its block never began.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/cpu/unicorn/block_observer.h"
#include "sim/cpu/unicorn/blocks/block_chain.h"
#include "sim/cpu/unicorn/blocks/block_table.h"
#include "sim/cpu/unicorn/blocks/code_frames.h"
#include "sim/cpu/unicorn/blocks/guarded_words.h"
#include "sim/cpu/unicorn/engine_check.h"
#include "sim/cpu/unicorn/jit/code_editor.h"
#include "sim/cpu/unicorn/jit/translated_blocks.h"
#include "sim/cpu/unicorn/place_stops.h"
#include "sim/cpu/unicorn/step_pages.h"
#include "sim/cpu/unicorn/stores/store_path.h"
#include "sim/cpu/unicorn/unicorn_cpu.h"
#include "sim/cpu/unicorn/unicorn_engine.h"
#include "sim/cpu/unicorn/unicorn_trial.h"
#include "sim/insn/decoder.h"

namespace uprobesim {

class UnicornCpu final : public Cpu, private StoreGate, private BlockCounter {
public:
    UnicornCpu(PhysicalMemory& memory, const BlockModel& model, const UnicornOptions& options,
               const UnicornTrial& trial);
    ~UnicornCpu() override;
    UnicornCpu(const UnicornCpu&) = delete;
    UnicornCpu& operator=(const UnicornCpu&) = delete;

    ContextId create_context() override;
    ContextId clone_context(ContextId from) override;
    void destroy_context(ContextId id) override;

    std::vector<FastPath> fast_paths() const;
    bool edits_code() const { return editor_ != nullptr; }
    const std::string& editor_refused() const { return editor_refused_; }  // why not

    Stop run(ContextId id, const AddressSpace& space, InsnCount budget) override;
    Stop step(ContextId id, const AddressSpace& space, std::uint32_t word) override;

    std::uint64_t read(ContextId id, Reg r) override;
    void write(ContextId id, Reg r, std::uint64_t value) override;
    UserRegisters read_all(ContextId id) override;
    void write_all(ContextId id, const UserRegisters& registers) override;
    FpState read_fp(ContextId id) override;
    void write_fp(ContextId id, const FpState& fp) override;
    void clear_exclusive(ContextId id) override;
    void write_keys(ContextId id, const PointerKeys& keys, unsigned which) override;
    void enable_keys(ContextId id, unsigned which) override;
    void count_one(ContextId id, std::uint32_t word) override;

    InsnCount insns(ContextId id) override;
    CentiCycles cycles(ContextId id) override;
    UserWork work(ContextId id) override;
    void observe(BlockObserver* observer);

    // place_stops.h
    using PlaceOwner = std::uint8_t;
    static constexpr PlaceOwner kCaller = 1, kDebugger = 2;
    // `only`: null for all spaces.
    void choose(VAddr at, PlaceOwner owner, const AddressSpace* only);
    void give_up(VAddr at);
    void stop_nowhere();
    bool stopped_before_place() const { return at_place_; }
    const std::optional<WatchedAccess>& stopped_at_watch() const { return at_watch_; }
    bool inside_block() const { return loaded_ != nullptr && goes_on_at(loaded_->pc); }

    void translation_changed(const AddressSpace& space, VAddr page) override;
    void shadow_changed(const AddressSpace& space, VAddr page) override;
    void space_gone(const AddressSpace& space) override;
    void code_frame_changed(PAddr frame) override;
    void frame_became_code(PAddr frame) override;

private:
    struct Context {
        uc_context* saved = nullptr;  // registers while another context is in the engine
        std::uint64_t pc = 0;
        // What is already folded in; the running context's rest is in the members below.
        UserWork work;
        std::uint64_t pstate = 0;           // SSBS and DIT, which the engine does not have
        std::optional<BlockCounts> counts;  // of edited code; since it ran first
        // Where it was stopped before a chosen instruction, and how many it had executed: it
        // passes there.
        std::pair<std::uint64_t, std::uint64_t> passes{};
        std::pair<std::uint64_t, std::uint64_t> passes_watch{};  // the same before an access
        std::optional<BlockChain> chain;
    };
    // Blocks are cut there; `wanted_by`: the owners for whom runs stop there.
    struct Place {
        PlaceOwner wanted_by = 0;
        bool everywhere = false;  // else cut in one space only, as yet
        std::uint64_t space = 0;
    };
    // The block that began last.
    struct LastBlock {
        std::uint64_t address;
        std::uint32_t insns;
        std::int32_t cycles;
        const BlockInfo* info;
    };
    // What the engine gives as a block, and what is to be made of it.
    struct BlockShape {
        std::uint32_t size;   // less than that where it was cut
        std::uint32_t whole;  // without the cut; 0: there is none
        bool cut;             // it is to be cut first
    };

    static void on_block(uc_engine* uc, std::uint64_t address, std::uint32_t size, void* self);
    static bool on_store(uc_engine* uc, uc_mem_type type, std::uint64_t address, int size,
                         std::int64_t value, void* self);
    bool open_at_once(PAddr frame) override;
    void begin_block(BlockRecord& r, std::uint32_t size) {
        ++r.count;
        insns_ += size / 4;
        cycles_ += static_cast<std::uint64_t>(std::int64_t{r.cycles});
        last_ = &r;
    }
    [[gnu::noinline]] void begin_new_block(std::uint64_t address, std::uint32_t size);
    bool is_step_page(std::uint64_t address) const;
    BlockRecord* load_block(std::uint64_t address, std::uint32_t size);
    BlockShape shape_of(std::uint64_t address, std::uint32_t size);
    std::vector<std::uint32_t> code_at(PAddr frame, VAddr at, std::uint32_t bytes) const;
    std::optional<LastBlock> last_block() const;

    // Of edited code (unicorn_counts.cpp).
    bool edited() const { return counts_ != nullptr; }
    std::optional<BlockId> translated(std::uint64_t pc, std::uint32_t size) override;
    std::optional<BlockCost> cost_of(BlockId id) const override;
    void head_counts(BlockId id) override { translated_.head_counts(id); }
    bool begin(BlockId id) override;
    void gone(BlockId id) override { translated_.drop(id); }
    void all_gone() override;
    void begin_translated(BlockId id);
    void count_block(BlockId id);
    void use_counts_of(Context& c);
    void fold_all_counts();
    TranslatedBlocks::Tell teller(ContextId id) const;
    void give_limit();
    void take_counts();
    void recycle_blocks();
    std::string test_counting();
    void count_by_heads();
    // The engine stops at the next block.
    void break_soon();
    void stop_engine() {
        stopped_ = true;
        engine_.stop();
    }
    void cut_block(const AddressSpace& space);
    void drop_with(PAddr frame, std::uint64_t offset);
    void cut_once(const AddressSpace& space);
    void leave_step_page(const AddressSpace& space);
    void stop_before(std::uint64_t address);
    // Blocks end before such an instruction, and one that begins with it asks each time.
    bool begins_block(std::uint64_t address, std::uint32_t word) const {
        return guarded_.guards(word) || is_chosen(address);
    }
    bool is_chosen(std::uint64_t address) const {
        return !chosen_.empty() && chosen_.contains(address);
    }
    bool is_wanted(std::uint64_t address) const {
        const auto place = chosen_.find(address);
        return place != chosen_.end() && place->second.wanted_by != 0;
    }
    // unicorn_places.cpp
    void forget_unwanted_places();
    std::shared_ptr<const WholeBlock> whole_around(std::span<const std::uint32_t> words,
                                                   std::uint32_t size);
    const WholeBlock* whole_of(std::uint64_t address) const;  // of plain code
    bool goes_on_at(std::uint64_t address) const;
    bool may_be_piece() const { return !chosen_.empty() || loaded_->chain; }
    // `whole`: null where it ends as the engine's or before an access that must be aligned.
    [[gnu::noinline]] void note_piece(std::uint64_t address, std::uint32_t insns,
                                      std::int32_t cycles, const WholeBlock* whole);
    void add_cycles(std::uint64_t block, std::int64_t cycles);
    std::optional<LastBlock> last_in_pieces() const;
    static bool is_behind_watch(const AddressSpace& space, const Abort& abort);
    bool stops_at(const AddressSpace& space, const Abort& abort, std::uint32_t word,
                  std::uint64_t pc);
    void leave_block_for_watch(std::uint64_t pc);
    std::optional<Stop> step_past_watch(Context& c, const AddressSpace& space, const Abort& abort);
    struct WatchMet {
        std::optional<Stop> stop;  // nothing: the run goes on
    };
    std::optional<WatchMet> meet_watch(Context& c, const AddressSpace& space, InsnCount before);
    Stop step_once(ContextId id, const AddressSpace& space, std::uint32_t word);
    void end_lift(const AddressSpace& space);
    void allow_piece() { limit_ = watches_lifted_ ? 0 : run_end_; }
    bool may_begin(std::uint64_t address);
    std::uint64_t executed_by_loaded() const { return loaded_->work.insns.value + insns_; }
    [[gnu::noinline]] void begin_unusual_block(std::uint64_t address, std::uint32_t size);
    void self_test_fast_stores();
    void edit_code(const UnicornTrial& trial);

    Context& context(ContextId id);
    Context& load(ContextId id) {
        return loaded_ != nullptr && loaded_id_ == id ? *loaded_ : load_other(id);
    }
    Context& load_other(ContextId id);
    void fold();
    void enter(const AddressSpace& space);
    bool keeps_translations();
    void change_translations(const AddressSpace& space);
    void drop_translation(const AddressSpace& space, VAddr page);
    void note_stale(VAddr page);
    void refresh_translations();
    std::optional<std::uint32_t> execute(Context& context);
    void uncount_from(std::uint64_t pc, std::uint64_t trapping);
    void do_store_work();
    void drop_code(PAddr frame);
    void drop_all_code();
    void note_code(PAddr frame, VAddr page);
    void forget_all_code();
    void drop_code_if_full() {
        if (engine_.code().is_full()) [[unlikely]]
            drop_all_code();
    }
    void add_block_hook();
    bool finish(Context& c, std::uint32_t word);
    bool move_pstate(Context& c, std::uint32_t word);
    std::uint64_t pstate_btype() const;
    void write_pstate(Context& c, std::uint64_t value);
    bool misses_target(std::uint64_t pc) const;
    void count_refused(std::uint32_t word);
    std::optional<Abort> take_extreme(std::uint32_t word);
    Stop refuse(Context& c, const Refused& refused, InsnCount before);
    Stop make_stop(Context& context, std::uint32_t exception, InsnCount before);
    // The engine's count of instructions when a run began, and where the run ends.
    struct Budget {
        InsnCount before;
        std::uint64_t end = 0;
    };
    bool is_spent(const Context& context, const Budget& budget) const;
    Stop spent(const Context& context, InsnCount before) const;
    std::optional<Stop> after_exception(Context& context, std::uint32_t exception,
                                        const Budget& budget);
    std::optional<Stop> after_halt(Context& context, const AddressSpace& space,
                                   const Budget& budget);
    Stop make_step_stop(Context& context, std::optional<std::uint32_t> exception,
                        const StepPlace& place, bool left);
    std::uint32_t word_at(const AddressSpace& space, VAddr at) const;

    PhysicalMemory& memory_;
    std::optional<std::uint64_t> ctr_el0_;
    IsaSet isa_;  // the machine's
    UnicornEngine engine_;
    GuardedWords guarded_;
    std::string editor_refused_;          // why editor_ is null
    std::unique_ptr<CodeEditor> editor_;  // goes before the engine: nothing runs in between
    CodeFrames code_frames_;
    BlockInfos infos_;
    std::optional<BlockTable> blocks_;  // of plain code
    TranslatedBlocks translated_;       // of edited code
    StorePath stores_;
    StepPages step_pages_;
    uc_hook block_hook_ = 0;
    uc_hook store_hook_ = 0;

    std::map<ContextId, Context> contexts_;
    std::uint32_t next_context_ = 1;
    Context* loaded_ = nullptr;
    ContextId loaded_id_{};
    const AddressSpace* space_ = nullptr;
    // What the engine has to be told before it runs in space_: its table, or only that translations
    // changed.
    bool table_stale_ = true;
    bool translations_stale_ = false;  // all of them
    std::vector<VAddr> stale_pages_;   // else those of these pages

    // Of the loaded context, since its last fold.
    std::uint64_t insns_ = 0;
    std::uint64_t cycles_ = 0;
    // The block hook, or the head of a block of edited code, stops the engine when insns_ reaches
    // limit_; 0 makes it take the slow road at the next block.
    std::uint64_t limit_ = 0;
    // The block of plain code that began last.
    const BlockRecord* last_ = nullptr;
    // Of edited code; null: it is not counted, or is plain. And what was given to it last.
    BlockHeads::Memory* counts_ = nullptr;
    std::int64_t given_ = 0;
    std::size_t counting_contexts_ = 0;  // that have counters
    bool stopped_ = false;
    std::uint64_t asked_ = 0;  // how often a head asked
    BlockObserver* observer_ = nullptr;

    // A block that is to be cut before its accesses that must be aligned; null: none. And the one
    // that was cut last, until it is seen in its parts.
    struct {
        std::uint64_t address = 0;
        std::uint32_t size = 0;
    } cut_;
    std::uint64_t cut_tried_ = 0;
    // What memory holds instead of while a block is being cut.
    const std::vector<std::uint32_t>* cutting_ = nullptr;
    std::uint64_t cutting_at_ = 0;
    // Where this run cut edited code last, and how much was counted then: the same again means that
    // it was in vain.
    std::pair<std::uint64_t, std::uint64_t> last_cut_{};
    // The parts of blocks that were cut, but for the last, by physical address.
    struct Part {
        std::uint32_t size = 0;   // as the engine has it: with the place of the next part's access
        std::uint32_t whole = 0;  // up to the whole's end
    };
    std::map<std::uint64_t, Part> parts_;
    std::optional<Refused> refused_;  // of the instruction that the block would begin with

    std::map<std::uint64_t, Place> chosen_;  // by address
    // Of plain code, the pieces that end before one, by space and address.
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<const WholeBlock>> wholes_;
    bool at_place_ = false;  // the block that was to begin is at one of them
    std::optional<WatchedAccess> at_watch_;
    bool watches_lifted_ = false;     // for the piece that runs next
    std::uint64_t run_end_ = 0;       // insns_ at the end of this run's budget
    std::optional<Decoder> decoder_;  // of watched accesses
    bool in_step_page_ = false;  // a run reached the page that stepping put in the real one's place
    // Of the step that runs now.
    const StepPlace* step_place_ = nullptr;
    std::uint64_t step_address_ = 0;
    bool step_begun_ = false;

    // Told of changes of code while the engine is open, also where the constructor gives up: last.
    struct Observation {
        Observation(PhysicalMemory& memory_in, UnicornCpu& cpu) : memory(memory_in) {
            memory.observe(&cpu);
        }
        ~Observation() { memory.observe(nullptr); }
        Observation(const Observation&) = delete;
        Observation& operator=(const Observation&) = delete;
        PhysicalMemory& memory;
    };
    Observation observation_;
};

}  // namespace uprobesim
