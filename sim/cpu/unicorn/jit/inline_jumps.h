// SPDX-License-Identifier: GPL-2.0-or-later
// Jumps that leave their page: calls, returns, most others. The engine looks the next block up by a
// call of some 60 instructions each time. Here generated code looks itself, in tables of what was
// found before:
//   - a jump to a fixed address has a place of its own: the generation in which it was found, and
//   the code;
//   - one to an address in a register uses an entry by that address: address, generation, code.
// What was found holds for one generation. Another begins whenever an address may have got another
// block, so an entry of an older one is never used (CodeEditor says when that is). An address space
// that is entered again goes on with its own generation (KeptSpaces).
#pragma once

#include <array>
#include <cstdint>

#include "sim/cpu/unicorn/jit/op_writer.h"

namespace uprobesim {

class InlineJumps {
public:
    // Never used again: 64 bits.
    using Generation = std::uint64_t;
    static constexpr Generation kNoGeneration = 0;

    // Lies in memory that generated code reaches from the CPU's state.
    struct Memory {
        Generation generation;
        struct Entry {
            std::uint64_t pc;
            Generation generation;
            void* code;
            std::uint64_t unused;
        };
        static constexpr std::size_t kEntries = 1u << 12;
        static constexpr std::uint64_t kEntryBits = 5;
        std::array<Entry, kEntries> by_address;
        struct Place {
            Generation generation;
            void* code;
        };
        // Jumps beyond these are treated as those by register.
        static constexpr std::size_t kPlaces = 1u << 20;
        std::array<Place, kPlaces> places;
    };
    static_assert(sizeof(Memory::Entry) == 1u << Memory::kEntryBits);

    InlineJumps(const EngineLayout& layout, const EngineCalls& calls, std::byte* env,
                Memory& memory);

    // In place of the call and the jump that the engine would emit behind all other operations.
    void emit(TcgContext* s);
    // Where the CPU's pc leads. What is found is kept, and is found inline the next time.
    void* find_by_address(TcgContext* s);
    void* find_for_place(TcgContext* s, std::uint64_t place);
    void forget() { memory_.generation = ++last_generation_; }
    // With what was found in that one, or with nothing; returns the one that ends.
    Generation go_on_with(Generation other) {
        const Generation before = memory_.generation;
        memory_.generation = other == kNoGeneration ? ++last_generation_ : other;
        return before;
    }
    // No code is left: places are given anew.
    void all_gone() {
        places_ = 0;
        forget();
    }

    // How often generated code had to ask.
    std::uint64_t asked() const { return asked_; }

private:
    void emit_fixed(TcgContext* s);
    void emit_by_register(TcgContext* s, TcgValue pc);
    TcgValue pc_temp(const TcgContext* s) const;
    void* look_up(TcgContext* s, bool& found);
    std::uint64_t from_env(const void* p) const { return number_of(p) - number_of(env_); }

    const EngineLayout& layout_;
    const EngineCalls& calls_;
    std::byte* env_;
    Memory& memory_;
    TcgValue pc_ = 0;  // the engine's register; 0: not found yet
    Generation last_generation_ = kNoGeneration + 1;
    std::uint64_t places_ = 0;
    std::uint64_t asked_ = 0;
};

}  // namespace uprobesim
