// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/slurm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "sim/base/input_file.h"
#include "sim/base/output_file.h"
#include "sim/base/try.h"
#include "sim/base/write_all.h"
#include "tools/sweep/host_program.h"
#include "tools/sweep/sweep.h"

namespace uprobesim {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kTasksWanted = 1000;
constexpr std::uint64_t kPricedPointsOfTask = 10'000;  // a tenth of a second of work
constexpr std::uint64_t kSlurmsOwnMost = 1000;         // MaxArraySize is 1001 by default
constexpr int kMostSubmissions = 100'000;

std::string jobs_file(const std::string& folder) {
    return folder + "/jobs.jsonl";
}

std::string shell_quoted(const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string job_name(const std::string& plan) {
    std::string name = std::filesystem::path(plan).stem().string();
    const auto is_plain = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.';
    };
    for (char& c : name) {
        if (!is_plain(c)) c = '-';
    }
    return name;
}

// sbatch reads its options from comments, where it knows quotes and percent signs, and no escapes.
Outcome check_name(const std::string& path) {
    if (path.find_first_of("\"\\%\n") == std::string::npos) return {};
    return user_error("sbatch takes no folder with \", \\, % or a line's end in its name", path,
                      "--parts names another folder");
}

void write_file(const std::string& path, std::string_view what, const std::string& text) {
    auto file = OutputFile::open(path, what);
    if (!file) throw HostError(fmt::format("write {}", path), file.error().what);
    file->write(text);
    file->commit();
}

// The first number under which there is nothing, which is taken: two submissions at once get two.
Result<int> take_number(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        return user_error(fmt::format("the folder cannot be made: {}", error.message()), folder,
                          "--parts names another folder");
    for (int number = 1; number <= kMostSubmissions; ++number) {
        const auto path = fmt::format("{}/plan-{}.toml", folder, number);
        const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            close(fd);
            return number;
        }
        if (errno != EEXIST)
            return user_error(fmt::format("the file cannot be made: {}", std::strerror(errno)),
                              path, "--parts names another folder");
    }
    return user_error("the folder has too many submissions", folder,
                      "--parts names another folder");
}

std::string script_text(const SubmitRequest& request, const std::string& name, int number,
                        std::uint64_t tasks) {
    const auto file = [&](std::string_view kind, std::string_view suffix) {
        return shell_quoted(fmt::format("{}/{}-{}{}", request.folder, kind, number, suffix));
    };
    return fmt::format(
        R"(#!/bin/bash
# A sweep by uprobesim: each task does a chunk of the points that were missing. A task that is
# killed and started again goes on where it was.
#SBATCH --job-name={name}
#SBATCH --array=1-{tasks}
#SBATCH --chdir="{chdir}"
#SBATCH --output="{folder}/task-{number}-%a.log"
#SBATCH --open-mode=append
#SBATCH --requeue
exec {tool} sweep run {plan} --only {points} --chunk "$SLURM_ARRAY_TASK_ID/{tasks}" \
  --parts {parts} --jobs "${{SLURM_CPUS_PER_TASK:-1}}"{retry}
)",
        fmt::arg("name", name), fmt::arg("tasks", tasks), fmt::arg("chdir", request.working_folder),
        fmt::arg("folder", request.folder), fmt::arg("number", number),
        fmt::arg("tool", shell_quoted(request.tool)), fmt::arg("plan", file("plan", ".toml")),
        fmt::arg("points", file("points", ".txt")), fmt::arg("parts", shell_quoted(request.folder)),
        fmt::arg("retry", request.retry_failed ? " --retry-failed" : ""));
}

void remember_job(const std::string& folder, const Submission& submission) {
    const std::string path = jobs_file(folder);
    const std::string line =
        Json({{"job", submission.job}, {"tasks", submission.tasks}, {"points", submission.points}})
            .dump() +
        "\n";
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const bool written = fd >= 0 && write_all(fd, line) == 0 && fdatasync(fd) == 0;
    const int error = errno;
    if (fd >= 0) close(fd);
    if (!written)
        throw HostError(fmt::format("note job {} in {}", submission.job, path),
                        std::strerror(error));
}

Result<std::vector<SlurmJob>> read_jobs(const std::string& folder) {
    const std::string path = jobs_file(folder);
    std::vector<SlurmJob> jobs;
    if (access(path.c_str(), F_OK) != 0) return jobs;
    const auto text = TRY(read_text_file(path, {"list of jobs", kMaxTextBytes}));
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const Json row = Json::parse(text.substr(begin, end - begin), nullptr, false);
        begin = end + 1;
        try {
            jobs.push_back({row.at("job").get<std::string>(), row.at("tasks").get<std::uint64_t>(),
                            row.at("points").get<std::uint64_t>()});
        } catch (const Json::exception& error) {
            return user_error(fmt::format("no list of a sweep's jobs: {}", error.what()), path);
        }
    }
    return jobs;
}

// What a program of Slurm prints of the jobs; a note where it does not.
std::string asked(const std::vector<std::string>& words, std::vector<std::string>& notes) {
    const auto answer = run_host_program(words);
    if (!answer) {
        notes.push_back(answer.error().line());
    } else if (answer->status != 0) {
        notes.push_back(fmt::format("{}: {}", words.front(), answer->complaint()));
    } else {
        return answer->output;
    }
    return "";
}

// The states of a job, in the order in which a task has them mostly.
constexpr std::string_view kOrder[] = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING",
                                       "COMPLETED"};

std::size_t place_of(std::string_view state) {
    return static_cast<std::size_t>(std::find(std::begin(kOrder), std::end(kOrder), state) -
                                    std::begin(kOrder));
}

}  // namespace

std::uint64_t most_slurm_tasks() {
    const auto config = run_host_program({"scontrol", "show", "config"});
    if (!config || config->status != 0) return kSlurmsOwnMost;
    constexpr std::string_view kKey = "MaxArraySize";
    const std::string& text = config->output;
    std::size_t at = text.find(kKey);
    if (at == std::string::npos) return kSlurmsOwnMost;
    at = text.find_first_of("0123456789\n", at);
    std::uint64_t size = 0;
    if (at != std::string::npos) std::from_chars(text.data() + at, text.data() + text.size(), size);
    return size > 1 ? size - 1 : kSlurmsOwnMost;
}

std::uint64_t default_tasks(std::uint64_t points, bool priced, std::uint64_t most) {
    const std::uint64_t each = priced ? kPricedPointsOfTask : 1;
    return std::min({(points + each - 1) / each, kTasksWanted, most});
}

Result<Submission> submit_to_slurm(const SubmitRequest& request, const Points& points,
                                   const PointSet& missing) {
    for (const std::string* path : {&request.folder, &request.working_folder})
        TRY(check_name(*path));
    Submission submission;
    submission.points = count_of(missing);
    const std::uint64_t most = most_slurm_tasks();
    submission.tasks = request.chunk == 0
                           ? default_tasks(submission.points, shares_runs(points.plan()), most)
                           : (submission.points + request.chunk - 1) / request.chunk;
    if (submission.tasks > most)
        return user_error(
            fmt::format("these are {} tasks, and Slurm's arrays have at most {} here",
                        submission.tasks, most),
            fmt::format("--chunk {}", request.chunk),
            fmt::format("give a task {} points or more", (submission.points + most - 1) / most));
    const int number = TRY(take_number(request.folder));
    const auto path = [&](std::string_view kind, std::string_view suffix) {
        return fmt::format("{}/{}-{}{}", request.folder, kind, number, suffix);
    };
    submission.script = path("job", ".sh");
    write_file(path("plan", ".toml"), "plan", points.plan().text);
    write_file(path("points", ".txt"), "list of points", point_set_text(missing));
    write_file(submission.script, "job's script",
               script_text(request, job_name(points.plan().file), number, submission.tasks));
    if (request.dry_run) return submission;
    std::vector<std::string> words = {"sbatch", "--parsable"};
    words.insert(words.end(), request.options.begin(), request.options.end());
    words.push_back(submission.script);
    const auto answer = TRY(run_host_program(words));
    if (answer.status != 0)
        return user_error(fmt::format("sbatch refuses: {}", answer.complaint()), submission.script);
    // "12", or "12;cluster"
    submission.job = answer.output.substr(0, answer.output.find_first_of(";\n"));
    remember_job(request.folder, submission);
    return submission;
}

std::vector<SlurmState> slurm_states(const std::vector<SlurmJob>& jobs, const std::string& squeue,
                                     const std::string& sacct) {
    std::map<std::string, std::map<std::uint64_t, std::string>> known;  // by job and task
    for (const std::string* text : {&squeue, &sacct}) {
        for (std::size_t begin = 0; begin < text->size();) {
            const std::size_t end = std::min(text->find('\n', begin), text->size());
            const std::string line = text->substr(begin, end - begin);
            begin = end + 1;
            const std::size_t bar = line.find('|'), under = line.find('_');
            std::uint64_t task = 0;
            if (bar == std::string::npos || under >= bar) continue;
            const auto number = std::from_chars(line.data() + under + 1, line.data() + bar, task);
            // "CANCELLED by 1000"
            if (number.ec == std::errc() && number.ptr == line.data() + bar)
                known[line.substr(0, under)].try_emplace(
                    task, line.substr(bar + 1, line.find(' ', bar) - bar - 1));
        }
    }
    std::vector<SlurmState> states;
    for (const SlurmJob& job : jobs) {
        std::map<std::pair<std::size_t, std::string>, SlurmState> mine;
        const auto& tasks = known[job.id];
        for (std::uint64_t task = 1; task <= job.tasks; ++task) {
            const auto found = tasks.find(task);
            const std::string state = found == tasks.end() ? "unknown" : found->second;
            SlurmState& row = mine[{place_of(state), state}];
            if (row.tasks++ == 0) row = {job.id, state, 1, task};
        }
        for (auto& [order, row] : mine) states.push_back(std::move(row));
    }
    return states;
}

Result<SlurmStatus> slurm_status(const std::string& folder) {
    SlurmStatus status;
    const auto jobs = TRY(read_jobs(folder));
    if (jobs.empty()) return status;
    std::vector<std::string> ids;
    ids.reserve(jobs.size());
    for (const SlurmJob& job : jobs) ids.push_back(job.id);
    const auto list = fmt::format("--jobs={}", fmt::join(ids, ","));
    const auto queued = asked(
        {"squeue", "--noheader", "--array", "--states=all", "--format=%i|%T", list}, status.notes);
    std::vector<std::string> quiet;  // many clusters keep no accounts, and squeue knew of all
    const auto accounted = asked({"sacct", "--noheader", "--parsable2", "--allocations", "--array",
                                  "--format=JobID,State", list},
                                 quiet);
    status.states = slurm_states(jobs, queued, accounted);
    const bool forgotten = std::any_of(status.states.begin(), status.states.end(),
                                       [](const SlurmState& s) { return s.state == "unknown"; });
    if (forgotten) status.notes.insert(status.notes.end(), quiet.begin(), quiet.end());
    return status;
}

}  // namespace uprobesim
