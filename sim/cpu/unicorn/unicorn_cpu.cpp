// SPDX-License-Identifier: GPL-2.0-or-later
// Running, stepping, and what the engine's stops mean. Beginnings of blocks: unicorn_blocks.cpp;
// changes of memory: unicorn_changes.cpp.
#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/editor_self_test.h"
#include "sim/cpu/unicorn/unicorn_cpu_impl.h"
#include "sim/mem/tag.h"

namespace uprobesim {

namespace {

// Exception numbers of the engine (QEMU's EXCP_*).
constexpr std::uint32_t kUndefined = 1, kSvc = 2, kPrefetchAbort = 3, kDataAbort = 4,
                        kBreakpoint = 7;
// WFI traps here (SCTLR_EL1.nTWI is clear), because executing it would halt the engine. Linux lets
// EL0 execute it, and then it may end at once: it does.
constexpr std::uint32_t kWfi = 0xd503207f;
// MRS Xt, CTR_EL0 traps too (SCTLR_EL1.UCT is clear): the engine's own value cannot be changed.
constexpr std::uint32_t kReadCtr = 0xd53b0020;

constexpr std::string_view kAskedForPlain = "UPROBESIM_ENGINE=plain";

Abort abort_of(const UnicornEngine::FaultDetail& detail) {
    return {.address = VAddr(detail.address),
            .access = detail.write ? Access::Write : Access::Read,
            .unaligned = detail.unaligned};
}

}  // namespace

UnicornCpu::UnicornCpu(PhysicalMemory& memory, const BlockModel& model,
                       const UnicornOptions& options, const UnicornTrial& trial)
    : memory_(memory),
      ctr_el0_(options.ctr_el0),
      isa_(options.isa),
      engine_(memory, trial.way, trial.most_code, isa_),
      guarded_(isa_, UnicornEngine::executes(isa_)),
      code_frames_(options.counting == Counting::On),
      infos_(model, most_host_bytes(memory, 8u << 20, 128u << 20)),
      translated_(trial.most_blocks),
      stores_(memory, code_frames_,
              FastStores(options.fast_stores ? engine_.cpu_state() : nullptr, engine_.page_bits())),
      step_pages_(memory, model),
      observation_(memory, *this) {
    check_engine(uc_hook_add(engine_.handle(), &store_hook_, UC_HOOK_MEM_WRITE_PROT,
                             reinterpret_cast<void*>(&on_store), this, 1, 0),
                 "uc_hook_add(WRITE_PROT)");
    edit_code(trial);
    if (stores_.fast().available()) self_test_fast_stores();
    if (stores_.fast().available() && editor_ != nullptr) {
        engine_.flush_translations();
        editor_->open_stores(*this);
    }
    if (options.counting == Counting::Off) return;
    if (editor_ != nullptr) count_by_heads();
    if (edited()) return;
    blocks_.emplace(infos_, code_frames_, guarded_);
    add_block_hook();
}

UnicornCpu::~UnicornCpu() {
    for (auto& [id, c] : contexts_) {
        if (c.saved != nullptr) uc_context_free(c.saved);
    }
}

// Leaves editor_ null and says why, or has the engine's code edited from now on.
void UnicornCpu::edit_code(const UnicornTrial& trial) {
    if (trial.way == EngineWay::Plain) {
        editor_refused_ = kAskedForPlain;
        return;
    }
    const EngineBuild* const build = trial.build != nullptr ? trial.build : linked_build();
    if (build == nullptr) {
        editor_refused_ = "this build of the engine is not known";
        return;
    }
    editor_ = CodeEditor::attach(engine_.handle(), engine_.whole_cpu_state(), *build, engine_,
                                 editor_refused_);
    if (editor_ == nullptr) return;
    editor_->begin();
    if (isa_.has(IsaFeature::Bti)) editor_->leave_jumps();  // by PSTATE.BTYPE too
    if (trial.never_forget) editor_->never_forget();
    if (!trial.skip_self_test) editor_refused_ = test_editor(engine_, memory_, *editor_);
    if (!editor_refused_.empty()) editor_.reset();
}

// Two stores to one page: both must land, and the second must not come through the hook.
void UnicornCpu::self_test_fast_stores() {
    AddressSpace space(memory_, *this);
    const VAddr code(0x400000), data(0x500000);
    const auto code_frame = memory_.allocate();
    const auto data_frame = memory_.allocate();
    if (!code_frame || !data_frame || !space.map(code, *code_frame, {true, false, true}) ||
        !space.map(data, *data_frame, {true, true, false})) {
        throw HostError("testing the engine's stores", "the simulated memory is too small");
    }
    const std::uint32_t program[] = {
        0xf9000041,  // str x1, [x2]
        0xf9000441,  // str x1, [x2, #8]
        0xd4000001,  // svc #0
        0xf9000841,  // str x1, [x2, #16]
        0xd4000001,  // svc #0
    };
    std::memcpy(memory_.bytes(*code_frame).data(), program, sizeof program);
    engine_.set_translation_table(space.root());
    stores_.enter(&space);
    engine_.write(Reg{1}, 0x0123456789abcdefu);
    engine_.write(Reg{2}, data.value);
    const bool ran = engine_.start(code.value) == kSvc;
    stores_.fast().keep_mode_of(data.value);
    // From here the hook sees no writable page: a store that still comes through it is lost.
    stores_.enter(nullptr);
    const bool ran_again = ran && engine_.start(code.value + 12) == kSvc;
    std::uint64_t words[3] = {};
    std::memcpy(words, memory_.bytes(*data_frame).data(), sizeof words);
    const bool good =
        ran_again && std::all_of(std::begin(words), std::end(words),
                                 [](std::uint64_t w) { return w == 0x0123456789abcdefu; });
    if (!good) stores_.fast().disable();
    drop_code(*code_frame);  // translated without the block hook
    engine_.write(Reg{1}, 0);
    engine_.write(Reg{2}, 0);
}

std::vector<FastPath> UnicornCpu::fast_paths() const {
    FastPath edits{"edited code", editor_ != nullptr,
                   "slower by a third, with the same results: " + editor_refused_};
    if (editor_refused_ == kAskedForPlain) edits.remedy = "unset UPROBESIM_ENGINE";
    return {std::move(edits),
            {"registers in place", engine_.registers_in_place(),
             "each register is read and written by a call of the engine"},
            {"exclusive monitor", engine_.clears_exclusive(),
             "an STXR after an exception succeeds if memory still holds the value"},
            {"inline stores", stores_.fast().available(),
             "each store takes the engine's slow way, about three times as long"},
            {"bounded code", engine_.code().found(),
             "a guest that runs new code without end takes up to 1 GiB of the host's memory"}};
}

// The TLB holds translations of space_ then.
bool UnicornCpu::keeps_translations() {
    if (space_ == nullptr || table_stale_ || translations_stale_ || editor_ == nullptr)
        return false;
    if (!stale_pages_.empty()) refresh_translations();
    return true;
}

void UnicornCpu::change_translations(const AddressSpace& space) {
    if (keeps_translations() && editor_->change_space(space_->id(), space.id()))
        return engine_.restore_translation_table(space.root());
    engine_.set_translation_table(space.root());
    if (editor_ != nullptr) editor_->forget_space(space.id());
}

void UnicornCpu::enter(const AddressSpace& space) {
    if (space_ == &space && !table_stale_) [[likely]] {
        if (translations_stale_ || !stale_pages_.empty()) [[unlikely]]
            refresh_translations();
        return;
    }
    change_translations(space);
    space_ = &space;
    table_stale_ = false;
    translations_stale_ = false;
    stale_pages_.clear();
    stores_.enter(&space);
    if (blocks_) blocks_->enter(space);
}

void UnicornCpu::on_block(uc_engine*, std::uint64_t address, std::uint32_t size, void* self) {
    auto& cpu = *static_cast<UnicornCpu*>(self);
    BlockRecord& r = cpu.blocks_->at(address);
    // Both ways out are calls in tail position, so that the usual way needs no stack frame.
    if (cpu.insns_ >= cpu.limit_) [[unlikely]]
        return cpu.begin_unusual_block(address, size);
    if (!cpu.blocks_->holds(r, address, size)) [[unlikely]]
        return cpu.begin_new_block(address, size);
    cpu.begin_block(r, size);
}

bool UnicornCpu::on_store(uc_engine*, uc_mem_type, std::uint64_t address, int size,
                          std::int64_t value, void* self) {
    auto& cpu = *static_cast<UnicornCpu*>(self);
    bool wants_break = false;
    cpu.stores_.store(address, size, value, wants_break);
    if (wants_break) cpu.break_soon();
    return true;
}

bool UnicornCpu::open_at_once(PAddr frame) {
    bool wants_break = false;
    const bool open = stores_.open_at_once(frame, wants_break);
    if (wants_break) break_soon();
    return open;
}

std::optional<std::uint32_t> UnicornCpu::execute(Context& context) {
    if (edited()) {
        check_invariant(editor_->runs_at_el0(), "EL0 is in a state in which nothing is counted");
        use_counts_of(context);
        give_limit();
    }
    const auto exception = engine_.start(context.pc);
    if (edited()) take_counts();
    context.pc = engine_.pc();
    return exception;
}

void UnicornCpu::do_store_work() {
    for (const PAddr frame : stores_.take_written_code()) code_frame_changed(frame);
    if (stores_.take_flush_request()) translations_stale_ = true;
}

// Takes back what the last block was counted for but did not execute: all from `pc` on, but for
// `trapping` instructions there (1: the instruction at pc counts as executed).
void UnicornCpu::uncount_from(std::uint64_t pc, std::uint64_t trapping) {
    const auto last = last_in_pieces();
    if (!last || pc < last->address || pc - last->address >= last->insns * std::uint64_t{4}) return;
    const std::uint64_t executed = (pc - last->address) / 4 + trapping;
    const std::uint64_t total = last->insns;
    if (executed >= total) return;
    insns_ -= total - executed;
    const auto& through = last->info->cycles_through;
    const std::uint64_t left = static_cast<std::uint64_t>(std::int64_t{last->cycles}) -
                               (executed == 0 ? 0 : through[executed - 1].value);
    cycles_ -= left;
    if (observer_ != nullptr) [[unlikely]] {
        observer_->executed(loaded_id_, VAddr(last->address), -static_cast<std::int64_t>(left));
    }
    for (std::uint64_t i = executed; i < total; ++i) {
        // Wraps below zero until the block's own count is folded in; the sum is right.
        --loaded_->work.by_class[static_cast<std::size_t>(last->info->classes[i])];
    }
}

std::optional<UnicornCpu::LastBlock> UnicornCpu::last_block() const {
    if (edited()) {
        if (counts_->last == BlockHeads::kNone) return std::nullopt;
        const TranslatedBlock& b = translated_[counts_->last];
        return LastBlock{b.address, b.insns, b.cycles, b.info.get()};
    }
    if (last_ == nullptr) return std::nullopt;
    return LastBlock{last_->address, last_->insns(), last_->cycles, last_->info};
}

std::uint32_t UnicornCpu::word_at(const AddressSpace& space, VAddr at) const {
    std::uint32_t word = 0;
    if (const auto t = space.lookup(at); t && at.page_offset() <= kPageSize - 4) {
        std::memcpy(&word, memory_.bytes(t->frame).data() + at.page_offset(), 4);
    }
    return word;
}

Stop UnicornCpu::make_stop(Context& c, std::uint32_t exception, InsnCount before) {
    const VAddr pc(c.pc);
    Stop stop;
    stop.pc = pc;
    switch (exception) {
        case kSvc: stop.why = Svc{static_cast<std::uint16_t>(word_at(*space_, pc - 4) >> 5)}; break;
        case kBreakpoint:
            uncount_from(c.pc, 1);
            stop.why = Brk{static_cast<std::uint16_t>(word_at(*space_, pc) >> 5)};
            break;
        case kPrefetchAbort:
            if ((c.pc & 3) != 0) {
                stop.why = PcAlignment{};
            } else {
                stop.why = Abort{pc, Access::Execute};
            }
            break;
        case kDataAbort: {
            uncount_from(c.pc, 0);
            const auto detail = engine_.fault_detail();
            stop.why = abort_of(detail);
            break;
        }
        case kUndefined:
            if (misses_target(c.pc)) {
                uncount_from(c.pc, 0);
                stop.why = BranchTarget{static_cast<std::uint8_t>(engine_.btype())};
                break;
            }
            [[fallthrough]];
        default:
            // HVC, SMC and the like are undefined at EL0; the engine leaves pc after some of them.
            uncount_from(c.pc, 1);
            stop.why = Undefined{word_at(*space_, pc)};
            break;
    }
    stop.retired = InsnCount(insns_) - before;
    return stop;
}

// What traps in this engine and does not on the hardware. True: it was executed here.
bool UnicornCpu::finish(Context& c, std::uint32_t word) {
    if (ctr_el0_ && (word & ~31u) == kReadCtr) {
        if ((word & 31) != 31) engine_.write(xreg(word & 31), *ctr_el0_);
    } else if (!move_pstate(c, word) && word != kWfi) {
        return false;
    }
    c.pc += 4;
    return true;
}

// Or not again, where that was in vain: the engine goes on giving the whole.
void UnicornCpu::cut_once(const AddressSpace& space) {
    const std::pair here(cut_.address, insns_);
    if (edited() && std::exchange(last_cut_, here) == here) {
        cut_tried_ = std::exchange(cut_, {}).address;
    } else {
        cut_block(space);
    }
}

// The block that did not run was translated, and a place for another instruction may come to be
// there.
void UnicornCpu::leave_step_page(const AddressSpace& space) {
    in_step_page_ = false;
    drop_code(space.shadow_frame());
    space.unshadow();
}

Stop UnicornCpu::spent(const Context& c, InsnCount before) const {
    return Stop{BudgetSpent{}, VAddr(c.pc), InsnCount(insns_) - before};
}

// A block that was left in its middle is run to its end.
bool UnicornCpu::is_spent(const Context& c, const Budget& budget) const {
    return insns_ >= budget.end && !goes_on_at(c.pc);
}

// Nothing: the instruction was carried out here, and the engine goes on.
std::optional<Stop> UnicornCpu::after_exception(Context& c, std::uint32_t exception,
                                                const Budget& budget) {
    // Counts are put right before store work may forget the block.
    std::optional<Stop> stop = make_stop(c, exception, budget.before);
    if (stores_.work_pending()) [[unlikely]]
        do_store_work();
    const auto* undefined = std::get_if<Undefined>(&stop->why);
    if (undefined == nullptr || !finish(c, undefined->word)) [[likely]]
        return stop;
    last_ = nullptr;
    if (is_spent(c, budget)) return spent(c, budget.before);
    return std::nullopt;
}

// The engine was made to stop: by the budget, at a place, for a cut, for work that stores left.
std::optional<Stop> UnicornCpu::after_halt(Context& c, const AddressSpace& space,
                                           const Budget& budget) {
    if (stores_.work_pending()) do_store_work();
    if (cut_.size != 0) {
        cut_once(space);
        return std::nullopt;
    }
    if (refused_) {
        const Stop stop = refuse(c, *std::exchange(refused_, std::nullopt), budget.before);
        const auto* undefined = std::get_if<Undefined>(&stop.why);
        const bool done = std::holds_alternative<StepDone>(stop.why) ||
                          (undefined != nullptr && finish(c, undefined->word));
        if (!done) return stop;
        last_ = nullptr;
        if (is_spent(c, budget)) return spent(c, budget.before);
        return std::nullopt;
    }
    if (at_place_) {
        c.passes = {c.pc, executed_by_loaded()};
        return spent(c, budget.before);
    }
    if (in_step_page_) {
        leave_step_page(space);
        return std::nullopt;
    }
    if ((c.pc & 3) != 0) return Stop{PcAlignment{}, VAddr(c.pc), InsnCount(insns_) - budget.before};
    if (is_spent(c, budget)) return spent(c, budget.before);
    return std::nullopt;
}

Stop UnicornCpu::run(ContextId id, const AddressSpace& space, InsnCount most) {
    Context& c = load(id);
    if ((c.pc & 3) != 0) return Stop{PcAlignment{}, VAddr(c.pc), InsnCount(0)};
    const Budget budget{InsnCount(insns_),
                        most.value > ~insns_ ? ~std::uint64_t{0} : insns_ + most.value};
    last_ = nullptr;
    last_cut_ = {};
    at_place_ = false;
    at_watch_.reset();
    run_end_ = budget.end;
    for (;;) {
        drop_code_if_full();
        enter(space);
        limit_ = goes_on_at(c.pc) ? 0 : budget.end;
        const auto exception = execute(c);
        if (watches_lifted_) [[unlikely]]
            end_lift(space);
        if (exception == kDataAbort && !space.watches().empty()) [[unlikely]] {
            if (const auto met = meet_watch(c, space, budget.before)) {
                if (met->stop) return *met->stop;
                last_ = nullptr;
                if (is_spent(c, budget)) return spent(c, budget.before);
                continue;
            }
        }
        const auto stop =
            exception ? after_exception(c, *exception, budget) : after_halt(c, space, budget);
        if (stop) return *stop;
    }
}

Stop UnicornCpu::step_once(ContextId id, const AddressSpace& space, std::uint32_t word) {
    Context& c = load(id);
    const VAddr pc(c.pc);
    if ((c.pc & 3) != 0) return Stop{PcAlignment{}, pc, InsnCount(0)};
    if (const auto refused = guarded_.refused(word, [&](Reg base) { return engine_.read(base); }))
        return refuse(c, *refused, InsnCount(insns_));
    // Only executable pages are shadowed, and no longer when that changes.
    const StepPlace* known = space.shadowed(pc.page()) ? step_pages_.last_if(word) : nullptr;
    if (known == nullptr) {
        const auto here = space.lookup(pc);
        if (!here || !here->prot.exec) return Stop{Abort{pc, Access::Execute}, pc, InsnCount(0)};
        known = &step_pages_.place(pc, word, here->frame);
        if (step_pages_.any_rewritten()) [[unlikely]] {
            for (const PAddr frame : step_pages_.take_rewritten()) drop_code(frame);
        }
    }
    const StepPlace& place = *known;
    if (!space.shadowed(pc.page()) || space.shadow_frame() != place.frame)
        space.shadow(pc.page(), place.frame);
    enter(space);

    const VAddr stands = pc.page() + place.offset;
    const InsnCount before(insns_);
    step_place_ = &place;
    step_address_ = stands.value;
    step_begun_ = false;
    last_ = nullptr;
    limit_ = 0;
    c.pc = stands.value;
    const auto exception = execute(c);
    step_place_ = nullptr;
    const bool left = c.pc != stands.value;
    // What does the same anywhere goes nowhere but to the next instruction.
    c.pc += pc - stands;
    if (step_begun_) ++loaded_->work.by_class[static_cast<std::size_t>(place.insn_class)];
    Stop stop = make_step_stop(c, exception, place, left);
    stop.retired = InsnCount(insns_) - before;
    if (stores_.work_pending()) [[unlikely]]
        do_store_work();
    return stop;
}

Stop UnicornCpu::make_step_stop(Context& c, std::optional<std::uint32_t> exception,
                                const StepPlace& place, bool left) {
    Stop stop;
    stop.why = StepDone{};
    const auto imm = static_cast<std::uint16_t>(place.word >> 5);
    if (!exception || (left && *exception == kBreakpoint)) {
        // The next instruction was reached.
    } else if (*exception == kPrefetchAbort) {
        // Where fetching the next one would have faulted: that is for the next run. Otherwise this
        // one's page went.
        if (!left && !step_begun_) stop.why = Abort{VAddr(c.pc), Access::Execute};
    } else if (*exception == kSvc) {
        stop.why = Svc{imm};
    } else if (*exception == kBreakpoint) {
        stop.why = Brk{imm};
    } else if (*exception == kDataAbort) {
        if (step_begun_) {
            insns_ -= 1;
            cycles_ -= place.cycles.value;
            --loaded_->work.by_class[static_cast<std::size_t>(place.insn_class)];
        }
        const auto detail = engine_.fault_detail();
        stop.why = abort_of(detail);
    } else if (!finish(c, place.word)) {
        stop.why = Undefined{place.word};
    }
    stop.pc = VAddr(c.pc);
    return stop;
}

std::unique_ptr<Cpu> make_unicorn_cpu(PhysicalMemory& memory, const BlockModel& model,
                                      const UnicornOptions& options) {
    return make_unicorn_cpu(memory, model, options, {});
}

std::unique_ptr<Cpu> make_unicorn_cpu(PhysicalMemory& memory, const BlockModel& model,
                                      const UnicornOptions& options, const UnicornTrial& trial) {
    return std::make_unique<UnicornCpu>(memory, model, options, trial);
}

}  // namespace uprobesim
