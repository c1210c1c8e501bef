// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/jit/block_heads.h"

#include <array>
#include <cstring>

#include "sim/cpu/unicorn/jit/interposed.h"

namespace uprobesim {

namespace {

// CPUState's icount_decr, before CPUARMState: what the engine's test reads.
constexpr std::uint64_t kExitRequest = static_cast<std::uint64_t>(-16);

// What is overwritten: stores of these to where nobody looks. The last is of one byte.
constexpr std::uint32_t kFillers[] = {0x5eed0001, 0x5eed0002, 0x5eed0003};
constexpr std::uint32_t kByteFiller = 0x5e;

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
    std::array<std::uint8_t, 64> bytes_{};
    std::size_t size_ = 0;
};

// %rbp is the CPU's state in generated code. movl $value, offset(%rbp)
Bytes& store32(Bytes& to, std::uint64_t offset, std::uint32_t value) {
    return to.raw(0xc7, 0x85).number32(offset).number32(value);
}

constexpr std::size_t kStoreBytes = 10, kJumpBytes = 5;

}  // namespace

bool BlockHeads::reserve(TcgContext* s, BlockId id) const {
    // The engine's test: load, a zero, a branch to the exit if less; the exit is the list's end.
    TcgOp* const load = first_op(layout_, s);
    if (!is_op(load, TcgOpcode::Load32) || load->args[2] != kExitRequest) return false;
    TcgOp* const zero = load->next;
    if (!is_op(zero, TcgOpcode::MoveImmediate32)) return false;
    TcgOp* const branch = zero->next;
    if (!is_op(branch, TcgOpcode::BranchIf32) ||
        branch->args[2] != static_cast<unsigned>(TcgCondition::Less))
        return false;
    const TcgValue out = branch->args[3];
    TcgOp* const exit = last_op(layout_, s);
    TcgOp* before_exit = branch;
    while (before_exit->next != exit && before_exit->next != nullptr)
        before_exit = before_exit->next;
    if (!is_op(exit, TcgOpcode::ExitBlock) || !is_op(before_exit, TcgOpcode::SetLabel) ||
        before_exit->args[0] != out)
        return false;

    const OpWriter head(layout_, calls_, s, load);
    const auto store = [&](TcgOpcode opcode, std::uint32_t value, const void* to) {
        const TcgValue t = head.temp(TcgType::I32);
        head.op(TcgOpcode::MoveImmediate32, t, value);
        head.op(opcode, t, head.env(), from_env(to));
    };
    store(TcgOpcode::Store32, id, &memory_.last);
    for (const std::uint32_t filler : kFillers) store(TcgOpcode::Store32, filler, &memory_.unused);
    store(TcgOpcode::Store8, kByteFiller, &memory_.unused);
    const TcgValue body = head.label();
    OpWriter(layout_, calls_, s, branch->next).op(TcgOpcode::SetLabel, body);
    // Always, instead of where an exit was asked for. The label counts the branch as before, and
    // the operations that the condition needed are dropped as nothing needs them.
    branch->opcode = static_cast<unsigned>(TcgOpcode::Branch);
    branch->args[0] = out;
    // Behind the exit's label: if (uprobesim_begin_block(env, id)) goto body.
    const OpWriter way_out(layout_, calls_, s, exit);
    const TcgValue runs = way_out.call(&uprobesim_begin_block, way_out.env(), way_out.constant(id));
    way_out.op(TcgOpcode::BranchIf64, runs, way_out.constant(0), TcgCondition::NotEqual, body);
    return true;
}

bool BlockHeads::overwrite(std::uint8_t* code, BlockId id, BlockCost cost) const {
    Bytes begin;
    store32(begin, from_env(&memory_.last), id);
    for (const std::uint32_t filler : kFillers) store32(begin, from_env(&memory_.unused), filler);
    begin.raw(0xc6, 0x85).number32(from_env(&memory_.unused)).raw(kByteFiller);  // movb
    begin.raw(0xe9);                                                             // jmp ask
    if (!begin.are_at(code)) return false;
    const std::size_t all = begin.size() - 1 + kJumpBytes;
    const std::uint8_t* const ask = code + all + read_at<std::int32_t>(code, all - 4);

    Bytes head;
    head.raw(0x48, 0xbb).number64(static_cast<std::uint64_t>(cost.packed()));  // movabs cost, %rbx
    head.raw(0x48, 0x29, 0x9d).number32(from_env(&memory_.left));              // sub %rbx, left
    head.raw(0x0f, 0x88);                                                      // js ask
    head.number32(number_of(ask) - number_of(code + kStoreBytes + head.size() + 4));
    head.raw(0x48, 0x8b, 0x9d).number32(from_env(&memory_.counts));  // mov counts, %rbx
    head.raw(0x48, 0xff, 0x83).number32(std::uint64_t{id} * 8);      // incq 8*id(%rbx)
    head.raw(0x0f, 0x1f, 0x44, 0x00, 0x00);                          // nop
    if (kStoreBytes + head.size() != all) return false;
    head.put(code + kStoreBytes);
    return true;
}

std::optional<BlockId> BlockHeads::id_of(const std::uint8_t* code) const {
    Bytes begin;
    begin.raw(0xc7, 0x85).number32(from_env(&memory_.last));
    if (!begin.are_at(code)) return std::nullopt;
    return read_at<BlockId>(code, begin.size());
}

}  // namespace uprobesim
