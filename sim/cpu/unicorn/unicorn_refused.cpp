// SPDX-License-Identifier: GPL-2.0-or-later
// Instructions that the engine does not execute as the machine does: what happens instead.
#include <cstring>

#include "sim/cpu/unicorn/unicorn_cpu_impl.h"
#include "sim/mem/tag.h"

namespace uprobesim {

// SSBS and DIT: what they change is no matter here, but programs read what they wrote.
bool UnicornCpu::move_pstate(Context& c, std::uint32_t word) {
    const auto feature = needed_feature(word);
    if (feature != IsaFeature::Ssbs && feature != IsaFeature::Dit) return false;
    if (!isa_.has(*feature)) return false;
    const std::uint64_t bit = *feature == IsaFeature::Ssbs ? kPstateSsbs : kPstateDit;
    const Reg rt = xreg(word & 31);
    const auto set = [&](bool on) { c.pstate = on ? c.pstate | bit : c.pstate & ~bit; };
    constexpr std::uint32_t kReads = 1u << 21, kByRegister = 1u << 20;
    if ((word & kByRegister) == 0) {
        set((word >> 8 & 1) != 0);
    } else if ((word & kReads) != 0) {
        if ((word & 31) != 31) engine_.write(rt, c.pstate & bit);
    } else {
        set((word & 31) != 31 && (engine_.read(rt) & bit) != 0);
    }
    return true;
}

// Whether the exception at pc is that of an indirect branch that came to no landing pad (Arm ARM,
// "Branch Target Exception"; SCTLR_EL1.BT0 is set).
bool UnicornCpu::misses_target(std::uint64_t pc) const {
    if (!isa_.has(IsaFeature::Bti)) return false;
    const unsigned btype = engine_.btype();
    const auto page = space_->lookup(VAddr(pc));
    if (btype == 0 || !page || !page->prot.guarded) return false;
    const std::uint32_t word = word_at(*space_, VAddr(pc));
    constexpr std::uint32_t kBti = 0xd503241f, kTargets = 0xc0;
    if ((word & ~kTargets) == kBti) {  // BTI c: 1 and 2; j: 1 and 3
        const unsigned to = word >> 6 & 3;
        return to == 0 || (btype == 3 && to == 1) || (btype == 2 && to == 2);
    }
    const bool paci_sp = word == 0xd503233f || word == 0xd503237f;
    const bool traps = (word & 0xffe0001f) == 0xd4200000 || (word & 0xffe0001f) == 0xd4400000;
    return !traps && !(paci_sp && btype != 3);
}

void UnicornCpu::count_refused(std::uint32_t word) {
    const BlockInfo info = infos_.model().analyse(std::span(&word, 1));
    insns_ += 1;
    cycles_ += info.cycles_through.at(0).value;
    ++loaded_->work.by_class[static_cast<std::size_t>(info.classes.at(0))];
}

// LDSMAX, LDSMIN, LDUMAX and LDUMIN of 1, 2 or 4 bytes; or their fault.
std::optional<Abort> UnicornCpu::take_extreme(std::uint32_t word) {
    const VAddr tagged(engine_.read(static_cast<Reg>(word >> 5 & 31)));
    const VAddr address(without_tag(tagged.value));
    const std::size_t bytes = std::size_t{1} << (word >> 30);
    if ((address.value & (bytes - 1)) != 0)
        return Abort{.address = tagged, .access = Access::Write, .unaligned = true};
    const auto t = space_->lookup(address);
    if (!t || !t->prot.read) return Abort{.address = tagged, .access = Access::Read};
    if (!t->prot.write) return Abort{.address = tagged, .access = Access::Write};
    std::byte* const at = memory_.bytes(t->frame).data() + address.page_offset();
    std::uint64_t old = 0;
    std::memcpy(&old, at, bytes);
    const unsigned rs = word >> 16 & 31, rt = word & 31, up = 64 - 8 * static_cast<unsigned>(bytes);
    const std::uint64_t given = rs == 31 ? 0 : engine_.read(xreg(rs));
    constexpr std::uint32_t kUnsigned = 1u << 13;
    const auto is_less = [&](std::uint64_t a, std::uint64_t b) {
        return (word & kUnsigned) != 0
                   ? a << up < b << up
                   : static_cast<std::int64_t>(a << up) < static_cast<std::int64_t>(b << up);
    };
    constexpr std::uint32_t kMinimum = 1u << 12;
    const bool takes = (word & kMinimum) != 0 ? is_less(given, old) : is_less(old, given);
    if (takes) {
        std::memcpy(at, &given, bytes);
        memory_.note_write(t->frame);
    }
    if (rt != 31) engine_.write(xreg(rt), old);
    return std::nullopt;
}

// The instruction at the context's pc is not executed. One that is undefined counts as executed, as
// where the engine finds that.
Stop UnicornCpu::refuse(Context& c, const Refused& refused, InsnCount before) {
    Stop stop{.why = {}, .pc = VAddr(c.pc), .retired = {}};
    if (const auto* undefined = std::get_if<Undefined>(&refused)) {
        count_refused(undefined->word);
        stop.why = *undefined;
    } else if (const auto* extreme = std::get_if<SmallExtreme>(&refused)) {
        if (const auto abort = take_extreme(extreme->word)) {
            stop.why = *abort;
        } else {
            count_refused(extreme->word);
            c.pc += 4;
            stop = {StepDone{}, VAddr(c.pc), {}};
        }
    } else {
        stop.why = std::get<Abort>(refused);
    }
    stop.retired = InsnCount(insns_) - before;
    return stop;
}

}  // namespace uprobesim
