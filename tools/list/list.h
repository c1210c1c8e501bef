// SPDX-License-Identifier: GPL-2.0-or-later
// What probe specs match in files, without running anything: where each probe would be, on which
// instruction, and what each kernel would do with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "probes/target/probe_places.h"
#include "sim/insn/decoder.h"
#include "tools/audit/audit.h"
#include "tools/list/list_files.h"
#include "tools/list/spec_files.h"

namespace uprobesim {

struct ListedProbe {
    ProbePlace place;
    ProbeSpec::Kind spec_kind = ProbeSpec::Kind::Uprobe;
    std::string spec;                    // "uprobe:/bin/grep:main", to be used as it is
    std::string demangled;               // of C++ and Rust
    std::uint32_t word = 0;              // 0 past the file's end
    std::string instruction;             // its first one
    std::vector<AuditVerdict> verdicts;  // by kernel
    std::string warning;                 // why no kernel's verdict is the whole truth; mostly empty
};

struct ListedBinary {
    std::string path;
    std::uint64_t bytes = 0;
    std::vector<std::string> sources;  // where its names are from
    std::vector<ListedProbe> probes;   // by offset
    // PLT entries that wildcards would match. They are attached by name only ("*@plt"), since each
    // belongs to a function of another file.
    std::uint64_t plt_left_out = 0;
};

struct ListReport {
    std::string version;
    std::vector<std::string> settings;
    std::vector<AuditKernel> kernels;
    std::vector<ListedBinary> binaries;    // in the order of the specs, then of their names
    AuditSkips skipped;                    // of folders
    std::vector<std::string> not_uprobes;  // a bpftrace program's other probes
};

struct ListCounts {
    std::uint64_t functions = 0, indirect = 0, plt = 0, usdt = 0, others = 0;
    std::uint64_t refused = 0;  // by at least one kernel
    std::uint64_t aliases = 0;
    std::uint64_t plt_left_out = 0;
    std::uint64_t total() const { return functions + indirect + plt + usdt + others; }
};
ListCounts list_counts(const ListReport& report);
AuditCounts list_verdicts(const ListReport& report, std::size_t kernel);
std::string_view place_kind_name(ProbePlace::Kind kind);  // "function", "IFUNC resolver"

class Lister {
public:
    Lister(std::vector<KernelProfile> kernels, const ListFiles& files)
        : kernels_(std::move(kernels)), files_(files), spec_files_(files) {}

    // Errors: those of find_places, and what cannot be read.
    Outcome add(const ProbeSpec& spec);
    // Everything that can be probed in a file, or in the arm64 programs of a folder.
    Outcome add_path(const std::string& path);
    // What there is so far; call once.
    ListReport report();

private:
    Outcome add_all(const ProbedFile& file);
    Outcome add_folder(const std::string& host, const std::string& shown);
    Outcome add_places(const ProbedFile& file, const ProbeSpec& spec, bool with_plt = false);
    ListedBinary& binary_of(const ProbedFile& file);
    ListedProbe listed(const ProbedFile& file, const ProbeSpec& spec, ProbePlace place) const;

    std::vector<KernelProfile> kernels_;
    const ListFiles& files_;
    Decoder decoder_;
    SpecFiles spec_files_;
    std::vector<ListedBinary> binaries_;
    std::map<std::string, std::size_t> by_path_;
    AuditSkips skipped_;
};

}  // namespace uprobesim
