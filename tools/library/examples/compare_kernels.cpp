// SPDX-License-Identifier: GPL-2.0-or-later
// What a probe costs a program on each of three kernels, a thread for each:
//
//     compare_kernels [--root FOLDER] PROBE PROGRAM [ARGUMENTS...]
//     compare_kernels 'uprobe:/bin/ls:*' /bin/ls /usr
#include <uprobesim/uprobesim.h>

#include <array>
#include <cstdio>
#include <string>
#include <thread>  // lint: allow (an example of simulations in threads)
#include <vector>

int main(int argc, char** argv) {
    std::vector<std::string> words(argv + 1, argv + argc);
    uprobesim::Options options;
    if (words.size() > 2 && words[0] == "--root") {
        options.push_back({"root", words[1]});
        words.erase(words.begin(), words.begin() + 2);
    }
    if (words.size() < 2) {
        std::fputs("usage: compare_kernels [--root FOLDER] PROBE PROGRAM [ARGUMENTS...]\n", stderr);
        return 2;
    }
    options.push_back({"probe", words[0]});
    words.erase(words.begin());

    constexpr std::array kKernels = {"v6.1", "v6.12", "v6.13+stp"};
    std::array<std::string, kKernels.size()> lines;
    std::vector<std::thread> runs;
    for (std::size_t i = 0; i < kKernels.size(); ++i) {
        runs.emplace_back([&, i] {
            uprobesim::Options here = options;
            here.push_back({"kernel", kKernels[i]});
            const auto report = uprobesim::Simulation(words, here).run();
            if (!report) {
                lines[i] = report.error().line();
                return;
            }
            std::array<char, 100> line{};
            std::snprintf(line.data(), line.size(), "%-12s %12.0f ns, %.0f hits of %.0f ns",
                          kKernels[i], *report->number("/time/total_ns"),
                          *report->number("/probes/hits"), *report->number("/probes/mean_hit_ns"));
            lines[i] = line.data();
        });
    }
    for (std::thread& run : runs) run.join();
    for (const std::string& line : lines) std::puts(line.c_str());
}
