// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "kernel_model/files/host/special_files.h"
#include "kernel_model/net/network.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/cli/exit_code.h"
#include "tools/format/number_text.h"
#include "tools/simulation/output_pattern.h"
#include "tools/simulation/run_status.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMaxKept = std::size_t{1} << 20;  // of an output that a scenario reads
// As a shell's, by the error of execve; empty: execve was not reached.
int start_exit_code(std::optional<Errno> error) {
    if (!error) return kExitUserMistake;
    return error == Errno::NoEnt || error == Errno::NotDir ? kExitNotFound : kExitNotExecutable;
}

// Where the guest does not have the program and the host does; empty: otherwise.
std::string host_file_remedy(const ProgramRequest& program, const StartFailure& failure) {
    const std::string& name = failure.error.where;
    std::error_code error;
    if (start_exit_code(failure.number) != kExitNotFound || program.arguments.empty() ||
        name != program.arguments.front() || !std::filesystem::is_regular_file(name, error))
        return {};
    const BindRemedy bind = bind_remedy(name);
    return fmt::format("the host has one: {} shows it to the guest, as {}", bind.option,
                       bind.guest);
}

}  // namespace

RunLimits Session::limits() const {
    return {
        .max_insns = request_.max_insns, .max_ns = request_.max_ns, .watch = watch_, .legs = legs_};
}

std::function<void()> Session::before_write() const {
    if (status_ == nullptr || !status_->on_terminal()) return {};
    return [status = status_] { status->clear(); };
}

tl::expected<void, RunRefused> Session::start_one(const std::string& name,
                                                  const ProgramRequest& program, Running& running) {
    running.name = name;
    running.begin_ns = kernel_.clock().monotonic_ns();
    const auto started = kernel_.processes().start(program);
    if (!started) {
        StartFailure failure = started.error();
        if (const std::string remedy = host_file_remedy(program, failure); !remedy.empty())
            failure.error.hint = remedy;
        return tl::make_unexpected(RunRefused{failure.error, start_exit_code(failure.number)});
    }
    Process& process = **started;
    running.pid = process.pid;
    const auto put = [&](int fd, std::shared_ptr<File> file) {
        check_invariant(process.files.put(fd, std::move(file), false).has_value(),
                        "a standard descriptor");
    };
    const bool is_main = &running == &main_;
    if (is_main && streams_ != nullptr) {
        put(0, streams_->in);
        put(1, streams_->out);
        put(2, streams_->error);
        running.out = std::dynamic_pointer_cast<DigestedOutput>(streams_->out);
    } else if (!request_.results.empty() || !is_main) {
        // Only the output of the main program, which the user asked for, is shown.
        running.out =
            std::make_shared<DigestedOutput>(1, is_main ? STDOUT_FILENO : -1, before_write());
        running.error =
            std::make_shared<DigestedOutput>(2, is_main ? STDERR_FILENO : -1, before_write());
        running.error->keep(kMaxKept);
        put(1, running.out);
        put(2, running.error);
        if (!is_main) put(0, std::make_shared<DigestedOutput>(0, -1));
    } else if (before_write()) {
        for (const int fd : {1, 2})
            put(fd, make_host_stdio(fd, before_write(), request_.files.output));
    }
    if (running.out != nullptr) running.out->keep(kMaxKept);
    return {};
}

tl::expected<void, RunRefused> Session::wait_until_ready(const BackgroundProgram& program,
                                                         const Running& running) {
    const auto ready = [&] {
        attach_.look();
        if (!is_listening(program)) return false;
        return running.out->kept().find(program.ready_output) != std::string::npos;
    };
    RunLimits limited = limits();
    const std::uint64_t deadline_ns = kernel_.clock().monotonic_ns() + program.ready_timeout_ns;
    if (limited.max_ns == 0 || limited.max_ns > deadline_ns) limited.max_ns = deadline_ns;
    const auto end = run_loop_.run_until(limited, ready);
    if (!end && kernel_.processes().find(running.pid) != nullptr) return {};
    return tl::make_unexpected(not_ready(program, running, end, deadline_ns));
}

bool Session::is_listening(const BackgroundProgram& program) const {
    return program.ready_port == 0 ||
           kernel_.network()->listening_ports().contains(program.ready_port);
}

// What has not happened, and what has.
std::string Session::seen_so_far(const BackgroundProgram& program, const Running& running) const {
    constexpr std::size_t kMaxShown = 500;
    std::vector<std::string> seen;
    if (!is_listening(program)) {
        const auto others = kernel_.network()->listening_ports();
        seen.push_back(
            others.empty()
                ? fmt::format("nothing listens on port {}, nor on another one", program.ready_port)
                : fmt::format("nothing listens on port {}, but on {}", program.ready_port,
                              fmt::join(others, ", ")));
    }
    if (running.out->kept().find(program.ready_output) == std::string::npos)
        seen.push_back(fmt::format("'{}' was not printed", printable(program.ready_output)));
    const std::string printed = running.error->kept() + running.out->kept();
    seen.push_back(printed.empty()
                       ? "it printed nothing"
                       : fmt::format("it printed: {}{}", printable(printed.substr(0, kMaxShown)),
                                     printed.size() > kMaxShown ? "..." : ""));
    return fmt::format("{}", fmt::join(seen, "; "));
}

// Processes that are none of the scenario's programs: of a program that goes to the background.
bool Session::leaves_processes() const {
    return std::ranges::any_of(kernel_.processes().all(), [&](const auto& entry) {
        const Process& process = *entry.second;
        return process.alive && !process.is_init() && program_name(process.pid).empty();
    });
}

RunRefused Session::not_ready(const BackgroundProgram& program, const Running& running,
                              const std::optional<ExitSummary>& end,
                              std::uint64_t deadline_ns) const {
    UserError error{fmt::format("{} ended before it was ready", program.name),
                    program.program.arguments.front(), seen_so_far(program, running)};
    int exit_code = kExitUserMistake;
    if (end && end->kind == ExitKind::Interrupted) {
        error.what = fmt::format("interrupted before {} was ready", program.name);
        exit_code = exit_code_of(*end);
    } else if (end && end->kind == ExitKind::LimitReached) {
        exit_code = kExitUnfinished;
        const bool timed_out = kernel_.clock().monotonic_ns() >= deadline_ns;
        error.what =
            timed_out
                ? fmt::format("{} was not ready after {} of simulated time", program.name,
                              duration_text(static_cast<double>(program.ready_timeout_ns)))
                : fmt::format("a limit of the run was reached before {} was ready", program.name);
        if (timed_out) error.hint = "see --ready-timeout; " + error.hint;
    } else if (end && end->kind == ExitKind::Deadlock) {
        exit_code = kExitUnfinished;
        error.what = fmt::format("{} waits forever and was not ready", program.name);
    } else if (leaves_processes()) {
        error.what = fmt::format("{} went to the background before it was ready", program.name);
        error.hint = "start it in the foreground; " + error.hint;
    }
    return {std::move(error), exit_code};
}

tl::expected<void, RunRefused> Session::start() {
    background_.reserve(request_.background.size());
    for (const BackgroundProgram& program : request_.background) {
        Running& running = background_.emplace_back();
        TRY(start_one(program.name, program.program, running));
        if (!is_awaited(program)) continue;
        TRY(wait_until_ready(program, running));
        attach_.ready(program.name);
    }
    attach_.all_ready();
    TRY(start_one(request_.program_name, request_.program, main_));
    if (const auto loaded = attach_.main_loaded(main()); !loaded)
        return tl::make_unexpected(RunRefused{loaded.error(), kExitUserMistake});
    kernel_.processes().set_main(main());
    return {};
}

ExitSummary Session::finish() {
    const auto never = [this] {
        attach_.look();
        return false;
    };
    ExitSummary end = *run_loop_.run_until(limits(), never);
    end_ns_ = kernel_.clock().monotonic_ns();
    complete_ = end.kind == ExitKind::Exited;
    return end;
}

std::string Session::program_name(std::int32_t pid) const {
    for (const Running& running : background_) {
        if (running.pid == pid) return running.name;
    }
    return main_.pid == pid ? main_.name : "";
}

const Session::Running* Session::named(const std::string& name) const {
    for (const Running& running : background_) {
        if (running.name == name) return &running;
    }
    return &main_;
}

std::vector<ResultRow> Session::results() const {
    std::vector<ResultRow> rows;
    for (const ScenarioResult& wanted : request_.results) {
        ResultRow& row =
            rows.emplace_back(ResultRow{wanted.name, wanted.unit, wanted.higher_is_better, {}});
        const Running& running = *named(wanted.process);
        if (wanted.pattern.empty()) {
            // Of an unfinished run it is not known how many of `count` were done.
            if (!complete_) continue;
            row.value = wanted.count * 1e9 / static_cast<double>(end_ns_ - running.begin_ns);
        } else if (running.out != nullptr) {
            const auto pattern = OutputPattern::compile(wanted.pattern);
            check_invariant(pattern.has_value(), "a pattern that the scenario's reader took");
            row.value = pattern->first_number(running.out->kept());
        }
    }
    return rows;
}

}  // namespace uprobesim
