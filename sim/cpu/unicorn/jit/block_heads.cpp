// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/block_heads.h"

#include <array>
#include <cstring>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/jit/interposed.h"

namespace uprobesim {

namespace {

// CPUState's icount_decr, before CPUARMState: what the engine's test reads.
constexpr std::uint64_t kExitRequest = static_cast<std::uint64_t>(-16);

// Writes or compares machine code; multi-byte numbers are little-endian.
class Bytes {
public:
    template <class... Values>
    Bytes& raw(Values... values) {
        ((bytes_[size_++] = static_cast<std::uint8_t>(values)), ...);
        return *this;
    }
    Bytes& number32(std::uint64_t value) { return number(value, 4); }
    Bytes& number64(std::uint64_t value) { return number(value, 8); }
    std::size_t size() const { return size_; }
    bool are_at(const std::uint8_t* code) const {
        return std::memcmp(code, bytes_.data(), size_) == 0;
    }
    void put(std::uint8_t* code) const { std::memcpy(code, bytes_.data(), size_); }

private:
    Bytes& number(std::uint64_t value, std::size_t bytes) {
        std::memcpy(bytes_.data() + size_, &value, bytes);
        size_ += bytes;
        return *this;
    }
    std::array<std::uint8_t, 80> bytes_{};
    std::size_t size_ = 0;
};

// %rbp is the CPU's state in generated code.
constexpr std::uint16_t kNoJump = 0xffff;

}  // namespace

bool BlockHeads::remove_test(TcgContext* s) const {
    // A load, a zero, a branch to the exit if less. The exit, at the list's end, goes by itself
    // when no branch leads there.
    TcgOp* const load = first_op(layout_, s);
    if (!is_op(load, TcgOpcode::Load32) || load->args[2] != kExitRequest) return false;
    TcgOp* const zero = load->next;
    if (!is_op(zero, TcgOpcode::MoveImmediate32)) return false;
    TcgOp* const branch = zero->next;
    if (!is_op(branch, TcgOpcode::BranchIf32) ||
        branch->args[2] != static_cast<unsigned>(TcgCondition::Less))
        return false;
    for (TcgOp* const op : {load, zero, branch}) calls_.remove(s, op);
    return true;
}

// Offsets from the code's beginning: of the ends of instructions, and of jumps to other blocks.
void BlockHeads::take_room(const TcgContext* s, TranslationBlock& block, bool made) const {
    block.code -= kHeadBytes;
    if (!made) return;
    for (std::size_t i = 0; i < block.insns; ++i) {
        const std::size_t at = layout_.tcg_insn_ends + i * sizeof(std::uint16_t);
        const auto end = static_cast<std::uint16_t>(read_at<std::uint16_t>(s, at) + kHeadBytes);
        std::memcpy(const_cast<TcgContext*>(s) + at, &end, sizeof end);
    }
    for (std::size_t i = 0; i < 2; ++i) {
        if (block.jump_reset[i] == kNoJump) continue;
        block.jump_reset[i] = static_cast<std::uint16_t>(block.jump_reset[i] + kHeadBytes);
        block.jump_target[i] += kHeadBytes;
    }
}

void BlockHeads::write(const TcgContext* s, std::uint8_t* code, std::size_t size, BlockId id,
                       std::uint64_t pc, std::optional<BlockCost> cost) const {
    std::uint8_t* const ask = code + size;
    Bytes head;
    head.raw(0xc7, 0x85).number32(from_env(&memory_.last)).number32(id);  // movl id, last
    // From the end of a jump that is to be written.
    const auto to_ask = [&](std::size_t jump) {
        return number_of(ask) - number_of(code + head.size() + jump + 4);
    };
    if (cost) {
        head.raw(0x48, 0xbb).number64(static_cast<std::uint64_t>(cost->packed()));  // movabs, %rbx
        head.raw(0x48, 0x29, 0x9d).number32(from_env(&memory_.left));               // sub %rbx
        const std::uint64_t distance = to_ask(2);
        head.raw(0x0f, 0x88).number32(distance);                         // js ask
        head.raw(0x48, 0x8b, 0x9d).number32(from_env(&memory_.counts));  // mov counts, %rbx
        head.raw(0x48, 0xff, 0x83).number32(std::uint64_t{id} * 8);      // incq 8*id(%rbx)
        check_invariant(head.size() == kHeadBytes, "a head does not fit its room");
    } else {
        const std::uint64_t distance = to_ask(1);
        head.raw(0xe9).number32(distance);  // jmp ask
    }
    head.put(code);

    // pc = the block's; if (uprobesim_begin_block(env, id)) goto code; leave.
    Bytes out;
    out.raw(0x48, 0xbb).number64(pc);                                 // movabs pc, %rbx
    out.raw(0x48, 0x89, 0x9d).number32(layout_.env_pc);               // mov %rbx, pc(%rbp)
    out.raw(0x48, 0x89, 0xef);                                        // mov %rbp, %rdi
    out.raw(0xbe).number32(id);                                       // mov id, %esi
    out.raw(0x48, 0xb8).number64(number_of(&uprobesim_begin_block));  // movabs, %rax
    out.raw(0xff, 0xd0);                                              // call *%rax
    out.raw(0x48, 0x85, 0xc0);                                        // test %rax, %rax
    out.raw(0x0f, 0x85);                                              // jne code
    out.number32(number_of(code + kHeadBytes) - number_of(ask + out.size() + 4));
    out.raw(0x48, 0xb8).number64(read_at<std::uint64_t>(s, layout_.tcg_epilogue));  // movabs, %rax
    out.raw(0xff, 0xe0);                                                            // jmp *%rax
    check_invariant(out.size() == kAskBytes, "where a block asks does not fit its room");
    out.put(ask);
}

std::optional<BlockId> BlockHeads::id_of(const std::uint8_t* code) const {
    Bytes begin;
    begin.raw(0xc7, 0x85).number32(from_env(&memory_.last));
    if (!begin.are_at(code)) return std::nullopt;
    return read_at<BlockId>(code, begin.size());
}

}  // namespace uprobesim
