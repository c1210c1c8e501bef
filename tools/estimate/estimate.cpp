// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/estimate/estimate.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "sim/base/try.h"
#include "sim/base/units.h"
#include "sim/insn/decoder.h"
#include "tools/cli/build_info.h"

namespace uprobesim {
namespace {

// What the advice tries: what a kernel gains that has or gets the changes of the list thread.
constexpr std::string_view kOtherKernels[] = {"v6.12", "v6.13", "v6.13+stp", "new"};

ProbeConsumers consumers_of(const EstimateTarget& target) {
    return target.consumers.value_or(ProbeConsumers{1, target.wants_return ? 1U : 0U});
}

// Hits a second, or one hit where no rate is known.
double weight(const EstimateTarget& target) {
    return target.rate.value_or(1);
}

bool is_refused(const EstimateTarget& target, const KernelProfile& kernel) {
    return decide(target.words.front(), kernel).kind == VerdictKind::Reject;
}

HitWork work_of(const std::vector<EstimateTarget>& targets, const KernelProfile& kernel) {
    HitWork work;
    for (const EstimateTarget& target : targets) {
        if (!is_refused(target, kernel))
            work.add(steady_hit(kernel, target.words.front(), consumers_of(target)),
                     weight(target));
    }
    return work;
}

bool have_rates(const std::vector<EstimateTarget>& targets) {
    return std::any_of(targets.begin(), targets.end(),
                       [](const EstimateTarget& t) { return t.rate.has_value(); });
}

// The probes that are not refused, and which targets they are.
struct SharedProbes {
    std::vector<SharedProbe> probes;
    std::vector<std::size_t> targets;
};
SharedProbes shared_probes(const std::vector<EstimateTarget>& targets,
                           const KernelProfile& kernel) {
    std::map<std::pair<std::string_view, std::uint64_t>, std::uint64_t> uprobes;  // by place
    std::vector<SteadyHit> kinds;
    SharedProbes shared;
    for (std::size_t t = 0; t < targets.size(); ++t) {
        const EstimateTarget& target = targets[t];
        if (is_refused(target, kernel)) continue;
        const std::uint64_t next = uprobes.size();
        const auto uprobe = uprobes.try_emplace({target.binary, target.file_offset}, next).first;
        SteadyHit hit = steady_hit(kernel, target.words.front(), consumers_of(target));
        const auto kind = std::find(kinds.begin(), kinds.end(), hit) - kinds.begin();
        if (kind == std::ssize(kinds)) kinds.push_back(hit);
        shared.probes.push_back(
            {std::move(hit), static_cast<std::size_t>(kind), uprobe->second, weight(target)});
        shared.targets.push_back(t);
    }
    return shared;
}

Attachment attachment_of(const EstimateRequest& request, const KernelProfile& kernel) {
    using Place = std::pair<std::string_view, std::uint64_t>;  // binary, offset
    std::set<Place> places, pages;
    Attachment of;
    for (const EstimateTarget& target : request.targets) {
        if (is_refused(target, kernel)) continue;
        ++of.events;
        places.emplace(target.binary, target.file_offset);
        pages.emplace(target.binary, page_floor(target.file_offset));
    }
    of.places = places.size();
    of.pages = pages.size();
    of.processes = request.processes;
    return of;
}

// The hits of one place. Most functions begin alike: a hit that takes the same paths costs the
// same.
class HitEstimates {
public:
    explicit HitEstimates(const VariedPrices& prices) : prices_(prices) {}

    HitEstimate of(const EstimateTarget& target) {
        const KernelProfile& kernel = prices_.kernel();
        HitEstimate hit;
        hit.verdict = decide(target.words.front(), kernel);
        if (hit.verdict.kind == VerdictKind::Reject) return hit;
        SteadyHit steady = steady_hit(kernel, target.words.front(), consumers_of(target));
        const Known& known = known_of(std::move(steady));
        hit.exceptions = known.hit.exceptions_taken();
        hit.el1_insns = known.el1_insns;
        hit.range = known.range;
        hit.nonstop_per_s = 1e9 / known.range.ns;
        return hit;
    }

private:
    struct Known {
        SteadyHit hit;
        double el1_insns;
        VariedPrices::Range range;
    };
    const Known& known_of(SteadyHit hit) {
        const auto found = std::find_if(known_.begin(), known_.end(),
                                        [&](const Known& known) { return known.hit == hit; });
        if (found != known_.end()) return *found;
        HitWork work;
        work.add(hit, 1);
        return known_.emplace_back(Known{std::move(hit), el1_insns_of(work, prices_.prices()),
                                         prices_.sensitivity_of(work).range});
    }

    const VariedPrices& prices_;
    std::vector<Known> known_;  // as many as a kernel has handlers, at most
};

// Instructions after which the next one need not be executed: the group of branches, exceptions and
// system instructions (Arm ARM C4.1) without the system ones and hints.
bool may_branch(std::uint32_t word) {
    return (word & 0x1c000000) == 0x14000000 && word >> 24 != 0xd5;
}

// The first instruction after the probed one that is executed with it each time and that the
// kernel emulates; 0: none.
std::size_t emulated_nearby(const EstimateTarget& target, const KernelProfile& kernel) {
    for (std::size_t at = 1; at < target.words.size(); ++at) {
        if (may_branch(target.words[at - 1])) return 0;
        if (decide(target.words[at], kernel).kind == VerdictKind::Emulate) return at;
    }
    return 0;
}

class Advisor {
public:
    Advisor(const EstimateRequest& request, const VariedPrices& asked,
            const std::vector<unsigned>& places)
        : request_(request), asked_(asked), places_(places) {}

    // Without what costs as much as `now_ns`, or more.
    Result<std::vector<EstimateAdvice>> advice(double now_ns) {
        TRY(other_kernels());
        other_instructions();
        std::erase_if(found_, [&](const EstimateAdvice& a) { return a.ns >= now_ns; });
        std::stable_sort(
            found_.begin(), found_.end(),
            [](const EstimateAdvice& a, const EstimateAdvice& b) { return a.ns < b.ns; });
        return std::move(found_);
    }

private:
    Outcome other_kernels() {
        for (const std::string_view name : kOtherKernels) {
            const auto kernel = TRY(load_kernel_profile(name, request_.settings));
            if (kernel.name == asked_.kernel().name) continue;
            found_.push_back(
                {fmt::format("kernel {}", kernel.name), total_ns(request_.targets, kernel)});
        }
        return {};
    }

    void other_instructions() {
        std::vector<EstimateTarget> moved = request_.targets;
        std::vector<std::string> names;
        const Decoder decoder;
        for (EstimateTarget& target : moved) {
            if (decide(target.words.front(), asked_.kernel()).kind != VerdictKind::Step) continue;
            const std::size_t at = emulated_nearby(target, asked_.kernel());
            if (at == 0) continue;
            const std::uint32_t word = target.words[at];
            names.push_back(fmt::format("{}+{} ({})", target.function, 4 * at,
                                        decoder.disassemble(word, target.file_offset + 4 * at)));
            target.words = {word};
        }
        if (names.empty()) return;
        const std::string what = names.size() == 1
                                     ? fmt::format("probe {}", names.front())
                                     : fmt::format(
                                           "probe an emulated instruction a little further on in "
                                           "{} functions, {} and others",
                                           names.size(), names.front());
        found_.push_back({what, total_ns(moved, asked_.kernel())});
    }

    // With the waiting where CPUs are given.
    double total_ns(const std::vector<EstimateTarget>& targets, const KernelProfile& kernel) {
        const MachineProfile& machine = asked_.machine();
        const PriceList prices(machine, kernel);
        if (places_.empty()) return ns_of(work_of(targets, kernel), prices);
        const VariedPrices::All all{prices,
                                    LineCosts{*machine.contention, AccessPlan(machine, kernel)}};
        return shared_ns(shared_probes(targets, kernel).probes, all, places_, have_rates(targets));
    }

    const EstimateRequest& request_;
    const VariedPrices& asked_;
    const std::vector<unsigned>& places_;  // of the CPUs that hit; empty: none are given
    std::vector<EstimateAdvice> found_;
};

void add_waiting(const EstimateRequest& request, const VariedPrices& prices,
                 const std::vector<unsigned>& places, PlaceEstimate& place) {
    const SharedProbes shared = shared_probes(request.targets, prices.kernel());
    SharedEstimate estimate =
        estimate_shared(shared.probes, prices, places, have_rates(request.targets));
    for (std::size_t p = 0; p < shared.targets.size(); ++p) {
        HitEstimate& hit = place.hits[shared.targets[p]];
        hit.range = estimate.hits[p].range;
        hit.waits_ns = estimate.hits[p].waits_ns;
        hit.nonstop_per_s = estimate.hits[p].nonstop_per_s;
    }
    place.total = std::move(estimate.total);
    place.waiting = {estimate.waits_ns, estimate.waits_by_line, estimate.nonstop_per_s,
                     estimate.reaches};
}

PlaceEstimate estimate_place(const EstimateRequest& request, const VariedPrices& prices) {
    PlaceEstimate place;
    place.kernel = prices.kernel().name;
    place.kernel_hash = prices.kernel().text_hash;
    place.machine = prices.machine().name;
    place.machine_hash = prices.machine().text_hash;
    place.frequency_hz = prices.prices().frequency_hz();
    HitEstimates hits(prices);
    for (const EstimateTarget& target : request.targets) place.hits.push_back(hits.of(target));
    place.profiles = {prices.machine(), prices.kernel()};
    place.work = work_of(request.targets, prices.kernel());
    place.total = prices.sensitivity_of(place.work);
    place.attaching =
        attaching(attachment_of(request, prices.kernel()), prices.kernel(), prices.prices());
    return place;
}

}  // namespace

bool EstimateReport::has_rates() const {
    return have_rates(targets);
}

bool EstimateReport::over_budget(const PlaceEstimate& place) const {
    return budget && has_rates() && place.total.range.ns / 1e9 > *budget;
}

Result<EstimateReport> estimate(const EstimateRequest& request) {
    EstimateReport report;
    report.version = tool_version();
    report.targets = request.targets;
    report.budget = request.budget;
    report.hitting = request.hitting;
    for (const std::string& machine : request.machines) {
        for (const std::string& kernel : request.kernels) {
            const auto prices = TRY(
                VariedPrices::load(machine, kernel, request.settings, request.hitting.has_value()));
            std::vector<unsigned> places;
            if (request.hitting) {
                // The options' reader has refused machines that say nothing of it.
                auto found = TRY(places_for(request.hitting->pin, *prices.machine().contention,
                                            request.hitting->cpus));
                places = std::move(found);
            }
            report.places.push_back(estimate_place(request, prices));
            if (request.hitting) add_waiting(request, prices, places, report.places.back());
            if (report.places.size() > 1) continue;
            Advisor advisor(request, prices, places);
            auto advice = TRY(advisor.advice(report.places.front().total.range.ns));
            report.advice = std::move(advice);
        }
    }
    return report;
}

}  // namespace uprobesim
