// SPDX-License-Identifier: GPL-2.0-or-later
// The page of common instructions that all processes map (hypothetical).
#include "probes/slots/shared_slots.h"

#include <algorithm>

#include "sim/profile/kernel_profile.h"
#include "tests/probes/hit/probed_run.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

KernelProfile prefilled(StepEnd step) {
    KernelProfile p = ProbedRun::profile(DecodeTable::V612, SlotCopyPolicy::Always);
    p.slots = SlotOwner::Prefilled;
    p.step = step;
    return p;
}
// Address of the mapping, 0 if there is none.
std::uint64_t shared_base(ProbedRun& r) {
    for (const auto& [begin, vma] : r.process().mm->vmas()) {
        if (vma.name == "[uprobes-shared]") return begin.value;
    }
    return 0;
}

}  // namespace

TEST_CASE("shared slots hold the common instructions, each followed by a BRK if that ends a step",
          "[shared-slots]") {
    for (const bool brk : {false, true}) {
        ProbedRun r(with_exit({a64::movz(0, 0)}), {});
        const auto slots = SharedSlots::create(r.machine.memory, brk);
        REQUIRE(slots);
        const auto base = slots->map(*r.process().mm);
        REQUIRE(base);
        UserMemory memory(*r.process().mm, r.task().id);
        for (const std::uint32_t word :
             {a64::kNop, 0xd503233fu, 0xd503245fu, kPush, 0xa9807bfdu, 0xa9bd7bfdu}) {
            const auto slot = slots->find(word);
            REQUIRE(slot);
            const VAddr at = slots->address(*base, *slot);
            CHECK(memory.get<std::uint32_t>(at) == word);
            if (brk) CHECK(memory.get<std::uint32_t>(at + 4) == a64::brk(8));
        }
        for (const std::uint32_t word : {0xd10083ffu, 0xa9bf53f3u, 0xd503237fu})
            CHECK_FALSE(slots->find(word));
    }
}

TEST_CASE("one frame serves every process that steps a common instruction", "[shared-slots]") {
    const auto machine = make_machine();
    const std::uint64_t used = machine->memory.used_bytes();
    {
        Mm one(*machine), other(*machine);
        const auto slots = SharedSlots::create(machine->memory, false);
        REQUIRE(slots);
        const auto a = slots->map(one), b = slots->map(other);
        REQUIRE(a);
        REQUIRE(b);
        REQUIRE(one.fault(*a, Access::Execute, TaskId{1}) == FaultResult::Resolved);
        REQUIRE(other.fault(*b, Access::Execute, TaskId{2}) == FaultResult::Resolved);
        CHECK(one.space().lookup(*a)->frame == other.space().lookup(*b)->frame);
        CHECK_FALSE(one.space().lookup(*a)->prot.write);
    }
    CHECK(machine->memory.used_bytes() == used);
}

TEST_CASE("a common instruction is stepped in its shared slot, others in the process's own",
          "[hit][shared-slots]") {
    for (const StepEnd step : {StepEnd::Hardware, StepEnd::BrkAfterSlot}) {
        // A push and its pop ten times; then with an add in between, which has no shared slot.
        const bool brk = step == StepEnd::BrkAfterSlot;
        const auto words = with_exit(
            {a64::movz(5, 10), kPush, add1(6), kPop, subs1(5), cbnz(5, -4), a64::mov(0, 6)});
        ProbedRun common(words, Probed{{1}, {}}, profile_at(1e9), prefilled(step));
        CHECK(common.run().status == 10);
        CHECK(common.probe(0).stepped == 10);
        CHECK(common.times(KernelPath::UprobeSharedMap) == 1);
        for (const KernelPath path : {KernelPath::UprobeAreaCreate, KernelPath::UprobeSlotGet,
                                      KernelPath::UprobeSlotCopy, KernelPath::UprobeSlotSync})
            CHECK(common.times(path) == 0);
        // Its page was synchronised at boot, not at this process's first fetch.
        CHECK(common.times(KernelPath::FaultSpecialExec) == 0);
        CHECK(common.times(brk ? KernelPath::UprobeSlotLeaveKept
                               : KernelPath::UprobeStepFinishKept) == 10);

        ProbedRun both(words, Probed{{1, 2}, {}}, profile_at(1e9), prefilled(step));
        CHECK(both.run().status == 10);
        CHECK(both.probe(0).stepped == 10);
        CHECK(both.probe(1).stepped == 10);
        CHECK(both.times(KernelPath::UprobeSlotSync) == 10);
        CHECK(both.times(KernelPath::FaultSpecialExec) == 1);
    }
}

TEST_CASE("a push in a shared slot that faults shows the probed address", "[hit][shared-slots]") {
    for (const StepEnd step : {StepEnd::Hardware, StepEnd::BrkAfterSlot}) {
        ProbedRun r({a64::movz(1, 0x1234, 16), 0x9100003f /* mov sp, x1 */, kPush}, Probed{{2}, {}},
                    profile_at(1e9), prefilled(step));
        const ExitSummary end = r.run();
        CHECK(end.detail == "SIGSEGV at pc 0x400108, address 0x1233fff0");
        CHECK(shared_base(r) != 0);
        CHECK(r.xol_base() == 0);
        CHECK(r.probe(0).stepped == 0);
        CHECK(r.times(KernelPath::UprobeStepAbort) == 1);
    }
}
