// SPDX-License-Identifier: GPL-2.0-or-later
// Running, stepping, and what the engine's hooks and stops mean.
#include <algorithm>
#include <cstring>
#include <utility>

#include "sim/base/error.h"
#include "sim/cpu/unicorn_cpu_impl.h"

namespace uprobesim {

namespace {

// Exception numbers of the engine (QEMU's EXCP_*).
constexpr std::uint32_t kUndefined = 1, kSvc = 2, kPrefetchAbort = 3, kDataAbort = 4, kBreakpoint = 7;

}  // namespace

UnicornCpu::UnicornCpu(PhysicalMemory& memory, const BlockModel& model, const UnicornOptions& options)
    : memory_(memory),
      engine_(memory),
      blocks_(model),
      stores_(memory, FastStores(options.fast_stores ? engine_.cpu_state() : nullptr)),
      step_pages_(memory) {
    memory_.observe(this);
    check_engine(uc_hook_add(engine_.handle(), &store_hook_, UC_HOOK_MEM_WRITE_PROT, reinterpret_cast<void*>(&on_store),
                             this, 1, 0),
                 "uc_hook_add(WRITE_PROT)");
    if (stores_.fast().available()) self_test_fast_stores();
    if (options.counting == Counting::On) {
        check_engine(
            uc_hook_add(engine_.handle(), &block_hook_, UC_HOOK_BLOCK, reinterpret_cast<void*>(&on_block), this, 1, 0),
            "uc_hook_add(BLOCK)");
    }
}

UnicornCpu::~UnicornCpu() {
    memory_.observe(nullptr);
    for (auto& [id, c] : contexts_) {
        if (c.saved != nullptr) uc_context_free(c.saved);
    }
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
    // From here the hook sees no writable page: a store that still comes through it is lost.
    stores_.enter(nullptr);
    const bool ran_again = ran && engine_.start(code.value + 12) == kSvc;
    std::uint64_t words[3] = {};
    std::memcpy(words, memory_.bytes(*data_frame).data(), sizeof words);
    const bool good = ran_again && std::all_of(std::begin(words), std::end(words),
                                               [](std::uint64_t w) { return w == 0x0123456789abcdefu; });
    if (!good) stores_.fast().disable();
    engine_.write(Reg{1}, 0);
    engine_.write(Reg{2}, 0);
}

void UnicornCpu::enter(const AddressSpace& space) {
    if (space_ == &space && !table_stale_) return;
    engine_.set_translation_table(space.root());
    space_ = &space;
    table_stale_ = false;
    stores_.enter(&space);
    blocks_.enter(space);
}

void UnicornCpu::on_block(uc_engine*, std::uint64_t address, std::uint32_t size, void* self) {
    auto& cpu = *static_cast<UnicornCpu*>(self);
    BlockRecord& r = cpu.blocks_.at(address);
    // Both ways out are calls in tail position, so that the usual way needs no stack frame.
    if (cpu.insns_ >= cpu.limit_) [[unlikely]]
        return cpu.begin_unusual_block(address);
    if (!cpu.blocks_.holds(r, address, size)) [[unlikely]]
        return cpu.begin_new_block(address, size);
    cpu.begin_block(r, size);
}

void UnicornCpu::begin_new_block(std::uint64_t address, std::uint32_t size) {
    // This engine runs code that is not aligned.
    if ((address & 3) != 0) return engine_.stop();
    begin_block(blocks_.load(address, size, *space_), size);
}

void UnicornCpu::begin_unusual_block(std::uint64_t address) {
    if (stepping_ && !step_begun_ && address == step_pc_) {
        step_begun_ = true;
        // The block may also hold the BRK behind the stepped instruction; only the instruction counts, and its
        // exception, if it takes one, leaves nothing behind it to take back.
        insns_ += 1;
        cycles_ += step_info_->cycles_through.back().value;
        loaded_->work.by_class[static_cast<std::size_t>(step_info_->classes.front())] += 1;
        step_record_.address = address;
        step_record_.tag_size = 1;
        step_record_.info = step_info_;
        last_ = &step_record_;
        return;
    }
    // The block does not run; its hook comes again when it is resumed.
    engine_.stop();
}

bool UnicornCpu::on_store(uc_engine*, uc_mem_type, std::uint64_t address, int size, std::int64_t value, void* self) {
    auto& cpu = *static_cast<UnicornCpu*>(self);
    bool wants_break = false;
    cpu.stores_.store(address, size, value, wants_break);
    if (wants_break) cpu.limit_ = 0;
    return true;
}

std::optional<std::uint32_t> UnicornCpu::execute(Context& context) {
    const auto exception = engine_.start(context.pc);
    context.pc = engine_.pc();
    return exception;
}

void UnicornCpu::do_store_work() {
    for (const PAddr frame : stores_.take_written_code()) code_frame_changed(frame);
    if (stores_.take_flush_request()) engine_.flush_translations();
}

// Takes back what the last block was counted for but did not execute: all from `pc` on, but for `trapping`
// instructions there (1: the instruction at pc counts as executed).
void UnicornCpu::uncount_from(std::uint64_t pc, std::uint64_t trapping) {
    if (last_ == nullptr || pc < last_->address || pc >= last_->address + last_->size()) return;
    const std::uint64_t executed = (pc - last_->address) / 4 + trapping;
    const std::uint64_t total = last_->insns();
    if (executed >= total) return;
    insns_ -= total - executed;
    const auto& through = last_->info->cycles_through;
    cycles_ -= through[total - 1].value - (executed == 0 ? 0 : through[executed - 1].value);
    for (std::uint64_t i = executed; i < total; ++i) {
        // Wraps below zero until the block's own count is folded in; the sum is right.
        --loaded_->work.by_class[static_cast<std::size_t>(last_->info->classes[i])];
    }
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
            stop.why = Abort{VAddr(detail.address), detail.write ? Access::Write : Access::Read};
            break;
        }
        case kUndefined:
            uncount_from(c.pc, 1);
            stop.why = Undefined{word_at(*space_, pc)};
            break;
        default:
            // HVC, SMC and the like are undefined at EL0; the engine leaves pc behind some of them.
            uncount_from(c.pc, 1);
            stop.why = Undefined{word_at(*space_, pc)};
            break;
    }
    stop.retired = InsnCount(insns_) - before;
    return stop;
}

Stop UnicornCpu::run(ContextId id, const AddressSpace& space, InsnCount budget) {
    Context& c = load(id);
    enter(space);
    const InsnCount before(insns_);
    const std::uint64_t end = budget.value > ~insns_ ? ~std::uint64_t{0} : insns_ + budget.value;
    last_ = nullptr;
    for (;;) {
        limit_ = end;
        const auto exception = execute(c);
        if (stores_.work_pending()) [[unlikely]] {
            do_store_work();
            enter(space);
        }
        if (exception) {
            if (*exception == kBreakpoint && space.shadowed(VAddr(c.pc).page()) && !step_pages_.is_real_brk(c.pc)) {
                // It ran into the page that stepping put in the real one's place.
                uncount_from(c.pc, 0);
                const_cast<AddressSpace&>(space).unshadow();
                continue;
            }
            return make_stop(c, *exception, before);
        }
        if ((c.pc & 3) != 0) return Stop{PcAlignment{}, VAddr(c.pc), InsnCount(insns_) - before};
        if (insns_ >= end) return Stop{BudgetSpent{}, VAddr(c.pc), InsnCount(insns_) - before};
        // Stopped only for store work: go on.
    }
}

Stop UnicornCpu::step(ContextId id, const AddressSpace& space, std::uint32_t word) {
    Context& c = load(id);
    enter(space);
    const VAddr pc(c.pc);
    if ((c.pc & 3) != 0) return Stop{PcAlignment{}, pc, InsnCount(0)};
    const auto here = space.lookup(pc);
    if (!here || !here->prot.exec) return Stop{Abort{pc, Access::Execute}, pc, InsnCount(0)};

    const PAddr frame = step_pages_.frame_for(pc, word, here->frame, *this);
    if (!space.shadowed(pc.page()) || space.shadow_frame() != frame) {
        const_cast<AddressSpace&>(space).shadow(pc.page(), frame);
        enter(space);
    }
    step_info_ = &blocks_.info_of(std::span<const std::uint32_t>(&word, 1));
    const InsnCount before(insns_);
    stepping_ = true;
    step_begun_ = false;
    step_pc_ = c.pc;
    last_ = nullptr;
    limit_ = 0;
    const auto exception = execute(c);
    stepping_ = false;
    if (stores_.work_pending()) do_store_work();

    const bool left = c.pc != pc.value;
    Stop stop;
    if (!exception || (*exception == kBreakpoint && left) || (*exception == kPrefetchAbort && step_begun_)) {
        // The next instruction was reached, or is where fetching it would have faulted: that is for the next run.
        stop = Stop{StepDone{}, VAddr(c.pc), InsnCount(insns_) - before};
    } else if (*exception == kSvc || (*exception == kBreakpoint && !left)) {
        const auto imm = static_cast<std::uint16_t>(word >> 5);
        if (*exception == kSvc) {
            stop.why = Svc{imm};
        } else {
            stop.why = Brk{imm};
        }
        stop.pc = VAddr(c.pc);
        stop.retired = InsnCount(insns_) - before;
    } else {
        stop = make_stop(c, *exception, before);
        if (auto* undefined = std::get_if<Undefined>(&stop.why)) undefined->word = word;
    }
    return stop;
}

void UnicornCpu::translation_changed(const AddressSpace& space, VAddr page) {
    if (space_ != &space) return;
    engine_.flush_translation(page);
    stores_.forget_page(page);
    blocks_.forget_page(space, page);
}

void UnicornCpu::shadow_changed(const AddressSpace& space, VAddr page) {
    if (space_ == &space) engine_.flush_translation(page);
}

void UnicornCpu::space_gone(const AddressSpace& space) {
    blocks_.leave(space);
    if (space_ != &space) return;
    space_ = nullptr;
    table_stale_ = true;
    stores_.enter(nullptr);
}

void UnicornCpu::code_frame_changed(PAddr frame) {
    engine_.drop_code(frame);
    table_stale_ = true;
    blocks_.forget_all();
}

void UnicornCpu::frame_became_code(PAddr) {
    // Stores to it may be inline by now, through any address.
    stores_.forget();
    if (stores_.fast().available()) engine_.flush_translations();
}

std::unique_ptr<Cpu> make_unicorn_cpu(PhysicalMemory& memory, const BlockModel& model, const UnicornOptions& options) {
    return std::make_unique<UnicornCpu>(memory, model, options);
}

}  // namespace uprobesim
