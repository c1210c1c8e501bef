// SPDX-License-Identifier: GPL-2.0-or-later
// Effects as the Arm ARM gives them for each instruction; where the kernel's handlers differ from
// hardware, the comment says so.
#include "probes/verdict/emulate.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/base/error.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t field(std::uint32_t word, unsigned high, unsigned low) {
    return (word >> low) & ((1u << (high - low + 1)) - 1);
}
constexpr std::uint64_t sign_extend(std::uint64_t value, unsigned bits) {
    const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
    return (value ^ sign) - sign;
}

struct Registers {
    Cpu& cpu;
    ContextId context;

    std::uint64_t x(unsigned n) const { return n == 31 ? 0 : cpu.read(context, xreg(n)); }
    void set_x(unsigned n, std::uint64_t v) const {
        if (n != 31) cpu.write(context, xreg(n), v);
    }
    void set_pc(std::uint64_t v) const { cpu.write(context, Reg::Pc, v); }
};

// The Arm ARM's ConditionHolds(). Conditions 14 and 15 are both always true.
bool condition_holds(unsigned condition, std::uint64_t pstate) {
    const bool n = (pstate >> 31 & 1) != 0, z = (pstate >> 30 & 1) != 0,
               c = (pstate >> 29 & 1) != 0, v = (pstate >> 28 & 1) != 0;
    bool result = true;
    switch (condition >> 1) {
        case 0: result = z; break;
        case 1: result = c; break;
        case 2: result = n; break;
        case 3: result = v; break;
        case 4: result = c && !z; break;
        case 5: result = n == v; break;
        case 6: result = n == v && !z; break;
        default: return true;
    }
    return (condition & 1) != 0 ? !result : result;
}

void b_cond(std::uint32_t w, VAddr pc, const Registers& r) {
    const bool taken = condition_holds(w & 15, r.cpu.read(r.context, Reg::Pstate));
    r.set_pc(pc.value + (taken ? sign_extend(field(w, 23, 5) << 2, 21) : 4));
}

void b_bl(std::uint32_t w, VAddr pc, const Registers& r) {
    if ((w >> 31) != 0) r.set_x(30, pc.value + 4);
    r.set_pc(pc.value + sign_extend(field(w, 25, 0) << 2, 28));
}

void br_blr_ret(std::uint32_t w, VAddr pc, const Registers& r) {
    // Before the link: blr x30 goes to the old x30.
    const std::uint64_t target = r.x(static_cast<unsigned>(field(w, 9, 5)));
    if (field(w, 22, 21) == 1) r.set_x(30, pc.value + 4);
    r.set_pc(target);
}

void cbz_cbnz(std::uint32_t w, VAddr pc, const Registers& r) {
    std::uint64_t value = r.x(static_cast<unsigned>(field(w, 4, 0)));
    if ((w >> 31) == 0) value &= 0xffffffffu;
    const bool taken = (value != 0) == (field(w, 24, 24) == 1);
    r.set_pc(pc.value + (taken ? sign_extend(field(w, 23, 5) << 2, 21) : 4));
}

void tbz_tbnz(std::uint32_t w, VAddr pc, const Registers& r) {
    const std::uint64_t bit = (std::uint64_t{w >> 31} << 5) | field(w, 23, 19);
    const bool set = (r.x(static_cast<unsigned>(field(w, 4, 0))) >> bit & 1) != 0;
    const bool taken = set == (field(w, 24, 24) == 1);
    r.set_pc(pc.value + (taken ? sign_extend(field(w, 18, 5) << 2, 16) : 4));
}

void adr_adrp(std::uint32_t w, VAddr pc, const Registers& r) {
    const std::uint64_t imm = sign_extend(field(w, 23, 5) << 2 | field(w, 30, 29), 21);
    const bool page = (w >> 31) != 0;
    r.set_x(static_cast<unsigned>(field(w, 4, 0)),
            page ? page_floor(pc.value) + (imm << 12) : pc.value + imm);
    r.set_pc(pc.value + 4);
}

// simulate_nop, which alone clears BTYPE: an instruction was executed.
void no_operation(VAddr pc, const Registers& r) {
    const std::uint64_t pstate = r.cpu.read(r.context, Reg::Pstate);
    if ((pstate & kPstateBtype) != 0) r.cpu.write(r.context, Reg::Pstate, pstate & ~kPstateBtype);
    r.set_pc(pc.value + 4);
}

void add_sub_sp(std::uint32_t w, VAddr pc, const Registers& r) {
    const std::uint64_t imm = field(w, 21, 10) << (field(w, 22, 22) * 12);
    const std::uint64_t sp = r.cpu.read(r.context, Reg::Sp);
    r.cpu.write(r.context, Reg::Sp, field(w, 30, 30) != 0 ? sp - imm : sp + imm);
    r.set_pc(pc.value + 4);
}

void mov_register(std::uint32_t w, VAddr pc, const Registers& r) {
    const std::uint64_t value = r.x(static_cast<unsigned>(field(w, 20, 16)));
    r.set_x(static_cast<unsigned>(field(w, 4, 0)), (w >> 31) != 0 ? value : value & 0xffffffffu);
    r.set_pc(pc.value + 4);
}

void mov_wide(std::uint32_t w, VAddr pc, const Registers& r) {
    constexpr std::uint64_t kMovn = 0, kMovk = 3;
    const auto d = static_cast<unsigned>(field(w, 4, 0));
    const std::uint64_t shift = field(w, 22, 21) * 16, imm = field(w, 20, 5) << shift,
                        opc = field(w, 30, 29);
    std::uint64_t value = imm;
    if (opc == kMovn) value = ~imm;
    if (opc == kMovk) value = (r.x(d) & ~(std::uint64_t{0xffff} << shift)) | imm;
    r.set_x(d, (w >> 31) != 0 ? value : value & 0xffffffffu);
    r.set_pc(pc.value + 4);
}

// STP of X registers with a signed offset, which may be written back to the base.
struct PairStore {
    static constexpr unsigned kSp = 31;
    bool writes_back;
    unsigned base;
    std::uint64_t old_base, address;
    std::array<std::uint64_t, 2> pair;

    PairStore(std::uint32_t w, const Registers& r)
        : writes_back(field(w, 23, 23) != 0),
          base(static_cast<unsigned>(field(w, 9, 5))),
          old_base(base == kSp ? r.cpu.read(r.context, Reg::Sp) : r.x(base)),
          address(old_base + (sign_extend(field(w, 21, 15), 7) << 3)),
          pair{r.x(static_cast<unsigned>(field(w, 4, 0))),
               r.x(static_cast<unsigned>(field(w, 14, 10)))} {}
    auto bytes() const { return std::as_bytes(std::span(pair)); }
    bool pushes() const { return writes_back && base == kSp; }
    std::uint64_t new_base() const { return writes_back ? address : old_base; }
    void finish(VAddr pc, const Registers& r) const {
        if (base == kSp) {
            r.cpu.write(r.context, Reg::Sp, new_base());
        } else {
            r.set_x(base, new_base());
        }
        r.set_pc(pc.value + 4);
    }
};

// get_user_pages with FOLL_WRITE | FOLL_FORCE of one page: no growth of the stack; a read-only
// private mapping is written by copy-on-write. True: the page can be stored to now, through
// `forced` where EL0 may not.
bool pin(Mm& mm, VAddr page, TaskId task, bool& forced) {
    if (page.value >= AddressSpace::kTop) return false;
    const Vma* vma = mm.find(page);
    if (vma == nullptr) return false;
    forced = !vma->prot.write;
    if (forced) return !vma->shared && vma->may_write;
    const auto t = mm.space().lookup(page);
    return (t && t->prot.write) || mm.fault(page, Access::Write, task) == FaultResult::Resolved;
}

// The store through a forced pin, by the aligned words that Mm writes over a page's rights.
bool force_write(Mm& mm, VAddr to, std::span<const std::byte> bytes, TaskId task) {
    for (std::size_t done = 0; done < bytes.size();) {
        const std::size_t offset = (to.value + done) % 4,
                          size = std::min(4 - offset, bytes.size() - done);
        const VAddr at(to.value + done - offset);
        std::uint32_t word = 0;
        if (size != 4) {
            const auto there = UserMemory(mm, task).get<std::uint32_t>(at);
            if (!there) return false;
            word = *there;
        }
        std::memcpy(std::as_writable_bytes(std::span(&word, 1)).data() + offset,
                    bytes.data() + done, size);
        if (!mm.poke_text(at, word, task)) return false;
        done += size;
    }
    return true;
}

}  // namespace

void emulate_instruction(Handler handler, std::uint32_t word, VAddr pc, Cpu& cpu,
                         ContextId context) {
    const Registers r{cpu, context};
    switch (handler) {
        case Handler::BCond: return b_cond(word, pc, r);
        case Handler::BBl: return b_bl(word, pc, r);
        case Handler::BrBlrRet: return br_blr_ret(word, pc, r);
        case Handler::CbzCbnz: return cbz_cbnz(word, pc, r);
        case Handler::TbzTbnz: return tbz_tbnz(word, pc, r);
        case Handler::AdrAdrp: return adr_adrp(word, pc, r);
        // The simulated CPU has neither pointer authentication nor branch targets: both hints do
        // nothing on it.
        case Handler::Paciasp:
        case Handler::Bti:
        case Handler::Nop: return no_operation(pc, r);
        case Handler::AddSubSp: return add_sub_sp(word, pc, r);
        case Handler::MovRegister: return mov_register(word, pc, r);
        case Handler::MovWide: return mov_wide(word, pc, r);
        case Handler::StpFpLr:
        case Handler::Stp:
        case Handler::None:
        case Handler::kCount: break;
    }
    fail_invariant("an instruction without a handler was to be emulated");
}

StpOutcome emulate_stp_pin(std::uint32_t word, VAddr pc, Cpu& cpu, ContextId context, Mm& mm,
                           TaskId task) {
    const Registers registers{cpu, context};
    const PairStore store(word, registers);
    StpOutcome outcome;
    // The page of the old sp is pinned even where nothing is written to it; a push upwards into a
    // later page counts no pages and fails.
    const std::uint64_t first = page_floor(store.address),
                        last = page_floor(store.pushes() ? store.old_base : store.address + 15);
    // Hardware checks the old sp; the patch checks the new one.
    const bool aligned = store.base != PairStore::kSp || (store.new_base() & 15) == 0;
    if (!aligned || first > last || last - first > kPageSize) {
        outcome.faulted = true;
    } else {
        outcome.pages = (last - first) / kPageSize + 1;
        bool forced[2] = {};
        for (std::uint64_t i = 0; i < outcome.pages && !outcome.faulted; ++i) {
            outcome.faulted = !pin(mm, VAddr(first + i * kPageSize), task, forced[i]);
        }
        for (std::uint64_t at = 0; at < 16 && !outcome.faulted;) {
            const VAddr to(store.address + at);
            const std::uint64_t page = (page_floor(to.value) - first) / kPageSize;
            const std::uint64_t size = std::min(16 - at, kPageSize - to.page_offset());
            const auto bytes = store.bytes().subspan(at, size);
            outcome.faulted = !(forced[page] ? force_write(mm, to, bytes, task)
                                             : UserMemory(mm, task).write(to, bytes));
            at += size;
        }
    }
    store.finish(pc, registers);
    return outcome;
}

StpOutcome emulate_stp_copy(std::uint32_t word, VAddr pc, Cpu& cpu, ContextId context, Mm& mm,
                            TaskId task) {
    const Registers registers{cpu, context};
    const PairStore store(word, registers);
    StpOutcome outcome;
    outcome.faulted = !UserMemory(mm, task).write(VAddr(store.address), store.bytes());
    if (!outcome.faulted) store.finish(pc, registers);
    return outcome;
}

}  // namespace uprobesim
