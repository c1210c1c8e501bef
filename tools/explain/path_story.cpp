// SPDX-License-Identifier: GPL-2.0-or-later
// Functions as Debian's 6.12.117 for arm64 called them in traces of such hits, each instruction of
// EL1 recorded under QEMU; inlined functions are part of their callers. Where a path is no path of
// that kernel, the functions are those of the patch that its profile describes.
#include "tools/explain/path_story.h"

#include <algorithm>

namespace uprobesim {
namespace {

struct Row {
    KernelPath path{};
    PathStory story;
};

constexpr std::string_view kBrkEntry =
    "vectors el0t_64_sync el0t_64_sync_handler el0_brk64 do_el0_brk64 uprobe_brk_handler "
    "uprobe_pre_sstep_notifier do_notify_resume";
constexpr std::string_view kStepFinish =
    "uprobe_notify_resume arch_uprobe_post_xol user_disable_single_step put_uprobe "
    "xol_free_insn_slot recalc_sigpending";
constexpr std::string_view kConsumers =
    "uprobe_dispatcher uprobe_perf_filter __uprobe_perf_func migrate_disable bpf_prog "
    "migrate_enable";
constexpr std::string_view kPerfConsumers =
    "uprobe_dispatcher uprobe_perf_filter __uprobe_perf_func";
constexpr std::string_view kSync = "sync_icache_aliases caches_clean_inval_pou";
constexpr std::string_view kWayOut = "do_notify_resume ret_to_user";

using P = KernelPath;
using K = WorkKind;
constexpr std::array kRows = {
    Row{P::BrkEntry, {K::EntryExit, kBrkEntry}},
    Row{P::BrkReturn, {K::EntryExit, kWayOut}},
    Row{P::UprobeLookup,
        {K::Lookup,
         "uprobe_notify_resume uprobe_get_swbp_addr down_read mtree_load up_read "
         "arch_uprobe_ignore"}},
    Row{P::UprobeLookupLockless, {K::Lookup, "uprobe_notify_resume uprobe_get_swbp_addr"}},
    Row{P::UprobeConsumers, {K::Consumers, kConsumers}},
    Row{P::UprobeConsumersPerf, {K::Consumers, kPerfConsumers}},
    Row{P::UprobeConsumersFtrace, {K::Consumers, "uprobe_dispatcher"}},
    Row{P::UprobeEmulateNop, {K::Emulation, "arch_uprobe_skip_sstep simulate_nop"}},
    // Which simulate_ function runs depends on the instruction; the handler's name says it.
    Row{P::UprobeEmulateBranch, {K::Emulation, "arch_uprobe_skip_sstep"}},
    Row{P::UprobeEmulateAdr, {K::Emulation, "arch_uprobe_skip_sstep simulate_adr_adrp"}},
    Row{P::UprobeEmulateLiteral, {K::Emulation, "arch_uprobe_skip_sstep"}},
    Row{P::UprobeEmulateRegister, {K::Emulation, "arch_uprobe_skip_sstep"}},
    Row{P::UprobeEmulateStpPin, {K::Emulation, "arch_uprobe_skip_sstep"}},
    Row{P::UprobeEmulateStpCopy, {K::Emulation, "arch_uprobe_skip_sstep"}},
    Row{P::UprobeTaskCreate, {K::Slot, ""}},
    Row{P::UprobeAreaCreate, {K::Slot, "__create_xol_area"}},
    Row{P::UprobeSharedMap, {K::Slot, ""}},
    Row{P::UprobeSlotGet, {K::Slot, "arch_uprobe_skip_sstep try_get_uprobe _find_first_zero_bit"}},
    Row{P::UprobeSlotCopy, {K::Slot, "arch_uprobe_copy_ixol __memcpy"}},
    Row{P::UprobeSlotSync, {K::CacheMaintenance, kSync}},
    Row{P::UprobeStepArm, {K::Step, "arch_uprobe_pre_xol user_enable_single_step"}},
    Row{P::UprobeSlotEnter, {K::Slot, "arch_uprobe_pre_xol"}},
    Row{P::UprobeSlotLeave, {K::Slot, "uprobe_notify_resume xol_free_insn_slot recalc_sigpending"}},
    Row{P::UprobeSlotLeaveKept, {K::Slot, "uprobe_notify_resume recalc_sigpending"}},
    Row{P::StepEntry,
        {K::Step,
         "vectors el0t_64_sync el0t_64_sync_handler el0_softstp try_step_suspended_breakpoints "
         "do_el0_softstep uprobe_single_step_handler uprobe_post_sstep_notifier "
         "do_notify_resume"}},
    Row{P::UprobeStepFinish, {K::Step, kStepFinish}},
    Row{P::UprobeStepFinishKept,
        {K::Step,
         "uprobe_notify_resume arch_uprobe_post_xol user_disable_single_step put_uprobe "
         "recalc_sigpending"}},
    Row{P::StepReturn, {K::EntryExit, kWayOut}},
    Row{P::UprobeStepAbort, {K::Step, "uprobe_notify_resume arch_uprobe_abort_xol"}},
    Row{P::UretprobeHijack,
        {K::Consumers,
         "__kmalloc_cache_noprof __update_cpu_freelist_fast __memset "
         "arch_uretprobe_hijack_return_addr"}},
    Row{P::UretprobeLease, {K::Consumers, ""}},
    Row{P::UretprobeReturn,
        {K::Consumers,
         "uprobe_handle_trampoline uretprobe_dispatcher __uprobe_perf_func bpf_prog put_uprobe "
         "kfree"}},
};

WorkKind group_kind(WorkGroup group) {
    switch (group) {
        case WorkGroup::SystemCalls: return K::SystemCall;
        case WorkGroup::Faults: return K::Fault;
        case WorkGroup::Signals: return K::Signal;
        case WorkGroup::Scheduling: return K::Scheduling;
        case WorkGroup::Probes: return K::Other;
    }
    return K::Other;
}

}  // namespace

PathStory path_story(KernelPath path) {
    const auto* row =
        std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.path == path; });
    return row == kRows.end() ? PathStory{group_kind(work_group(path)), ""} : row->story;
}

}  // namespace uprobesim
