// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/request/guest_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "kernel_model/task/scheduler.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/cli/bind_option.h"
#include "tools/cli/default_profiles.h"
#include "tools/cli/first_mistake.h"
#include "tools/cli/handler_option.h"
#include "tools/cli/quantity.h"
#include "tools/fork/jobs.h"
#include "tools/request/attach_request.h"
#include "tools/request/guest_environment.h"
#include "tools/request/scenario_request.h"
#include "tools/simulation/scenario.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMinMemory = std::uint64_t{16} << 20;

// Of each command, for who gives no program.
struct Example {
    GuestCommand command;
    std::string_view line;
};
constexpr std::array kExamples = {
    Example{GuestCommand::Run, "uprobesim run /bin/true"},
    Example{GuestCommand::Compare, "uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep --version"},
    Example{GuestCommand::Explain, "uprobesim explain push"},
};
std::string example_of(GuestCommand command) {
    const auto* row = std::find_if(kExamples.begin(), kExamples.end(),
                                   [&](const Example& e) { return e.command == command; });
    return fmt::format("for example: {}", row->line);
}

Outcome read_program(GuestCommand command, const CommandLine& line, ProgramRequest& program) {
    const Words& guest = line.rest();
    if (line.given("ready-timeout"))
        return user_error("only a scenario's programs are waited for", "--ready-timeout",
                          "see uprobesim scenario --help");
    if (guest.empty() || guest.front().empty()) {
        return user_error("no program is given", "", example_of(command));
    }
    program.arguments = guest;
    // What is wrong with a variable has been noted at its --env.
    program.environment = guest_environment(line.all("env")).value_or(Words{});
    return {};
}

// The options that repeat this run, except for profiles, settings, probes and seed.
Words other_options(const CommandLine& line) {
    Words words;
    const auto add = [&](const char* name, std::string value) {
        words.push_back(fmt::format("--{}", name));
        words.push_back(std::move(value));
    };
    for (const char* name :
         {"root", "scratch", "scratch-limit", "cwd", "uid", "max-insns", "max-sim-time",
          "ready-timeout", "cpus", "memory", "handler", "attach-at", "detach-at", "roi"}) {
        if (line.given(name)) add(name, line.one(name, ""));
    }
    for (const char* name : {"bind", "env", "bpftrace", "bpf"}) {
        for (std::string& value : line.all(name)) add(name, std::move(value));
    }
    return words;
}

Result<std::string> guest_folder(std::string path) {
    if (path.starts_with('/')) return path;
    return user_error(fmt::format("'{}' is not an absolute guest path", path), "--cwd");
}

Result<std::uint64_t> cpu_count(const CommandLine& line) {
    const auto cpus = line.number("cpus", 1, Scheduler::kMaxCpus);
    if (!cpus || *cpus < 1)
        return user_error(fmt::format("'{}' is not a number from 1 to {}", line.one("cpus", ""),
                                      Scheduler::kMaxCpus),
                          "--cpus");
    return *cpus;
}

void read_repeated(const CommandLine& line, FirstMistake& mistakes, SimulationRequest& request) {
    const Words programs = line.all("bpftrace");
    for (std::size_t i = 0; i < programs.size(); ++i) {
        if (const auto added = request.probes.add_program(programs[i]); !added)
            mistakes.note({"bpftrace", i}, added.error());
    }
    const Words objects = line.all("bpf");
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (const auto added = request.probes.add_object(objects[i]); !added)
            mistakes.note({"bpf", i}, added.error());
    }
    const Words probes = line.all("probe"), settings = line.all("set"), binds = line.all("bind"),
                variables = line.all("env");
    for (std::size_t i = 0; i < probes.size(); ++i) {
        if (const auto added = request.probes.add(probes[i]); !added)
            mistakes.note({"probe", i}, added.error());
    }
    for (std::size_t i = 0; i < settings.size(); ++i) {
        if (auto setting = parse_setting(settings[i])) {
            request.settings.push_back(std::move(*setting));
        } else {
            mistakes.note({"set", i}, setting.error());
        }
    }
    for (std::size_t i = 0; i < binds.size(); ++i)
        mistakes.take({"bind", i}, parse_bind(binds[i]), request.files.binds.emplace_back());
    for (std::size_t i = 0; i < variables.size(); ++i) {
        if (const auto pair = guest_environment({variables[i]}); !pair)
            mistakes.note({"env", i}, pair.error());
    }
}

void read_simulation(const CommandLine& line, const OptionDefaults& defaults,
                     FirstMistake& mistakes, SimulationRequest& request) {
    request.files.root = line.one("root", defaults.root);
    if (line.given("root")) {
        if (const auto checked = check_root(request.files.root); !checked)
            mistakes.note({"root"}, checked.error());
    }
    request.files.scratch = line.one("scratch", "");
    if (line.given("scratch") && request.files.scratch.empty())
        mistakes.note({"scratch"}, {"the folder's name is empty", "--scratch", ""});
    request.counting = !line.given("no-counting");
    read_repeated(line, mistakes, request);
    mistakes.take({"seed"}, line.number("seed", request.seed), request.seed);
    mistakes.take({"max-insns"}, line.number("max-insns", 0), request.max_insns);
    if (line.given("max-sim-time"))
        mistakes.take({"max-sim-time"},
                      parse_duration(line.one("max-sim-time", ""), "--max-sim-time"),
                      request.max_ns);
    std::uint64_t cpus = 1, uid = 0;
    mistakes.take({"cpus"}, cpu_count(line), cpus);
    request.cpus = static_cast<unsigned>(cpus);
    mistakes.take({"uid"}, line.number("uid", 0, 0xfffffffeu), uid);
    request.program.uid = static_cast<std::uint32_t>(uid);
    mistakes.take({"cwd"}, guest_folder(line.one("cwd", "/")), request.program.cwd);
    if (line.given("memory"))
        mistakes.take({"memory"}, parse_size(line.one("memory", ""), "--memory", kMinMemory, "16M"),
                      request.memory_bytes);
    if (line.given("scratch-limit")) {
        mistakes.take({"scratch-limit"},
                      parse_size(line.one("scratch-limit", ""), "--scratch-limit", 0, "0"),
                      request.files.scratch_limit.emplace());
    }
    request.option_words = other_options(line);
}

// A setting's mistake stands at its --set, a profile's at the profile's option.
void check_profiles(const CommandLine& line, FirstMistake& mistakes,
                    const std::vector<Setting>& settings, const Words& machines,
                    const char* machines_option, const Words& kernels, const char* kernels_option) {
    const auto check = [&](const char* option, const Outcome& checked) {
        if (checked) return;
        if (checked.error().where.starts_with("--set ")) {
            mistakes.note(checked.error());
        } else {
            UserError error = checked.error();
            if (error.where.empty()) error.where = line.spelled(option);
            mistakes.note({option}, error);
        }
    };
    for (const std::string& machine : machines)
        check(machines_option, check_machine(machine, settings));
    for (const std::string& kernel : kernels) check(kernels_option, check_kernel(kernel, settings));
}

Outcome read_exception(const CommandLine& line, GuestRequest& request) {
    const std::string word = line.one("exception", "");  // "svc 3"
    const std::size_t blank = word.find(' ');
    const auto kind = TRY(find_exception_kind(word.substr(0, blank), "--exception"));
    request.exception = kind;
    request.hit = 1;
    if (blank != word.npos) {
        const char* const end = word.data() + word.size();
        const auto read = std::from_chars(word.data() + blank + 1, end, request.hit);
        if (read.ec != std::errc() || request.hit == 0)
            return user_error("exceptions are counted from 1", "--exception");
    }
    for (const char* other : {"hit", "kind", "branch-protection"}) {
        if (line.given(other))
            return user_error("it is for a hit of a probe, not for an exception",
                              fmt::format("--{}", other));
    }
    if (line.rest().empty())
        return user_error("no program is given", "",
                          "for example: uprobesim explain --exception svc 3 /bin/true");
    return {};
}

Outcome read_hit(const CommandLine& line, GuestRequest& request) {
    if (line.given("exception")) return read_exception(line, request);
    const auto hit = TRY(line.number("hit", 0));
    if (line.given("hit") && hit == 0) return user_error("hits are counted from 1", "--hit");
    request.hit = hit;
    const bool of_target = line.given("kind") || line.given("branch-protection");
    if (of_target && (line.given("probe") || line.given("bpftrace") || line.given("bpf"))) {
        return user_error("--kind and --branch-protection are for a target's own probe", "",
                          "leave out --probe, or say the kind in it: uprobe:... or uretprobe:...");
    }
    if (line.given("kind")) {
        const auto kind = TRY(line.choice("kind", "", {"uprobe", "uretprobe"}));
        request.return_probe = kind == "uretprobe";
    }
    request.branch_protection = line.given("branch-protection");
    if (line.rest().empty())
        return user_error("no target and no program is given", "",
                          example_of(GuestCommand::Explain));
    return {};
}

// What cannot be kept equal for several runs.
Outcome check_binds(const GuestRequest& request) {
    for (const BindMount& bind : request.simulation.files.binds) {
        if (bind.writable) {
            return user_error("every run is given the same files, so nothing can be writable",
                              fmt::format("--bind {}:{}:rw", bind.host, bind.guest),
                              "leave out :rw; what the guest writes is discarded after each run");
        }
    }
    return {};
}

// Why this run cannot be made again from its start, so that gdb goes backwards; empty: it can.
std::string no_reverse(const CommandLine& line, const GuestRequest& request) {
    for (const char* view : {"strace", "log-exceptions", "stacks", "trace"}) {
        if (line.given(view))
            return fmt::format("--{} shows the run once, so it cannot go backwards", view);
    }
    if (line.is_scenario()) return "only a program's run can go backwards, not a scenario's";
    if (line.given("scratch"))
        return "what the guest has written stays in the folder of --scratch, so it cannot go "
               "backwards";
    for (const BindMount& bind : request.simulation.files.binds) {
        if (bind.writable)
            return fmt::format("the guest may have written in {}, so it cannot go backwards",
                               bind.host);
    }
    return {};
}

Result<GdbOptions> read_gdb(const CommandLine& line, const GuestRequest& request) {
    auto place = TRY(parse_gdb_place(line.one("gdb", "")));
    return GdbOptions{std::move(place), no_reverse(line, request)};
}

}  // namespace

Result<GuestRequest> read_guest_request(GuestCommand command, const CommandLine& line,
                                        const OptionDefaults& defaults) {
    GuestRequest request;
    SimulationRequest& simulation = request.simulation;
    simulation.machine = kDefaultMachine;
    simulation.kernel = kDefaultKernel;
    FirstMistake mistakes(line);
    mistakes.take(read_report_options(line, guest_formats(command), defaults.no_color),
                  request.report);
    if (command == GuestCommand::Explain) mistakes.note(read_hit(line, request));
    if (line.given("per-process")) request.processes = ProcessDetail::PerProcess;
    read_simulation(line, defaults, mistakes, simulation);
    if (command == GuestCommand::Run) mistakes.take(read_view_options(line), request.view);
    if (command == GuestCommand::Run && line.given("gdb"))
        mistakes.take({"gdb"}, read_gdb(line, request), request.gdb.emplace());
    mistakes.note(line.is_scenario() ? apply_scenario(line, request)
                                     : read_program(command, line, simulation.program));
    mistakes.take({"handler"}, read_handler_option(line), request.handler);
    simulation.probes.handle_others(request.handler);
    if (command != GuestCommand::Explain) read_attach_plan(line, mistakes, simulation);
    if (command == GuestCommand::Run) {
        mistakes.take({"machine"}, line.name("machine", simulation.machine), simulation.machine);
        mistakes.take({"kernel"}, line.name("kernel", simulation.kernel), simulation.kernel);
        check_profiles(line, mistakes, simulation.settings, {simulation.machine}, "machine",
                       {simulation.kernel}, "kernel");
    } else {
        // A comparison heads its columns with the words that were given.
        const std::string kernels =
            request.exception != nullptr ? std::string(kDefaultKernel) : std::string(kDefaultPair);
        if (request.kernels.empty() || line.given("kernels"))
            mistakes.take({"kernels"},
                          command == GuestCommand::Compare
                              ? line.names("kernels", kernels)
                              : profile_names(line, "kernels", ProfileKind::Kernel, kernels),
                          request.kernels);
        const char* const option = "machines";
        request.machines = {simulation.machine};
        mistakes.take({option},
                      profile_names(line, option, ProfileKind::Machine, simulation.machine),
                      request.machines);
        simulation.machine = request.machines.front();
        check_profiles(line, mistakes, simulation.settings, request.machines, option,
                       request.kernels, "kernels");
        mistakes.note(check_binds(request));
    }
    if (command == GuestCommand::Compare && !line.given("probe") && !line.given("bpftrace") &&
        simulation.probes.empty()) {
        const std::string near =
            line.rest().empty() ? "" : did_you_mean(line.rest().front(), scenario_names());
        mistakes.note(
            UserError{"compare needs a probe", "", near.empty() ? example_of(command) : near});
    }
    if (command == GuestCommand::Compare) {
        std::uint64_t jobs = 1;
        mistakes.take({"jobs"}, line.number("jobs", usable_cpus(), kMaxJobs), jobs);
        if (jobs == 0)
            mistakes.note({"jobs"}, {"a comparison needs at least one job", "--jobs", ""});
        request.jobs = jobs;
        request.share = !line.given("no-share");
        request.verbose = line.given("verbose");
    }
    TRY(mistakes.outcome());
    return request;
}

}  // namespace uprobesim
