// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/sweep/sweep_submit.h"

#include <fmt/format.h>

#include <filesystem>

#include "sim/base/try.h"
#include "tools/cli/exit_code.h"
#include "tools/commands/sweep/sweep_files.h"
#include "tools/format/number_text.h"
#include "tools/sweep/slurm.h"

namespace uprobesim {

Result<int> submit_sweep(const CommandLine& line, const Points& points, PointKeys& keys,
                         const Words& options) {
    namespace fs = std::filesystem;
    if (!line.given("slurm"))
        return user_error("sweep submit needs --slurm", "",
                          "under other schedulers: sweep run --chunk I/N --parts FOLDER");
    const auto chunk = TRY(line.number("chunk", 0, kMaxPoints));
    if (line.given("chunk") && chunk == 0)
        return user_error("a task needs at least one point", line.spelled("chunk"));
    const std::string& plan = points.plan().file;
    auto open = TRY(open_results_to_read(line, plan, {}));
    const auto missing = TRY(missing_points(points, keys, open.stores, line.given("retry-failed")));
    if (missing.empty()) {
        fmt::print("no point is missing\n");
        return kExitSuccess;
    }
    const auto submission = TRY(submit_to_slurm({.tool = fs::read_symlink("/proc/self/exe"),
                                                 .folder = fs::absolute(parts_folder(line, plan)),
                                                 .working_folder = fs::current_path(),
                                                 .chunk = chunk,
                                                 .retry_failed = line.given("retry-failed"),
                                                 .dry_run = line.given("dry-run"),
                                                 .options = options},
                                                points, missing));
    const std::string what = fmt::format("{} in {}", counted(submission.points, "point"),
                                         counted(submission.tasks, "task"));
    if (submission.job.empty()) {
        fmt::print("{}: sbatch {}\n", what, submission.script);
    } else {
        fmt::print("{}: job {}\n", what, submission.job);
    }
    return kExitSuccess;
}

}  // namespace uprobesim
