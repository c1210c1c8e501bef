// SPDX-License-Identifier: GPL-2.0-or-later
// What a profile's emulate-also adds: verdicts, the effect against native execution, faults, whole
// hits.
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/probes/hit/probed_run.h"
#include "tests/probes/verdict/duel.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr auto kWords = static_cast<std::size_t>(AlsoEmulated::kCount);

KernelProfile also(std::initializer_list<AlsoEmulated> words, StpForm stp = StpForm::PinAndMap) {
    KernelProfile kernel = ProbedRun::profile(DecodeTable::V613, SlotCopyPolicy::Always);
    kernel.stp = stp;
    for (const AlsoEmulated word : words) kernel.emulate_also.add(word);
    return kernel;
}
KernelProfile also_all() {
    KernelProfile kernel = also({});
    for (std::size_t w = 0; w < kWords; ++w) kernel.emulate_also.add(static_cast<AlsoEmulated>(w));
    return kernel;
}

struct WideDuel : Duel {
    WideDuel() { kernel = also_all(); }
};

constexpr bool unpredictable(std::uint32_t stp) {
    const std::uint32_t n = stp >> 5 & 31;
    return (stp >> 23 & 1) != 0 && n != 31 && (n == (stp & 31) || n == (stp >> 10 & 31));
}

}  // namespace

TEST_CASE("each word of emulate-also takes exactly its instructions from the steps",
          "[verdict][emulate-also]") {
    using A = AlsoEmulated;
    const struct {
        A word;
        std::vector<std::uint32_t> in, out;
    } rows[] = {
        {A::SubSp,
         {0xd10083ff, 0xd14007ff},
         {0xd10083fe, 0xd10083df, 0x510083ff, 0xf10083ff, 0x910083ff, 0xcb2063ff}},
        {A::AddSp,
         {0x910083ff, 0x914007ff},
         {0x910003fd, 0x9100001f, 0xb10083ff, 0xd10083ff, 0x8b2063ff}},
        {A::Mov,
         {0xaa0103e0, 0x2a0103e0, 0xaa1f03ff},
         {0xaa0107e0, 0xaa010000, 0xaa2103e0, 0x910003fd, 0xea0103e0}},
        {A::MovWide,
         {0xd2800020, 0xd2e00020, 0x52800020, 0x52a00020, 0x92800000, 0x12800000, 0xf2a00020,
          0x72800020},
         {0x52c00020 /* half 2 of 32 bits */, 0xb2800020, 0xaa0103e0}},
        {A::Stp,
         {0xa9bf53f3, 0xa90153f3, 0xa9bf7bfd, 0xa9000020, 0xa90103ff},
         {0xa88153f3 /* post-index */, 0x29bf53f3 /* w */, 0xa9400020 /* ldp */,
          0x69bf53f3 /* stgp */, 0xadbf07e0 /* simd */,
          0xa9bf0420 /* writes back to what it stores */, 0xa9bf0422}},
        {A::Paciasp, {0xd503233f}, {0xd503237f /* pacibsp */, 0xd503231f, 0xd50323bf}},
        {A::Bti, {0xd503241f, 0xd503245f, 0xd503249f, 0xd50324df}, {0xd503233f, 0xd503243f}},
    };
    for (const auto& row : rows) {
        const KernelProfile kernel = also({row.word});
        for (const std::uint32_t word : row.in) {
            INFO(also_emulated_name(row.word) << " " << std::hex << word);
            CHECK(decide(word, kernel).kind == VerdictKind::Emulate);
            CHECK(decide(word, also({})).kind == VerdictKind::Step);
        }
        for (const std::uint32_t word : row.out) {
            INFO(also_emulated_name(row.word) << " " << std::hex << word);
            CHECK(decide(word, kernel).kind == decide(word, also({})).kind);
        }
    }
    // The patch's own push stays the patch's.
    KernelProfile patched = also_all();
    patched.decode_table = DecodeTable::V613Stp;
    CHECK(decide(0xa9bf7bfd, patched).handler == Handler::StpFpLr);
}

TEST_CASE("emulate-also takes as many words as the encodings have, and never a refused one",
          "[verdict][emulate-also]") {
    const KernelProfile narrow = also({}), wide = also_all();
    // All words of the classes the rows lie in: bits 31 to 23.
    std::map<Handler, std::uint64_t> counts;
    for (const std::uint32_t top : {0xd1000000u, 0xd1400000u, 0x91000000u, 0x91400000u}) {
        for (std::uint32_t low = 0; low < (1u << 22); ++low) {
            const Verdict v = decide(top | low, wide);
            if (v.kind == VerdictKind::Emulate) ++counts[v.handler];
        }
    }
    CHECK(counts == std::map<Handler, std::uint64_t>{
                        {Handler::AddSubSp, 4 * 4096}});  // imm12, shifted or not, twice
    counts.clear();
    for (const std::uint32_t top : {0xa9000000u, 0xa9800000u}) {
        for (std::uint32_t low = 0; low < (1u << 22); ++low)
            ++counts[decide(top | low, wide).handler];
    }
    // Two forms of imm7, three registers; less those that write back to one of the two that they
    // store.
    CHECK(counts[Handler::Stp] == 2 * (1u << 22) - 128 * 31 * 63);
    CHECK(counts[Handler::None] == 128ul * 31 * 63);
    Entropy random{20241108};
    for (int i = 0; i < 2000000; ++i) {
        const auto word = static_cast<std::uint32_t>(random.next());
        const Verdict base = decide(word, narrow), more = decide(word, wide);
        if (base.kind == VerdictKind::Step) continue;
        REQUIRE(more.kind == base.kind);
        REQUIRE(more.handler == base.handler);
    }
}

TEST_CASE("sub and add of sp are emulated as they execute", "[emulate][property]") {
    WideDuel d;
    for (const std::uint32_t form : {0xd10003ffu, 0x910003ffu}) {
        for (int i = 0; i < kRounds; ++i)
            d.round(Handler::AddSubSp, with(form, d.random.next(), 0x007ffc00),
                    d.value() & ~std::uint64_t{15});
    }
}

TEST_CASE("mov of a register is emulated as it executes", "[emulate][property]") {
    WideDuel().rounds(Handler::MovRegister, 0x2a0003e0, 0x801f001f);
}

TEST_CASE("movz, movn and movk are emulated as they execute", "[emulate][property]") {
    WideDuel d;
    constexpr std::uint32_t kForms[] = {0xd2800000, 0x92800000, 0xf2800000,
                                        0x52800000, 0x12800000, 0x72800000};
    for (const std::uint32_t form : kForms) {
        const std::uint32_t halves = (form >> 31) != 0 ? 0x00600000 : 0x00200000;
        d.rounds(Handler::MovWide, form, halves | 0x001fffff);
    }
}

TEST_CASE("paciasp and bti are emulated as they execute", "[emulate][property]") {
    WideDuel d;
    d.rounds(Handler::Paciasp, 0xd503233f, 0);
    d.rounds(Handler::Bti, 0xd503241f, 0x000000c0);
}

TEST_CASE("stp of any pair and base is emulated as it executes, in both forms",
          "[emulate][property]") {
    WideDuel d;
    const StpHandler form = GENERATE(as<StpHandler>{}, emulate_stp_pin, emulate_stp_copy);
    int compared = 0;
    while (compared < kRounds) {
        // One in eight has sp for its base.
        std::uint32_t word = with(0xa9000000, d.random.next(), 0x00bfffff);
        if ((d.random.next() & 7) == 0) word |= 31u << 5;
        if (unpredictable(word)) continue;
        REQUIRE(decide(word, d.kernel).handler == Handler::Stp);
        UserRegisters before = d.state(d.any_pc());
        const std::int64_t imm = stp_offset(word);
        const unsigned n = word >> 5 & 31;
        const bool writes_back = (word >> 23 & 1) != 0;
        if (n == 31) {
            // Where the patch follows hardware: aligned before and after, and not upwards into a
            // later page.
            before.sp = d.stack.value + (d.random.next() & 0x1ff0);
            const std::uint64_t to = before.sp + static_cast<std::uint64_t>(imm);
            if (writes_back && imm % 16 != 0) continue;
            if (writes_back && form == emulate_stp_pin && page_floor(to) > page_floor(before.sp))
                continue;
        } else {
            before.x[n] = d.stack.value + (d.random.next() & 0x1fff);
        }
        const VAddr at((n == 31 ? before.sp : before.x[n]) + static_cast<std::uint64_t>(imm));
        d.round_of_stp(form, word, before, at);
        ++compared;
    }
}

TEST_CASE("an emulated stp that faults does what the profile's form does with the patch's own",
          "[stp][emulate-also]") {
    Duel d;
    constexpr std::uint32_t kStoreX1 = 0xa93f0c22;      // stp x2, x3, [x1, #-16]
    constexpr std::uint32_t kStoreX1Back = 0xa9bf0c22;  // stp x2, x3, [x1, #-16]!
    constexpr std::uint32_t kSpOffset = 0xa9010fe2;     // stp x2, x3, [sp, #16]
    UserRegisters before = d.state(d.text);
    const auto run = [&](auto form, std::uint32_t word) {
        d.cpu.write_all(d.emulated, before);
        return form(word, VAddr(before.pc), d.cpu, d.emulated, d.mm, Duel::kTask);
    };
    const auto x1 = [&] { return d.cpu.read(d.emulated, xreg(1)); };
    const auto pc = [&] { return d.cpu.read(d.emulated, Reg::Pc); };
    // No page: pin and map moves base and pc all the same, copy_to_user neither.
    before.x[1] = 0x1000;
    CHECK(run(emulate_stp_pin, kStoreX1Back).faulted);
    CHECK(x1() == 0x1000 - 16);
    CHECK(pc() == before.pc + 4);
    CHECK(run(emulate_stp_pin, kStoreX1).faulted);
    CHECK(x1() == 0x1000);
    CHECK(pc() == before.pc + 4);
    CHECK(run(emulate_stp_copy, kStoreX1Back).faulted);
    CHECK(x1() == 0x1000);
    CHECK(pc() == before.pc);
    // Where nothing is pushed, the pages that are written are pinned: one after a boundary, two
    // across it.
    before.x[1] = d.stack.value + kPageSize;
    CHECK(run(emulate_stp_pin, kStoreX1).pages == 1);
    before.x[1] = d.stack.value + kPageSize + 9;
    CHECK(run(emulate_stp_pin, kStoreX1).pages == 2);
    // Only sp has to be aligned.
    before.sp = d.stack.value + 8;
    CHECK(run(emulate_stp_pin, kSpOffset).faulted);
    before.sp = d.stack.value;
    CHECK_FALSE(run(emulate_stp_pin, kSpOffset).faulted);
    // Unaligned through a forced pin of a read-only page: all 16 bytes, and nothing around them.
    const auto page = d.mm.map({.length = kPageSize, .prot = {true, false, false}});
    REQUIRE(page);
    before.x[1] = page->value + 0x103;
    before.x[2] = 0x1122334455667788;
    before.x[3] = 0x99aabbccddeeff00;
    CHECK_FALSE(run(emulate_stp_pin, kStoreX1).faulted);
    UserMemory memory(d.mm, Duel::kTask);
    CHECK(memory.get<std::uint64_t>(VAddr(page->value + 0xf3)) == before.x[2]);
    CHECK(memory.get<std::uint64_t>(VAddr(page->value + 0xfb)) == before.x[3]);
    CHECK(memory.get<std::uint8_t>(VAddr(page->value + 0xf2)) == 0);
    CHECK(memory.get<std::uint8_t>(VAddr(page->value + 0x103)) == 0);
}

TEST_CASE("a whole function is emulated with the same effect, at one exception a hit",
          "[hit][emulate-also]") {
    // Saves, computes 21 * 2 on its frame, restores; every instruction of the entry is probed.
    const std::vector<std::uint32_t> words = with_exit({
        0xd503245f,  // bti c
        0xd503233f,  // paciasp
        0xa9bf53f3,  // stp x19, x20, [sp, #-16]!
        0xd10083ff,  // sub sp, sp, #32
        0xd28002b3,  // mov x19, #21
        0xf2a00013,  // movk x19, #0, lsl #16
        0xaa1303f4,  // mov x20, x19
        0xa90153f3,  // stp x19, x20, [sp, #16]
        0xa94153f3,  // ldp x19, x20, [sp, #16]
        0x8b140260,  // add x0, x19, x20
        0x910083ff,  // add sp, sp, #32
        0xa8c153f3,  // ldp x19, x20, [sp], #16
    });
    const std::vector<unsigned> entry{0, 1, 2, 3, 4, 5, 6, 7, 10};
    const auto machine = load_machine_profile("kunpeng916", {});
    REQUIRE(machine);
    for (const char* name : {"v6.12", "whatif-wider-emulation"}) {
        const auto kernel = load_kernel_profile(name, {});
        REQUIRE(kernel);
        const bool wide = !kernel->emulate_also.empty();
        ProbedRun r(words, Probed{entry, {}}, *machine, *kernel);
        CHECK(r.run().status == 42);
        CHECK(r.exceptions(ExceptionClass::Brk) == entry.size());
        CHECK(r.exceptions(ExceptionClass::SoftwareStep) == (wide ? 0 : entry.size()));
        CHECK(r.times(KernelPath::UprobeAreaCreate) == (wide ? 0u : 1u));
        CHECK(r.times(KernelPath::UprobeEmulateRegister) == (wide ? 5u : 0u));
        CHECK(r.times(KernelPath::UprobeEmulateNop) == (wide ? 2u : 0u));
        CHECK(r.times(KernelPath::UprobeEmulateStpPin) == (wide ? 2u : 0u));
    }
}
