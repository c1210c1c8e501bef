// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <regex>
#include <sstream>

#include "kernel_model/files/special_files.h"
#include "kernel_model/net/network.h"
#include "sim/base/try.h"
#include "tools/format/text_table.h"
#include "tools/simulation/run_status.h"

namespace uprobesim {
namespace {

constexpr std::size_t kMaxKept = std::size_t{1} << 20;  // of an output that a scenario reads
// The library's matcher recurses by character: a longer line might take it beyond the host's stack.
constexpr std::size_t kMaxMatched = 4096;

// What the pattern's group is in the first line that it matches.
std::optional<double> first_match(const std::string& output, const std::regex& pattern) {
    std::smatch found;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        line.resize(std::min(line.size(), kMaxMatched));
        if (std::regex_search(line, found, pattern))
            return std::strtod(found[1].str().c_str(), nullptr);
    }
    return std::nullopt;
}

}  // namespace

RunLimits Session::limits() const {
    return {.max_insns = request_.max_insns, .max_ns = request_.max_ns, .watch = status_};
}

std::function<void()> Session::before_write() const {
    if (status_ == nullptr || !status_->on_terminal()) return {};
    return [status = status_] { status->clear(); };
}

tl::expected<void, StartFailure> Session::start_one(const std::string& name,
                                                    const ProgramRequest& program,
                                                    Running& running) {
    running.name = name;
    running.begin_ns = kernel_.clock().monotonic_ns();
    Process& process = *TRY(kernel_.processes().start(program));
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
        // Beside the main program nothing is shown: it is the main one's output that a user asked
        // for.
        running.out =
            std::make_shared<DigestedOutput>(1, is_main ? STDOUT_FILENO : -1, before_write());
        running.error =
            std::make_shared<DigestedOutput>(2, is_main ? STDERR_FILENO : -1, before_write());
        running.error->keep(kMaxKept);
        put(1, running.out);
        put(2, running.error);
        if (!is_main) put(0, std::make_shared<DigestedOutput>(0, -1));
    } else if (before_write()) {
        for (const int fd : {1, 2}) put(fd, make_host_stdio(fd, before_write()));
    }
    if (running.out != nullptr) running.out->keep(kMaxKept);
    return {};
}

Outcome Session::wait_until_ready(const BesideProgram& program, const Running& running) {
    const auto ready = [&] {
        if (program.ready_port != 0 && !kernel_.network()->listening(program.ready_port))
            return false;
        return running.out->kept().find(program.ready_output) != std::string::npos;
    };
    const auto end = run_loop_.run_until(limits(), ready);
    if (!end && kernel_.processes().find(running.pid) != nullptr) return {};
    const std::string said = running.error->kept() + running.out->kept();
    return user_error(
        fmt::format("{} ended before it was ready", program.name),
        program.program.arguments.front(),
        said.empty() ? "it printed nothing" : "it printed: " + printable(said.substr(0, 500)));
}

tl::expected<void, StartFailure> Session::start() {
    beside_.reserve(request_.beside.size());
    for (const BesideProgram& program : request_.beside) {
        Running& running = beside_.emplace_back();
        TRY(start_one(program.name, program.program, running));
        if (program.ready_port == 0 && program.ready_output.empty()) continue;
        if (const auto ready = wait_until_ready(program, running); !ready)
            return tl::make_unexpected(StartFailure{ready.error(), std::nullopt});
    }
    TRY(start_one(request_.program_name, request_.program, main_));
    kernel_.processes().set_main(main());
    return {};
}

ExitSummary Session::finish() {
    ExitSummary end = run_loop_.run(limits());
    end_ns_ = kernel_.clock().monotonic_ns();
    return end;
}

std::string Session::program_name(std::int32_t pid) const {
    for (const Running& running : beside_) {
        if (running.pid == pid) return running.name;
    }
    return main_.pid == pid ? main_.name : "";
}

const Session::Running* Session::named(const std::string& name) const {
    for (const Running& running : beside_) {
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
            row.value = wanted.count * 1e9 / static_cast<double>(end_ns_ - running.begin_ns);
        } else if (running.out != nullptr) {
            row.value = first_match(running.out->kept(), std::regex(wanted.pattern));
        }
    }
    return rows;
}

}  // namespace uprobesim
