// SPDX-License-Identifier: GPL-2.0-or-later
// Every step here answers a habit of Unicorn 2.0.1 that was measured:
//  - its own memory map cannot model VMAs (it aborts near 1,020 maps and runs stale code), so one
//    region covers the whole physical memory and the engine's own MMU walks our tables;
//  - the region check is made with the *virtual* address, so the region starts at 0 and is as large
//    as user space, and an MMIO region covers the rest, so that wild pointers reach the MMU and
//    become precise aborts;
//  - PSTATE written through the API does not rebuild cached translation flags: EL0 is reached by
//    executing an ERET;
//  - ESR and FAR are not filled in: fault address and syndrome are read from the saved CPU context
//    (unicorn_calibration.cpp).
#include "sim/cpu/unicorn/unicorn_engine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "sim/cpu/unicorn/jit/engine_build.h"

namespace uprobesim {

namespace {

constexpr std::uint32_t kIsb = 0xd5033fdf, kEret = 0xd69f03e0;
constexpr std::uint32_t msr(unsigned rt, unsigned op0, unsigned op1, unsigned crn, unsigned crm,
                            unsigned op2) {
    return 0xd5100000u | ((op0 & 1) << 19) | (op1 << 16) | (crn << 12) | (crm << 8) | (op2 << 5) |
           rt;
}
int engine_register(Reg r) {
    switch (r) {
        case Reg::X29: return UC_ARM64_REG_X29;
        case Reg::X30: return UC_ARM64_REG_X30;
        case Reg::Sp: return UC_ARM64_REG_SP;
        case Reg::Pc: return UC_ARM64_REG_PC;
        case Reg::Pstate: return UC_ARM64_REG_NZCV;
        case Reg::Tpidr: return UC_ARM64_REG_TPIDR_EL0;
        default: return UC_ARM64_REG_X0 + static_cast<int>(r);
    }
}

// X0..X30, SP, NZCV in this order, for the batch calls.
constexpr int kBatch = 33;
std::array<int, kBatch> batch_ids() {
    std::array<int, kBatch> ids{};
    for (unsigned i = 0; i < 31; ++i) ids[i] = engine_register(xreg(i));
    ids[31] = UC_ARM64_REG_SP;
    ids[32] = UC_ARM64_REG_NZCV;
    return ids;
}

std::uint64_t nothing_there(uc_engine*, std::uint64_t, unsigned, void*) {
    return 0;
}
void drop_write(uc_engine*, std::uint64_t, unsigned, std::uint64_t, void*) {}
bool fetch_again(uc_engine*, uc_mem_type, std::uint64_t, int, std::int64_t, void*) {
    return true;
}

}  // namespace

void check_engine(uc_err error, const char* call) {
    if (error != UC_ERR_OK) throw HostError(call, uc_strerror(error));
}

UnicornEngine::UnicornEngine(PhysicalMemory& memory, EngineWay way, std::uint64_t most_code,
                             const IsaSet& isa)
    : memory_(memory),
      isa_(isa),
      most_code_(most_code != 0 ? most_code : most_host_bytes(memory, 16u << 20, 256u << 20)) {
    check_engine(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &uc_), "uc_open");
    // Must be the first call on a new engine.
    check_engine(uc_ctl_set_cpu_model(uc_, is_armv8_0(isa) ? UC_CPU_ARM64_A72 : UC_CPU_ARM64_MAX),
                 "uc_ctl_set_cpu_model");
    pages_.emplace(uc_, way == EngineWay::Edited ? linked_build() : nullptr);
    page_bits_ = EnginePages::bits(uc_);
    check_engine(uc_mem_map_ptr(uc_, 0, PhysicalMemory::kSpan, UC_PROT_ALL, memory.host_base()),
                 "uc_mem_map_ptr");
    // Read-only, so that every store reaches the store hook instead of the engine's slow path (10
    // ns instead of 70).
    check_engine(uc_mem_protect(uc_, 0, PhysicalMemory::kSpan, UC_PROT_READ | UC_PROT_EXEC),
                 "uc_mem_protect");
    check_engine(uc_mmio_map(uc_, AddressSpace::kTop, 0 - AddressSpace::kTop, nothing_there,
                             nullptr, drop_write, nullptr),
                 "uc_mmio_map");
    // The region is chosen by the virtual address, tag and all: stores through a tag come here.
    check_engine(uc_mem_protect(uc_, AddressSpace::kTop, 0 - AddressSpace::kTop,
                                UC_PROT_READ | UC_PROT_EXEC),
                 "uc_mem_protect");
    check_engine(uc_hook_add(uc_, &interrupt_hook_, UC_HOOK_INTR,
                             reinterpret_cast<void*>(&on_interrupt), this, 1, 0),
                 "uc_hook_add(INTR)");
    check_engine(uc_hook_add(uc_, &fetch_hook_, UC_HOOK_MEM_FETCH_PROT,
                             reinterpret_cast<void*>(&fetch_again), nullptr, 1, 0),
                 "uc_hook_add(FETCH_PROT)");
    check_engine(uc_context_alloc(uc_, &scratch_), "uc_context_alloc");

    own_ = std::make_unique<AddressSpace>(memory, unobserved_);
    const auto code = memory.allocate();
    const auto data = memory.allocate();
    if (!code || !data)
        throw HostError("allocating the engine's own pages", "the simulated memory is too small");
    code_frame_ = *code;
    data_frame_ = *data;
    if (!own_->map(VAddr(kCodePage), code_frame_, {true, false, true}) ||
        !own_->map(VAddr(kDataPage), data_frame_, {true, false, false})) {
        throw HostError("mapping the engine's own pages", "the simulated memory is too small");
    }
    enter_el0();
    calibrate();
}

UnicornEngine::~UnicornEngine() {
    if (scratch_ != nullptr) uc_context_free(scratch_);
    uc_close(uc_);
}

void UnicornEngine::on_interrupt(uc_engine*, std::uint32_t number, void* self) {
    static_cast<UnicornEngine*>(self)->take_exception(number);
}

void UnicornEngine::write_system(SystemRegister r, std::uint64_t value) {
    uc_arm64_cp_reg cp{};
    cp.op0 = r.op0;
    cp.op1 = r.op1;
    cp.crn = r.crn;
    cp.crm = r.crm;
    cp.op2 = r.op2;
    cp.val = value;
    check_engine(uc_reg_write(uc_, UC_ARM64_REG_CP_REG, &cp), "uc_reg_write(CP_REG)");
}

void UnicornEngine::enter_el0() {
    // SCR_EL3.{NS,RW,HCE} and HCR_EL2.RW: without them EL1 counts as AArch32. API and APK of both:
    // pointer authentication traps to neither.
    const bool pac = isa_.has(IsaFeature::Pac);
    write_system({3, 6, 1, 1, 0}, 0x501 | (pac ? 3u << 16 : 0));
    write_system({3, 4, 1, 1, 0},
                 std::uint64_t{1} << 31 | (pac ? std::uint64_t{3} << 40 : std::uint64_t{0}));

    // Executed once at EL1 with the MMU off, so at its physical address: set up translation and
    // ERET to EL0.
    const std::uint32_t stub[] = {
        msr(1, 3, 0, 2, 0, 2),   // TCR_EL1
        msr(2, 3, 0, 2, 0, 0),   // TTBR0_EL1
        msr(3, 3, 0, 10, 2, 0),  // MAIR_EL1
        msr(4, 3, 0, 4, 0, 1),   // ELR_EL1
        msr(5, 3, 0, 4, 0, 0),   // SPSR_EL1
        msr(6, 3, 0, 1, 0, 2),   // CPACR_EL1
        msr(0, 3, 0, 1, 0, 0),   // SCTLR_EL1
        kIsb,
        kEret,
        kSvc0,
    };
    std::memcpy(memory_.bytes(code_frame_).data(), stub, sizeof stub);
    // After SCTLR.M is set the fetch goes through the tables at EL1: the stub must also be mapped
    // at its physical address, executable at EL1, for the two instructions left. AP and PXN as EL1
    // needs them, so not by map().
    const VAddr identity(code_frame_.value);
    memory_.add_ref(code_frame_);
    if (!own_->map(identity, code_frame_, {true, false, false}))
        throw HostError("mapping the entry stub", "out of memory");
    own_->make_privileged_code(identity);

    const std::uint64_t sctlr = sctlr_of(isa_, kAddressPointerKeys);
    // T0SZ 25 (39 bits), 4 KiB granule, EPD1, 40-bit physical addresses, cacheable walks; TBI0, as
    // Linux sets it: the top byte of an address of EL0 is a tag.
    const std::uint64_t tcr = 25u | (1u << 23) | (std::uint64_t{2} << 32) |
                              (std::uint64_t{1} << 37) | (1u << 8) | (1u << 10) | (3u << 12);
    const std::uint64_t el0_entry = kCodePage + 9 * std::uint64_t{4};
    const std::uint64_t values[] = {sctlr, tcr, own_->root().value, 0xff, el0_entry, 0, 3u << 20};
    for (unsigned i = 0; i < 7; ++i) write(xreg(i), values[i]);
    const auto exception = start(code_frame_.value);
    if (exception != 2u) throw HostError("entering EL0", "the engine did not take the SVC there");
    for (unsigned i = 0; i < 7; ++i) write(xreg(i), 0);
    own_->unmap(identity);
    flush_translations();
}

std::optional<std::uint32_t> UnicornEngine::start(std::uint64_t pc) {
    exception_.reset();
    // until = 0: any mapped address there would be re-translated at every return. count = 0:
    // anything else installs a per-instruction hook.
    const uc_err error = uc_emu_start(uc_, pc, 0, 0, 0);
    if (error == UC_ERR_OK) {
        // A jump to address 0 reaches `until` and ends without an exception.
        if (!exception_ && read(Reg::Pc) == 0) return 3u;
        return exception_;
    }
    throw HostError("uc_emu_start", uc_strerror(error));
}

std::uint64_t UnicornEngine::read_by_call(Reg r) const {
    std::uint64_t value = 0;
    uc_reg_read(uc_, engine_register(r), &value);
    if (r == Reg::Pstate) value &= kPstateNzcv;
    return value;
}

void UnicornEngine::write_by_call(Reg r, std::uint64_t value) {
    if (r == Reg::Pstate) value &= kPstateNzcv;
    uc_reg_write(uc_, engine_register(r), &value);
}

UserRegisters UnicornEngine::read_all() const {
    UserRegisters regs;
    if (registers_ != nullptr) {
        std::copy_n(registers_, regs.x.size(), regs.x.begin());
        regs.sp = read(Reg::Sp);
        regs.pstate = read(Reg::Pstate);
        return regs;
    }
    static const std::array<int, kBatch> ids = batch_ids();
    void* to[kBatch];
    for (unsigned i = 0; i < 31; ++i) to[i] = &regs.x[i];
    to[31] = &regs.sp;
    to[32] = &regs.pstate;
    uc_reg_read_batch(uc_, const_cast<int*>(ids.data()), to, kBatch);
    regs.pstate &= kPstateNzcv;
    return regs;
}

void UnicornEngine::write_all(const UserRegisters& registers) {
    if (registers_ != nullptr) {
        std::copy(registers.x.begin(), registers.x.end(), registers_);
        write(Reg::Sp, registers.sp);
        write(Reg::Pstate, registers.pstate);
        return;
    }
    static const std::array<int, kBatch> ids = batch_ids();
    std::uint64_t pstate = registers.pstate & kPstateNzcv;
    void* from[kBatch];
    for (unsigned i = 0; i < 31; ++i) from[i] = const_cast<std::uint64_t*>(&registers.x[i]);
    from[31] = const_cast<std::uint64_t*>(&registers.sp);
    from[32] = &pstate;
    uc_reg_write_batch(uc_, const_cast<int*>(ids.data()), from, kBatch);
}

FpState UnicornEngine::read_fp() const {
    FpState fp;
    for (int i = 0; i < 32; ++i)
        uc_reg_read(uc_, UC_ARM64_REG_Q0 + i, fp.v[static_cast<std::size_t>(i)].data());
    std::uint64_t word = 0;
    uc_reg_read(uc_, UC_ARM64_REG_FPSR, &word);
    fp.fpsr = static_cast<std::uint32_t>(word);
    word = 0;
    uc_reg_read(uc_, UC_ARM64_REG_FPCR, &word);
    fp.fpcr = static_cast<std::uint32_t>(word);
    return fp;
}

void UnicornEngine::write_fp(const FpState& fp) {
    for (int i = 0; i < 32; ++i)
        uc_reg_write(uc_, UC_ARM64_REG_Q0 + i, fp.v[static_cast<std::size_t>(i)].data());
    std::uint64_t word = fp.fpsr;
    uc_reg_write(uc_, UC_ARM64_REG_FPSR, &word);
    word = fp.fpcr;
    uc_reg_write(uc_, UC_ARM64_REG_FPCR, &word);
}

UnicornEngine::FaultDetail UnicornEngine::fault_detail() const {
    uc_context_save(uc_, scratch_);
    const auto* blob = reinterpret_cast<const std::byte*>(scratch_);
    FaultDetail detail{};
    std::memcpy(&detail.address, blob + fault_address_offset_, 8);
    std::uint32_t syndrome = 0;
    std::memcpy(&syndrome, blob + fault_address_offset_ - 8, 4);
    detail.write = (syndrome & (1u << 6)) != 0;    // ISS.WnR
    detail.unaligned = (syndrome & 0x3f) == 0x21;  // ISS.DFSC: alignment fault
    return detail;
}

void UnicornEngine::restore_translation_table(PAddr root) {
    std::uint64_t value = root.value;
    uc_reg_write(uc_, UC_ARM64_REG_TTBR0_EL1, &value);
}

void UnicornEngine::set_translation_table(PAddr root) {
    restore_translation_table(root);
    flush_translations();
}

void UnicornEngine::flush_translations() {
    write_system({1, 0, 8, 7, 0}, 0);  // TLBI VMALLE1
}

void UnicornEngine::flush_translations_of(VAddr page) {
    write_system({1, 0, 8, 7, 1}, page.value / kPageSize);  // TLBI VAE1
}

void UnicornEngine::drop_code(PAddr frame, std::uint64_t offset, std::uint64_t size) {
    // The engine finds translated code through a virtual address that is executable now. The window
    // is one.
    memory_.add_ref(frame);
    if (!own_->map(VAddr(kWindowPage), frame, {true, false, true})) {
        throw HostError("mapping the code window", "the simulated memory is too small");
    }
    set_translation_table(own_->root());
    check_engine(uc_ctl_remove_cache(uc_, kWindowPage + offset, kWindowPage + offset + size),
                 "uc_ctl_remove_cache");
    own_->unmap(VAddr(kWindowPage));
}

void UnicornEngine::drop_all_code() {
    check_engine(uc_ctl_flush_tlb(uc_), "uc_ctl_flush_tlb");  // drops code, whatever its name says
}

bool UnicornEngine::clear_exclusive() {
    if (exclusive_offset_ == 0) return false;
    const std::uint64_t open = ~std::uint64_t{0};
    std::memcpy(cpu_state_ + exclusive_offset_, &open, 8);
    return true;
}

}  // namespace uprobesim
