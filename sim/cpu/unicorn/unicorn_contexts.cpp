// SPDX-License-Identifier: GPL-2.0-or-later
// The contexts of a UnicornCpu: one is in the engine, the others lie in saved blobs; their
// registers, and what each of them has done.
#include <utility>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/unicorn_cpu_impl.h"
#include "sim/mem/tag.h"

namespace uprobesim {

UnicornCpu::Context& UnicornCpu::context(ContextId id) {
    const auto it = contexts_.find(id);
    check_invariant(it != contexts_.end(), "a CPU context that does not exist was used");
    return it->second;
}

UnicornCpu::Context& UnicornCpu::load_other(ContextId id) {
    Context& wanted = context(id);
    if (loaded_ != nullptr) {
        fold();
        check_engine(uc_context_save(engine_.handle(), loaded_->saved), "uc_context_save");
    }
    check_engine(uc_context_restore(engine_.handle(), wanted.saved), "uc_context_restore");
    // The blob holds the translation table of the time it was saved; cached translations are not in
    // it. They are space_'s still, so that switching between threads costs none of them.
    if (space_ != nullptr && !table_stale_) {
        engine_.restore_translation_table(space_->root());
    } else {
        table_stale_ = true;
    }
    loaded_ = &wanted;
    loaded_id_ = id;
    return wanted;
}

ContextId UnicornCpu::create_context() {
    Context fresh;
    check_engine(uc_context_alloc(engine_.handle(), &fresh.saved), "uc_context_alloc");
    // The engine's state with all registers zero; loading a context restores its own registers.
    uc_context* keep = nullptr;
    if (loaded_ != nullptr) {
        check_engine(uc_context_save(engine_.handle(), loaded_->saved), "uc_context_save");
        keep = loaded_->saved;
    }
    engine_.write_all({});
    engine_.write(Reg::Tpidr, 0);
    engine_.write_fp({});
    if (isa_.has(IsaFeature::Bti)) engine_.set_btype(0);
    engine_.clear_exclusive();
    check_engine(uc_context_save(engine_.handle(), fresh.saved), "uc_context_save");
    if (keep != nullptr)
        check_engine(uc_context_restore(engine_.handle(), keep), "uc_context_restore");
    const auto id = static_cast<ContextId>(next_context_++);
    contexts_.emplace(id, std::move(fresh));
    return id;
}

ContextId UnicornCpu::clone_context(ContextId from) {
    const Context& source = load(from);
    Context copy;
    check_engine(uc_context_alloc(engine_.handle(), &copy.saved), "uc_context_alloc");
    check_engine(uc_context_save(engine_.handle(), copy.saved), "uc_context_save");
    copy.pc = source.pc;
    copy.pstate = source.pstate;
    const auto id = static_cast<ContextId>(next_context_++);
    contexts_.emplace(id, std::move(copy));
    return id;
}

void UnicornCpu::destroy_context(ContextId id) {
    const auto it = contexts_.find(id);
    if (it == contexts_.end()) return;
    if (loaded_ == &it->second) {
        // An observer has asked before it: the task may be gone already.
        BlockObserver* const observer = std::exchange(observer_, nullptr);
        fold();
        observer_ = observer;
        loaded_ = nullptr;
    }
    if (it->second.counts) --counting_contexts_;
    uc_context_free(it->second.saved);
    contexts_.erase(it);
}

void UnicornCpu::fold() {
    if (blocks_) blocks_->fold(loaded_->work.by_class);
    loaded_->work.insns += InsnCount(insns_);
    loaded_->work.cycles += CentiCycles(cycles_);
    insns_ = 0;
    cycles_ = 0;
}

std::uint64_t UnicornCpu::read(ContextId id, Reg r) {
    const Context& c = load(id);
    if (r <= Reg::Sp) [[likely]]
        return engine_.read(r);
    if (r == Reg::Pc) return c.pc;
    const std::uint64_t value = engine_.read(r);
    return r == Reg::Pstate ? value | c.pstate | pstate_btype() : value;
}

void UnicornCpu::write(ContextId id, Reg r, std::uint64_t value) {
    Context& c = load(id);
    if (r == Reg::Pc) {
        c.pc = without_tag(value);  // an exception return drops the tag
    } else {
        engine_.write(r, value);
        if (r == Reg::Pstate) write_pstate(c, value);
    }
}

std::uint64_t UnicornCpu::pstate_btype() const {
    return isa_.has(IsaFeature::Bti) ? std::uint64_t{engine_.btype()} << 10 : 0;
}

// All of it but NZCV.
void UnicornCpu::write_pstate(Context& c, std::uint64_t value) {
    c.pstate = 0;
    if (isa_.has(IsaFeature::Ssbs)) c.pstate |= value & kPstateSsbs;
    if (isa_.has(IsaFeature::Dit)) c.pstate |= value & kPstateDit;
    if (isa_.has(IsaFeature::Bti))
        engine_.set_btype(static_cast<unsigned>(value & kPstateBtype) >> 10);
}

UserRegisters UnicornCpu::read_all(ContextId id) {
    Context& c = load(id);
    UserRegisters registers = engine_.read_all();
    registers.pc = c.pc;
    registers.pstate |= c.pstate | pstate_btype();
    return registers;
}

void UnicornCpu::write_all(ContextId id, const UserRegisters& registers) {
    Context& c = load(id);
    engine_.write_all(registers);
    write_pstate(c, registers.pstate);
    c.pc = without_tag(registers.pc);
}

FpState UnicornCpu::read_fp(ContextId id) {
    load(id);
    return engine_.read_fp();
}

void UnicornCpu::write_fp(ContextId id, const FpState& fp) {
    load(id);
    engine_.write_fp(fp);
}

void UnicornCpu::clear_exclusive(ContextId id) {
    load(id);
    engine_.clear_exclusive();
}

void UnicornCpu::write_keys(ContextId id, const PointerKeys& keys, unsigned which) {
    if (!isa_.has(IsaFeature::Pac)) return;
    load(id);
    engine_.write_keys(keys, which);
}

void UnicornCpu::enable_keys(ContextId id, unsigned which) {
    if (!isa_.has(IsaFeature::Pac)) return;
    load(id);
    engine_.enable_keys(which);
}

void UnicornCpu::count_one(ContextId id, std::uint32_t word) {
    const BlockInfo info = infos_.model().analyse(std::span(&word, 1));
    UserWork& work = load(id).work;
    work.insns += InsnCount(1);
    work.cycles += info.cycles_through.at(0);
    ++work.by_class[static_cast<std::size_t>(info.classes.at(0))];
}

InsnCount UnicornCpu::insns(ContextId id) {
    if (loaded_ != nullptr && loaded_id_ == id) return loaded_->work.insns + InsnCount(insns_);
    return context(id).work.insns;
}

CentiCycles UnicornCpu::cycles(ContextId id) {
    if (loaded_ != nullptr && loaded_id_ == id) return loaded_->work.cycles + CentiCycles(cycles_);
    return context(id).work.cycles;
}

UserWork UnicornCpu::work(ContextId id) {
    Context& c = context(id);
    if (loaded_ == &c) fold();
    if (c.counts) translated_.fold(*c.counts, c.work.by_class, teller(id));
    return c.work;
}

}  // namespace uprobesim
