// SPDX-License-Identifier: GPL-2.0-or-later
// A sweep on a cluster under Slurm: an array job whose tasks run a chunk of the missing points each
// and write parts (part_file.h) into a folder that all hosts share. docs/cluster.md describes the
// folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tools/sweep/plan/point_set.h"
#include "tools/sweep/plan/points.h"

namespace uprobesim {

struct SubmitRequest {
    std::string tool;            // what the tasks start
    std::string folder;          // of the parts; all paths are absolute
    std::string working_folder;  // where the tasks' relative names begin
    std::uint64_t chunk = 0;     // points of a task; 0: as many as seems right
    bool retry_failed = false;
    bool dry_run = false;              // only the files
    std::vector<std::string> options;  // of sbatch
};

struct Submission {
    std::string job;  // Slurm's number; empty: a dry run
    std::uint64_t tasks = 0, points = 0;
    std::string script;
};

// How many tasks an array has at most.
std::uint64_t most_slurm_tasks();
// How many are made of so many points where nobody says it.
std::uint64_t default_tasks(std::uint64_t points, bool priced, std::uint64_t most);

Result<Submission> submit_to_slurm(const SubmitRequest& request, const Points& points,
                                   const PointSet& missing);

// The tasks of a job that are in one state.
struct SlurmState {
    std::string job;
    std::string state;  // Slurm's word; "unknown": Slurm has forgotten them
    std::uint64_t tasks = 0;
    std::uint64_t first_task = 0;
};
struct SlurmStatus {
    std::vector<SlurmState> states;  // by job, then as they are mostly gone through
    std::vector<std::string> notes;  // what could not be asked
};

// Of the jobs that were submitted for this folder: none where there were none.
Result<SlurmStatus> slurm_status(const std::string& folder);

// The same from what squeue and sacct print: lines "12_3|RUNNING". squeue is right where both know
// a task.
struct SlurmJob {
    std::string id;
    std::uint64_t tasks = 0, points = 0;
};
std::vector<SlurmState> slurm_states(const std::vector<SlurmJob>& jobs, const std::string& squeue,
                                     const std::string& sacct);

}  // namespace uprobesim
