// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/compare/comparer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "sim/base/text.h"
#include "sim/profile/kernel_profile.h"
#include "tools/cli/refusal.h"
#include "tools/endings/start_difference.h"
#include "tools/report/report_bytes.h"
#include "tools/whatif/whatif.h"

namespace uprobesim {
namespace {

// "/usr/bin/redis-server" -> "Redis-server"
std::string title_of(const std::string& program) {
    std::string title = program.substr(program.find_last_of('/') + 1);
    if (!title.empty())
        title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    return printable(title);
}

// The profiles' labels if each has one of its own, else the names on the command line.
std::vector<std::string> labels_of(const SimulationRequest& request,
                                   const std::vector<std::string>& kernels) {
    std::vector<std::string> labels;
    for (const std::string& kernel : kernels) {
        const auto profile = load_kernel_profile(kernel, request.settings);
        const std::string label = profile ? profile->label : "";
        if (label.empty() || std::find(labels.begin(), labels.end(), label) != labels.end())
            return kernels;
        labels.push_back(label);
    }
    return labels;
}

// The counts of a run elsewhere, if this machine differs in prices only and the guest could not
// notice.
std::optional<ComparedRun> repriced(const CompareReport& first, const std::string& label,
                                    const std::string& machine) {
    const auto run = std::find_if(first.runs.begin(), first.runs.end(),
                                  [&](const ComparedRun& made) { return made.label == label; });
    if (run == first.runs.end()) return std::nullopt;
    auto priced = price_again(run->report, {.machine = machine});
    if (!priced || !priced->notes.empty()) return std::nullopt;
    ComparedRun here = *run;
    here.report = std::move(priced->after);
    here.repriced = true;
    return here;
}

// Of a run in another process.
std::string bytes_of(const RunRefused& refused) {
    const UserError& error = refused.error;
    std::string bytes;
    nlohmann::json::to_cbor({refused.exit_code, error.what, error.where, error.hint}, bytes);
    return bytes;
}
RunRefused refusal_of_bytes(std::string_view bytes) {
    const auto json = nlohmann::json::from_cbor(bytes);
    return {{json[1], json[2], json[3]}, json[0]};
}

bool forks(std::size_t jobs, std::size_t runs) {
    return jobs > 1 && runs > 1;
}

}  // namespace

Comparer::Comparer(const GuestRequest& guest)
    : guest_(guest),
      labels_(labels_of(guest.simulation, guest.kernels)),
      runs_(guest.kernels.size() + 1) {}

std::string Comparer::label(std::size_t run) const {
    return run == 0 ? "no uprobe" : labels_[run - 1];
}

SimulationRequest Comparer::request_of(const std::string& machine, std::size_t run) const {
    SimulationRequest request = guest_.simulation;
    request.machine = machine;
    request.kernel = guest_.kernels[run == 0 ? 0 : run - 1];
    if (run == 0) request.probes = {};
    return request;
}

tl::expected<CompareReport, RunRefused> Comparer::on_machine(const std::string& machine,
                                                             const CompareReport* first) {
    CompareReport report;
    report.title = guest_.title.empty() ? title_of(guest_.simulation.program.arguments.front())
                                        : printable(guest_.title);
    Columns columns;
    std::vector<std::size_t> to_make;
    for (std::size_t run = 0; run < runs_; ++run) {
        auto priced = first == nullptr ? std::nullopt : repriced(*first, label(run), machine);
        if (priced) {
            columns.emplace(run, std::move(*priced));
        } else {
            to_make.push_back(run);
        }
    }
    if (!to_make.empty()) make_all(machine, to_make, columns);
    for (auto& [run, made] : columns) {
        if (!made) return tl::make_unexpected(made.error());
        report.runs.push_back(std::move(*made));
    }
    return report;
}

// Returns whether others are made after it.
bool Comparer::keep(std::size_t run, Made made, Columns& columns) {
    const bool refused = !made;
    if (!refused) {
        interrupted_ = made->report.exit.kind == ExitKind::Interrupted;
        if (expected_insns_ == 0) expected_insns_ = made->report.user_insns.value;
    }
    columns.insert_or_assign(run, std::move(made));
    // What was priced for later columns is no comparison without those before.
    if (refused || interrupted_) columns.erase(columns.upper_bound(run), columns.end());
    return !refused && !interrupted_;
}

void Comparer::make_all(const std::string& machine, const std::vector<std::size_t>& runs,
                        Columns& columns) {
    ForkedRuns forked(guest_.jobs);
    SharedStart shared(forked, [this] { become_silent(); });
    if (runs.size() > 1) plan_starts(machine, runs, forked, shared);
    const std::size_t lead = runs.front();
    const auto make_lead = [&] { return make(machine, lead, shared.empty() ? nullptr : &shared); };
    std::optional<Made> made;
    try {
        made = make_lead();
    } catch (const std::exception& error) {
        // Of a process that was forked on the way.
        if (!forked.in_child()) throw;
        forked.fail(error.what());
    }
    if (forked.in_child())
        deliver(forked, [&] {
            // It began as the lead's.
            if (*made) (**made).label = label(forked.number());
            return std::move(*made);
        });
    forked.end_turn();
    if (keep(lead, std::move(*made), columns)) make_others(machine, runs, forked, shared, columns);
}

void Comparer::plan_starts(const std::string& machine, const std::vector<std::size_t>& runs,
                           ForkedRuns& forked, SharedStart& shared) {
    const SimulationRequest lead = request_of(machine, runs.front());
    std::vector<std::size_t> alone;
    for (std::size_t i = 1; i < runs.size(); ++i) {
        SimulationRequest request = request_of(machine, runs[i]);
        std::string why = "--no-share";
        // What is wrong with a profile is told by the run itself.
        if (guest_.share)
            why = start_difference(lead, request).value_or("its profiles cannot be read");
        if (why.empty()) {
            shared.add(runs[i], std::move(request));
        } else {
            tell(runs[i], "has a start of its own: " + why);
            alone.push_back(runs[i]);
        }
    }
    if (!shared.empty() || forks(guest_.jobs, runs.size())) input_.share();
    if (!forks(guest_.jobs, runs.size())) return;
    for (const std::size_t run : alone) fork_alone(machine, run, forked);
}

void Comparer::make_others(const std::string& machine, const std::vector<std::size_t>& runs,
                           ForkedRuns& forked, const SharedStart& shared, Columns& columns) {
    std::vector<std::size_t> late;
    for (std::size_t i = 1; i < runs.size(); ++i) {
        const std::size_t run = runs[i];
        if (const auto refused = shared.refused().find(run); refused != shared.refused().end()) {
            keep(run, tl::make_unexpected(refused->second), columns);
            return;
        }
        const std::string why = shared.why_alone(run);
        if (!why.empty()) {
            tell(run, "has a start of its own: " + why);
        } else if (forked.has(run) && shared.has(run)) {
            tell(run, "goes on from the start of " + label(runs.front()));
        }
        if (!forked.has(run)) late.push_back(run);
    }
    if (forks(guest_.jobs, late.size())) {
        for (const std::size_t run : late) fork_alone(machine, run, forked);
    }
    for (std::size_t i = 1; i < runs.size() && !interrupted_; ++i) {
        if (forked.has(runs[i])) {
            collect(runs[i], forked, columns);
        } else if (!keep(runs[i], make(machine, runs[i]), columns)) {
            return;
        }
    }
}

void Comparer::fork_alone(const std::string& machine, std::size_t run, ForkedRuns& forked) {
    if (!forked.fork(run)) return;
    deliver(forked, [&] {
        become_silent();
        printed_ = true;
        forked.begin();
        return make(machine, run);
    });
}

void Comparer::deliver(ForkedRuns& forked, const std::function<Made()>& make) const {
    std::string bytes;
    try {
        Made made = make();
        bytes = made ? "m" + bytes_of(*made) : "r" + bytes_of(made.error());
    } catch (const std::exception& error) {
        forked.fail(error.what());
    }
    forked.deliver(bytes);
}

void Comparer::collect(std::size_t run, ForkedRuns& forked, Columns& columns) {
    const auto look = [&] {
        if (const int signal = status_.wanted_end(); signal != 0 && told_to_end_ == 0) {
            told_to_end_ = signal;
            forked.tell_all(signal);
        }
        status_.waiting(forked.left());
    };
    const ForkedRuns::Ended ended = forked.collect(run, look);
    status_.clear();
    ++made_;
    // As it would be here: one line, and no report.
    if (ended.told) throw std::runtime_error(ended.failure);
    if (!ended.failure.empty()) {
        failures_.push_back(fmt::format("the run of {}: {}", label(run), ended.failure));
        return;
    }
    const std::string_view bytes = std::string_view(ended.bytes).substr(1);
    if (ended.bytes.front() == 'm') {
        keep(run, run_of_bytes(bytes), columns);
    } else {
        keep(run, tl::make_unexpected(refusal_of_bytes(bytes)), columns);
    }
}

void Comparer::become_silent() {
    status_.silence();
    for (const auto& stream : {out_, error_}) {
        if (stream) stream->silence();
    }
}

void Comparer::tell(std::size_t run, const std::string& what) const {
    if (!guest_.verbose) return;
    refuse({fmt::format("{} {}", label(run), what), "", ""});
}

Comparer::Made Comparer::make(const std::string& machine, std::size_t run, StartWatch* start) {
    const SimulationRequest request = request_of(machine, run);
    const bool prints = !printed_;
    const auto clear = [this] { status_.clear(); };
    out_ = std::make_shared<DigestedOutput>(1, prints ? STDOUT_FILENO : -1, clear);
    error_ = std::make_shared<DigestedOutput>(2, prints ? STDERR_FILENO : -1, clear);
    const GuestStreams streams{input_.reader(), out_, error_};
    status_.begin({.number = ++made_,
                   .count = static_cast<unsigned>(runs_ * guest_.machines.size()),
                   .max_insns = request.max_insns,
                   .max_ns = request.max_ns,
                   // Probes hardly change what the program executes at EL0.
                   .expected_insns = expected_insns_});
    printed_ = true;
    auto result = simulate(request, &streams, {.status = &status_}, start);
    if (!result) return tl::make_unexpected(result.error());
    return ComparedRun{label(run),
                       std::move(*result),
                       out_->digest().hash_text(),
                       error_->digest().hash_text(),
                       out_->digest().bytes,
                       error_->digest().bytes};
}

}  // namespace uprobesim
