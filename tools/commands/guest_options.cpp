// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/commands/guest_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "kernel_model/task/scheduler.h"
#include "sim/base/try.h"
#include "tools/cli/first_mistake.h"
#include "tools/cli/report_options.h"
#include "tools/simulation/scenario.h"

namespace uprobesim {
namespace {

constexpr std::string_view kStepped = "next-20241104";
constexpr std::string_view kEmulated = "next-20241104+stp";
constexpr std::uint64_t kMinMemory = std::uint64_t{16} << 20;
constexpr std::uint64_t kMaxMemory = std::uint64_t{64} << 30;

// A login shell's, without anything of the host's.
const std::map<std::string, std::string> kDefaultEnvironment = {
    {"HOME", "/root"},
    {"LANG", "C"},
    {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    {"TERM", "dumb"},
};

constexpr const char* verb_name(GuestVerb verb) {
    switch (verb) {
        case GuestVerb::Run: return "run";
        case GuestVerb::Compare: return "compare";
        case GuestVerb::Explain: return "explain";
    }
    return "";
}

OptionTable visible_options(GuestVerb verb) {
    OptionTable all = option_table();
    auto add = all.add_options();
    add("probe,p", list_option("SPEC"), "a probe, uprobe:BINARY:PLACE; can be repeated");
    if (verb == GuestVerb::Explain) {
        add("hit", text_option("N"),
            "the hit to tell, from 1 (default 2 for a TARGET, which is a steady one; else 1)");
        add("kind", text_option("KIND"),
            "of a TARGET's probe: uprobe or uretprobe (default uprobe)");
        add("branch-protection",
            "the TARGET as distributions build it: bti c or paciasp comes first");
    }
    if (verb == GuestVerb::Run) {
        add("kernel", text_option("NAME"),
            "kernel profile, a name or a TOML file (default next-20241104)");
    } else {
        add("kernels", text_option("A,B,..."),
            "kernel profiles, one run each (default next-20241104,next-20241104+stp)");
    }
    add("machine", text_option("NAME"),
        "machine profile, a name or a TOML file (default kunpeng916)");
    add("set", list_option("KEY=VALUE"),
        "change one figure: machine.KEY or kernel.KEY; can be repeated");
    add("root", text_option("DIR"),
        "host folder the guest sees as / (default: see uprobesim sysroot list)");
    if (verb == GuestVerb::Run) {
        add("bind", list_option("HOST:GUEST[:rw]"),
            "show a host file or folder at GUEST, read only unless rw; can be repeated");
    } else {
        add("bind", list_option("HOST:GUEST"),
            "show a host file or folder at GUEST; can be repeated");
    }
    if (verb == GuestVerb::Run) {
        add("scratch", text_option("DIR"),
            "keep what the guest writes in DIR (default: discarded)");
        add("scratch-limit", text_option("SIZE"),
            "the guest's disk is full when it has written so much, with K, M or G (default: no "
            "limit)");
    }
    add("env", list_option("K=V"),
        "set a variable of the guest; can be repeated. Otherwise only HOME, LANG, PATH, TERM are "
        "set");
    add("cwd", text_option("DIR"), "the guest's working folder (default /)");
    add("uid", text_option("N"), "the guest's user id (default 0)");
    add("seed", text_option("N"), "seed of everything that looks random to the guest (default 1)");
    add("max-insns", text_option("N"), "stop after N guest instructions (default: no limit)");
    add("max-sim-time", text_option("TIME"),
        "stop at that simulated time, with ns, us, ms or s, such as 1.5s (default: no limit)");
    add("cpus", text_option("N"), "simulated CPUs, 1 to 64 (default 1)");
    add("memory", text_option("SIZE"), "the guest's memory, with K, M or G (default 2G)");
    if (verb == GuestVerb::Run) add_view_options(all);
    add("output,o", text_option("FILE"),
        verb == GuestVerb::Explain ? "write the report to FILE (default: stdout)"
                                   : "write the report to FILE (default: stderr)");
    add("format,f", text_option("FORMAT"), "text, json, csv or md (default text)");
    if (verb != GuestVerb::Explain)
        add("per-process",
            "time, instructions, exceptions, hits and probe cost of each process and thread too");
    add("all", "every row of the long lists, not the first ten");
    add("help,h", "this text");
    return all;
}

OptionTable all_options(GuestVerb verb) {
    OptionTable all = visible_options(verb);
    all.add_options()("no-counting", "benchmark only: do not count instructions");
    return all;
}

Result<std::uint64_t> parse_size(const std::string& value, const char* option, std::uint64_t least,
                                 std::string_view least_text) {
    constexpr std::string_view kUnits = "KMG";
    std::uint64_t n = 0;
    const char* end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, n);
    unsigned shift = 0;
    bool good = error == std::errc() && end - stop <= 1;
    if (good && stop != end) {
        const std::size_t unit = kUnits.find(*stop);
        good = unit != kUnits.npos;
        shift = good ? 10 * static_cast<unsigned>(unit + 1) : 0;
    }
    if (!good || n > (kMaxMemory >> shift) || (n << shift) < least) {
        return user_error(fmt::format("'{}' is not a size from {} to 64G", value, least_text),
                          option, "for example 512M or 4G");
    }
    return n << shift;
}

// To the nanosecond, without a detour through binary fractions.
Result<std::uint64_t> parse_duration(const std::string& value) {
    constexpr std::array<std::pair<std::string_view, std::size_t>, 4> kUnits = {
        {{"ns", 0}, {"us", 3}, {"ms", 6}, {"s", 9}}};
    constexpr std::uint64_t kMost = 1'000'000'000'000'000'000u;  // some 31 years
    const auto wrong = [&] {
        return user_error(
            fmt::format("'{}' is not a time from 1ns to {}s", value, kMost / 1'000'000'000u),
            "--max-sim-time", "for example 250ms or 1.5s");
    };
    const std::size_t end = value.find_first_not_of("0123456789.");
    if (end == value.npos || end == 0) return wrong();
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) {
        return u.first == std::string_view(value).substr(end);
    });
    if (unit == kUnits.end()) return wrong();
    const std::size_t point = std::min(value.find('.'), end);
    std::string digits = value.substr(0, point);
    std::string fraction = point == end ? "" : value.substr(point + 1, end - point - 1);
    if (digits.empty() || fraction.size() > unit->second || fraction.find('.') != fraction.npos)
        return wrong();
    fraction.resize(unit->second, '0');
    digits += fraction;
    std::uint64_t ns = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ns);
    if (error != std::errc() || ns == 0 || ns > kMost) return wrong();
    return ns;
}

Result<BindMount> parse_bind(const std::string& word) {
    const auto wrong = [&](std::string_view why) {
        return user_error(fmt::format("'{}': {}", word, why), "--bind",
                          "give HOST:GUEST or HOST:GUEST:rw, for example --bind /tmp/texts:/data");
    };
    BindMount bind;
    std::string rest = word;
    if (rest.ends_with(":rw")) {
        bind.writable = true;
        rest.resize(rest.size() - 3);
    } else if (rest.ends_with(":ro")) {
        rest.resize(rest.size() - 3);
    }
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string::npos || colon == 0) return wrong("the guest's path is missing");
    bind.host = rest.substr(0, colon);
    bind.guest = rest.substr(colon + 1);
    if (!bind.guest.starts_with('/')) return wrong("the guest's path must begin with '/'");
    return bind;
}

Result<Words> guest_environment(const Words& given) {
    std::map<std::string, std::string> variables = kDefaultEnvironment;
    for (const std::string& word : given) {
        auto pair = TRY(parse_key_value(word, "--env", "LANG=C.UTF-8"));
        variables[pair.key] = pair.value;
    }
    Words environment;
    for (const auto& [key, value] : variables) environment.push_back(key + "=" + value);
    return environment;
}

Outcome read_program(const CommandLine& line, const Words& guest, ProgramRequest& program) {
    if (guest.empty() || guest.front().empty()) {
        return user_error("no program is given", "", "for example: uprobesim run /bin/true");
    }
    program.arguments = guest;
    // What is wrong with a variable has been noted at its --env.
    program.environment = guest_environment(line.all("env")).value_or(Words{});
    return {};
}

// What another run like this one must be told besides its profiles, settings, probes and seed.
Words other_options(const CommandLine& line) {
    Words words;
    const auto add = [&](const char* name, std::string value) {
        words.push_back(fmt::format("--{}", name));
        words.push_back(std::move(value));
    };
    for (const char* name : {"root", "scratch", "scratch-limit", "cwd", "uid", "max-insns",
                             "max-sim-time", "cpus", "memory"}) {
        if (line.given(name)) add(name, line.one(name, ""));
    }
    for (const char* name : {"bind", "env"}) {
        for (std::string& value : line.all(name)) add(name, std::move(value));
    }
    return words;
}

Result<std::string> guest_folder(std::string path) {
    if (path.starts_with('/')) return path;
    return user_error(fmt::format("'{}' is not an absolute guest path", path), "--cwd");
}

Result<std::uint64_t> cpu_count(const CommandLine& line) {
    const auto cpus = TRY(line.number("cpus", 1));
    if (cpus < 1 || cpus > Scheduler::kMaxCpus)
        return user_error(fmt::format("there can be 1 to {} CPUs", Scheduler::kMaxCpus), "--cpus");
    return cpus;
}

void read_repeated(const CommandLine& line, FirstMistake& mistakes, SimulationRequest& request) {
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
    request.machine = line.one("machine", request.machine);
    request.kernel = line.one("kernel", request.kernel);
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
        mistakes.take({"max-sim-time"}, parse_duration(line.one("max-sim-time", "")),
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
void check_profiles(FirstMistake& mistakes, const SimulationRequest& request, const Words& kernels,
                    const char* kernels_option) {
    const auto check = [&](const char* option, const Outcome& checked) {
        if (checked) return;
        if (checked.error().where.starts_with("--set ")) {
            mistakes.note(checked.error());
        } else {
            mistakes.note({option}, checked.error());
        }
    };
    check("machine", check_machine(request.machine, request.settings));
    for (const std::string& kernel : kernels)
        check(kernels_option, check_kernel(kernel, request.settings));
}

Outcome read_hit(const CommandLine& line, Options& options) {
    const auto hit = TRY(line.number("hit", 0));
    if (line.given("hit") && hit == 0) return user_error("hits are counted from 1", "--hit");
    options.hit = hit;
    const bool of_target = line.given("kind") || line.given("branch-protection");
    if (of_target && line.given("probe")) {
        return user_error("--kind and --branch-protection are for a target's own probe", "",
                          "leave out --probe, or say the kind in it: uprobe:... or uretprobe:...");
    }
    if (line.given("kind")) {
        const auto kind = TRY(line.choice("kind", "", {"uprobe", "uretprobe"}));
        options.return_probe = kind == "uretprobe";
    }
    options.branch_protection = line.given("branch-protection");
    if (line.rest().empty())
        return user_error("no target and no program is given", "",
                          "for example: uprobesim explain push");
    return {};
}

// What the command line says goes over what the scenario says.
Outcome read_scenario(const CommandLine& line, const std::string& name, Options& options) {
    for (const char* option : {"cwd", "scratch"}) {
        if (line.given(option))
            return user_error(fmt::format("--{} is for a single program", option), name,
                              "write it into the scenario");
    }
    auto loaded = TRY(load_scenario(name));
    const Scenario& scenario = loaded;
    SimulationRequest& request = options.simulation;
    if (!line.given("cpus")) request.cpus = scenario.cpus;
    if (!line.given("probe")) request.probes = scenario.probes;
    request.settings.insert(request.settings.begin(), scenario.settings.begin(),
                            scenario.settings.end());
    request.scenario = name;
    request.new_files = scenario.files;
    request.results = scenario.results;
    options.kernels = scenario.kernels;
    options.title = scenario.title;
    for (const ScenarioProcess& process : scenario.processes) {
        BesideProgram program{.name = process.name,
                              .program = {},
                              .ready_port = process.ready_port,
                              .ready_output = process.ready_output};
        Words environment = process.environment;
        for (std::string& word : line.all("env")) environment.push_back(std::move(word));
        program.program = {.arguments = process.arguments,
                           .environment = guest_environment(environment).value_or(Words{}),
                           .cwd = process.cwd,
                           .uid = request.program.uid};
        // On fewer CPUs than it was written for, it runs on all.
        if (process.cpu && *process.cpu < request.cpus)
            program.program.affinity = std::uint64_t{1} << *process.cpu;
        request.beside.push_back(std::move(program));
    }
    request.program = std::move(request.beside.back().program);
    request.program_name = std::move(request.beside.back().name);
    request.beside.pop_back();
    return {};
}

// What cannot be kept equal for several runs.
Outcome check_binds(const Options& options) {
    for (const BindMount& bind : options.simulation.files.binds) {
        if (bind.writable) {
            return user_error("every run is given the same files, so nothing can be writable",
                              fmt::format("--bind {}:{}:rw", bind.host, bind.guest),
                              "leave out :rw; what the guest writes is discarded after each run");
        }
    }
    return {};
}

}  // namespace

std::string guest_option_list(GuestVerb verb) {
    return option_text(visible_options(verb));
}

Result<Options> parse_guest_options(GuestVerb verb, const Words& words,
                                    const OptionDefaults& defaults) {
    const auto line = TRY(
        CommandLine::parse(verb_name(verb), words, all_options(verb), RestOfWords::GuestProgram));
    Options options;
    if ((options.help = line.given("help"))) return options;
    FirstMistake mistakes(line);
    mistakes.note(read_output(line, options.output));
    mistakes.take({"format"}, read_style(line, {"text", "json", "csv", "md"}), options.style);
    options.per_process = verb != GuestVerb::Explain && line.given("per-process");
    if (verb == GuestVerb::Explain) mistakes.note(read_hit(line, options));
    read_simulation(line, defaults, mistakes, options.simulation);
    if (verb == GuestVerb::Run) {
        if (auto view = read_view_options(line)) {
            options.view = std::move(*view);
        } else {
            mistakes.note(view.error());
        }
    }
    const Words& rest = line.rest();
    mistakes.note(verb != GuestVerb::Explain && rest.size() == 1 && is_scenario(rest.front())
                      ? read_scenario(line, rest.front(), options)
                      : read_program(line, rest, options.simulation.program));
    if (verb == GuestVerb::Run) {
        check_profiles(mistakes, options.simulation, {options.simulation.kernel}, "kernel");
    } else {
        if (options.kernels.empty() || line.given("kernels"))
            mistakes.take({"kernels"},
                          line.names("kernels", fmt::format("{},{}", kStepped, kEmulated)),
                          options.kernels);
        check_profiles(mistakes, options.simulation, options.kernels, "kernels");
        mistakes.note(check_binds(options));
    }
    if (verb == GuestVerb::Compare && !line.given("probe") && options.simulation.probes.empty()) {
        mistakes.note(UserError{
            "compare needs a probe", "",
            "for example: uprobesim compare -p 'uprobe:/bin/grep:*' /bin/grep --version"});
    }
    TRY(mistakes.outcome());
    return options;
}

}  // namespace uprobesim
