// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/inline_jumps.h"

#include "sim/base/error.h"
#include "sim/cpu/unicorn/jit/interposed.h"

namespace uprobesim {

InlineJumps::InlineJumps(const EngineLayout& layout, const EngineCalls& calls, std::byte* env,
                         Memory& memory)
    : layout_(layout), calls_(calls), env_(env), memory_(memory) {
    memory_.generation = last_generation_;
}

TcgValue InlineJumps::pc_temp(const TcgContext* s) const {
    const auto globals = read_at<std::uint32_t>(s, layout_.tcg_nb_globals);
    for (std::uint32_t i = 0; i < globals; ++i) {
        const std::size_t at = layout_.tcg_temps + sizeof(TcgTemp) * i;
        const auto temp = read_at<TcgTemp>(s, at);
        if (temp.name != nullptr && temp.offset == static_cast<std::int64_t>(layout_.env_pc) &&
            std::string_view(temp.name) == "pc")
            return number_of(s) + at;
    }
    fail_invariant("the engine's pc was there before");
}

// The translator has just written the pc: a constant, or what a register holds.
void InlineJumps::emit(TcgContext* s) {
    if (pc_ == 0) pc_ = pc_temp(s);
    const TcgValue pc = pc_;
    const TcgOp* const last = last_op(layout_, s);
    const bool fixed = last != nullptr &&
                       last->opcode == static_cast<unsigned>(TcgOpcode::MoveImmediate64) &&
                       last->args[0] == pc;
    if (fixed && places_ < Memory::kPlaces) return emit_fixed(s);
    emit_by_register(s, pc);
}

// if (place.generation == generation) goto place.code; goto find_for_place(env, place);
void InlineJumps::emit_fixed(TcgContext* s) {
    const std::uint64_t place = places_++;
    const OpWriter w(layout_, calls_, s, nullptr);
    const Memory::Place& known = memory_.places[place];
    const TcgValue missed = w.label();
    const TcgValue have = w.load(w.env(), from_env(&known.generation));
    const TcgValue want = w.load(w.env(), from_env(&memory_.generation));
    w.op(TcgOpcode::BranchIf64, have, want, TcgCondition::NotEqual, missed);
    w.op(TcgOpcode::GotoPointer, w.load(w.env(), from_env(&known.code)));
    w.op(TcgOpcode::SetLabel, missed);
    w.op(TcgOpcode::GotoPointer, w.call(&uprobesim_find_for_place, w.env(), w.constant(place)));
}

// entry = by_address[pc / 4 % kEntries];
// goto entry.pc == pc && entry.generation == generation ? entry.code : uprobesim_find_by_address;
void InlineJumps::emit_by_register(TcgContext* s, TcgValue pc) {
    const OpWriter w(layout_, calls_, s, nullptr);
    constexpr std::uint64_t kShift = Memory::kEntryBits - 2;
    const TcgValue shifted = w.combine(TcgOpcode::ShiftLeft64, pc, w.constant(kShift));
    const TcgValue offset = w.combine(TcgOpcode::And64, shifted,
                                      w.constant((Memory::kEntries - 1) * sizeof(Memory::Entry)));
    const TcgValue entry = w.combine(TcgOpcode::Add64, offset, w.env());
    const Memory::Entry& first = memory_.by_address[0];
    const TcgValue code = w.load(entry, from_env(&first.code));
    const TcgValue other_pc = w.combine(TcgOpcode::Xor64, w.load(entry, from_env(&first.pc)), pc);
    const TcgValue other_generation =
        w.combine(TcgOpcode::Xor64, w.load(entry, from_env(&first.generation)),
                  w.load(w.env(), from_env(&memory_.generation)));
    const TcgValue other = w.combine(TcgOpcode::Or64, other_pc, other_generation);
    const TcgValue target = w.temp();
    w.op(TcgOpcode::MoveIf64, target, other, w.constant(0),
         w.constant(number_of(&uprobesim_ask_by_address)), code, TcgCondition::NotEqual);
    w.op(TcgOpcode::GotoPointer, target);
}

void* InlineJumps::look_up(TcgContext* s, bool& found) {
    ++asked_;
    void* const code = calls_.lookup(env_);
    // The epilogue leads out of generated code, where the block is translated.
    found = code != read_at<void*>(s, layout_.tcg_epilogue);
    return code;
}

void* InlineJumps::find_by_address(TcgContext* s) {
    bool found = false;
    void* const code = look_up(s, found);
    const auto pc = read_at<std::uint64_t>(env_, layout_.env_pc);
    if (found) memory_.by_address[(pc >> 2) % Memory::kEntries] = {pc, memory_.generation, code, 0};
    return code;
}

void* InlineJumps::find_for_place(TcgContext* s, std::uint64_t place) {
    bool found = false;
    void* const code = look_up(s, found);
    if (found) memory_.places[place] = {memory_.generation, code};
    return code;
}

}  // namespace uprobesim
