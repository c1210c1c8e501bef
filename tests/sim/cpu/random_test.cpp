// SPDX-License-Identifier: GPL-2.0-or-later
// Random words on random pages with random registers: whatever a program does, the CPU comes back
// with a reason, its counts add up, and the fast way of storing changes nothing.
#include <vector>

#include "sim/base/entropy.h"
#include "tests/sim/cpu/cpu_fixture.h"

using namespace uprobesim;

namespace {

const VAddr kPages[] = {VAddr(0x1000),
                        VAddr(0x400000),
                        VAddr(0x5555550000),
                        VAddr(0x5555551000),
                        VAddr(0x6000000000),
                        VAddr(0x7f00000000),
                        VAddr(0x7f00001000),
                        VAddr(0x7fff000000),
                        VAddr(AddressSpace::kTop - 2 * kPageSize),
                        VAddr(AddressSpace::kTop - kPageSize)};
constexpr Prot kProts[] = {
    {true, false, false}, {true, true, false}, {true, false, true}, {true, true, true}, {}};

class Chaos {
public:
    Chaos(std::uint64_t seed, const UnicornOptions& options)
        : random_(seed),
          cpu_(make_unicorn_cpu(memory_, model_, options)),
          space_(memory_, *cpu_),
          other_(memory_, *cpu_) {
        tasks_ = {cpu_->create_context(), cpu_->create_context()};
    }

    // All that a program could see, as one number.
    std::uint64_t play(int turns) {
        for (const VAddr page : kPages) remap(page);
        for (const ContextId task : tasks_) {
            UserRegisters regs;
            for (std::uint64_t& x : regs.x) x = address();
            regs.sp = address();
            regs.pc = pick_code().value;
            cpu_->write_all(task, regs);
        }
        for (int i = 0; i < turns; ++i) turn();
        for (const ContextId task : tasks_) {
            const UserWork work = cpu_->work(task);
            std::uint64_t sum = 0;
            for (const std::uint64_t n : work.by_class) sum += n;
            CHECK(work.insns == InsnCount(sum));
            CHECK(work.cycles == CentiCycles(100 * sum));
            mix(sum);
        }
        for (const VAddr page : kPages) {
            if (const auto t = space_.lookup(page)) {
                for (std::uint64_t at = 0; at < kPageSize; at += 8) mix(word(t->frame, at));
            }
        }
        return seen_;
    }

private:
    std::uint64_t below(std::uint64_t n) { return random_.next() % n; }
    VAddr pick() { return kPages[below(std::size(kPages))]; }
    VAddr pick_code() { return pick() + 4 * below(1024); }
    std::uint64_t address() {
        switch (below(8)) {
            case 0: return random_.next();
            case 1: return AddressSpace::kTop + below(64) - 32;
            case 2: return (pick() + kPageSize - below(16)).value;
            default: return (pick() + 8 * below(512)).value;
        }
    }
    // Loads and stores half of the time; the rest from all over the encoding.
    std::uint32_t word() {
        const auto w = static_cast<std::uint32_t>(random_.next());
        switch (below(8)) {
            case 0: return w;
            case 1: return 0x14000000u | (w & 0x1f);
            case 2: return 0xd5000000u | (w & 0x3fffffu);
            case 3: return 0x91000000u | (w & 0x3fffffu);
            default: return (w & 0xf3ffffffu) | 0x08000000u;
        }
    }
    std::uint64_t word(PAddr frame, std::uint64_t at) const {
        std::uint64_t value = 0;
        std::memcpy(&value, memory_.bytes(frame).data() + at, 8);
        return value;
    }
    void mix(std::uint64_t v) { seen_ = (seen_ ^ v) * 0x100000001b3u + 7; }

    void remap(VAddr page) {
        const auto frame = memory_.allocate();
        REQUIRE(frame);
        for (std::uint64_t at = 0; at < kPageSize; at += 4) {
            const std::uint32_t w = word();
            std::memcpy(memory_.bytes(*frame).data() + at, &w, 4);
        }
        REQUIRE(space_.map(page, *frame, kProts[below(std::size(kProts))]));
        if (below(2) == 0) {
            memory_.add_ref(*frame);
            REQUIRE(other_.map(pick(), *frame, kProts[below(std::size(kProts))]));
        }
    }

    void turn() {
        const ContextId task = tasks_[below(2)];
        AddressSpace& space = below(4) != 0 ? space_ : other_;
        const std::uint64_t before = cpu_->insns(task).value;
        const bool step = below(4) == 0;
        const InsnCount budget(1 + below(200));
        const Stop stop = step ? cpu_->step(task, space, word()) : cpu_->run(task, space, budget);
        CHECK(cpu_->insns(task).value - before == stop.retired.value);
        CHECK(stop.retired.value < budget.value + 256);  // a block is 1 KiB at most
        if (step) CHECK(stop.retired.value <= 1);
        if (stopped_by<BudgetSpent>(stop)) CHECK(stop.retired >= budget);
        mix(stop.why.index());
        mix(stop.pc.value);
        mix(stop.retired.value);
        const UserRegisters regs = cpu_->read_all(task);
        for (const std::uint64_t x : regs.x) mix(x);
        mix(regs.sp + regs.pstate);
        if (const auto* abort = std::get_if<Abort>(&stop.why)) {
            mix(abort->address.value + static_cast<std::uint64_t>(abort->access));
            const VAddr page = abort->address.page();
            if (below(2) == 0 && page < VAddr(AddressSpace::kTop)) {
                space.protect(
                    page, {true, abort->access == Access::Write, abort->access == Access::Execute});
            } else {
                cpu_->write(task, Reg::Pc, pick_code().value);
            }
        } else if (!stopped_by<BudgetSpent>(stop) && !stopped_by<StepDone>(stop) &&
                   !stopped_by<Svc>(stop)) {
            cpu_->write(
                task, Reg::Pc,
                below(2) == 0 ? (stop.pc + 4).value & ~std::uint64_t{3} : pick_code().value);
        }
        if (below(10) == 0) remap(pick());
    }

    Entropy random_;
    PhysicalMemory memory_{64u << 20};
    FixedModel model_;
    std::unique_ptr<Cpu> cpu_;
    AddressSpace space_, other_;
    std::vector<ContextId> tasks_;
    std::uint64_t seen_ = 0;
};

}  // namespace

TEST_CASE("random programs count exactly and do the same with fast stores and without",
          "[cpu][random]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        UnicornOptions fast, slow;
        slow.fast_stores = false;
        const std::uint64_t a = Chaos(seed, fast).play(400), b = Chaos(seed, slow).play(400);
        CHECK(a == b);
    }
}
