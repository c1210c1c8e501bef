// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "sim/base/try.h"
#include "sim/profile/data_files.h"
#include "tools/report/report_read.h"
#include "tools/sweep/child_pool.h"
#include "tools/sweep/figures.h"
#include "tools/sweep/pricing.h"

namespace uprobesim {
namespace {

// Priced points that are committed together, half a second's work: a commit waits for the disk.
constexpr std::size_t kTogether = 50'000;
constexpr std::size_t kShowEvery = 4000;

struct MissingPoint {
    std::uint64_t point = 0;
    std::uint64_t key = 0;
};
using MissingPoints = std::vector<MissingPoint>;

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
    // Jobs that are given to one process.
    using Batch = std::vector<std::size_t>;
    // One run: of a point, or of all missing points of a group.
    struct Job {
        MissingPoints points;
        bool shared = false;
    };

    void put_together(std::size_t jobs);
    void start(const Batch& batch);
    Result<Batch> not_stored(const Batch& batch);
    Outcome finish(const ChildResult& result);
    Outcome finish_shared(const Job& job, const ChildResult& result);
    void price_points(MissingPoints points, const SharedRun& run, RunPricing& pricing);
    Result<RunPricing> pricing_of(const SharedRun& run, std::uint64_t point) const;
    Outcome from_run(const MissingPoints& points, const SharedRun& run);
    void fail_all(const MissingPoints& points, const ChildResult& result);
    PointResult blank(const MissingPoint& point) const;
    std::vector<std::string> words(std::uint64_t point, bool prices) const;
    void queue_alone(const MissingPoint& point);
    void found_failed(std::uint64_t point, std::uint64_t key);
    void add(const PointResult& result);

    const Points& points_;
    PointKeys& keys_;
    ResultStore& store_;
    const Plan& plan_;
    ChildPool pool_;
    std::vector<std::size_t> prices_;  // axes
    std::vector<Job> jobs_;
    std::deque<Batch> queue_;
    SweepCounts counts_;
    SweepProgress progress_;
};

std::vector<std::string> Sweep::words(std::uint64_t point, bool prices) const {
    std::vector<std::string> words = points_.options(point, prices);
    words.insert(words.end(), plan_.arguments.begin(), plan_.arguments.end());
    return words;
}

void Sweep::queue_alone(const MissingPoint& point) {
    queue_.push_back({jobs_.size()});
    jobs_.push_back({{point}, false});
}

void Sweep::found_failed(std::uint64_t point, std::uint64_t key) {
    ++counts_.found_failed;
    if (counts_.found_failed > 1) return;  // they are looked at in the order of their numbers
    if (const auto failed = store_.point(key_text(key)))
        counts_.note_failure(point, failed->reason);
}

Outcome Sweep::find_missing(const SweepRequest& request) {
    const bool shared = shares_runs(plan_);
    std::map<std::uint64_t, std::size_t> groups;  // to jobs
    counts_.points = count_of(request.points);
    store_.begin_reading();
    const bool empty = store_.empty();
    const auto look_at = [&](std::uint64_t point) -> Outcome {
        const auto key = TRY(keys_.key(point));
        const auto there = empty ? std::nullopt : store_.is_done(key_text(key));
        if (there && (*there || !request.retry_failed)) {
            ++(*there ? counts_.done : counts_.failed);
            ++counts_.found;
            if (!*there) found_failed(point, key);
        } else if (shared) {
            const auto [at, is_new] = groups.try_emplace(points_.group(point), jobs_.size());
            if (is_new) {
                queue_.push_back({jobs_.size()});
                jobs_.push_back({{}, true});
            }
            jobs_[at->second].points.push_back({point, key});
        } else {
            queue_alone({point, key});
        }
        return {};
    };
    for (const PointRange& range : request.points) {
        for (std::uint64_t point = range.begin; point < range.end; ++point) TRY(look_at(point));
    }
    store_.commit();
    if (request.share_starts) put_together(request.jobs);
    return {};
}

// What decides how a run begins, whatever its probes and their kernel are.
std::string start_of(const Points& points, std::uint64_t point) {
    constexpr std::array<std::string_view, 3> kAxes = {"cpus", "machine", "seed"};
    std::string start;
    const std::vector<Axis>& axes = points.plan().axes;
    for (std::size_t a = 0; a < axes.size(); ++a) {
        if (std::find(kAxes.begin(), kAxes.end(), axes[a].name) != kAxes.end())
            start += fmt::format("{}={}\n", axes[a].name, points.text(point, a));
    }
    return start;
}

// Few enough in one process that all `jobs` have something to do, and that little is lost where one
// is killed.
void Sweep::put_together(std::size_t jobs) {
    constexpr std::size_t kMostTogether = 16;
    const std::size_t most =
        std::clamp((queue_.size() + jobs - 1) / jobs, std::size_t{1}, kMostTogether);
    std::map<std::string, Batch> begun;
    std::deque<Batch> batches;
    for (const Batch& one : queue_) {
        const std::size_t job = one.front();
        Batch& batch = begun[start_of(points_, jobs_[job].points.front().point)];
        batch.push_back(job);
        if (batch.size() == most) batches.push_back(std::exchange(batch, {}));
    }
    for (auto& [start, batch] : begun) {
        if (!batch.empty()) batches.push_back(std::move(batch));
    }
    queue_ = std::move(batches);
}

void Sweep::start(const Batch& batch) {
    std::vector<JobWords> jobs;
    for (const std::size_t job : batch) {
        JobWords& one = jobs.emplace_back(JobWords{job, plan_.command, {}});
        // Several processes are the sweep's business.
        if (plan_.command == "compare") one.rest = {"--jobs", "1", "--no-share"};
        const auto own = words(jobs_[job].points.front().point, !jobs_[job].shared);
        one.rest.insert(one.rest.end(), own.begin(), own.end());
    }
    pool_.start(jobs);
}

// Those whose run is not there: from the others points are priced.
Result<Sweep::Batch> Sweep::not_stored(const Batch& batch) {
    Batch missing;
    for (const std::size_t job : batch) {
        std::optional<SharedRun> run;
        if (jobs_[job].shared)
            run = store_.run(TRY(keys_.run_key(jobs_[job].points.front().point)));
        if (!run) {
            missing.push_back(job);
            continue;
        }
        const auto points = jobs_[job].points;  // from_run() may add jobs
        TRY(from_run(points, *run));
    }
    return missing;
}

Outcome Sweep::carry_out() {
    while (!queue_.empty() || !pool_.idle()) {
        while (!queue_.empty() && !pool_.full()) {
            const Batch batch = std::move(queue_.front());
            queue_.pop_front();
            const auto missing = TRY(not_stored(batch));
            if (!missing.empty()) start(missing);
        }
        if (pool_.idle()) continue;
        Batch alone;
        for (const ChildResult& result : pool_.wait()) {
            if (result.alone.empty()) {
                TRY(finish(result));
            } else {
                alone.push_back(result.job);
            }
        }
        // Perhaps they have one start that is another than the first one's.
        if (!alone.empty()) queue_.push_front(std::move(alone));
        progress_.show(counts_);
    }
    return {};
}

PointResult Sweep::blank(const MissingPoint& point) const {
    PointResult result;
    result.key = key_text(point.key);
    result.parameters = points_.parameters(point.point);
    return result;
}

void Sweep::add(const PointResult& result) {
    store_.add(result);
    ++(result.done ? counts_.done : counts_.failed);
}

void Sweep::fail_all(const MissingPoints& points, const ChildResult& result) {
    store_.begin();
    for (const MissingPoint& point : points) {
        auto failed = blank(point);
        failed.reason = result.failure;
        failed.log = result.log;
        add(failed);
        counts_.note_failure(point.point, failed.reason);
    }
    store_.commit();
}

Outcome Sweep::finish(const ChildResult& result) {
    const Job job = jobs_[result.job];
    if (result.host_failed) throw HostError("a run of the sweep", result.failure);
    ChildResult failed = result;
    const auto fail = [&](std::string why) {
        failed.failure = std::move(why);
        fail_all(job.points, failed);
        return Outcome{};
    };
    if (result.report.empty()) return fail(result.failure);
    if (plan_.command == "run" || plan_.command == "compare") {
        const auto runs = parse_report(result.report, "the report");
        std::string why = runs ? unfinished(*runs) : runs.error().line();
        if (!why.empty()) return fail(std::move(why));
    }
    if (job.shared) return finish_shared(job, result);
    const auto figures = figures_of_report(plan_.command, result.report);
    if (!figures) return fail(figures.error().line());
    auto point = blank(job.points.front());
    point.done = true;
    point.figures = figures_json(*figures);
    point.report_hash = text_hash(result.report);
    point.log = result.log;
    store_.begin();
    add(point);
    store_.commit();
    return {};
}

Outcome Sweep::finish_shared(const Job& job, const ChildResult& result) {
    SharedRun run;
    run.key = TRY(keys_.run_key(job.points.front().point));
    run.command =
        fmt::format("{} {}", plan_.command, fmt::join(words(job.points.front().point, false), " "));
    run.report = result.report;
    run.report_hash = text_hash(result.report);
    run.log = result.log;
    if (const auto pricing = pricing_of(run, job.points.front().point)) {
        run.notes = fmt::format("{}", fmt::join(pricing->notes(), "\n"));
    } else {
        run.refusal = pricing.error().what;
    }
    store_.begin();
    store_.add(run);
    store_.commit();
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
Outcome Sweep::from_run(const MissingPoints& points, const SharedRun& run) {
    if (run.refusal.empty()) {
        auto pricing = TRY(pricing_of(run, points.front().point));
        price_points(points, run, pricing);
        return {};
    }
    for (const MissingPoint& point : points) queue_alone(point);
    return {};
}

// In the order of the keys, in which the file has them: each page is written once.
void Sweep::price_points(MissingPoints points, const SharedRun& run, RunPricing& pricing) {
    std::sort(points.begin(), points.end(),
              [](const MissingPoint& a, const MissingPoint& b) { return a.key < b.key; });
    std::vector<double> values(prices_.size());
    PointResult result;
    result.done = true;
    result.report_hash = run.report_hash;
    result.run = run.key;
    for (std::size_t begin = 0; begin < points.size(); begin += kTogether) {
        const std::size_t end = std::min(begin + kTogether, points.size());
        store_.begin();
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint64_t point = points[i].point;
            for (std::size_t p = 0; p < prices_.size(); ++p)
                values[p] = points_.number(point, prices_[p]);
            result.key = key_text(points[i].key);
            result.parameters.clear();
            points_.add_parameters(point, result.parameters);
            result.figures.clear();
            pricing.add_json(values, result.figures);
            add(result);
            if (i % kShowEvery == 0) progress_.show(counts_);
        }
        store_.commit();
    }
}

}  // namespace

bool shares_runs(const Plan& plan) {
    const bool priced = std::any_of(plan.axes.begin(), plan.axes.end(),
                                    [](const Axis& axis) { return axis.is_price; });
    return plan.share_runs && priced && (plan.command == "run" || plan.command == "compare");
}

Result<const PointKeys::RunKey*> PointKeys::run_of(std::uint64_t point) {
    const std::uint64_t group = points_.group(point);
    if (last_ != nullptr && group == last_group_) return last_;
    RunKey& run = runs_[group];
    if (run.key.empty()) {
        std::vector<std::string> words = {points_.plan().command};
        const auto options = points_.options(point, false);
        words.insert(words.end(), options.begin(), options.end());
        const auto& arguments = points_.plan().arguments;
        words.insert(words.end(), arguments.begin(), arguments.end());
        run.key = TRY(identity_.key(words, points_.kernel(point), points_.machine(point)));
        run.hash = Identity::hash_of(run.key);
    }
    last_group_ = group;
    last_ = &run;
    return last_;
}

Result<std::string> PointKeys::run_key(std::uint64_t point) {
    const RunKey* run = TRY(run_of(point));
    return run->key;
}

Result<std::uint64_t> PointKeys::key(std::uint64_t point) {
    const RunKey* run = TRY(run_of(point));
    return points_.hash(point, run->hash);
}

Result<PointSet> missing_points(const Points& points, PointKeys& keys,
                                std::vector<ResultStore>& stores, bool retry_failed) {
    PointSet missing;
    for (ResultStore& store : stores) store.begin_reading();
    for (std::uint64_t point = 0; point < points.size(); ++point) {
        const std::string key = key_text(TRY(keys.key(point)));
        const bool found = std::any_of(stores.begin(), stores.end(), [&](ResultStore& store) {
            const auto done = store.is_done(key);
            return done && (*done || !retry_failed);
        });
        if (!found) add_point(missing, point);
    }
    for (ResultStore& store : stores) store.commit();
    return missing;
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
