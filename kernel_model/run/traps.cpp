// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/run/traps.h"

#include <fmt/format.h>

#include "kernel_model/abi/ptrace.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/memory/tagged.h"
#include "kernel_model/run/sysreg.h"
#include "kernel_model/syscall/dispatch.h"
#include "sim/cost/cache_type.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kEcShift = 26, kIl = 1u << 25, kWnr = 1u << 6;
constexpr std::uint64_t kEcUnknown = 0x00, kEcBranchTarget = 0x0d, kEcSvc64 = 0x15,
                        kEcSysreg = 0x18, kEcInsnAbort = 0x20, kEcPcAlignment = 0x22,
                        kEcDataAbort = 0x24, kEcSoftwareStep = 0x32, kEcBrk64 = 0x3c;
constexpr std::uint64_t kTranslationLevel0 = 0x04, kPermissionLevel3 = 0x0f;
constexpr std::uint64_t kStepIsv = 1u << 24, kDebugException = 0x22;
constexpr std::uint64_t kAlignment = 0x21;

// set_thread_esr for aborts; arm64_notify_die, which stores no address, for the others.
void raise_fault(Kernel& kernel, Task& task, const SignalInfo& info,
                 VAddr kept_address = VAddr(0)) {
    task.fault_address = kept_address.value;
    task.fault_code = info.fault_esr;
    kernel.signals().force(task, info);
}

void software_step(Kernel& kernel, Task& task) {
    TrapClient* client = kernel.client();
    if (client != nullptr && client->owns_step(task)) {
        kernel.gate().exception(task, ExceptionClass::SoftwareStep, Account::ProbeHit);
        return client->on_step(task);
    }
    kernel.gate().exception(task, ExceptionClass::SoftwareStep);
    const std::uint64_t pc = kernel.machine().cpu->read(task.context, Reg::Pc);
    kernel.signals().force(task, {.signal = Signal::Trap, .code = abi::kTrapTrace, .address = pc});
}

void take(Kernel& kernel, Task& task, const Brk& brk, VAddr pc) {
    TrapClient* client = kernel.client();
    if (client != nullptr && client->owns_brk(task, brk.imm)) {
        kernel.gate().exception(task, ExceptionClass::Brk, Account::ProbeHit);
        return client->on_brk(task, brk.imm);
    }
    kernel.gate().exception(task, ExceptionClass::Brk);
    kernel.gate().spend(task, KernelPath::BrkSigtrap);
    kernel.signals().force(task,
                           {.signal = Signal::Trap, .code = abi::kTrapBrkpt, .address = pc.value});
}

void take(Kernel& kernel, Task& task, const StepDone&, VAddr) {
    software_step(kernel, task);
}

// EL0 continues with the armed step after an exception that was handled.
void resume_step(Kernel& kernel, Task& task) {
    if (task.tif_singlestep)
        kernel.gate().spend(task, KernelPath::FaultDuringStep, 0, Account::ProbeHit);
}

// handle_userfault: the task tries again when the page was given, or after a signal.
void wait_for_page(Task& task) {
    const auto asked = task.process->mm->take_asked(task.id);
    check_invariant(asked.has_value(), "a fault that was asked for is not known");
    asked->watch->ask(asked->fault).add(task);
    if (task.tif_sigpending) return;
    task.waits_in_fault = true;
    task.state = TaskState::Blocked;
}

void take(Kernel& kernel, Task& task, const Abort& abort, VAddr pc) {
    const bool fetch = abort.access == Access::Execute;
    // A stepped instruction makes the same data accesses as in its original place, so only faults
    // of the fetch from the slot or the trampoline are charged to the probe.
    const TrapClient* client = kernel.client();
    const bool probes = fetch && client != nullptr && client->owns_page(*task.process, pc);
    const Account account = probes ? Account::ProbeHit : Account::Guest;
    kernel.gate().exception(task, fetch ? ExceptionClass::InsnAbort : ExceptionClass::DataAbort,
                            account);
    const VAddr address = untagged(abort.address);
    SignalInfo info{
        .signal = Signal::Segv, .code = abi::kSegvMaperr, .address = abort.address.value};
    if (abort.unaligned) {  // do_alignment_fault
        info.signal = Signal::Bus;
        info.code = abi::kBusAdraln;
        info.fault_esr = abort_syndrome(abort, task.process->mm->space());
        kernel.gate().spend(task, KernelPath::FaultSignal);
        return raise_fault(kernel, task, info, abort.address);
    }
    switch (task.process->mm->fault(address, abort.access, task.id, account)) {
        case FaultResult::Resolved: return resume_step(kernel, task);
        case FaultResult::Asked: return wait_for_page(task);
        case FaultResult::Poisoned:
            info.signal = Signal::Bus;
            info.code = abi::kBusMceerrAr;
            break;
        case FaultResult::NotMapped: break;
        case FaultResult::NoRight: info.code = abi::kSegvAccerr; break;
        case FaultResult::BeyondFile:
            info.signal = Signal::Bus;
            info.code = abi::kBusAdrerr;
            break;
        case FaultResult::OutOfMemory:  // the OOM killer chose the task that faults
            info = {.signal = Signal::Kill, .code = abi::kSiKernel};
            if (!task.process->oom_victim)
                kernel.counters().note_unmodelled(
                    "out of memory", "the guest wanted more memory than --memory gives");
            task.process->oom_victim = true;
            break;
    }
    info.fault_esr = abort_syndrome(abort, task.process->mm->space());
    kernel.gate().spend(task, KernelPath::FaultSignal);
    raise_fault(kernel, task, info, abort.address);
}

void take(Kernel& kernel, Task& task, const PcAlignment&, VAddr pc) {
    kernel.gate().exception(task, ExceptionClass::PcAlignment);
    kernel.gate().spend(task, KernelPath::FaultSignal);
    raise_fault(kernel, task,
                {.signal = Signal::Bus,
                 .code = abi::kBusAdraln,
                 .address = pc.value,
                 .fault_esr = kEcPcAlignment << kEcShift | kIl});
}

// do_el0_bti
void take(Kernel& kernel, Task& task, const BranchTarget&, VAddr pc) {
    kernel.gate().exception(task, ExceptionClass::Undefined);
    kernel.gate().spend(task, KernelPath::UndefinedSignal);
    raise_fault(kernel, task,
                {.signal = Signal::Ill, .code = abi::kIllIllopc, .address = pc.value});
}

std::uint64_t counter(Kernel& kernel, std::uint64_t counter_hz) {
    const auto ns = static_cast<unsigned __int128>(kernel.clock().monotonic_ns());
    return static_cast<std::uint64_t>(ns * counter_hz / 1'000'000'000u);
}

bool counter_traps(const Machine& machine) {
    return machine.profile.vdso_clock.value == 0;
}

// An instruction that the simulated machine executes but the engine does not: emulated here,
// without an exception.
bool executes(const Task& task, const Undefined& undefined) {
    const Machine& machine = task.process->mm->machine();
    const auto read = emulate_mrs(
        undefined.word, {.counter_traps = counter_traps(machine), .isa = machine.profile.isa});
    return read && !read->ec;
}

void take(Kernel& kernel, Task& task, const Undefined& undefined, VAddr pc) {
    Machine& machine = kernel.machine();
    const auto hz = static_cast<std::uint64_t>(machine.profile.counter_hz.value);
    const SysregValues values{.counter = counter(kernel, hz),
                              .counter_hz = hz,
                              .ctr_el0 = cache_type_without_dic(machine.profile),
                              .counter_traps = counter_traps(machine),
                              .isa = machine.profile.isa,
                              .random = [&machine] { return machine.entropy.next(); }};
    if (const auto read = emulate_mrs(undefined.word, values)) {
        if (read->ec) {
            kernel.gate().exception(task, *read->ec);
            kernel.gate().spend(task, KernelPath::SysregEmulation);
        } else {
            machine.cpu->count_one(task.context,
                                   undefined.word);  // the machine executes it, the engine does not
            if (!read->clears_flags) kernel.counters().count_counter_read();
        }
        if (read->clears_flags) {
            const std::uint64_t pstate = machine.cpu->read(task.context, Reg::Pstate);
            machine.cpu->write(task.context, Reg::Pstate, pstate & ~kPstateNzcv);
        }
        if (read->target != 31) machine.cpu->write(task.context, xreg(read->target), read->value);
        machine.cpu->write(task.context, Reg::Pc, pc.value + 4);
        // user_fastforward_single_step: the emulated instruction completes the step.
        if (read->ec) resume_step(kernel, task);
        if (task.tif_singlestep) software_step(kernel, task);
        task.runs_slot = false;
        return;
    }
    kernel.gate().exception(task, ExceptionClass::Undefined);
    kernel.gate().spend(task, KernelPath::UndefinedSignal);
    raise_fault(kernel, task,
                {.signal = Signal::Ill, .code = abi::kIllIllopc, .address = pc.value});
}

void take(Kernel&, Task&, const BudgetSpent&, VAddr) {}
void take(Kernel&, Task&, const Svc&, VAddr) {}  // take_trap() enters the call

// ESR_EL1 by the kind of stop.
struct Syndrome {
    const Task& task;

    static std::uint64_t esr(std::uint64_t ec, std::uint64_t iss = 0) {
        return ec << kEcShift | kIl | iss;
    }
    std::uint64_t operator()(const BudgetSpent&) const { return 0; }
    std::uint64_t operator()(const Svc& svc) const { return esr(kEcSvc64, svc.imm); }
    std::uint64_t operator()(const Brk& brk) const { return esr(kEcBrk64, brk.imm); }
    // ISS.EX stays clear: the probe layer refuses the exclusives.
    std::uint64_t operator()(const StepDone&) const {
        return esr(kEcSoftwareStep, kStepIsv | kDebugException);
    }
    std::uint64_t operator()(const PcAlignment&) const { return esr(kEcPcAlignment); }
    std::uint64_t operator()(const BranchTarget& target) const {
        return esr(kEcBranchTarget, target.btype);
    }
    std::uint64_t operator()(const Abort& abort) const {
        return abort_syndrome(abort, task.process->mm->space());
    }
    std::uint64_t operator()(const Undefined& undefined) const {
        const auto read = emulate_mrs(undefined.word, {});
        if (!read || read->ec == ExceptionClass::Undefined) return esr(kEcUnknown);
        // Op0, Op2, Op1, CRn, Rt, CRm and the direction, which is a read.
        const std::uint64_t w = undefined.word;
        return esr(kEcSysreg, (w >> 19 & 3) << 20 | (w >> 5 & 7) << 17 | (w >> 16 & 7) << 14 |
                                  (w >> 12 & 15) << 10 | (w & 31) << 5 | (w >> 8 & 15) << 1 | 1);
    }
};

}  // namespace

std::uint64_t abort_syndrome(const Abort& abort, const AddressSpace& space) {
    const bool fetch = abort.access == Access::Execute;
    std::uint64_t esr = (fetch ? kEcInsnAbort : kEcDataAbort) << kEcShift | kIl;
    if (abort.access == Access::Write) esr |= kWnr;
    if (abort.unaligned) return esr | kAlignment;
    const VAddr address = untagged(abort.address);
    // Linux hides the mappings of the kernel's half from user space: it reports all faults there as
    // level 0 translation faults.
    if (address >= Mm::kTaskSize) return esr | kTranslationLevel0;
    const auto level = space.translation_fault_level(address);
    return esr | (level ? kTranslationLevel0 + *level : kPermissionLevel3);
}

bool is_exception(const Task& task, const Stop& stop) {
    if (std::holds_alternative<BudgetSpent>(stop.why)) return false;
    const auto* undefined = std::get_if<Undefined>(&stop.why);
    return undefined == nullptr || !executes(task, *undefined);
}

ExceptionRegisters exception_registers(const Task& task, const Stop& stop) {
    ExceptionRegisters registers;
    registers.esr = std::visit(Syndrome{task}, stop.why);
    registers.elr = stop.pc.value;
    registers.spsr = task.process->mm->machine().cpu->read(task.context, Reg::Pstate) & kPstateUser;
    // An instruction that completed its step has cleared PSTATE.SS; one that did not is stepped
    // again.
    if (task.tif_singlestep && !std::holds_alternative<StepDone>(stop.why))
        registers.spsr |= kSpsrSs;
    if (const auto* abort = std::get_if<Abort>(&stop.why)) registers.far = abort->address.value;
    if (std::holds_alternative<PcAlignment>(stop.why)) registers.far = stop.pc.value;
    return registers;
}

void take_trap(Kernel& kernel, const SyscallDispatcher& syscalls, Task& task, const Stop& stop) {
    if (kernel.debugger() != nullptr) [[unlikely]]
        kernel.debugger()->trapped(task, stop);
    if (TrapObserver* observer = kernel.observer(); observer != nullptr) [[unlikely]] {
        if (is_exception(task, stop))
            observer->trapped(task, stop,
                              observer->reads_registers() ? exception_registers(task, stop)
                                                          : ExceptionRegisters());
    }
    if (std::holds_alternative<Svc>(stop.why)) {
        kernel.gate().exception(task, ExceptionClass::Svc);
        return syscalls.enter(kernel, task);
    }
    std::visit([&](const auto& why) { take(kernel, task, why, stop.pc); }, stop.why);
}

}  // namespace uprobesim
