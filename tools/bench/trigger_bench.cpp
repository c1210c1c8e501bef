// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/trigger_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/bench/trigger_target.h"
#include "tools/simulation/simulation.h"

namespace uprobesim {
namespace {

// Where a report's row stands in an array by enumerator; `named` is the enumerator of the row's
// name.
template <class Enum>
std::size_t place_of(std::optional<Enum> named) {
    check_invariant(named.has_value(), "a report names what the enumeration does not have");
    return static_cast<std::size_t>(*named);
}

// `sign` +1 adds a run's counts, -1 takes them off again.
void add(TriggerCounts& to, const RunReport& run, std::int64_t sign) {
    const auto times = static_cast<std::uint64_t>(sign);  // multiplication wraps, as wanted
    to.user_insns += times * run.user_insns.value;
    to.user_cycles.value += times * run.user_cycles.value;
    for (const ExceptionRow& row : run.exceptions)
        to.exceptions[place_of(find_exception_class(row.name))] += times * row.times;
    for (const PathRow& row : run.paths) {
        PathCount& path = to.paths[place_of(find_kernel_path(row.name))];
        path.times += times * row.times;
        path.units += times * row.units;
        path.cycles.value += times * row.cycles.value;
    }
}

}  // namespace

std::vector<TriggerVariant> all_trigger_variants() {
    std::vector<TriggerVariant> all;
    for (const bool return_probe : {false, true}) {
        for (const std::string_view target : kTriggerTargets)
            all.push_back({return_probe, std::string(target)});
    }
    return all;
}

Result<TriggerVariant> parse_trigger_variant(std::string_view name) {
    std::vector<std::string> known;
    for (TriggerVariant& variant : all_trigger_variants()) {
        if (variant.name() == name) return std::move(variant);
        known.push_back(variant.name());
    }
    return user_error(fmt::format("'{}' is no variant of the benchmark", name), "",
                      near_names(name, known));
}

std::uint64_t TriggerCounts::exceptions_taken() const {
    return std::accumulate(exceptions.begin(), exceptions.end(), std::uint64_t{0});
}

SimulationRequest trigger_simulation(const TriggerRequest& request, const TriggerTree& tree) {
    SimulationRequest simulation;
    simulation.files.root = tree.root();
    simulation.kernel = request.kernel;
    simulation.machine = request.machine;
    simulation.settings = request.settings;
    simulation.seed = request.seed;
    simulation.memory_bytes = std::uint64_t{64} << 20;
    simulation.probes =
        made_probe(fmt::format("{}:{}:{}", request.variant.return_probe ? "uretprobe" : "uprobe",
                               tree.program(), tree.symbol()),
                   request.handler);
    return simulation;
}

Result<TriggerCounts> count_trigger(const TriggerRequest& request) {
    auto tree = TRY(TriggerTree::make(request.variant.target, request.branch_protection));
    SimulationRequest simulation = trigger_simulation(request, tree);
    TriggerCounts counts;
    counts.iterations = request.hits;
    for (const auto& [iterations, sign] :
         {std::pair{request.warm_up + request.hits, +1}, std::pair{request.warm_up, -1}}) {
        // As many digits in both runs: reading them takes instructions too.
        simulation.program.arguments = {tree.program(), fmt::format("{:010}", iterations)};
        const auto run = simulate(simulation);
        if (!run) return tl::make_unexpected(run.error().error);
        if (exit_code_of(run->exit) != 0) {
            return user_error(fmt::format("the trigger program {}", exit_text(run->exit)),
                              request.variant.name());
        }
        add(counts, *run, sign);
        counts.instruction = run->probes.front().instruction;
        counts.verdict = run->probes.front().verdict;
    }
    return counts;
}

TriggerCost price_trigger(const TriggerCounts& counts, const PriceList& prices) {
    const auto per_iteration = [&](double n) { return n / static_cast<double>(counts.iterations); };
    TriggerCost cost;
    cost.user_cycles = per_iteration(in_cycles(counts.user_cycles));
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        const auto ec = static_cast<ExceptionClass>(e);
        const double times = per_iteration(static_cast<double>(counts.exceptions[e]));
        cost.exception_cycles += times * in_cycles(prices.exception(ec));
        cost.kernel_insns += times * prices.exception_insns(ec);
    }
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        const PathCount& count = counts.paths[p];
        if (count.times == 0) continue;
        const auto times = static_cast<double>(count.times);
        const PathShare& share = cost.paths.emplace_back(
            PathShare{path, per_iteration(times),
                      per_iteration(prices.path_insns(path, count.times, count.units)),
                      per_iteration(times * in_cycles(prices.path(path)) +
                                    in_cycles(prices.path_units(path, count.units)))});
        cost.path_cycles += share.cycles;
        cost.kernel_insns += share.insns;
    }
    return cost;
}

}  // namespace uprobesim
