// SPDX-License-Identifier: GPL-2.0-or-later
// Layout from the user ABI: asm-generic/siginfo.h and ucontext.h, arm64's sigcontext.h (records in
// __reserved), and the frame record (fp, lr) that unwinders follow. Linux returns from handlers
// through the vDSO. The vDSO here has no __kernel_rt_sigreturn: a one-page mapping "[sigpage]" with
// its two instructions is made when the first handler runs.
#include "kernel_model/signal/signals_frame.h"

#include <cstring>
#include <type_traits>

#include "kernel_model/abi/seccomp.h"
#include "kernel_model/abi/sigcontext.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/memory/tagged.h"
#include "kernel_model/signal/signals.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kMovX8SigReturn = 0xd2801168;  // mov x8, #139: rt_sigreturn
constexpr std::uint32_t kSvc0 = 0xd4000001;            // svc #0

template <class Record>
void put_record(abi::SignalFrame& frame, std::size_t& at, const Record& record) {
    static_assert(std::is_trivially_copyable_v<Record>);
    std::memcpy(frame.reserved.data() + at, &record, sizeof record);
    at += sizeof record;
}

// The return address of handlers without SA_RESTORER. 0: no memory for the page.
VAddr trampoline(Kernel& kernel, Process& process) {
    constexpr const char* kName = "[sigpage]";
    const VAddr known = process.sigreturn_page;
    const Vma* const there = known != VAddr(0) ? process.mm->find(known) : nullptr;
    if (there != nullptr && there->name == kName) return known;
    PhysicalMemory& memory = kernel.machine().memory;
    const auto frame = memory.allocate();
    if (!frame) return VAddr(0);
    const std::array<std::uint32_t, 2> code{kMovX8SigReturn, kSvc0};
    std::memcpy(memory.bytes(*frame).data(), code.data(), sizeof code);
    // A child goes on using the parent's, as it does the vDSO.
    const auto page = process.mm->map_special(kName, *frame, {.read = true, .exec = true}, VAddr(0),
                                              SpecialContent::FreshlyWritten, AtFork::Copied);
    if (!page) return VAddr(0);
    process.sigreturn_page = *page;
    return *page;
}

abi::SignalFrame build_frame(Kernel& kernel, Task& task, const UserRegisters& regs,
                             const SignalInfo& info, std::uint64_t flags) {
    abi::SignalFrame frame;
    if ((flags & abi::kSaSigInfo) != 0) frame.info = siginfo_of(info, flags);
    frame.uc_stack = {
        .sp = task.altstack.sp.value, .flags = task.altstack.flags, .size = task.altstack.size};
    frame.uc_sigmask = task.restore_sigmask ? task.saved_sigmask : task.sigmask;
    frame.fault_address = task.fault_address;
    frame.x = regs.x;
    frame.sp = regs.sp;
    frame.pc = regs.pc;
    frame.pstate = regs.pstate;

    const FpState fp = kernel.machine().cpu->read_fp(task.context);
    std::size_t at = 0;
    put_record(frame, at, abi::FpsimdContext{.fpsr = fp.fpsr, .fpcr = fp.fpcr, .v = fp.v});
    // No syndrome: "the stepped instruction has not trapped".
    constexpr std::uint64_t kProbeMarker = ~std::uint64_t{0};
    if (task.fault_code != 0 && task.fault_code != kProbeMarker)
        put_record(frame, at, abi::EsrContext{.esr = task.fault_code});
    return frame;  // a head of zeros ends the records
}

// Parses the records of __reserved. Empty if they are malformed or FPSIMD is missing.
std::optional<FpState> parse_records(const abi::SignalFrame& frame) {
    std::optional<FpState> fp;
    std::size_t at = 0;
    while (at + sizeof(abi::ContextHead) <= frame.reserved.size()) {
        abi::ContextHead head;
        std::memcpy(&head, frame.reserved.data() + at, sizeof head);
        if (head.magic == 0) return head.size == 0 ? fp : std::nullopt;
        if (head.size < sizeof head || head.size % abi::kContextAlign != 0 ||
            head.size > frame.reserved.size() - at)
            return std::nullopt;
        if (head.magic == abi::kFpsimdMagic) {
            abi::FpsimdContext record;
            if (fp || head.size != sizeof record) return std::nullopt;
            std::memcpy(&record, frame.reserved.data() + at, sizeof record);
            fp = FpState{.v = record.v, .fpsr = record.fpsr, .fpcr = record.fpcr};
        } else if (head.magic != abi::kEsrMagic) {
            return std::nullopt;
        }
        at += head.size;
    }
    return std::nullopt;
}

}  // namespace

abi::SigInfo siginfo_of(const SignalInfo& info, std::uint64_t action_flags) {
    abi::SigInfo b{.signo = static_cast<std::int32_t>(info.signal), .code = info.code};
    if (info.signal == Signal::Chld && info.code > 0) {
        b.fields[0] = static_cast<std::uint32_t>(info.pid) | std::uint64_t{info.uid} << 32;
        b.fields[1] = static_cast<std::uint32_t>(info.status);
    } else if (info.signal == Signal::Sys && info.code > 0) {  // seccomp's
        b.error = info.status;
        b.fields[0] = info.address;
        b.fields[1] = info.value | std::uint64_t{abi::kAuditArchAarch64} << 32;
    } else if (abi::tells_poll(info)) {
        b.fields[0] = info.address;
        b.fields[1] = info.value;
    } else if (info.code > 0 && info.code != abi::kSiKernel) {
        // Address tags only with SA_EXPOSE_TAGBITS (hide_si_addr_tag_bits).
        b.fields[0] = (action_flags & abi::kSaExposeTagBits) != 0
                          ? info.address
                          : untagged(VAddr(info.address)).value;
    } else if (info.code <= 0) {
        b.fields[0] = static_cast<std::uint32_t>(info.pid) | std::uint64_t{info.uid} << 32;
        b.fields[1] = info.value;
    }
    return b;
}

SignalInfo signal_info_of(const abi::SigInfo& bytes) {
    SignalInfo info{.signal = static_cast<Signal>(bytes.signo), .code = bytes.code};
    if (info.signal == Signal::Chld || info.code <= 0) {
        info.pid = static_cast<std::int32_t>(bytes.fields[0]);
        info.uid = static_cast<std::uint32_t>(bytes.fields[0] >> 32);
        info.status = static_cast<std::int32_t>(bytes.fields[1]);
        info.value = bytes.fields[1];
    } else {
        info.address = bytes.fields[0];
        info.value = bytes.fields[1];
    }
    return info;
}

bool on_altstack(const AltStack& stack, std::uint64_t sp) {
    if ((stack.flags & (abi::kSsDisable | abi::kSsAutodisarm)) != 0 || stack.size == 0)
        return false;
    return sp > stack.sp.value && sp - stack.sp.value <= stack.size;
}

bool push_signal_frame(Kernel& kernel, Task& task, const SignalInfo& info,
                       const SignalAction& action) {
    Cpu& cpu = *kernel.machine().cpu;
    UserRegisters regs = cpu.read_all(task.context);

    std::uint64_t sp = regs.sp;
    const bool has_altstack =
        (task.altstack.flags & abi::kSsDisable) == 0 && task.altstack.size != 0;
    if ((action.flags & abi::kSaOnStack) != 0 && has_altstack && !on_altstack(task.altstack, sp)) {
        sp = task.altstack.sp.value + task.altstack.size;
    }
    const std::uint64_t record_at = (sp - sizeof(abi::FrameRecord)) & ~(abi::kStackAlign - 1);
    const std::uint64_t frame_at = record_at - sizeof(abi::SignalFrame);

    const std::uint64_t return_to = (action.flags & abi::kSaRestorer) != 0
                                        ? action.restorer
                                        : trampoline(kernel, *task.process).value;
    if (return_to == 0 && (action.flags & abi::kSaRestorer) == 0) return false;

    UserMemory memory(*task.process->mm, task.id, task.tif_tagged_addr);
    if (!memory.put(VAddr(frame_at), build_frame(kernel, task, regs, info, action.flags)))
        return false;
    if (!memory.put(VAddr(record_at), abi::FrameRecord{regs.x[29], regs.x[30]})) return false;

    regs.x[0] = static_cast<std::uint64_t>(info.signal);
    if ((action.flags & abi::kSaSigInfo) != 0) {
        regs.x[1] = frame_at;
        regs.x[2] = frame_at + offsetof(abi::SignalFrame, uc_flags);
    }
    regs.x[29] = record_at;
    regs.x[30] = return_to;
    regs.sp = frame_at;
    regs.pc = action.handler;
    // The handler is called, by an indirect branch (setup_return).
    if (kernel.machine().profile.isa.has(IsaFeature::Bti))
        regs.pstate = (regs.pstate & ~kPstateBtype) | kPstateBtypeCall;
    cpu.write_all(task.context, regs);
    if ((task.altstack.flags & abi::kSsAutodisarm) != 0) task.altstack = {};
    return true;
}

bool pop_signal_frame(Kernel& kernel, Task& task) {
    Cpu& cpu = *kernel.machine().cpu;
    const std::uint64_t sp = cpu.read(task.context, Reg::Sp);
    if (sp % abi::kStackAlign != 0) return false;
    UserMemory memory(*task.process->mm, task.id, task.tif_tagged_addr);
    const auto frame = memory.get<abi::SignalFrame>(VAddr(sp));
    if (!frame) return false;
    // valid_user_regs: any mode but EL0t, or a masked exception, is refused.
    if ((frame->pstate & abi::kPstateNotUser) != 0) return false;
    const auto fp = parse_records(*frame);
    if (!fp) return false;

    task.sigmask = frame->uc_sigmask & ~kUnblockable;
    task.restore_sigmask = false;
    UserRegisters regs;
    regs.x = frame->x;
    regs.sp = frame->sp;
    regs.pc = frame->pc;
    regs.pstate = frame->pstate & kPstateUser;
    cpu.write_all(task.context, regs);
    cpu.write_fp(task.context, *fp);
    const abi::SigStack& stack = frame->uc_stack;
    if (!on_altstack(task.altstack, regs.sp)) {
        const std::uint32_t mode = stack.flags & ~abi::kSsAutodisarm;
        if (mode == abi::kSsDisable) {
            task.altstack = {};
        } else if ((mode == 0 || mode == abi::kSsOnstack) && stack.size >= abi::kMinsigstksz) {
            task.altstack = {.sp = VAddr(stack.sp),
                             .size = stack.size,
                             .flags = stack.flags & abi::kSsAutodisarm};
        }
    }
    kernel.signals().recalculate(task);
    return true;
}

}  // namespace uprobesim
