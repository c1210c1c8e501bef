// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/run_endings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/base/input_file.h"
#include "sim/base/output_file.h"
#include "sim/base/tree_copy.h"
#include "sim/base/try.h"
#include "tools/cli/exit_code.h"
#include "tools/cli/refusal.h"
#include "tools/commands/commands.h"
#include "tools/commands/run_result.h"
#include "tools/endings/shared_start.h"
#include "tools/endings/start_difference.h"
#include "tools/fork/forked_runs.h"

namespace uprobesim {
namespace {

using Json = nlohmann::json;

struct Member {
    std::string report, log;
    Result<GuestRequest> request;
};

Result<GuestRequest> read_words(const Words& words, const OptionDefaults& defaults) {
    const Command command = run_command();
    const CommandSyntax syntax{
        command.name, command.rest, command.is_scenario, command.program_needs, {}};
    const auto line = TRY(CommandLine::parse(syntax, command.options(), words));
    return read_guest_request(GuestCommand::Run, line, defaults);
}

Result<std::vector<Member>> read_list(const std::string& path, const OptionDefaults& defaults) {
    const auto text = TRY(read_text_file(path, {"list", kMaxProgramBytes}));
    std::vector<Member> members;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const auto json = Json::parse(text.substr(begin, end - begin));
        begin = end + 1;
        members.push_back({json["report"], json["log"], read_words(json["words"], defaults)});
    }
    if (members.empty()) return user_error("there is no run in it", path);
    return members;
}

// What was printed so far is the beginning of this run's log, too.
void go_on_in_log(const std::string& path) {
    const int log = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    const int so_far = open("/proc/self/fd/1", O_RDONLY | O_CLOEXEC);
    if (log < 0 || so_far < 0) throw HostError("open the log of a run", std::strerror(errno));
    copy_data(so_far, log, "the log of a run");
    if (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        throw HostError("open the log of a run", std::strerror(errno));
    close(log);
    close(so_far);
}

constexpr std::string_view kRefused = "it is refused";

class Endings {
public:
    explicit Endings(std::vector<Member> members)
        : members_(std::move(members)), shared_(forked_, [this] { begin_child(); }) {}

    // Returns the exit status of the first one. Others, in processes of their own, end here.
    Result<int> run() {
        const Result<GuestRequest>& asked = members_.front().request;
        if (!asked) return tl::make_unexpected(asked.error());
        const GuestRequest& first = *asked;
        for (std::size_t i = 1; i < members_.size(); ++i) {
            // Alone, its own line is told.
            const auto& request = members_[i].request;
            std::string why(kRefused);
            if (request)
                why = start_difference(first.simulation, request->simulation).value_or(why);
            if (why.empty()) shared_.add(i, request->simulation);
            why_alone_.emplace(i, std::move(why));
        }
        output_ = TRY(ReportOutput::open(first.report.output));
        int status = kExitHostFailure;
        try {
            auto made = make(first);
            if (!made && !forked_.in_child()) return made;
            status = made ? *made : refuse(made.error());
        } catch (const std::exception& error) {
            if (!forked_.in_child()) throw;
            print_failure(error.what());
        }
        if (!forked_.in_child()) return status;
        std::fflush(nullptr);
        forked_.deliver(std::to_string(status));
    }

    // What became of each, when the first one's run is over.
    std::string ends(int first_status) {
        forked_.end_turn();
        std::string lines = Json{{"status", first_status}}.dump() + "\n";
        for (std::size_t i = 1; i < members_.size(); ++i) lines += end_of(i).dump() + "\n";
        return lines;
    }

private:
    Result<int> make(const GuestRequest& first) {
        status_.begin({.max_insns = first.simulation.max_insns, .max_ns = first.simulation.max_ns});
        const auto result = simulate(first.simulation, nullptr, {.status = &status_},
                                     shared_.empty() ? nullptr : &shared_);
        if (!forked_.in_child()) return show_result(first, result, *output_);
        const GuestRequest& own = *members_[forked_.number()].request;
        auto output = TRY(ReportOutput::open(own.report.output));
        return show_result(own, result, output);
    }

    Json end_of(std::size_t member) {
        if (!forked_.has(member)) {
            std::string why = why_alone_.at(member);
            if (why.empty()) why = shared_.why_alone(member);
            return {{"alone", why.empty() ? std::string(kRefused) : why}};
        }
        const auto ended = forked_.collect(member, [] {});
        if (!ended.failure.empty()) return {{"failure", ended.failure}};
        return {{"status", std::stoi(ended.bytes)}};
    }

    void begin_child() {
        status_.silence();
        go_on_in_log(members_[forked_.number()].log);
    }

    std::vector<Member> members_;
    ForkedRuns forked_{1};
    RunStatus status_;
    // Of the first; a forked process leaves it alone.
    std::optional<ReportOutput> output_;
    SharedStart shared_;
    std::map<std::size_t, std::string> why_alone_;  // as far as that is known before the run
};

}  // namespace

int run_endings(const std::string& list, const std::string& ends, const OptionDefaults& defaults) {
    auto members = read_list(list, defaults);
    if (!members) return refuse(members.error());
    Endings endings(std::move(*members));
    const auto status = endings.run();
    if (!status) return refuse(status.error());
    auto output = OutputFile::open(ends, "ends of runs");
    if (!output) return refuse(output.error());
    output->write(endings.ends(*status));
    output->commit();
    return *status;
}

}  // namespace uprobesim
