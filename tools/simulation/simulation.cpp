// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/simulation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <map>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/proc/proc_files.h"
#include "probes/hit/uprobes.h"
#include "sim/base/input_file.h"
#include "sim/base/try.h"
#include "sim/cost/core_model.h"
#include "sim/insn/insn_class.h"
#include "sim/profile/data_files.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/profile_keys.h"
#include "tools/cli/build_info.h"
#include "tools/cli/exit_code.h"
#include "tools/simulation/guest_streams.h"
#include "tools/simulation/session.h"

namespace uprobesim {
namespace {

using Refused = tl::unexpected<RunRefused>;

Refused refused(UserError error, int exit_code = kExitUserMistake) {
    return Refused(RunRefused{std::move(error), exit_code});
}

void by_count(std::vector<NamedCount>& rows) {
    std::sort(rows.begin(), rows.end(), [](const NamedCount& a, const NamedCount& b) {
        return a.times != b.times ? a.times > b.times : a.name < b.name;
    });
}

void take_user_work(Kernel& kernel, RunReport& report) {
    const UserWork work = kernel.processes().user_work();
    report.user_insns = work.insns;
    report.user_cycles = work.cycles;
    for (std::size_t c = 0; c < kInsnClassCount; ++c) {
        if (work.by_class[c] != 0)
            report.classes.push_back(
                {std::string(insn_class_name(static_cast<InsnClass>(c))), work.by_class[c]});
    }
    by_count(report.classes);
}

void take_kernel_work(const Ledger& ledger, RunReport& report) {
    const Charges total = ledger.total();
    const PriceList& prices = ledger.prices();
    for (std::size_t e = 0; e < kExceptionClassCount; ++e) {
        const auto ec = static_cast<ExceptionClass>(e);
        const std::uint64_t times = total.exceptions[e];
        if (times == 0) continue;
        ExceptionRow& row = report.exceptions.emplace_back(
            ExceptionRow{std::string(exception_class_name(ec)), times,
                         CentiCycles(prices.exception(ec).value * times)});
        row.insns = prices.exception_insns(ec) * static_cast<double>(times);
        for (std::size_t a = 0; a < kAccountCount; ++a) {
            const std::uint64_t share = ledger.charges(static_cast<Account>(a)).exceptions[e];
            row.accounts[a] = {share, 0, CentiCycles(prices.exception(ec).value * share)};
        }
    }
    for (std::size_t p = 0; p < kKernelPathCount; ++p) {
        const auto path = static_cast<KernelPath>(p);
        const PathCount& count = total.paths[p];
        if (count.times == 0) continue;
        const KernelPathInfo& info = kernel_path_info(path);
        PathRow& row = report.paths.emplace_back(
            PathRow{std::string(info.name), std::string(info.unit), work_group(path), count.times,
                    count.units, prices.path_insns(path, count.times, count.units), count.cycles});
        for (std::size_t a = 0; a < kAccountCount; ++a) {
            const PathCount& share = ledger.charges(static_cast<Account>(a)).paths[p];
            row.accounts[a] = {share.times, share.units, share.cycles};
        }
    }
    std::sort(report.paths.begin(), report.paths.end(), [](const PathRow& a, const PathRow& b) {
        return a.cycles != b.cycles ? a.cycles > b.cycles : a.name < b.name;
    });
}

// What was charged to an id that was no task's is the first process's. The last row is that of
// process 0, which stands for the tasks that have no row of their own, if there are any.
void take_processes(const Kernel& kernel, const Session& session, RunReport& report) {
    std::map<std::int32_t, std::map<std::int32_t, ThreadRow>> processes;
    std::map<std::int32_t, std::int32_t> process_of;
    constexpr std::int32_t kRest = INT32_MAX;
    for (const TaskRecord& record : kernel.processes().task_records()) {
        const std::int32_t pid = record.task == TaskId{} ? kRest : record.process;
        process_of[record.task.value] = pid;
        ThreadRow& row = processes[pid][record.task.value];
        row.name = record.comm;
        row.figures.insns += record.insns;
        row.figures.user_cycles += record.user_cycles;
    }
    for (const auto& [task, ledger] : kernel.machine().ledger.tasks()) {
        const auto found = process_of.find(task.value);
        const std::int32_t pid =
            found != process_of.end() ? found->second : processes.begin()->first;
        TaskFigures& figures = processes[pid][task.value].figures;
        figures.kernel_cycles += ledger.kernel_cycles();
        figures.probe_cycles += ledger.on(Account::ProbeHit) + ledger.on(Account::ProbePlace);
        figures.exceptions += ledger.exceptions;
        figures.hits += ledger.hits;
    }
    for (auto& [pid, threads] : processes) {
        ProcessRow& process =
            report.processes.emplace_back(ProcessRow{pid == kRest ? 0 : pid, "", {}});
        for (auto& [id, thread] : threads) {
            thread.id = id;
            process.threads.push_back(std::move(thread));
        }
        process.name = session.program_name(pid);
        if (process.name.empty()) process.name = process.threads.front().name;
    }
}

void take_calls(const Kernel& kernel, RunReport& report) {
    for (const auto& [name, times] : kernel.counters().syscalls())
        report.syscalls.push_back({name, times});
    by_count(report.syscalls);
    for (const auto& [name, use] : kernel.counters().unmodelled())
        report.unmodelled.push_back({name, use.times, use.note});
}

// Empty: it cannot be read, it is larger than a program that the tool reads, or the user wants the
// run to end.
std::string hash_of_guest_file(FileSystem& files, const std::string& path, const RunWatch* watch) {
    const auto opened = files.open(Caller{}, path, abi::kORdonly, 0);
    if (!opened) return {};
    StreamDigest digest;
    std::vector<std::byte> buffer(1u << 20);
    while (digest.bytes <= kMaxProgramBytes && (watch == nullptr || watch->wanted_end() == 0)) {
        const auto size = opened->file->size();
        const auto n = opened->file->read(digest.bytes, buffer);
        if (!size || *size > kMaxProgramBytes || !n) return {};
        if (*n == 0) return digest.hash_text();
        digest.add(std::span(buffer).first(*n));
    }
    return {};
}

Outcome attach_probes(Uprobes& uprobes, const ProbeList& probes, RunReport& report) {
    for (const AttachedSpec& spec : probes.specs) {
        const auto summary = TRY(uprobes.add(spec.spec, spec.handler.get()));
        SpecRow row{summary.spec, summary.attached, {}};
        for (const RefusedProbe& r : summary.refused)
            row.refused.push_back({r.symbol, r.offset, r.instruction, r.reason});
        report.specs.push_back(std::move(row));
    }
    return {};
}

void take_probes(const Uprobes& uprobes, RunReport& report) {
    for (const auto& u : uprobes.uprobes()) {
        const std::string_view verdict =
            u->verdict.kind == VerdictKind::Emulate ? handler_name(u->verdict.handler) : "step";
        report.probes.push_back(
            {fmt::format("{}:{}:{}", u->usdt ? "usdt" : "uprobe", u->binary, u->symbol), u->binary,
             u->offset, u->instruction, std::string(verdict), u->hits, u->stepped, u->emulated,
             u->cycles, u->return_consumers != 0, u->returns, u->missed, u->shared});
    }
}

void take_lines(const Kernel& kernel, RunReport& report) {
    const Legs* legs = kernel.legs();
    if (legs == nullptr) return;
    report.contention = true;
    for (std::size_t l = 0; l < kSharedLineCount; ++l) {
        const LineUse& use = legs->lines().uses()[l];
        if (use.accesses == 0) continue;
        const auto line = static_cast<SharedLine>(l);
        LineRow& row = report.lines.emplace_back(LineRow{
            std::string(shared_line_info(line).name), legs->lines().objects(line), use, {}});
        for (std::size_t a = 0; a < kAccountCount; ++a)
            row.accounts[a] = kernel.machine().ledger.charges(static_cast<Account>(a)).waits[l];
    }
    std::stable_sort(
        report.lines.begin(), report.lines.end(),
        [](const LineRow& a, const LineRow& b) { return a.use.waited > b.use.waited; });
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
    const auto listing = TRY(list_profile(kind, name, settings));
    std::vector<KeyText> behaviour;
    for (const ProfileKey& key : listing.keys) {
        if (is_no_price(key.role)) behaviour.push_back({key.key, key.value});
    }
    return behaviour;
}

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

}  // namespace

Outcome check_root(const std::string& root) {
    std::error_code error;
    if (std::filesystem::is_directory(root, error)) return {};
    const std::string remedy = "uprobesim sysroot fetch; or name a folder with --root";
    if (root.empty()) return user_error("Debian's arm64 programs are not fetched", "", remedy);
    return user_error("no such folder", root, remedy);
}

Outcome check_machine(const std::string& name, const std::vector<Setting>& settings) {
    const auto machine = TRY(load_machine_profile(name, settings));
    TRY(load_core_model(machine.core_file));
    return {};
}

Outcome check_kernel(const std::string& name, const std::vector<Setting>& settings) {
    TRY(load_kernel_profile(name, settings));
    return {};
}

tl::expected<RunReport, RunRefused> simulate(const SimulationRequest& request,
                                             const GuestStreams* streams,
                                             const Observers& observers) {
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
    if (auto attached = attach_probes(uprobes, request.probes, report); !attached)
        return refused(attached.error());
    if (auto made = make_files(**files, request.new_files); !made) return refused(made.error());
    if (const auto& notes = request.probes.notes; !notes.empty())
        kernel.counters().note_unmodelled("price of handlers",
                                          fmt::format("{}", fmt::join(notes, "; ")));
    if (observers.begin) observers.begin(**files, uprobes);
    kernel.observe(observers.observer);
    RunLoop run_loop(kernel);
    Session session(kernel, run_loop, request, streams, observers);
    if (auto started = session.start(); !started) return Refused(started.error());
    report.provenance.program = session.main().exe;
    // Before it runs: it may change its own file.
    report.provenance.program_hash =
        hash_of_guest_file(**files, report.provenance.program, observers.status);
    report.exit = session.finish();
    report.results = session.results();
    if (observers.status != nullptr) observers.status->clear();
    take_user_work(kernel, report);
    take_kernel_work(machine.ledger, report);
    take_processes(kernel, session, report);
    take_calls(kernel, report);
    take_probes(uprobes, report);
    take_lines(kernel, report);
    report.idle_ns = kernel.clock().idle_ns();
    report.cpus = request.cpus;
    report.cpu_busy_ns = kernel.clock().busy_ns();
    report.counter_reads = kernel.counters().counter_reads();
    report.elapsed_ns = kernel.clock().monotonic_ns();
    report.memory_peak_bytes = machine.memory.peak_bytes();
    (*files)->finish();
    for (const auto& [path, error] : (*files)->lost_writes())
        report.lost_writes.push_back({path, std::strerror(static_cast<int>(error))});
    return report;
}

}  // namespace uprobesim
