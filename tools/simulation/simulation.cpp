// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/simulation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/proc/proc_files.h"
#include "probes/hit/uprobes.h"
#include "sim/base/input_file.h"
#include "sim/base/try.h"
#include "sim/cost/core_model.h"
#include "sim/cost/core_table.h"
#include "sim/profile/data_files.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/profile_keys.h"
#include "tools/cli/build_info.h"
#include "tools/cli/exit_code.h"
#include "tools/simulation/attach_control.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/session.h"

namespace uprobesim {
namespace {

using Refused = tl::unexpected<RunRefused>;

Refused refused(UserError error, int exit_code = kExitUserMistake) {
    return Refused(RunRefused{std::move(error), exit_code});
}

// Empty: it cannot be read, it is larger than a program that the tool reads, or the user wants the
// run to end.
std::string hash_of_guest_file(FileSystem& files, const std::string& path, const RunWatch* watch) {
    const auto opened = files.open(Caller{}, path, abi::kORdonly, 0);
    if (!opened) return {};
    StreamDigest digest;
    std::array<std::byte, 1u << 16> buffer{};
    while (digest.bytes <= kMaxProgramBytes && (watch == nullptr || watch->wanted_end() == 0)) {
        const auto size = opened->file->size();
        const auto n = opened->file->read(digest.bytes, buffer);
        if (!size || *size > kMaxProgramBytes || !n) return {};
        if (*n == 0) return digest.hash_text();
        digest.add(std::span(buffer).first(*n));
    }
    return {};
}

std::vector<unsigned> places_of(const SimulationRequest& request) {
    std::vector<unsigned> places = request.places;
    for (unsigned cpu = static_cast<unsigned>(places.size()); cpu < request.cpus; ++cpu)
        places.push_back(cpu);
    return places;
}

Outcome make_files(FileSystem& files, const std::vector<ScenarioFile>& wanted) {
    for (const ScenarioFile& file : wanted) {
        constexpr std::uint32_t kMode = 0644, kFolderMode = 0755;
        for (std::size_t slash = file.path.find('/', 1); slash != file.path.npos;
             slash = file.path.find('/', slash + 1))
            (void)files.make_directory(Caller{}, file.path.substr(0, slash),
                                       kFolderMode);  // those that are there stay
        const auto made =
            files.open(Caller{}, file.path, abi::kOWronly | abi::kOCreat | abi::kOTrunc, kMode);
        if (!made || !made->file->write(0, std::as_bytes(std::span(file.text))))
            return user_error("a file of the scenario cannot be made in the guest's root",
                              file.path);
    }
    return {};
}

Result<std::vector<KeyText>> behaviour_of(ProfileKind kind, const std::string& name,
                                          const std::vector<Setting>& settings) {
    auto keys = TRY(profile_behaviour(kind, name, settings));
    std::vector<KeyText> behaviour;
    behaviour.reserve(keys.size());
    for (BehaviourKey& key : keys) behaviour.push_back({std::move(key.key), std::move(key.value)});
    return behaviour;
}

// What is not in the price of a handler.
void note_handlers(const ProbeList& probes, Kernel& kernel) {
    if (probes.notes.empty()) return;
    kernel.counters().note_unmodelled("price of handlers",
                                      fmt::format("{}", fmt::join(probes.notes, "; ")));
}

}  // namespace

// All of it that is known before the run: the program's path and hash are not.
Result<Provenance> provenance_of(const SimulationRequest& request, const MachineProfile& machine,
                                 const KernelProfile& kernel) {
    Provenance provenance;
    provenance.version = tool_version();
    provenance.kernel = {kernel.name, kernel.description, kernel.text_hash, request.kernel, {}};
    provenance.machine = {
        machine.name, machine.description, machine.text_hash, request.machine, {}};
    for (auto [kind, id] : {std::pair{ProfileKind::Kernel, &provenance.kernel},
                            std::pair{ProfileKind::Machine, &provenance.machine}}) {
        auto behaviour = TRY(behaviour_of(kind, id->given_as, request.settings));
        id->behaviour = std::move(behaviour);
    }
    provenance.options = request.option_words;
    provenance.seed = request.seed;
    if (request.scenario.empty()) {
        provenance.arguments = request.program.arguments;
    } else {
        provenance.arguments = {request.scenario};
        for (const BackgroundProgram& program : request.background)
            provenance.programs.push_back({program.name, program.program.arguments});
        provenance.programs.push_back({request.program_name, request.program.arguments});
    }
    provenance.probes = request.probes.words;
    for (const Setting& s : request.settings)
        provenance.settings.push_back(fmt::format("{}={}", s.key, s.value));
    return provenance;
}

Result<std::vector<SpecRow>> add_probes(Uprobes& uprobes, const ProbeList& probes) {
    std::vector<SpecRow> rows;
    for (const AttachedSpec& spec : probes.specs) {
        const auto summary = TRY(uprobes.add(spec.spec, spec.handler.get()));
        SpecRow row{summary.spec, summary.attached, {}};
        for (const RefusedProbe& r : summary.refused)
            row.refused.push_back({r.symbol, r.offset, r.instruction, r.reason});
        rows.push_back(std::move(row));
    }
    return rows;
}

Outcome check_root(const std::string& root) {
    std::error_code error;
    if (std::filesystem::is_directory(root, error)) return {};
    const std::string remedy = "uprobesim sysroot fetch; or name a folder with --root";
    if (root.empty()) return user_error("Debian's arm64 programs are not fetched", "", remedy);
    return user_error("no such folder", root, remedy);
}

Outcome check_machine(const std::string& name, const std::vector<Setting>& settings) {
    const auto machine = TRY(load_machine_profile(name, settings));
    TRY(load_core_table(machine.core_file));
    return {};
}

Outcome check_kernel(const std::string& name, const std::vector<Setting>& settings) {
    TRY(load_kernel_profile(name, settings));
    return {};
}

tl::expected<RunReport, RunRefused> simulate(const SimulationRequest& request,
                                             const GuestStreams* streams,
                                             const Observers& observers, StartWatch* start) {
    auto machine_profile = load_machine_profile(request.machine, request.settings);
    if (!machine_profile) return refused(machine_profile.error());
    auto kernel_profile = load_kernel_profile(request.kernel, request.settings);
    if (!kernel_profile) return refused(kernel_profile.error());
    auto core = load_core_model(machine_profile->core_file);
    if (!core) return refused(core.error());
    if (auto checked = check_root(request.files.root); !checked) return refused(checked.error());

    auto provenance = provenance_of(request, *machine_profile, *kernel_profile);
    if (!provenance) return refused(provenance.error());
    RunReport report;
    report.provenance = std::move(*provenance);
    report.frequency_hz = machine_profile->frequency_hz.value;

    Machine machine(std::move(*machine_profile), std::move(*kernel_profile), request.memory_bytes,
                    request.seed, std::move(*core),
                    {.counting = request.counting ? Counting::On : Counting::Off});
    auto files =
        FileSystem::create(machine, std::make_unique<SpecialFiles>(machine), request.files);
    if (!files) return refused(files.error());
    Kernel kernel(machine, **files, request.cpus);
    kernel.share_lines(places_of(request), request.seed);
    Uprobes uprobes(kernel);  // attaches itself
    auto specs = add_probes(uprobes, request.probes);
    if (!specs) return refused(specs.error());
    report.specs = std::move(*specs);
    if (start != nullptr) start->added(machine, uprobes);
    (*files)->forget_reads();
    if (auto made = make_files(**files, request.new_files); !made) return refused(made.error());
    kernel.debug(observers.debugger);
    if (observers.begin) observers.begin(**files, uprobes);
    kernel.observe(observers.observer);
    RunLoop run_loop(kernel);
    AttachControl attach(kernel, run_loop, uprobes, request.attach);
    if (start != nullptr) attach.before_attaching([&] { start->reached(kernel, uprobes, report); });
    Session session(kernel, run_loop, request, streams, observers, attach);
    if (auto begun = attach.begin(); !begun) return refused(begun.error());
    if (auto started = session.start(); !started) return Refused(started.error());
    if (observers.program_started)
        observers.program_started(*kernel.processes().find(session.main().pid));
    report.provenance.program = session.main().exe;
    // Before it runs: it may change its own file.
    report.provenance.program_hash =
        hash_of_guest_file(**files, report.provenance.program, observers.run_watch());
    report.exit = session.finish();
    if (observers.end) observers.end();
    report.results = session.results();
    if (observers.status != nullptr) observers.status->clear();
    const SimulationRequest* const other = start == nullptr ? nullptr : start->goes_on_as();
    note_handlers((other == nullptr ? request : *other).probes, kernel);
    attach.finish([&](std::int32_t pid) { return session.program_name(pid); }, report);
    report.memory_peak_bytes = machine.memory.peak_bytes();
    (*files)->finish();
    for (const auto& [path, error] : (*files)->lost_writes())
        report.lost_writes.push_back({path, std::strerror(static_cast<int>(error))});
    // Nothing runs any more: what is freed from here on need not be dropped from translated code.
    machine.memory.observe(nullptr);
    return report;
}

}  // namespace uprobesim
