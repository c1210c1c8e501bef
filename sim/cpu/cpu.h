// SPDX-License-Identifier: GPL-2.0-or-later
// The CPU as the modelled kernel sees it: run a context at EL0 until something happens, and say
// what. It knows no Linux. Registers are read and written between runs; addresses are translated by
// the real MMU from an AddressSpace.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sim/base/entropy.h"
#include "sim/base/units.h"
#include "sim/cost/block_model.h"
#include "sim/cpu/stop.h"
#include "sim/insn/insn_class.h"
#include "sim/mem/address_space.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

// X0..X30 are 0..30.
enum class Reg : std::uint8_t {
    X0 = 0,
    X8 = 8,
    X29 = 29,
    X30 = 30,
    Sp = 31,
    Pc = 32,
    Pstate = 33,
    Tpidr = 34
};
constexpr Reg xreg(unsigned n) {
    return static_cast<Reg>(n);
}

// PSTATE bits as in SPSR_EL1 for EL0t. NZCV are all that EL0 can set on Armv8.0; the others are
// there where the machine has them, and read as zero elsewhere.
inline constexpr std::uint64_t kPstateNzcv = 0xf0000000u;
inline constexpr std::uint64_t kPstateDit = 1u << 24, kPstateSsbs = 1u << 12,
                               kPstateBtype = 3u << 10;
inline constexpr std::uint64_t kPstateBtypeCall = 2u << 10;  // as BLR sets it
inline constexpr std::uint64_t kPstateUser = kPstateNzcv | kPstateDit | kPstateSsbs | kPstateBtype;

// Keys of pointer authentication, in the order of PR_PAC_APIAKEY and the others.
inline constexpr std::size_t kPointerKeys = 5;
inline constexpr unsigned kAllPointerKeys = 0x1f, kAddressPointerKeys = 0xf;
struct PointerKeys {
    std::array<std::array<std::uint64_t, 2>, kPointerKeys> key{};  // [0] is the low half
};
inline PointerKeys fresh_keys(Entropy& entropy) {
    PointerKeys keys;
    for (auto& key : keys.key) key = {entropy.next(), entropy.next()};
    return keys;
}

struct UserRegisters {
    std::array<std::uint64_t, 31> x{};
    std::uint64_t sp = 0;
    std::uint64_t pc = 0;
    std::uint64_t pstate = 0;
};

struct FpState {
    std::array<std::array<std::uint64_t, 2>, 32> v{};  // [0] is the low half
    std::uint32_t fpsr = 0;
    std::uint32_t fpcr = 0;
};

enum class ContextId : std::uint32_t {};

// The work of a context at EL0 since it was created.
struct UserWork {
    InsnCount insns;
    CentiCycles cycles;  // by the block model
    InsnClassCounts by_class{};

    UserWork& operator+=(const UserWork& o) {
        insns += o.insns;
        cycles += o.cycles;
        for (std::size_t c = 0; c < by_class.size(); ++c) by_class[c] += o.by_class[c];
        return *this;
    }
};

class Cpu : public TranslationObserver, public FrameObserver {
public:
    virtual ContextId create_context() = 0;               // all registers zero
    virtual ContextId clone_context(ContextId from) = 0;  // for fork and clone; work starts at zero
    virtual void destroy_context(ContextId) = 0;

    // Runs at EL0 from the context's pc until something stops it, or at least `budget` instructions
    // are retired (checked at block boundaries, so a run may go over by one block's length minus
    // one).
    virtual Stop run(ContextId, const AddressSpace&, InsnCount budget) = 0;

    // Executes exactly one instruction, `word`, as though it stood at the context's pc, as a
    // software step of a slot does. The pc's page must be mapped executable; what memory holds
    // there is not read, so stepping a slot whose bytes change on every hit costs no retranslation.
    // Stops with StepDone, or with what the instruction did.
    virtual Stop step(ContextId, const AddressSpace&, std::uint32_t word) = 0;

    // Counts `word`, which the caller has executed instead of the engine. Registers are unchanged.
    virtual void count_one(ContextId, std::uint32_t word) = 0;

    virtual std::uint64_t read(ContextId, Reg) = 0;
    virtual void write(ContextId, Reg, std::uint64_t) = 0;
    virtual UserRegisters read_all(ContextId) = 0;
    virtual void write_all(ContextId, const UserRegisters&) = 0;
    virtual FpState read_fp(ContextId) = 0;
    virtual void write_fp(ContextId, const FpState&) = 0;
    // Clears the local exclusive monitor, as an exception return does. unicorn_cpu.h tells the
    // engine's limits.
    virtual void clear_exclusive(ContextId) = 0;

    // Those of `which`, a bit for each; and which of the address keys are used (SCTLR_EL1.EnIA...).
    // A context's own, copied with it. Nothing where the machine has no pointer authentication.
    virtual void write_keys(ContextId, const PointerKeys&, unsigned which) = 0;
    virtual void enable_keys(ContextId, unsigned which) = 0;

    // Cheap totals (no by_class): for the clock.
    virtual InsnCount insns(ContextId) = 0;
    virtual CentiCycles cycles(ContextId) = 0;
    virtual UserWork work(ContextId) = 0;
};

}  // namespace uprobesim
