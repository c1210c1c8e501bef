// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpf_tally.h"

namespace uprobesim {
namespace {

constexpr std::string_view kBaseKernel = "v6.12";

}  // namespace

void BpfTally::add(const HandlerPart& part, std::int64_t times) {
    const auto key = std::make_tuple(part.use.path, part.use.units, part.walks_stack);
    const std::int64_t count = parts[key] += times;
    if (count == 0) parts.erase(key);
}

void BpfTally::add(const BpfTally& other) {
    insns += other.insns;
    for (const auto& [key, count] : other.parts)
        add({{std::get<0>(key), std::get<1>(key)}, std::get<2>(key)}, count);
}

std::uint64_t BpfTally::calls() const {
    std::uint64_t count = 0;
    for (const auto& [key, times] : parts) count += static_cast<std::uint64_t>(times);
    return count;
}

BpfWeights::BpfWeights() {
    auto kernel = load_kernel_profile(kBaseKernel, {});
    check_invariant(kernel.has_value(), "the base of all kernels is built in");
    kernel_ = std::move(*kernel);
}

double BpfWeights::of(const HandlerPart& part) const {
    const PathCost& cost = kernel_.paths[static_cast<std::size_t>(part.use.path)];
    return cost.insns + cost.insns_per_unit * static_cast<double>(part.use.units);
}

double BpfWeights::of(const BpfTally& tally) const {
    auto weight = static_cast<double>(tally.insns);
    for (const auto& [key, count] : tally.parts)
        weight += static_cast<double>(count) *
                  of(HandlerPart{{std::get<0>(key), std::get<1>(key)}, std::get<2>(key)});
    return weight;
}

}  // namespace uprobesim
