// SPDX-License-Identifier: GPL-2.0-or-later
// The place of an address in a program: file, offset, and the function around it if the file names
// one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "kernel_model/task/process.h"
#include "probes/target/symbol_index.h"

namespace uprobesim {

class CodePlaces {
public:
    // The files that the guest sees; valid as long as places are asked for.
    void use(FileSystem& files) { files_ = &files; }
    // "/bin/cat+0x1a30 main+0x10", "[uprobes]+0x40", "0x7f0000000000".
    std::string text(const Process& process, VAddr at);

private:
    const std::vector<Function>& functions_of(const std::string& path);

    FileSystem* files_ = nullptr;
    // By guest path; none: not an ELF, or not there any more.
    std::map<std::string, std::vector<Function>> functions_;
};

}  // namespace uprobesim
