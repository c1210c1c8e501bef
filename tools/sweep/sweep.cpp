// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <map>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "tools/report/report_read.h"
#include "tools/sweep/child_pool.h"
#include "tools/sweep/figures.h"
#include "tools/sweep/pricing.h"

namespace uprobesim {
namespace {

// Priced points that are committed together: a commit waits for the disk.
constexpr std::size_t kTogether = 4000;

class Sweep {
public:
    Sweep(const SweepRequest& request, const Points& points, PointKeys& keys, ResultStore& store)
        : points_(points),
          keys_(keys),
          store_(store),
          plan_(points.plan()),
          pool_(request.tool, request.jobs, {plan_.time_limit_ns, plan_.memory_limit_bytes}) {
        for (std::size_t a = 0; a < plan_.axes.size(); ++a) {
            if (plan_.axes[a].is_price) prices_.push_back(a);
        }
    }

    Outcome find_missing(const SweepRequest& request);
    Outcome carry_out();
    const SweepCounts& counts() const { return counts_; }

private:
    // One run: of a point, or of all missing points of a group.
    struct Job {
        std::vector<std::uint64_t> points;
        bool shared = false;
    };

    void start(std::size_t job);
    Outcome finish(const ChildResult& result);
    Outcome finish_shared(const Job& job, const ChildResult& result);
    Outcome price_points(const std::vector<std::uint64_t>& points, const SharedRun& run,
                         RunPricing& pricing);
    Result<RunPricing> pricing_of(const SharedRun& run, std::uint64_t point) const;
    Outcome from_run(const std::vector<std::uint64_t>& points, const SharedRun& run);
    Outcome fail_all(const std::vector<std::uint64_t>& points, const ChildResult& result);
    Result<PointResult> blank(std::uint64_t point);
    std::vector<std::string> words(std::uint64_t point, bool prices) const;
    void queue_alone(std::vector<std::uint64_t> points);
    void add(const PointResult& result);

    const Points& points_;
    PointKeys& keys_;
    ResultStore& store_;
    const Plan& plan_;
    ChildPool pool_;
    std::vector<std::size_t> prices_;  // axes
    std::vector<Job> jobs_;
    std::deque<std::size_t> queue_;
    SweepCounts counts_;
    SweepProgress progress_;
};

std::vector<std::string> Sweep::words(std::uint64_t point, bool prices) const {
    std::vector<std::string> words = points_.options(point, prices);
    words.insert(words.end(), plan_.arguments.begin(), plan_.arguments.end());
    return words;
}

void Sweep::queue_alone(std::vector<std::uint64_t> points) {
    queue_.push_back(jobs_.size());
    jobs_.push_back({std::move(points), false});
}

Outcome Sweep::find_missing(const SweepRequest& request) {
    const bool shared = shares_runs(plan_);
    std::map<std::uint64_t, std::size_t> groups;  // to jobs
    counts_.points = request.range.end - request.range.begin;
    store_.begin_reading();
    for (std::uint64_t point = request.range.begin; point < request.range.end; ++point) {
        const auto key = TRY(keys_.key(point));
        const auto there = store_.is_done(key);
        if (there && (*there || !request.retry_failed)) {
            ++(*there ? counts_.done : counts_.failed);
            ++counts_.found;
            continue;
        }
        if (!shared) {
            queue_alone({point});
            continue;
        }
        const auto [at, is_new] = groups.try_emplace(points_.group(point), jobs_.size());
        if (is_new) {
            queue_.push_back(jobs_.size());
            jobs_.push_back({{}, true});
        }
        jobs_[at->second].points.push_back(point);
    }
    store_.commit();
    return {};
}

void Sweep::start(std::size_t job) {
    pool_.start(job, plan_.command, words(jobs_[job].points.front(), !jobs_[job].shared));
}

Outcome Sweep::carry_out() {
    while (!queue_.empty() || !pool_.idle()) {
        while (!queue_.empty() && !pool_.full()) {
            const std::size_t job = queue_.front();
            queue_.pop_front();
            if (jobs_[job].shared) {
                const auto key = TRY(keys_.run_key(jobs_[job].points.front()));
                if (const auto run = store_.run(key)) {
                    const auto points = jobs_[job].points;  // from_run() may add jobs
                    TRY(from_run(points, *run));
                    continue;
                }
            }
            start(job);
        }
        if (pool_.idle()) continue;
        for (const ChildResult& result : pool_.wait()) TRY(finish(result));
        progress_.show(counts_);
    }
    return {};
}

Result<PointResult> Sweep::blank(std::uint64_t point) {
    PointResult result;
    result.key = TRY(keys_.key(point));
    result.parameters = points_.parameters(point);
    return result;
}

void Sweep::add(const PointResult& result) {
    store_.add(result);
    ++(result.done ? counts_.done : counts_.failed);
}

Outcome Sweep::fail_all(const std::vector<std::uint64_t>& points, const ChildResult& result) {
    store_.begin();
    for (const std::uint64_t point : points) {
        auto failed = TRY(blank(point));
        failed.reason = result.failure;
        failed.log = result.log;
        add(failed);
    }
    store_.commit();
    return {};
}

Outcome Sweep::finish(const ChildResult& result) {
    const Job job = jobs_[result.job];
    if (result.host_failed) throw HostError("a run of the sweep", result.failure);
    if (result.report.empty()) return fail_all(job.points, result);
    ChildResult failed = result;
    if (plan_.command == "run" || plan_.command == "compare") {
        const auto runs = parse_report(result.report, "the report");
        failed.failure = runs ? unfinished(*runs) : runs.error().line();
        if (!failed.failure.empty()) return fail_all(job.points, failed);
    }
    if (job.shared) return finish_shared(job, result);
    const auto figures = figures_of_report(plan_.command, result.report);
    if (!figures) {
        failed.failure = figures.error().line();
        return fail_all(job.points, failed);
    }
    auto point = TRY(blank(job.points.front()));
    point.done = true;
    point.figures = figures_json(*figures);
    point.report_hash = text_hash(result.report);
    point.log = result.log;
    add(point);
    return {};
}

Outcome Sweep::finish_shared(const Job& job, const ChildResult& result) {
    SharedRun run;
    run.key = TRY(keys_.run_key(job.points.front()));
    run.command =
        fmt::format("{} {}", plan_.command, fmt::join(words(job.points.front(), false), " "));
    run.report = result.report;
    run.report_hash = text_hash(result.report);
    run.log = result.log;
    if (const auto pricing = pricing_of(run, job.points.front())) {
        run.notes = fmt::format("{}", fmt::join(pricing->notes(), "\n"));
    } else {
        run.refusal = pricing.error().what;
    }
    store_.add(run);
    return from_run(job.points, run);
}

Result<RunPricing> Sweep::pricing_of(const SharedRun& run, std::uint64_t point) const {
    const auto runs = TRY(parse_report(run.report, "the report"));
    std::vector<Setting> settings;
    for (const std::size_t a : prices_)
        settings.push_back({plan_.axes[a].name, points_.text(point, a)});
    return RunPricing::make(runs, settings);
}

// What cannot be priced is run: as `run.refusal` says, which was found when the run was made.
Outcome Sweep::from_run(const std::vector<std::uint64_t>& points, const SharedRun& run) {
    if (run.refusal.empty()) {
        auto pricing = TRY(pricing_of(run, points.front()));
        return price_points(points, run, pricing);
    }
    for (const std::uint64_t point : points) queue_alone({point});
    return {};
}

Outcome Sweep::price_points(const std::vector<std::uint64_t>& points, const SharedRun& run,
                            RunPricing& pricing) {
    std::vector<double> values(prices_.size());
    for (std::size_t begin = 0; begin < points.size(); begin += kTogether) {
        const std::size_t end = std::min(begin + kTogether, points.size());
        store_.begin();
        for (std::size_t i = begin; i < end; ++i) {
            for (std::size_t p = 0; p < prices_.size(); ++p)
                values[p] = points_.number(points[i], prices_[p]);
            auto result = TRY(blank(points[i]));
            result.done = true;
            result.figures = figures_json(pricing.at(values));
            result.report_hash = run.report_hash;
            result.run = run.key;
            add(result);
        }
        store_.commit();
        progress_.show(counts_);
    }
    return {};
}

}  // namespace

bool shares_runs(const Plan& plan) {
    const bool priced = std::any_of(plan.axes.begin(), plan.axes.end(),
                                    [](const Axis& axis) { return axis.is_price; });
    return plan.share_runs && priced && (plan.command == "run" || plan.command == "compare");
}

Result<std::string> PointKeys::run_key(std::uint64_t point) {
    std::string& key = run_keys_[points_.group(point)];
    if (key.empty()) {
        std::vector<std::string> words = {points_.plan().command};
        const auto options = points_.options(point, false);
        words.insert(words.end(), options.begin(), options.end());
        const auto& arguments = points_.plan().arguments;
        words.insert(words.end(), arguments.begin(), arguments.end());
        key = TRY(identity_.key(words, points_.kernel(point), points_.machine(point)));
    }
    return key;
}

Result<std::string> PointKeys::key(std::uint64_t point) {
    const auto of_run = TRY(run_key(point));
    return Identity::key_with(of_run, points_.parameters(point));
}

Result<SweepCounts> run_sweep(const SweepRequest& request, const Points& points, PointKeys& keys,
                              ResultStore& store) {
    Sweep sweep(request, points, keys, store);
    store.remember_plan(points.plan().text);
    TRY(sweep.find_missing(request));
    TRY(sweep.carry_out());
    return sweep.counts();
}

}  // namespace uprobesim
