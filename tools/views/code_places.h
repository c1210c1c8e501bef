// SPDX-License-Identifier: GPL-2.0-or-later
// The place of an address in a program: file, offset, and the function around it if the file names
// one.
#pragma once

#include <map>
#include <span>
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
    // The function alone, by its source's name if that is known: "main", "ns::f(int)". Of code in
    // none, what it is mapped from: "[libc.so.6]", "[uprobes]".
    std::string function(const Process& process, VAddr at);

private:
    const std::vector<Function>& functions_of(const std::string& path);
    // The names of the nearest function that begins at the offset or before it.
    std::span<const Function> before(const std::string& path, std::uint64_t offset);

    FileSystem* files_ = nullptr;
    // By guest path; none: not an ELF, or not there any more.
    std::map<std::string, std::vector<Function>> functions_;
};

}  // namespace uprobesim
