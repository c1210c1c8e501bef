// SPDX-License-Identifier: GPL-2.0-or-later
// A CPU with one address space, a code page and helpers to place words. The block model is a fixed
// one: every instruction is an int-alu of one cycle.
#pragma once

#include <catch2/catch.hpp>
#include <cstring>
#include <initializer_list>
#include <span>
#include <variant>

#include "sim/cpu/unicorn/unicorn_cpu.h"
#include "tests/support/a64.h"

namespace uprobesim {

struct FixedModel final : BlockModel {
    BlockInfo analyse(std::span<const std::uint32_t> words) const override {
        BlockInfo info;
        for (std::size_t i = 0; i < words.size(); ++i) {
            info.classes.push_back(InsnClass::IntAlu);
            info.cycles_through.push_back(CentiCycles(100 * (i + 1)));
        }
        return info;
    }
};

struct CpuFixture {
    static constexpr VAddr kCode{0x5555550000};
    static constexpr VAddr kData{0x7f00000000};
    static constexpr Prot kRead{true, false, false};
    static constexpr Prot kReadWrite{true, true, false};
    static constexpr Prot kReadExec{true, false, true};
    static constexpr Prot kAll{true, true, true};
    static constexpr InsnCount kForever{~std::uint64_t{0}};

    PhysicalMemory memory{256u << 20};
    FixedModel model;
    std::unique_ptr<Cpu> cpu;
    AddressSpace space;
    PAddr code;
    ContextId task;

    explicit CpuFixture(const UnicornOptions& options = {})
        : cpu(make_unicorn_cpu(memory, model, options)),
          space(memory, *cpu),
          code(map(kCode, kReadExec)),
          task(cpu->create_context()) {}

    PAddr map(VAddr page, Prot prot) { return map(space, page, prot); }
    PAddr map(AddressSpace& in, VAddr page, Prot prot) {
        const auto frame = memory.allocate();
        REQUIRE(frame);
        REQUIRE(in.map(page, *frame, prot));
        return *frame;
    }
    void put(PAddr frame, std::uint64_t offset, std::initializer_list<std::uint32_t> words) {
        std::memcpy(memory.bytes(frame).data() + offset, std::data(words), words.size() * 4);
        memory.note_write(frame);
    }
    std::uint64_t word64(PAddr frame, std::uint64_t offset) const {
        std::uint64_t value = 0;
        std::memcpy(&value, memory.bytes(frame).data() + offset, 8);
        return value;
    }
    void x(unsigned n, std::uint64_t value) { cpu->write(task, xreg(n), value); }
    std::uint64_t x(unsigned n) { return cpu->read(task, xreg(n)); }
    Stop run_from(VAddr pc, InsnCount budget = kForever) {
        cpu->write(task, Reg::Pc, pc.value);
        return cpu->run(task, space, budget);
    }
    Stop run(InsnCount budget = kForever) { return cpu->run(task, space, budget); }
    Stop step_at(VAddr pc, std::uint32_t word) {
        cpu->write(task, Reg::Pc, pc.value);
        return cpu->step(task, space, word);
    }
};

template <class T>
bool stopped_by(const Stop& stop) {
    return std::holds_alternative<T>(stop.why);
}

}  // namespace uprobesim
