// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/hit/steady_hit.h"

#include <numeric>

#include "probes/slots/shared_slots.h"

namespace uprobesim {

namespace {

class Way {
public:
    explicit Way(const KernelProfile& kernel) : kernel_(kernel) {}

    void take(ExceptionClass ec) { ++hit_.exceptions[static_cast<std::size_t>(ec)]; }
    void go(KernelPath path, std::uint64_t units = 0) { hit_.paths.push_back({path, units}); }

    void go(const std::vector<PathUse>& uses) {
        hit_.paths.insert(hit_.paths.end(), uses.begin(), uses.end());
    }

    void entry(std::uint32_t word, const ProbeConsumers& consumers) {
        take(ExceptionClass::Brk);
        go(KernelPath::BrkEntry);
        go(lookup_path(kernel_.lookup));
        if (consumers.handlers.given)
            go(entry_uses(consumers.handlers, consumers.entry, std::nullopt));
        else
            go(consumer_path(kernel_.consumer), consumers.entry);
        go(entry_statistics(kernel_, consumers.handlers, consumers.entry, consumers.returns));
        if (consumers.returns != 0) {
            go(KernelPath::UretprobeHijack);
            if (kernel_.return_instance == ReturnHold::Lease) go(KernelPath::UretprobeLease);
        }
        const Verdict verdict = decide(word, kernel_);
        if (verdict.kind == VerdictKind::Emulate) {
            go(emulate_path(verdict.handler, kernel_.stp));
            go(KernelPath::BrkReturn);
        } else {
            step(word);
        }
    }

    void function_return(const ProbeConsumers& consumers) {
        take(ExceptionClass::Brk);
        go(KernelPath::BrkEntry);
        go(KernelPath::UretprobeReturn);
        go(return_uses(consumers.handlers, consumers.returns, std::nullopt));
        go(return_statistics(kernel_, consumers.handlers, consumers.returns));
        go(KernelPath::BrkReturn);
    }

    SteadyHit hit() && { return std::move(hit_); }

private:
    void step(std::uint32_t word) {
        const bool kept = kernel_.slots == SlotOwner::Uprobe ||
                          (kernel_.slots == SlotOwner::Prefilled && SharedSlots::holds(word));
        if (!kept) {
            go(KernelPath::UprobeSlotGet);
            go(KernelPath::UprobeSlotCopy);
            // A lone task finds in its slot what it left there.
            if (kernel_.slot_copy == SlotCopyPolicy::Always) go(KernelPath::UprobeSlotSync);
        }
        const bool hardware = kernel_.step == StepEnd::Hardware;
        go(hardware ? KernelPath::UprobeStepArm : KernelPath::UprobeSlotEnter);
        go(KernelPath::BrkReturn);
        take(hardware ? ExceptionClass::SoftwareStep : ExceptionClass::Brk);
        go(hardware ? KernelPath::StepEntry : KernelPath::BrkEntry);
        go(step_end_path(kernel_.step, kept));
        go(KernelPath::StepReturn);
    }

    const KernelProfile& kernel_;
    SteadyHit hit_;
};

}  // namespace

unsigned SteadyHit::exceptions_taken() const {
    return std::accumulate(exceptions.begin(), exceptions.end(), 0U);
}

SteadyHit steady_hit(const KernelProfile& kernel, std::uint32_t word,
                     const ProbeConsumers& consumers) {
    Way way(kernel);
    way.entry(word, consumers);
    if (consumers.returns != 0) way.function_return(consumers);
    return std::move(way).hit();
}

KernelPath emulate_path(Handler handler, StpForm stp) {
    switch (handler) {
        case Handler::Nop:
        case Handler::Paciasp:
        case Handler::Bti: return KernelPath::UprobeEmulateNop;
        case Handler::AdrAdrp: return KernelPath::UprobeEmulateAdr;
        case Handler::AddSubSp:
        case Handler::MovRegister:
        case Handler::MovWide: return KernelPath::UprobeEmulateRegister;
        case Handler::StpFpLr:
        case Handler::Stp:
            return stp == StpForm::CopyToUser ? KernelPath::UprobeEmulateStpCopy
                                              : KernelPath::UprobeEmulateStpPin;
        default: return KernelPath::UprobeEmulateBranch;
    }
}

KernelPath lookup_path(Lookup lookup) {
    return lookup == Lookup::Lockless ? KernelPath::UprobeLookupLockless : KernelPath::UprobeLookup;
}

KernelPath step_end_path(StepEnd step, bool slot_is_kept) {
    if (step == StepEnd::Hardware)
        return slot_is_kept ? KernelPath::UprobeStepFinishKept : KernelPath::UprobeStepFinish;
    return slot_is_kept ? KernelPath::UprobeSlotLeaveKept : KernelPath::UprobeSlotLeave;
}

}  // namespace uprobesim
