// SPDX-License-Identifier: GPL-2.0-or-later
// The uprobe programs of a BPF object file as handlers, each with the probe that its section names
// (libbpf): "uprobe//bin/bash:readline", "uretprobe.s/...", "usdt/...", or none: "uprobe".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probes/elf/bytes.h"
#include "probes/handlers/handler.h"

namespace uprobesim {

struct BpfProgram {
    std::string name;
    HandlerPtr handler;
    std::string probe;       // as a spec: "uprobe:/bin/bash:readline"; empty: of the command line
    bool of_return = false;  // of a program without a probe
};

struct BpfPrograms {
    std::vector<BpfProgram> programs;
    std::vector<std::string> left_out;  // why, a line each
};

// Errors: those of read_bpf_object and bpf_cost, no uprobe program at all, a section that names
// no file.
Result<BpfPrograms> bpf_programs(Bytes bytes, std::string_view file_name);
Result<BpfPrograms> read_bpf_programs(const std::string& path);

// "FILE.bpf.o", the only program of it, or "FILE.bpf.o:PROGRAM".
bool is_bpf_word(std::string_view word);
Result<HandlerPtr> find_bpf_handler(std::string_view word);

}  // namespace uprobesim
