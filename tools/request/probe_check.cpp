// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/probe_check.h"

#include <memory>

#include "kernel_model/proc/proc_files.h"
#include "probes/hit/uprobes.h"
#include "sim/base/try.h"
#include "sim/cost/core_model.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim {
namespace {

// On a machine of its own: what is looked at here leaves no trace in a run.
Outcome check_on(const SimulationRequest& request, const std::string& kernel_name) {
    auto machine_profile = TRY(load_machine_profile(request.machine, request.settings));
    auto kernel_profile = TRY(load_kernel_profile(kernel_name, request.settings));
    auto core = TRY(load_core_model(machine_profile.core_file));
    Machine machine(std::move(machine_profile), std::move(kernel_profile), request.memory_bytes,
                    request.seed, std::move(core), {.counting = Counting::Off});
    FileSystemOptions options = request.files;
    options.scratch.clear();  // the run's own
    const auto files =
        TRY(FileSystem::create(machine, std::make_unique<SpecialFiles>(machine), options));
    Kernel kernel(machine, *files, request.cpus);
    Uprobes uprobes(kernel);
    TRY(add_probes(uprobes, request.probes));
    return {};
}

}  // namespace

Outcome check_probes(const SimulationRequest& request, const std::vector<std::string>& kernels) {
    if (request.probes.empty()) return {};
    TRY(check_root(request.files.root));
    for (const std::string& kernel : kernels) TRY(check_on(request, kernel));
    return {};
}

}  // namespace uprobesim
