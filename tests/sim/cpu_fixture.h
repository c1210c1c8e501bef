// SPDX-License-Identifier: GPL-2.0-or-later
// A CPU with one address space, a code page and helpers to place words. The
// block model is a fixed one: every instruction is an int-alu of one cycle.
#pragma once

#include <cstring>
#include <initializer_list>
#include <span>
#include <variant>

#include <catch2/catch.hpp>

#include "sim/cpu/unicorn_cpu.h"

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

// Encodings used by the tests, from the Arm ARM's A64 base instruction pages.
namespace a64 {
constexpr std::uint32_t kNop = 0xd503201f, kRet = 0xd65f03c0;
constexpr std::uint32_t svc(unsigned imm) {
    return 0xd4000001u | (imm << 5);
}
constexpr std::uint32_t brk(unsigned imm) {
    return 0xd4200000u | (imm << 5);
}
constexpr std::uint32_t add_imm(unsigned d, unsigned n, unsigned imm) {
    return 0x91000000u | (imm << 10) | (n << 5) | d;
}
constexpr std::uint32_t subs_imm(unsigned d, unsigned n, unsigned imm) {
    return 0xf1000000u | (imm << 10) | (n << 5) | d;
}
constexpr std::uint32_t movz(unsigned d, unsigned imm) {
    return 0xd2800000u | (imm << 5) | d;
}
constexpr std::uint32_t str(unsigned t, unsigned n, unsigned offset = 0) {
    return 0xf9000000u | ((offset / 8) << 10) | (n << 5) | t;
}
constexpr std::uint32_t str_w(unsigned t, unsigned n) {
    return 0xb9000000u | (n << 5) | t;
}
constexpr std::uint32_t ldr(unsigned t, unsigned n) {
    return 0xf9400000u | (n << 5) | t;
}
constexpr std::uint32_t blr(unsigned n) {
    return 0xd63f0000u | (n << 5);
}
constexpr std::uint32_t br(unsigned n) {
    return 0xd61f0000u | (n << 5);
}
constexpr std::uint32_t b(std::int64_t offset) {
    return 0x14000000u | (static_cast<std::uint32_t>(offset >> 2) & 0x3ffffffu);
}
constexpr std::uint32_t cbnz(unsigned t, std::int64_t offset) {
    return 0xb5000000u | ((static_cast<std::uint32_t>(offset >> 2) & 0x7ffffu) << 5) | t;
}
constexpr std::uint32_t ldxr(unsigned t, unsigned n) {
    return 0xc85f7c00u | (n << 5) | t;
}
constexpr std::uint32_t stxr(unsigned s, unsigned t, unsigned n) {
    return 0xc8007c00u | (s << 16) | (n << 5) | t;
}
constexpr std::uint32_t ldr_d_literal(unsigned t, unsigned offset) {
    return 0x5c000000u | ((offset / 4) << 5) | t;
}
}  // namespace a64

template <class T>
bool stopped_by(const Stop& stop) {
    return std::holds_alternative<T>(stop.why);
}

}  // namespace uprobesim
