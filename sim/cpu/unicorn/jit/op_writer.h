// SPDX-License-Identifier: GPL-2.0-or-later
// Adds operations to a block while it is a list of them, before the engine makes code of it.
#pragma once

#include <cstdint>

#include "sim/cpu/unicorn/jit/engine_build.h"
#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

inline std::uint64_t number_of(const void* p) {
    return reinterpret_cast<std::uint64_t>(p);
}
template <class Result, class... Args>
std::uint64_t number_of(Result (*function)(Args...)) {
    return reinterpret_cast<std::uint64_t>(function);
}

// The engine's own values, by the names that it uses: a temporary and a label are the addresses of
// its structures, as in the arguments of operations.
using TcgValue = std::uint64_t;

inline TcgOp* first_op(const EngineLayout& layout, const TcgContext* s) {
    return read_at<TcgOp*>(s, layout.tcg_ops);
}
// Null: there is none.
inline TcgOp* last_op(const EngineLayout& layout, const TcgContext* s) {
    if (first_op(layout, s) == nullptr) return nullptr;
    // The list's tail points to the last one's link.
    auto* const link = read_at<std::byte*>(s, layout.tcg_ops + sizeof(void*));
    return reinterpret_cast<TcgOp*>(link - offsetof(TcgOp, next));
}

// Of one that is not the first.
inline TcgOp* previous_op(const TcgOp* op) {
    auto* const link = static_cast<std::byte*>(op->previous);
    return reinterpret_cast<TcgOp*>(link - offsetof(TcgOp, next));
}
inline bool is_op(const TcgOp* op, TcgOpcode opcode) {
    return op != nullptr && op->opcode == static_cast<unsigned>(opcode);
}

class OpWriter {
public:
    // Before `before`; null: behind all others.
    OpWriter(const EngineLayout& layout, const EngineCalls& calls, TcgContext* s, TcgOp* before)
        : layout_(layout), calls_(calls), s_(s), before_(before) {}

    // The temporary that holds the address of the CPU's state.
    TcgValue env() const { return number_of(s_) + read_at<std::uint64_t>(s_, layout_.tcg_env); }
    TcgValue temp(TcgType type = TcgType::I64) const;
    template <class... Args>
    TcgOp* op(TcgOpcode opcode, Args... args) const {
        TcgOp* const o = add(opcode);
        std::size_t i = 0;
        ((o->args[i++] = static_cast<std::uint64_t>(args)), ...);
        return o;
    }
    TcgValue constant(std::uint64_t value) const {
        const TcgValue t = temp();
        op(TcgOpcode::MoveImmediate64, t, value);
        return t;
    }
    TcgValue load(TcgValue base, std::uint64_t offset) const {
        const TcgValue t = temp();
        op(TcgOpcode::Load64, t, base, offset);
        return t;
    }
    TcgValue combine(TcgOpcode opcode, TcgValue a, TcgValue b) const {
        const TcgValue t = temp();
        op(opcode, t, a, b);
        return t;
    }
    // The result must have 64 bits: a shorter one leaves the rest undefined.
    template <class Result, class... Params, class... Args>
    TcgValue call(Result (*function)(Params...), Args... args) const {
        static_assert(sizeof(Result) == 8 && sizeof...(Params) == sizeof...(Args));
        const TcgValue result = temp();
        // No flags: it may read and write all that the engine keeps in registers.
        TcgOp* const o = op(TcgOpcode::Call, result, args..., number_of(function), 0);
        o->outputs = 1;
        o->inputs = sizeof...(Args);
        return result;
    }
    // For one branch to it.
    TcgValue label() const;

private:
    TcgOp* add(TcgOpcode opcode) const;

    const EngineLayout& layout_;
    const EngineCalls& calls_;
    TcgContext* s_;
    TcgOp* before_;
};

}  // namespace uprobesim
