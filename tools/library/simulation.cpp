// SPDX-License-Identifier: GPL-2.0-or-later
#include <uprobesim/simulation.h>

#include <csignal>
#include <exception>

#include "tools/charts/charts.h"
#include "tools/library/quiet_writes.h"
#include "tools/library/report_data.h"
#include "tools/library/request_words.h"
#include "tools/report/report_document.h"
#include "tools/request/guest_request.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/host_clock.h"
#include "tools/simulation/refused_run.h"
#include "tools/simulation/scenario.h"
#include "tools/views/run_views.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMostOutput = std::size_t{64} << 20;

// Tells the caller how far a run is, and ends the run where the caller wants it.
class CallersWatch final : public RunWatch {
public:
    explicit CallersWatch(const RunControl& control)
        : RunWatch(end_signal_), control_(control), last_ns_(host_clock_ns()) {}

    void turn(const Kernel& kernel) override {
        if (end_signal_ != 0) return;
        if (control_.stop.stop_requested()) end_signal_ = SIGINT;
        if (!control_.progress) return;
        const std::int64_t now = host_clock_ns();
        if (now - last_ns_ < std::int64_t{control_.progress_every_ms} * 1'000'000) return;
        last_ns_ = now;
        const RunFigures figures = run_figures(kernel);
        try {
            if (!control_.progress(
                    {figures.simulated_ns, figures.insns, figures.hits, figures.tasks}))
                end_signal_ = SIGINT;
        } catch (...) {
            thrown_ = std::current_exception();
            end_signal_ = SIGINT;
        }
    }
    std::exception_ptr thrown() const { return thrown_; }

private:
    volatile std::sig_atomic_t end_signal_ = 0;  // as by that signal to the command
    const RunControl& control_;
    std::int64_t last_ns_;
    std::exception_ptr thrown_;
};

Result<GuestRequest> read_run(const std::vector<std::string>& program, const Options& options,
                              bool input_twice) {
    if (input_twice)
        return user_error("the input is given, and is to be the host's", "input",
                          "leave out one of the two");
    const auto line = read_request(
        {.command = "run", .rest = RestOfWords::GuestProgram, .is_scenario = is_scenario},
        guest_options(GuestCommand::Run), options, program);
    if (!line) return tl::make_unexpected(line.error());
    return read_guest_request(GuestCommand::Run, *line, library_defaults());
}

// The streams of a program whose output is kept.
struct KeptStreams {
    explicit KeptStreams(std::string input_bytes) : input(std::move(input_bytes)) {
        out->keep(kMostOutput);
        error->keep(kMostOutput);
    }
    GuestStreams streams() { return {input.reader(), out, error}; }

    SharedInput input;
    std::shared_ptr<DigestedOutput> out = std::make_shared<DigestedOutput>(1, -1);
    std::shared_ptr<DigestedOutput> error = std::make_shared<DigestedOutput>(2, -1);
};

Expected<Report> run_request(const GuestRequest& request, KeptStreams* kept, CallersWatch& watch) {
    const QuietWrites quiet;
    const auto views = RunViews::open(request.view, nullptr);
    if (!views) return error_of(views.error());
    Observers observers = (*views)->observers(nullptr);
    observers.watch = &watch;
    const GuestStreams streams = kept == nullptr ? GuestStreams{} : kept->streams();
    auto run = simulate(request.simulation, kept == nullptr ? nullptr : &streams, observers);
    (*views)->finish(run ? &*run : nullptr);
    if (!run) {
        const int status = run.error().exit_code;
        return error_of(refusal(std::move(run.error()), scenario_names()), status);
    }
    const auto report = std::make_shared<const RunReport>(std::move(*run));
    Report::Data data{
        .command = "run",
        .forms = {
            .document = [report,
                         detail = request.processes] { return run_document(*report, detail); },
            .json = [report] { return run_report_json(*report); },
            .charts = [report] { return run_charts(*report); }},
        .figures = [report]() -> Result<Figures> { return figures_of_runs({report.get()}, {}); },
        .status = exit_code_of(report->exit),
        .warnings = attach_warnings(*report),
        .interrupted = report->exit.kind == ExitKind::Interrupted};
    if (kept != nullptr) {
        data.output = kept->out->kept();
        data.error_output = kept->error->kept();
    }
    return make_report(std::move(data));
}

}  // namespace

Simulation::Simulation(std::vector<std::string> program, Options options)
    : program_(std::move(program)), options_(std::move(options)) {}

Simulation& Simulation::input(std::string bytes) {
    input_ = std::move(bytes);
    return *this;
}

Simulation& Simulation::use_host_streams() {
    host_streams_ = true;
    return *this;
}

Expected<void> Simulation::check() const {
    return guarded([&]() -> Expected<void> {
        const auto request = read_run(program_, options_, input_ && host_streams_);
        if (!request) return error_of(request.error());
        return {};
    });
}

Expected<Report> Simulation::run(const RunControl& control) const {
    CallersWatch watch(control);
    auto report = guarded([&]() -> Expected<Report> {
        const auto request = read_run(program_, options_, input_ && host_streams_);
        if (!request) return error_of(request.error());
        if (host_streams_) return run_request(*request, nullptr, watch);
        KeptStreams kept(input_.value_or(""));
        return run_request(*request, &kept, watch);
    });
    if (watch.thrown()) std::rethrow_exception(watch.thrown());
    return report;
}

}  // namespace uprobesim
