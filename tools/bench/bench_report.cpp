// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/bench/bench_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/format/json_number.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

double per_hit(std::uint64_t n, const TriggerCounts& counts) {
    return static_cast<double>(n) / static_cast<double>(counts.iterations);
}

Json row_json(const BenchTable& table, const BenchRow& row) {
    Json paths = Json::array(), ops = Json::object(), exceptions = Json::object();
    for (const PathShare& share : row.cost.paths) {
        paths.push_back({{"name", kernel_path_info(share.path).name},
                         {"times", share.times},
                         {"insns", rounded(share.insns, 2)},
                         {"cycles", rounded(share.cycles, 2)}});
    }
    const auto totals = bench_operations(table, row);
    for (std::size_t op = 0; op < kKernelOpCount; ++op) {
        if (totals[op] != 0)
            ops[std::string(kernel_op_name(static_cast<KernelOp>(op)))] = totals[op];
    }
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        if (row.counts.exceptions[e] != 0)
            exceptions[std::string(exception_class_name(static_cast<ExceptionClass>(e)))] =
                per_hit(row.counts.exceptions[e], row.counts);
    }
    const double cycles = row.cost.cycles();
    return {{"variant", row.variant.name()},
            {"instruction", row.counts.instruction},
            {"verdict", row.counts.verdict},
            {"hits_counted", row.counts.iterations},
            {"million_hits_per_second", million_hits_per_second(row.cost, table.machine)},
            {"cycles_per_hit", rounded(cycles, 2)},
            {"ns_per_hit", rounded(cycles / table.machine.frequency_hz.value * 1e9, 2)},
            {"user_insns_per_hit", per_hit(row.counts.user_insns, row.counts)},
            {"user_cycles_per_hit", rounded(row.cost.user_cycles, 2)},
            {"exception_cycles_per_hit", rounded(row.cost.exception_cycles, 2)},
            {"kernel_insns_per_hit", rounded(row.cost.kernel_insns, 2)},
            {"exceptions_per_hit", std::move(exceptions)},
            {"operations_per_hit", std::move(ops)},
            {"paths_per_hit", std::move(paths)}};
}

}  // namespace

std::array<double, kKernelOpCount> bench_operations(const BenchTable& table, const BenchRow& row) {
    std::array<double, kKernelOpCount> ops{};
    for (const PathShare& share : row.cost.paths) {
        const PathCost& cost = table.kernel.paths[static_cast<std::size_t>(share.path)];
        for (std::size_t op = 0; op < kKernelOpCount; ++op) ops[op] += share.times * cost.ops[op];
    }
    return ops;
}

double million_hits_per_second(const TriggerCost& cost, const MachineProfile& machine) {
    return machine.frequency_hz.value / cost.cycles() / 1e6;
}

std::string bench_line(const TriggerVariant& variant, double million_per_second) {
    return fmt::format("{} ( 1 cpus): {:.3f} ± {:.3f}M/s ( {:.3f}M/s/cpu)", variant.name(),
                       million_per_second, 0.0, million_per_second);
}

std::string bench_report_json(const BenchReport& report) {
    Json tables = Json::array();
    for (const BenchTable& table : report.tables) {
        Json rows = Json::array();
        for (const BenchRow& row : table.rows) rows.push_back(row_json(table, row));
        const auto id = [](const auto& profile) {
            return Json{{"name", profile.name}, {"hash_fnv1a64", profile.text_hash}};
        };
        tables.push_back({{"kernel", id(table.kernel)},
                          {"machine", id(table.machine)},
                          {"branch_protection", table.branch_protection},
                          {"rows", std::move(rows)}});
        if (!table.handler.empty()) tables.back()["handler"] = table.handler;
    }
    const Json all = {{"schema", "uprobesim.bench/1"},
                      {"version", report.version},
                      {"settings", report.settings},
                      {"tables", std::move(tables)}};
    return all.dump(2) + "\n";
}

}  // namespace uprobesim
