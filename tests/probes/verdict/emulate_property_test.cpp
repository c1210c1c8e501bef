// SPDX-License-Identifier: GPL-2.0-or-later
// Every emulation handler against the engine that executes the same instruction natively, on random
// encodings and states.
#include "tests/probes/verdict/duel.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE("b.cond is emulated as it executes", "[emulate][property]") {
    Duel().rounds(Handler::BCond, 0x54000000, 0x00ffffef);
}

TEST_CASE("b and bl are emulated as they execute", "[emulate][property]") {
    Duel().rounds(Handler::BBl, 0x14000000, 0x83ffffff);
}

TEST_CASE("br, blr and ret are emulated as they execute", "[emulate][property]") {
    Duel d;
    constexpr std::uint32_t kForms[] = {0xd61f0000, 0xd63f0000, 0xd65f0000};
    for (int i = 0; i < kRounds; ++i)
        d.round(Handler::BrBlrRet, with(kForms[d.random.next() % 3], d.random.next(), 0x000003e0));
}

TEST_CASE("cbz and cbnz are emulated as they execute", "[emulate][property]") {
    Duel().rounds(Handler::CbzCbnz, 0x34000000, 0x81ffffff);
}

TEST_CASE("tbz and tbnz are emulated as they execute", "[emulate][property]") {
    Duel().rounds(Handler::TbzTbnz, 0x36000000, 0x81ffffff);
}

TEST_CASE("adr and adrp are emulated as they execute", "[emulate][property]") {
    Duel().rounds(Handler::AdrAdrp, 0x10000000, 0xe0ffffff);
}

TEST_CASE("nop is emulated as it executes", "[emulate][property]") {
    Duel().rounds(Handler::Nop, 0xd503201f, 0);
}

TEST_CASE("stp of fp and lr is emulated as it executes, in both forms", "[emulate][property]") {
    Duel d;
    const StpHandler form = GENERATE(as<StpHandler>{}, emulate_stp_pin, emulate_stp_copy);
    int compared = 0;
    while (compared < kRounds) {
        const std::uint32_t word = with(0xa9807bfd, d.random.next(), 0x003f8000);
        UserRegisters before = d.state(d.any_pc());
        // Aligned before and after, and not upwards into a later page: where the patch follows
        // hardware. What it does elsewhere is in the corner cases.
        const std::int64_t imm = stp_offset(word);
        if (imm % 16 != 0) continue;
        before.sp = d.stack.value + (d.random.next() & 0x1ff0);
        if (form == emulate_stp_pin &&
            page_floor(before.sp + static_cast<std::uint64_t>(imm)) > page_floor(before.sp))
            continue;
        d.round_of_stp(form, word, before, VAddr(before.sp + static_cast<std::uint64_t>(imm)));
        ++compared;
    }
}

TEST_CASE("what is stepped in a slot leaves the state it leaves in place", "[step][property]") {
    // One of each kind that the kernel steps and the simulated CPU has (it is an Armv8.0 one,
    // without LSE); operands are random, memory operands point into the stack area.
    struct Kind {
        std::uint32_t word, free;
    };
    constexpr Kind kKinds[] = {
        {0x8b000000, 0x001fffff},  // add (shifted register)
        {0xcb000000, 0x001f03ff},  // sub
        {0xeb000000, 0x001f03ff},  // subs
        {0xaa000000, 0x001f03ff},  // orr
        {0x91000000, 0x003ffc00},  // add (immediate) x0, x0
        {0xd2800000, 0x007fffff},  // movz
        {0x9b000000, 0x001f7fff},  // madd
        {0x9ac00800, 0x001f03ff},  // udiv
        {0x9a800000, 0x001ff3ff},  // csel
        {0xd3400000, 0x003fffff},  // ubfm
        {0xdac01000, 0x000003ff},  // clz
        {0x9ac04c00, 0x001f03ff},  // crc32x
        {0x1e602800, 0x001f03ff},  // fadd
        {0x1e600800, 0x001f03ff},  // fmul
        {0x4ea08400, 0x001f03ff},  // add v.4s
        {0x6e201c00, 0x001f03ff},  // eor v.16b
        {0xf94003e0, 0x0007fc1f},  // ldr x, [sp, #imm]
        {0xf90003e0, 0x0007fc1f},  // str x, [sp, #imm]
        {0x394003e0, 0x003ffc1f},  // ldrb
        {0xa9bf7be0, 0x00000000},  // stp x0, x30, [sp, #-16]!
        {0xa9bf7bfd, 0x00000000},  // stp x29, x30, [sp, #-16]!
        {0xa8c17bfd, 0x00000000},  // ldp x29, x30, [sp], #16
        {0x3d8003e0, 0x0000001f},  // str q, [sp]
        {0x3dc003e0, 0x0000001f},  // ldr q, [sp]
        {0xc8dfffe0, 0x0000001f},  // ldar x, [sp]
        {0xc89fffe0, 0x0000001f},  // stlr x, [sp]
        {0xd53bd040, 0x0000001f},  // mrs tpidr_el0
        {0xd503233f, 0x00000000},  // paciasp
        {0xd503245f, 0x00000000},  // bti c
        {0xd5033bbf, 0x00000000},  // dmb ish
        {0xd5033fdf, 0x00000000},  // isb
        {0xd503201f, 0x00000000},  // nop, which 6.12 steps
        {0xba000000, 0x001f03ff},  // adcs
        {0x9bc07c00, 0x001f03ff},  // umulh
        {0x9ac00c00, 0x001f03ff},  // sdiv
        {0xdac00c00, 0x000003ff},  // rev
        {0xb98003e0, 0x0003fc1f},  // ldrsw [sp, #imm]
        {0xd53b4200, 0x0000001f},  // mrs nzcv
        {0xd53b4400, 0x0000001f},  // mrs fpcr
        {0xd53b0020, 0x0000001f},  // mrs ctr_el0
        {0x1e601800, 0x001f03ff},  // fdiv
        {0x9e620000, 0x000003ff},  // scvtf
        {0x9e780000, 0x000003ff},  // fcvtzs
        {0x4c4073e0, 0x0000001f},  // ld1 v.16b, [sp]
        {0x4e284800, 0x000003ff},  // aese
        {0x5e004000, 0x001f03ff},  // sha256h
        {0x0ee0e000, 0x001f03ff},  // pmull
    };
    Duel d;
    const auto frame = d.machine->memory.allocate();
    const auto slots = d.mm.map_special("[slots]", *frame, {false, false, true});
    REQUIRE(slots);
    REQUIRE(d.mm.fault(*slots, Access::Execute, Duel::kTask) == FaultResult::Resolved);
    const VAddr slot = *slots + 4;
    // From below the deepest push to above the highest offset.
    const VAddr area = d.stack - 64;
    std::vector<std::byte> in_place(64 + kPageSize + 64), in_slot(in_place.size()),
        filled(in_place.size());
    d.random.fill(filled);
    UserMemory memory(d.mm, Duel::kTask);
    for (const Kind& kind : kKinds) {
        for (int i = 0; i < 400; ++i) {
            const std::uint32_t word = with(kind.word, d.random.next(), kind.free);
            INFO("word " << std::hex << word);
            REQUIRE(decide(word, DecodeTable::V612).kind == VerdictKind::Step);
            const VAddr pc = d.text + 0x100;
            UserRegisters before = d.state(pc);
            FpState fp;
            for (auto& v : fp.v) v = {d.random.next(), d.random.next()};
            // In place: the word in the program's page, run there.
            const auto code = d.mm.space().lookup(d.text);
            std::memcpy(d.machine->memory.bytes(code->frame).data() + 0x100, &word, 4);
            const std::uint32_t svc = 0xd4000001;
            std::memcpy(d.machine->memory.bytes(code->frame).data() + 0x104, &svc, 4);
            d.machine->memory.note_write(code->frame);
            REQUIRE(memory.write(area, filled));
            d.cpu.write_all(d.native, before);
            d.cpu.write_fp(d.native, fp);
            const Stop in_place_stop = d.cpu.run(d.native, d.mm.space(), InsnCount(10));
            INFO("stop " << in_place_stop.why.index() << " retired "
                         << in_place_stop.retired.value);
            REQUIRE(stopped_by<Svc>(in_place_stop));
            REQUIRE(memory.read(area, in_place));
            // In the slot: the step, then pc as the kernel sets it.
            REQUIRE(memory.write(area, filled));
            before.pc = slot.value;
            d.cpu.write_all(d.emulated, before);
            d.cpu.write_fp(d.emulated, fp);
            const Stop stop = d.cpu.step(d.emulated, d.mm.space(), word);
            REQUIRE(stopped_by<StepDone>(stop));
            CHECK(stop.retired == InsnCount(1));
            REQUIRE(memory.read(area, in_slot));
            CHECK(in_place == in_slot);
            d.cpu.write(d.emulated, Reg::Pc,
                        pc.value + 8);  // after the SVC, as the native one is
            d.same(before, word);
            const FpState a = d.cpu.read_fp(d.native), b = d.cpu.read_fp(d.emulated);
            CHECK(a.v == b.v);
            CHECK(a.fpsr == b.fpsr);
        }
    }
}
