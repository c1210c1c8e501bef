// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions that a block ends with: SVC and BRK. The engine raises them by a longjmp out of
// generated code. That is 200 host instructions, and the host's processor, which expects each
// function to return to where it was called from, then guesses wrong for every function up to
// the one that started the engine. Here the block tells us and is left as at its usual end.
#pragma once

#include <cstdint>

#include "sim/cpu/unicorn/jit/engine_build.h"

namespace uprobesim {

// Told of an exception that EL0 takes: the engine's number, and the pc is as the engine has it. It
// has the engine stop.
class ExceptionTaker {
public:
    virtual ~ExceptionTaker() = default;
    virtual void take_exception(std::uint32_t number) = 0;
};

class BlockEnds {
public:
    BlockEnds(const EngineLayout& layout, const EngineCalls& calls)
        : layout_(layout), calls_(calls) {}

    // Of a block that is a list of operations. One that ends in another way stays as it is.
    void edit(TcgContext* s) const;

private:
    const EngineLayout& layout_;
    const EngineCalls& calls_;
};

}  // namespace uprobesim
