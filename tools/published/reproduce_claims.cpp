// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/published/reproduce_claims.h"

#include <fmt/format.h>

#include <initializer_list>

namespace uprobesim {
namespace {

struct RowName {
    std::string_view table, row;
};
// A claim about one row, or about how much faster one is than another.
struct ClaimRule {
    std::string_view text;
    RowName row, slower;  // no slower one: its name is empty
    void (*check)(Claim& claim, const ReproducedRow& row, const ReproducedRow* slower);
};

double path_cycles(const ReproducedRow& row, std::initializer_list<KernelPath> paths) {
    double cycles = 0;
    for (const PathShare& share : row.cost.paths) {
        for (const KernelPath path : paths) cycles += share.path == path ? share.cycles : 0;
    }
    return cycles;
}

std::string percent_text(double share) {
    return fmt::format("{:.0f} %", share * 100);
}

double published_ratio(const ReproducedRow& row, const ReproducedRow& slower) {
    return row.published.value / slower.published.value;
}
double simulated_ratio(const ReproducedRow& row, const ReproducedRow& slower) {
    return row.simulated / slower.simulated;
}

void times_faster(Claim& claim, const ReproducedRow& row, const ReproducedRow& slower) {
    claim.published = fmt::format("{:.2f} x", published_ratio(row, slower));
    claim.simulated = fmt::format("{:.2f} x", simulated_ratio(row, slower));
}
void improvement_by_pin(Claim& claim, const ReproducedRow& row, const ReproducedRow* slower) {
    claim.published = percent_text(published_ratio(row, *slower) - 1);
    claim.simulated = percent_text(simulated_ratio(row, *slower) - 1);
    claim.remark = "pin and map";
}
void share_of_hit(Claim& claim, const ReproducedRow& row, const char* published, double cycles) {
    claim.published = published;
    claim.simulated = percent_text(cycles / row.cost.cycles());
}

constexpr ClaimRule kRules[] = {
    {"A stepped push costs how many times an emulated instruction, slot synchronised on every hit",
     {"next-20241104-xol-stp", "uprobe-ret"},
     {"next-20241104-xol-stp", "uprobe-push"},
     [](Claim& claim, const ReproducedRow& ret, const ReproducedRow* push) {
         times_faster(claim, ret, *push);
         claim.remark =
             fmt::format("synchronising the slot is {:.0f} of {:.0f} cycles",
                         path_cycles(*push, {KernelPath::UprobeSlotSync}), push->cost.cycles());
     }},
    {"\"Stepping is expected to be about twice as expensive\": the same once the maintenance is "
     "gone",
     {"next-20240918-flush-if-changed", "uprobe-ret"},
     {"next-20240918-flush-if-changed", "uprobe-push"},
     [](Claim& claim, const ReproducedRow& ret, const ReproducedRow* push) {
         times_faster(claim, ret, *push);
         claim.remark = "two exceptions instead of one, the slot, and MDSCR";
     }},
    {"Simulating STP: \"240 % improvement\" of uprobe-push",
     {"next-20241104-sim-stp", "uprobe-push"},
     {"next-20241104-xol-stp", "uprobe-push"},
     improvement_by_pin},
    {"Simulating STP: \"114 % improvement\" of uretprobe-push",
     {"next-20241104-sim-stp", "uretprobe-push"},
     {"next-20241104-xol-stp", "uretprobe-push"},
     improvement_by_pin},
    {"Profile of the unnamed server: 5 % of the cycles in the copy to the slot",
     {"andrii-bare-metal", "uprobe-push"},
     {},
     [](Claim& claim, const ReproducedRow& push, const ReproducedRow*) {
         share_of_hit(claim, push, "5 %",
                      path_cycles(push, {KernelPath::UprobeSlotCopy, KernelPath::UprobeSlotSync}));
         claim.remark = "copy and synchronisation of uprobe-push";
     }},
    {"Profile of Kunpeng916: about 34 % in the cache maintenance of the slot",
     {"next-20240918-flush-always", "uprobe-push"},
     {},
     [](Claim& claim, const ReproducedRow& push, const ReproducedRow*) {
         share_of_hit(claim, push, "34 %", path_cycles(push, {KernelPath::UprobeSlotSync}));
         claim.remark =
             "with the refetch of the line, which a profile books on the instructions that wait "
             "for it";
     }},
    // Everything that runs with DAIF masked before the first unmask of an exception: what a
    // sampling interrupt cannot see until then.
    {"Profile of the unnamed server: at least 22 % in local_daif_restore",
     {"andrii-bare-metal", "uprobe-push"},
     {},
     [](Claim& claim, const ReproducedRow& push, const ReproducedRow*) {
         share_of_hit(claim, push, "22 %",
                      push.cost.exception_cycles / 2 +
                          path_cycles(push, {KernelPath::BrkEntry, KernelPath::StepEntry}));
         claim.remark =
             "all entry work with interrupts masked: samples pile up where they are unmasked";
     }},
};

}  // namespace

void check_claims(Reproduction& simulated) {
    for (const ClaimRule& rule : kRules) {
        const ReproducedRow* row = simulated.row(rule.row.table, rule.row.row);
        const ReproducedRow* slower = simulated.row(rule.slower.table, rule.slower.row);
        if (row == nullptr || (slower == nullptr && !rule.slower.table.empty())) {
            ++simulated.claims_left_out;
            continue;
        }
        Claim& claim = simulated.claims.emplace_back();
        claim.text = rule.text;
        rule.check(claim, *row, slower);
    }
}

}  // namespace uprobesim
