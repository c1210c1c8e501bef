// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel profile: what one kernel does for a probe and for each named path of its code, with
// sources. Reading refuses what a machine profile's reading refuses, in the same words.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/emulate_also.h"
#include "sim/profile/figure.h"
#include "sim/profile/kernel_op.h"
#include "sim/profile/kernel_path.h"
#include "sim/profile/shared_line.h"

namespace uprobesim {

// A column of the table that decides about a probed instruction. Kernels 6.1 (from 6.1.113) and
// 6.12 decide alike; 6.13 refuses MOPS and emulates NOP; the STP patch adds one row; the newest
// kernels emulate BC.cond.
enum class DecodeTable : std::uint8_t { V61, V612, V613, V613Stp, New, kCount };
struct DecodeTableWord {
    DecodeTable table;
    std::string_view word;  // in a profile
};
inline constexpr std::array kDecodeTables = {
    DecodeTableWord{DecodeTable::V61, "6.1"},   DecodeTableWord{DecodeTable::V612, "6.12"},
    DecodeTableWord{DecodeTable::V613, "6.13"}, DecodeTableWord{DecodeTable::V613Stp, "6.13+stp"},
    DecodeTableWord{DecodeTable::New, "new"},
};
static_assert(kDecodeTables.size() == static_cast<std::size_t>(DecodeTable::kCount));
constexpr std::string_view decode_table_word(DecodeTable table) {
    return kDecodeTables[static_cast<std::size_t>(table)].word;
}

enum class SlotCopyPolicy { Always, IfChanged };
enum class StpForm { None, PinAndMap, CopyToUser };
// What ends the run of an instruction in its slot.
enum class StepEnd { Hardware, BrkAfterSlot };
// Who has a slot: the hit while it lasts; the uprobe once it has been hit; a common instruction,
// for all processes.
enum class SlotOwner { Hit, Uprobe, Prefilled };
// How the uprobe is found, and what its consumers are.
enum class Lookup { MmapLock, Lockless };
enum class Consumer { BpfEmpty, Perf, Ftrace, kCount };
// The handler chain of each kind of consumer. One is charged for each hit.
inline constexpr std::array<KernelPath, static_cast<std::size_t>(Consumer::kCount)> kConsumerPaths =
    {
        KernelPath::UprobeConsumers,
        KernelPath::UprobeConsumersPerf,
        KernelPath::UprobeConsumersFtrace,
};
constexpr KernelPath consumer_path(Consumer consumer) {
    return kConsumerPaths[static_cast<std::size_t>(consumer)];
}
constexpr bool runs_consumers(KernelPath path) {
    return std::find(kConsumerPaths.begin(), kConsumerPaths.end(), path) != kConsumerPaths.end();
}
// How a pending return keeps its uprobe alive.
enum class ReturnHold { Refcount, Lease };
// How many pages wait to be put on the LRU lists together (PAGEVEC_SIZE). What was replaced
// meanwhile is freed then.
enum class LruBatch { Pages15, Pages31 };
constexpr std::uint64_t lru_batch_pages(LruBatch batch) {
    return batch == LruBatch::Pages15 ? 15 : 31;
}

// Whether a file that is run may be written, and one that is open for writing run (ETXTBSY, or
// not).
enum class TextBusy { Refused, Allowed };

// Whether BPF programs attach to many places by one call (6.6).
enum class UprobeMulti { No, Yes };

// kernel.bpf_stats_enabled: whether the runs of BPF programs are counted and timed.
enum class BpfStats { No, Yes };

// What attaching and detaching sleep for.
enum class KernelWait { AttachFirst, AttachMulti, DetachEvent, DetachMulti, kCount };
inline constexpr std::array<std::string_view, static_cast<std::size_t>(KernelWait::kCount)>
    kKernelWaits = {"attach-first", "attach-multi", "detach-event", "detach-multi"};

struct PathCost {
    double insns = 0;  // EL1 instructions, fixed part
    double insns_per_unit = 0;
    std::array<double, kKernelOpCount> ops{};  // fixed part
    // Instructions fewer where atomics are LSE's; nothing: as many as such operations save
    // elsewhere.
    std::optional<double> lse_saves{};
    std::string source;
    Confidence confidence = Confidence::Assumption;

    static void members(auto& self, auto& visit) {
        visit(self.insns, self.insns_per_unit, self.ops, self.lse_saves, self.source,
              self.confidence);
    }
};

struct KernelProfile {
    std::string name;
    std::string description;
    std::string label;  // heads its column in a comparison; empty: the name does
    std::string text_hash;
    std::string release;  // what uname answers
    DecodeTable decode_table = DecodeTable::V61;
    StpForm stp = StpForm::None;
    AlsoEmulatedSet emulate_also;  // beyond the decode table
    SlotCopyPolicy slot_copy = SlotCopyPolicy::Always;
    StepEnd step = StepEnd::Hardware;
    SlotOwner slots = SlotOwner::Hit;
    Lookup lookup = Lookup::MmapLock;
    Consumer consumer = Consumer::BpfEmpty;
    ReturnHold return_instance = ReturnHold::Refcount;
    LruBatch lru_batch = LruBatch::Pages31;
    UprobeMulti uprobe_multi = UprobeMulti::Yes;
    TextBusy text_busy = TextBusy::Refused;
    BpfStats bpf_stats = BpfStats::No;
    std::array<PathCost, kKernelPathCount> paths;
    AccessesByPath accesses;                        // of lines that CPUs share
    std::array<Figure, kKernelWaits.size()> waits;  // in ms

    static void members(auto& self, auto& visit) {
        visit(self.name, self.description, self.label, self.text_hash, self.release,
              self.decode_table, self.stp, self.emulate_also, self.slot_copy, self.step, self.slots,
              self.lookup, self.consumer, self.return_instance, self.lru_batch, self.uprobe_multi,
              self.text_busy, self.bpf_stats, self.paths, self.accesses, self.waits);
    }
    const Figure& wait(KernelWait w) const { return waits[static_cast<std::size_t>(w)]; }
};

// `name_or_path`: a built-in profile's name, or a file (anything with a '/' or ending in .toml).
Result<KernelProfile> load_kernel_profile(std::string_view name_or_path,
                                          const std::vector<Setting>& settings);
// From text, as above after finding it; `file_name` is for messages. The fuzz target's entry point.
Result<KernelProfile> parse_kernel_profile(std::string_view text, std::string_view file_name,
                                           const std::vector<Setting>& settings);
std::vector<std::string> builtin_kernel_profiles();

// The number that a key of --set names, to be changed in place; null: there is none.
double* find_number(KernelProfile& kernel, std::string_view key);

}  // namespace uprobesim
