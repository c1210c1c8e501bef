// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/program_parts.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace uprobesim {
namespace {

constexpr std::string_view kBpf = "bpf.";
constexpr std::string_view kConsumer = "consumer.";

// How a size becomes units. The price of a key holds up to 8 bytes, that of a stack one frame.
struct SizeRule {
    std::string_view words;  // of the path's name
    std::string_view unit;
    std::uint64_t included;
    std::string_view meaning;
};
constexpr std::array kSizeRules = {
    SizeRule{"hash.", "byte", 8, "bytes of the key"},
    SizeRule{"read-user-str", "byte", 0, "characters"},
    SizeRule{"", "byte", 0, "bytes"},
    SizeRule{"", "frame", 1, "frames that are kept"},
    SizeRule{"", "argument", 0, "arguments"},
};

const SizeRule& rule_of(KernelPath path) {
    const KernelPathInfo& info = kernel_path_info(path);
    const auto* rule = std::find_if(kSizeRules.begin(), kSizeRules.end(), [&](const SizeRule& r) {
        return r.unit == info.unit && info.name.find(r.words) != info.name.npos;
    });
    check_invariant(rule != kSizeRules.end(), "each unit of a handler's path has a rule");
    return *rule;
}

// Those that a program is made of otherwise, and what follows from a hit.
bool is_call(KernelPath path) {
    const std::string_view name = kernel_path_info(path).name;
    if (name.starts_with(kConsumer)) return true;
    return name.starts_with(kBpf) && path != KernelPath::BpfInsn && path != KernelPath::BpfFrame &&
           path != KernelPath::BpfSaved && path != KernelPath::BpfStackCut;
}

std::string_view call_name(KernelPath path) {
    std::string_view name = kernel_path_info(path).name;
    if (name.starts_with(kBpf)) name.remove_prefix(kBpf.size());
    return name;
}

}  // namespace

std::string_view HandlerCall::size_meaning() const {
    return rule_of(path).meaning;
}

std::uint64_t HandlerCall::units(std::uint64_t size) const {
    if (!takes_size()) return 0;
    const std::uint64_t included = rule_of(path).included;
    return size > included ? size - included : 0;
}

bool HandlerCall::walks_stack() const {
    return kernel_path_info(path).unit == "frame";
}

std::optional<HandlerCall> find_handler_call(std::string_view name) {
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        if (is_call(path) && call_name(path) == name) return HandlerCall{path};
    }
    return std::nullopt;
}

std::vector<std::string> handler_call_names() {
    std::vector<std::string> names;
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        if (is_call(path)) names.emplace_back(call_name(path));
    }
    return names;
}

// Registers are saved in pairs, the frame pointer as one of them.
HandlerPart ProgramParts::frame(std::uint64_t saved) {
    return {{KernelPath::BpfFrame, (saved + 1 + 1) / 2}};
}

HandlerPart ProgramParts::saved(std::uint64_t saved) {
    return {{KernelPath::BpfSaved, (saved + 1) / 2}};
}

void ProgramParts::stack(std::uint64_t saved) {
    pairs_ = std::max(pairs_.value_or(0), frame(saved).use.units);
}

void ProgramParts::call(HandlerCall call, std::uint64_t size) {
    calls_.push_back({{call.path, call.units(size)}, call.walks_stack()});
}

std::vector<HandlerPart> ProgramParts::list() && {
    std::vector<HandlerPart> parts;
    if (insns_ != 0) parts.push_back({{KernelPath::BpfInsn, insns_}});
    if (pairs_) parts.push_back({{KernelPath::BpfFrame, *pairs_}});
    parts.insert(parts.end(), calls_.begin(), calls_.end());
    return parts;
}

}  // namespace uprobesim
