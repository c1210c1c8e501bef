// SPDX-License-Identifier: GPL-2.0-or-later
// What a real machine's benchmark printed: the lines of the kernel's selftests/bpf bench
// (trig-uprobe-*), of its run_bench_uprobes.sh, or of tools/measure.
//
//     # kernel: 6.12.43+deb13-arm64
//     # frequency: 2.4 GHz
//     uprobe-nop      ( 1 cpus):    1.566 ± 0.006M/s  (  1.566M/s/cpu)
//     uprobe-push    :    0.868 ± 0.001M/s
//     Setting up benchmark 'trig-uprobe-ret'...
//     Summary: hits    1.629 ± 0.001M/s (  1.629M/prod), ...
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/base/error.h"
#include "tools/calibrate/transfer_fit.h"
#include "tools/published/published.h"

namespace uprobesim {

struct BenchLines {
    std::string kernel;                  // as its header has it: a release or a profile; or empty
    std::string consumer;                // what held the probe, of its header: bpftrace or perf
    std::optional<double> frequency_hz;  // of its header
    std::size_t frequency_line = 0;      // from 1
    std::vector<PublishedRow> rows;      // of one CPU, in M/s
    std::vector<ContendedSeries> contended;  // of several; without table and kernel
    // Lines with a rate that is no hit's: what, why.
    std::vector<std::pair<std::string, std::string>> unused;
};

// Errors name file and line: a rate that is none, and a file without any row.
Result<BenchLines> parse_bench_lines(std::string_view text, const std::string& file_name);

// The built-in profiles of releases, "v6.12": not of trees between them, of patches, or
// hypothetical.
std::vector<std::string> released_kernels();

// The built-in profile of a release as uname -r prints it, or of a profile's own name or file.
Result<std::string> kernel_of_release(const std::string& release, const std::string& where);

// A file's rows as a table that is fitted. `kernel` is what its header does not say; empty: it
// must.
struct BenchFile {
    PublishedTable table;                    // of one CPU; perhaps without rows
    std::vector<ContendedSeries> contended;  // of several
    std::optional<double> frequency_hz;
    std::string frequency_place;  // "bench.txt:2"
    std::vector<std::pair<std::string, std::string>> unused;
};
Result<BenchFile> read_bench_file(const std::string& path, const std::string& kernel,
                                  const std::string& machine);

}  // namespace uprobesim
