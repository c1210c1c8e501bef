// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpf_calls.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

using Work = BpfHelper::Work;

// The length that a text of the program's is taken to have: it is not known before the hit.
constexpr std::uint64_t kTextLength = 20;
constexpr std::uint64_t kDeepestStack = 127;  // kernel.perf_event_max_stack
constexpr std::uint64_t kMostBytes = 1 << 20;
// include/uapi/linux/bpf.h
constexpr std::uint64_t kNoExist = 1;                        // BPF_NOEXIST of an update
constexpr std::uint64_t kSkipMask = 0xff, kUserStack = 256;  // BPF_F_*, of a walk of the stack
constexpr std::uint64_t kNoWakeup = 1;                       // BPF_RB_NO_WAKEUP

HandlerPart part_of(HandlerCall call, std::uint64_t size) {
    return {{call.path, call.units(size)}, call.walks_stack()};
}

}  // namespace

BpfCalls::BpfCalls(const BpfObject& object) : object_(object), tables_(bpf_tables()) {
    // A key's map is loaded into the argument shortly before the call: no more is looked at.
    for (const BpfFunction& function : object.functions) {
        BpfState state;
        for (std::uint64_t at = 0; at < function.insns.size(); ++at) {
            const BpfInsn& insn = function.insns[at];
            const auto reference = function.references.find(at);
            if (insn.is_call()) {
                const auto helper = tables_.helpers.find(insn.imm);
                const bool deletes = insn.src == 0 && helper != tables_.helpers.end() &&
                                     helper->second.work == Work::Delete;
                if (deletes && state.argument(1).kind == BpfValue::Kind::Map)
                    deleted_from_.insert(state.argument(1).index);
            } else if (reference != function.references.end() &&
                       reference->second.kind == BpfReference::Kind::Map) {
                state.give(
                    std::min<unsigned>(insn.dst, 10),
                    {BpfValue::Kind::Map, static_cast<std::uint32_t>(reference->second.index), 0});
            } else if (is_bpf_insn(insn)) {
                state.execute(insn, std::nullopt, object);
            }
        }
    }
}

BpfCall BpfCalls::helper(const BpfInsn& insn, const BpfState& state) const {
    BpfCall call;
    const auto found = tables_.helpers.find(insn.imm);
    if (found == tables_.helpers.end()) {
        call.notes.push_back(
            fmt::format("helper {} is not known: the price is too low by all of it", insn.imm));
        return call;
    }
    const BpfHelper& helper = found->second;
    switch (helper.work) {
        case Work::Unknown:
            call.notes.push_back(
                fmt::format("{} has no price: that of the program is too low by it", helper.name));
            break;
        case Work::Lookup:
        case Work::Update:
        case Work::Delete: return map_call(helper, state);
        case Work::Stack: return stack(helper, state);
        case Work::Call:
            call.parts.push_back(part_of(*helper.call, size(helper, state, call)));
            break;
        case Work::Text: {
            const auto most = state.argument(helper.size).known();
            const std::uint64_t length =
                std::min(most && *most > 0 ? *most - 1 : kTextLength, kTextLength);
            call.parts.push_back(part_of(*helper.call, length));
            call.notes.push_back(
                fmt::format("the text of {} is taken to have {} characters", helper.name, length));
            break;
        }
        case Work::PerfOutput:
            call.parts.push_back(part_of(*helper.call, size(helper, state, call)));
            call.parts.push_back({{KernelPath::BpfPerfOutputWakeup, 0}});
            break;
        case Work::Ringbuf: {
            if (helper.call) call.parts.push_back(part_of(*helper.call, size(helper, state, call)));
            const auto flags = state.argument(helper.flags).known();
            if (!flags || (*flags & kNoWakeup) == 0)
                call.parts.push_back({{KernelPath::BpfRingbufWakeup, 0}});
            break;
        }
        case Work::Printk: {
            // Format and size come first.
            std::uint64_t count = 0;
            for (unsigned n = 3; n <= 5; ++n)
                count += state.argument(n).kind == BpfValue::Kind::Unset ? 0 : 1;
            call.parts.push_back({{KernelPath::BpfTracePrintk, count}});
            break;
        }
        case Work::TailCall:
            call.parts.push_back({{KernelPath::BpfTailCall, 0}});
            call.notes.emplace_back("what the tail call goes to is not known, nor in the price");
            break;
        case Work::Loop:
            call.notes.push_back(
                fmt::format("how often {} calls its function is not known: it is not in the price",
                            helper.name));
            break;
    }
    return call;
}

BpfCall BpfCalls::kernel_function(const std::string& name) const {
    BpfCall call;
    if (const auto inlined = tables_.inlined_kfuncs.find(name);
        inlined != tables_.inlined_kfuncs.end()) {
        call.insns = inlined->second;
        return call;
    }
    call.parts.push_back({{KernelPath::BpfKfunc, 0}});
    call.notes.push_back(
        fmt::format("of {} only the call is in the price, which is too low by what it executes",
                    name.empty() ? "a function of the kernel" : printable(name)));
    return call;
}

std::uint64_t BpfCalls::size(const BpfHelper& helper, const BpfState& state, BpfCall& call) const {
    if (helper.size == 0 || !helper.call->takes_size()) return 0;
    const auto known = state.argument(helper.size).known();
    if (known && *known <= kMostBytes) return *known / helper.bytes_per_unit;
    call.notes.push_back(fmt::format(
        "the size of {} is not a constant: its bytes are not in the price", helper.name));
    return 0;
}

const BpfMap* BpfCalls::map_of(const BpfHelper& helper, const BpfState& state) const {
    const BpfValue& value = state.argument(helper.map);
    return value.kind == BpfValue::Kind::Map ? &object_.maps[value.index] : nullptr;
}

BpfCall BpfCalls::map_call(const BpfHelper& helper, const BpfState& state) const {
    BpfCall call;
    const BpfMap* map = map_of(helper, state);
    std::string kind = "hash";
    std::uint64_t key = 0;
    if (map == nullptr) {
        call.notes.push_back(
            fmt::format("the map of {} is not known: taken for a hash table with a key of 8 bytes",
                        helper.name));
    } else {
        const auto row = tables_.map_kinds.find(map->type);
        if (row == tables_.map_kinds.end() || row->second.calls.empty()) {
            call.notes.push_back(fmt::format(
                "{} of map '{}' has no price: it is {}", helper.name, printable(map->name),
                row == tables_.map_kinds.end() ? fmt::format("of the unknown kind {}", map->type)
                                               : fmt::format("of kind {}", row->second.name)));
            return call;
        }
        kind = row->second.calls;
        if (helper.work == Work::Lookup) {
            call.insns = row->second.found;
            call.miss_insns = row->second.missing;
        }
        if (row->second.unmeasured)
            call.notes.push_back(fmt::format(
                "map '{}' is of kind {}, of which none was measured: {} has a price made of those "
                "of its relatives",
                printable(map->name), row->second.name, helper.name));
        key = std::min(map->key_size, kMostBytes);
    }
    std::string_view operation = "lookup";
    if (helper.work == Work::Delete) operation = "delete";
    if (helper.work == Work::Update) {
        const std::size_t index = state.argument(helper.map).index;
        const bool is_new =
            state.argument(helper.flags).known() == kNoExist ||
            (map != nullptr && (state.missed(index) || deleted_from_.contains(index)));
        operation = is_new ? "insert" : "update";
    }
    auto found = find_handler_call(fmt::format("{}.{}", kind, operation));
    if (!found && operation == "insert") found = find_handler_call(fmt::format("{}.update", kind));
    if (!found) {
        call.notes.push_back(fmt::format("{} of an array has no price", helper.name));
        return call;
    }
    call.parts.push_back(part_of(*found, key));
    const auto miss = find_handler_call(fmt::format("{}.miss", kind));
    if (helper.work == Work::Lookup && miss) {
        call.miss = part_of(*miss, key);
        call.map = map == nullptr ? 64 : state.argument(helper.map).index;
    }
    return call;
}

BpfCall BpfCalls::stack(const BpfHelper& helper, const BpfState& state) const {
    BpfCall call;
    const auto flags = state.argument(helper.flags).known();
    if (!flags || (*flags & kUserStack) == 0) {
        call.notes.push_back(flags
                                 ? fmt::format("{} of the kernel's stack has no price", helper.name)
                                 : fmt::format("the flags of {} are no constant: it is not in "
                                               "the price",
                                               helper.name));
        return call;
    }
    const BpfMap* map = helper.map == 0 ? nullptr : map_of(helper, state);
    std::uint64_t frames = map == nullptr ? 0 : map->value_size / 8;
    if (helper.size != 0)
        frames = state.argument(helper.size).known().value_or(0) / helper.bytes_per_unit;
    const std::uint64_t skipped = *flags & kSkipMask;
    if (frames == 0 || frames > kDeepestStack) frames = kDeepestStack;
    call.parts.push_back(part_of(*helper.call, frames > skipped ? frames - skipped : 1));
    return call;
}

}  // namespace uprobesim
