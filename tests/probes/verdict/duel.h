// SPDX-License-Identifier: GPL-2.0-or-later
// An emulation handler against the engine that executes the same instruction natively.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "kernel_model/memory/user_memory.h"
#include "probes/verdict/emulate.h"
#include "sim/base/entropy.h"
#include "sim/profile/kernel_profile.h"
#include "tests/kernel_model/memory/memory_support.h"
#include "tests/sim/cpu/cpu_fixture.h"

namespace uprobesim::test {

inline constexpr int kRounds = 100000;

constexpr std::uint32_t with(std::uint32_t fixed, std::uint64_t random, std::uint32_t free) {
    return fixed | (static_cast<std::uint32_t>(random) & free);
}

// The two forms of STP's handler, and the offset in the instruction.
using StpHandler = StpOutcome (*)(std::uint32_t, VAddr, Cpu&, ContextId, Mm&, TaskId);
constexpr std::int64_t stp_offset(std::uint32_t word) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(word) << 42) >> 57 << 3;
}

// One CPU, two contexts with the same registers: one executes, the other is emulated.
struct Duel {
    std::unique_ptr<Machine> machine = test::make_machine();
    Mm mm{*machine};
    Cpu& cpu = *machine->cpu;
    ContextId native = cpu.create_context(), emulated = cpu.create_context();
    Entropy random{20240910};
    VAddr text;
    VAddr stack;
    KernelProfile kernel;
    static constexpr TaskId kTask{1000};

    Duel() {
        kernel.decode_table = DecodeTable::V613Stp;
        kernel.stp = StpForm::PinAndMap;
        // A page of code in the middle of nowhere: branches out of it stop before they execute
        // anything.
        const auto code = machine->memory.allocate();
        const auto where = mm.map_special("[code]", *code, {false, false, true});
        REQUIRE(where);
        text = *where;
        REQUIRE(mm.fault(text, Access::Execute, kTask) == FaultResult::Resolved);
        const auto data = mm.map({.length = 8 * kPageSize, .prot = kReadWrite});
        REQUIRE(data);
        stack = *data + 4 * kPageSize;
        for (int page = 0; page < 8; ++page)
            REQUIRE(mm.fault(*data + static_cast<std::uint64_t>(page) * kPageSize, Access::Write,
                             kTask) == FaultResult::Resolved);
    }

    // Values that make branches interesting: zero, one bit, sign bits, small, any.
    std::uint64_t value() {
        const std::uint64_t r = random.next();
        switch (r & 7) {
            case 0: return 0;
            case 1: return std::uint64_t{1} << (r >> 8 & 63);
            case 2: return 0xffffffff00000000u;
            case 3: return r >> 8 & 0xff;
            default: return random.next();
        }
    }
    UserRegisters state(VAddr pc) {
        UserRegisters r;
        for (auto& x : r.x) x = value();
        r.sp = stack.value;
        r.pc = pc.value;
        r.pstate = random.next() & kPstateNzcv;
        return r;
    }
    VAddr any_pc() { return text + (random.next() & 0x3ff) * 4; }

    void same(const UserRegisters& before, std::uint32_t word) {
        const UserRegisters a = cpu.read_all(native), b = cpu.read_all(emulated);
        const bool equal = a.x == b.x && a.sp == b.sp && a.pc == b.pc && a.pstate == b.pstate;
        if (equal) return;
        INFO("word " << std::hex << word << " pc " << before.pc << " native pc " << a.pc
                     << " emulated pc " << b.pc);
        for (std::size_t i = 0; i < 31; ++i) {
            INFO("x" << i);
            REQUIRE(a.x[i] == b.x[i]);
        }
        REQUIRE(a.sp == b.sp);
        REQUIRE(a.pc == b.pc);
        REQUIRE(a.pstate == b.pstate);
    }
    void round(Handler handler, std::uint32_t word, std::optional<std::uint64_t> sp = {}) {
        REQUIRE(decide(word, kernel).handler == handler);
        UserRegisters before = state(any_pc());
        if (sp) before.sp = *sp;
        cpu.write_all(native, before);
        cpu.write_all(emulated, before);
        // The engine runs code that is not aligned; the emulated pc is what an aligned fetch would
        // be refused at.
        const Stop stop = cpu.step(native, mm.space(), word);
        REQUIRE((stopped_by<StepDone>(stop)));
        emulate_instruction(handler, word, VAddr(before.pc), cpu, emulated);
        same(before, word);
    }
    // Many rounds, in which the bits in `free` are random.
    void rounds(Handler handler, std::uint32_t fixed, std::uint32_t free) {
        for (int i = 0; i < kRounds; ++i) round(handler, with(fixed, random.next(), free));
    }
    // STP to `at`: compares the 16 bytes stored, and 8 bytes before and after them.
    void round_of_stp(StpHandler handler, std::uint32_t word, const UserRegisters& before,
                      VAddr at) {
        std::array<std::uint64_t, 4> stored{}, expected{};
        UserMemory memory(mm, kTask);
        REQUIRE(memory.clear(at - 8, 32));
        cpu.write_all(native, before);
        REQUIRE(stopped_by<StepDone>(cpu.step(native, mm.space(), word)));
        REQUIRE(memory.read(at - 8, std::as_writable_bytes(std::span(expected))));
        const unsigned t = word & 31;
        REQUIRE(expected[1] == (t == 31 ? 0 : before.x[t]));
        REQUIRE(memory.clear(at - 8, 32));
        cpu.write_all(emulated, before);
        REQUIRE_FALSE(handler(word, VAddr(before.pc), cpu, emulated, mm, kTask).faulted);
        REQUIRE(memory.read(at - 8, std::as_writable_bytes(std::span(stored))));
        REQUIRE(stored == expected);
        same(before, word);
    }
};

}  // namespace uprobesim::test
