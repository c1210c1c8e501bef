// SPDX-License-Identifier: GPL-2.0-or-later
// The installed library, used as a program of somebody else's uses it: library_test ROOT EXPECTED.
// ROOT has the guest programs of workloads, EXPECTED the JSON reports that the command writes.
// installed_test.py compiles and starts it.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uprobesim/uprobesim.h>

#include <array>
#include <barrier>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <thread>  // lint: allow (simulations in threads are tested)
#include <vector>

namespace {

using namespace uprobesim;

int failures = 0;
std::string root, expected_folder;

void check(bool holds, const std::string& what) {
    if (holds) return;
    std::fprintf(stderr, "library_test: not so: %s\n", what.c_str());
    ++failures;
}

std::string expected(const std::string& name) {
    std::ifstream file(expected_folder + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A report, or a failure of the test and the end of it.
Report good(const Expected<Report>& report, const std::string& what) {
    if (report) return *report;
    throw std::runtime_error(what + ": " + report.error().line());
}

void check_error(const Expected<Report>& report, int status, const std::string& part) {
    if (report) return check(false, "an error that has: " + part);
    check(report.error().status == status && report.error().line().find(part) != std::string::npos,
          "status " + std::to_string(status) + " and '" + part + "' in: " + report.error().line());
}

Simulation pushes(const std::string& count = "500") {
    return Simulation(
        {"/trig_push", count},
        {{"root", root}, {"probe", "uprobe:/trig_push:uprobe_target_push"}, {"kernel", "v6.12"}});
}

Simulation threads() {
    return Simulation({"/mutexes"},
                      {{"root", root}, {"probe", "uprobe:/mutexes:main"}, {"cpus", "2"}});
}

void same_bytes_as_the_command() {
    const Report run = good(pushes().run(), "run");
    check(run.json() == expected("run.json"), "the bytes of run -f json");
    check(run.text(Format::Csv) == expected("run.csv"), "the bytes of run -f csv");
    check(run.text(Format::Svg) == expected("run.svg"), "the bytes of run -f svg");
    check(run.text(Format::Text, true) == expected("run.txt"), "the bytes of run --all");
    check(run.command() == "run" && run.status() == 0 && !run.interrupted(), "how the run ended");
    check(run.number("/probes/hits") == 500.0, "500 hits by the report's pointer");
    check(run.string("/guest/end") == "exited", "its end by the report's pointer");
    check(!run.number("/guest/end") && !run.number("/none") && !run.number("no pointer"),
          "no number where there is none");
    const auto figures = run.figures();
    check(!figures.empty() && figures.front().second == run.number("/time/total_ns"),
          "the first figure is the total time");
    check(good(threads().run(), "threads").json() == expected("threads.json"), "many threads");

    check(good(Bench({"uprobe-push"}, {{"kernel", "v6.12"}}).run(), "bench").json() ==
              expected("bench.json"),
          "the bytes of bench");
    check(good(Audit({root + "/trig_push"}).run(), "audit").json() == expected("audit.json"),
          "the bytes of audit");
    const Report estimate = good(Estimate({"uprobe:" + root + "/trig_push:uprobe_target_push"},
                                          {{"rate", "100k"}, {"budget", "1%"}})
                                     .run(),
                                 "estimate");
    check(estimate.json() == expected("estimate.json") && estimate.status() == 1,
          "the bytes of estimate, over its budget");
    const Options cheap = {{"set", "machine.ops.ic-ivau=0"}};
    check(good(WhatIf(expected_folder + "/run.json", cheap).run(), "whatif").json() ==
              expected("whatif.json"),
          "the bytes of whatif of a file");
    const Report again = good(WhatIf(run, cheap).run(), "whatif of a report");
    const auto priced = again.figures();
    check(
        !priced.empty() && priced.front().second < run.figures().front().second &&
            priced == good(WhatIf(expected_folder + "/run.json", cheap).run(), "whatif").figures(),
        "a report is priced as its file, and costs less");
}

// Two at a time, each turn of one waiting for a turn of the other, until one ends.
void interleaved_threads_give_the_same_bytes() {
    constexpr int kRounds = 3;
    for (int round = 0; round < kRounds; ++round) {
        std::array<std::string, 2> json;
        std::array<std::uint64_t, 2> turns{};
        std::barrier both(2);
        const auto one = [&](std::size_t i) {
            RunControl control;
            control.progress_every_ms = 0;
            control.progress = [&](const Progress&) {
                ++turns[i];
                both.arrive_and_wait();
                return true;
            };
            const auto report = (i == 0 ? pushes("20000") : threads()).run(control);
            both.arrive_and_drop();
            json[i] = report ? report->json() : report.error().line();
        };
        std::thread other(one, 1);
        one(0);
        other.join();
        check(turns[0] > 1 && turns[1] > 1, "both runs had turns");
        check(json[0] == expected("long.json"),
              "a run beside another gives the same bytes: " + json[0].substr(0, 200));
        check(json[1] == expected("threads.json"), "and the other, too: " + json[1].substr(0, 200));
    }
}

void errors_are_values() {
    check_error(Simulation({"/trig_push"}, {{"kernal", "v6.12"}, {"root", root}}).run(), 2,
                "did you mean");
    check_error(Simulation({"/trig_push"}, {{"kernel", "v6.12-none"}, {"root", root}}).run(), 2,
                "v6.12-none");
    check_error(Simulation({"/none"}, {{"root", root}}).run(), 127, "/none");
    check_error(Simulation({}, {{"root", root}}).run(), 2, "no program is given");
    check_error(Simulation({"/trig_push"}, {{"root", root + "/none"}}).run(), 2, "no such folder");
    check_error(Simulation({"/trig_push"}, {{"root", root}, {"format", "csv"}}).run(), 2, "format");
    check_error(Simulation({"/trig_push"}, {{"root", root}, {"cpus", ""}}).run(), 2,
                "its value is missing");
    check_error(Simulation({"/trig_push"}, {{"root", root}, {"no-counting", "x"}}).run(), 2,
                "it takes no value");
    check_error(Simulation({"/trig_push"}, {{"root", root}, {"--cpus", "2"}}).run(), 2,
                "no option's name");
    check_error(Simulation({"/trig_push"},
                           {{"root", root}, {"probe", "uprobe:/trig_push:uprobe_target_pusch"}})
                    .run(),
                2, "did you mean");
    check_error(pushes().input("x").use_host_streams().run(), 2, "input");
    check_error(Bench({"uprobe-pop"}).run(), 2, "uprobe-pop");
    check_error(Audit({}).run(), 2, "no binary is given");
    check_error(Estimate({"-x"}).run(), 2, "-x");
    check_error(WhatIf("/none.json").run(), 2, "/none.json");
    const auto checked = Simulation({"/trig_push"}, {{"seed", "many"}}).check();
    check(!checked && checked.error().where == "seed", "the option's name without dashes");
    check(pushes().check().has_value(), "nothing is wrong with a good one");
}

void a_run_can_be_ended() {
    RunControl control;
    control.progress_every_ms = 0;
    control.progress = [](const Progress& p) { return p.hits < 1000; };
    const Report ended = good(pushes("1000000000").run(control), "ended");
    check(ended.interrupted() && ended.status() == 130, "the progress ended it");

    std::stop_source stop;
    RunControl stoppable;
    stoppable.stop = stop.get_token();
    stoppable.progress_every_ms = 0;
    stoppable.progress = [&](const Progress& p) {
        if (p.hits > 1000) stop.request_stop();
        return true;
    };
    check(good(pushes("1000000000").run(stoppable), "stopped").interrupted(), "the token ended it");

    control.progress = [](const Progress&) -> bool { throw std::logic_error("mine"); };
    std::string thrown;
    try {
        (void)pushes("1000000000").run(control);
    } catch (const std::logic_error& error) {
        thrown = error.what();
    }
    check(thrown == "mine", "what the callback throws comes out");
    check(good(pushes().run(), "after").json() == expected("run.json"), "the next run is as ever");
}

// What a library must leave alone.
struct ProcessState {
    std::array<void (*)(int), 6> handlers{};
    rlimit files{};
    mode_t umask{};
    std::string folder, locale;

    static ProcessState now() {
        ProcessState state;
        std::size_t i = 0;
        for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGPIPE, SIGXFSZ, SIGABRT}) {
            struct sigaction action {};
            sigaction(signal, nullptr, &action);
            state.handlers[i++] = action.sa_handler;
        }
        getrlimit(RLIMIT_NOFILE, &state.files);
        state.umask = ::umask(0);
        ::umask(state.umask);
        std::array<char, 4096> path{};
        state.folder = getcwd(path.data(), path.size()) == nullptr ? "" : path.data();
        state.locale = std::setlocale(LC_ALL, nullptr);
        return state;
    }
    bool same(const ProcessState& o) const {
        return handlers == o.handlers && files.rlim_cur == o.files.rlim_cur && umask == o.umask &&
               folder == o.folder && locale == o.locale;
    }
};

// With the host's streams, of which the output is a pipe that nobody reads: EPIPE for the guest,
// and no SIGPIPE for us.
void a_closed_pipe_does_not_kill() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    close(ends[0]);
    const int before = dup(1);
    std::fflush(stdout);
    dup2(ends[1], 1);
    close(ends[1]);
    const auto report = pushes().use_host_streams().run();
    const auto writer = Simulation({"/counts"}, {{"root", root}}).use_host_streams().run();
    dup2(before, 1);
    close(before);
    check(report.has_value() && writer.has_value(), "runs on a closed pipe");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    root = argv[1];
    expected_folder = argv[2];
    try {
        std::setlocale(LC_ALL, "");
        // A limit that the command would raise.
        rlimit files{};
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = 256;
        setrlimit(RLIMIT_NOFILE, &files);
        const ProcessState before = ProcessState::now();
        // First, so that the first use of everything is in two threads.
        interleaved_threads_give_the_same_bytes();
        same_bytes_as_the_command();
        errors_are_values();
        a_run_can_be_ended();
        a_closed_pipe_does_not_kill();
        check(ProcessState::now().same(before), "the process is as it was");
        raise_open_file_limit();
        getrlimit(RLIMIT_NOFILE, &files);
        check(files.rlim_cur == files.rlim_max, "the limit of files is raised when asked for");
        const auto used = engine();
        check(used && used->edited == used->reason.empty(), "how the engine is used");
        std::printf("uprobesim %s, %s, %s\n", version().c_str(), used->version.c_str(),
                    used->edited ? "edited code" : used->reason.c_str());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "library_test: %s\n", error.what());
        return 1;
    }
    return failures == 0 ? 0 : 1;
}
