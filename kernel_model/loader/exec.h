// SPDX-License-Identifier: GPL-2.0-or-later
// Loads a program: checks the ELF, maps its segments and its interpreter's, builds the stack (argv,
// envp, auxv).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "kernel_model/loader/exec_credentials.h"
#include "kernel_model/task/process.h"
#include "sim/base/error.h"

namespace uprobesim {

struct LoadedProgram {
    VAddr entry;  // where execution starts (the interpreter's entry where there is one)
    VAddr sp;
    ExecCredentials credentials;
};

struct ExecRequest {
    std::string path;  // guest path; for execveat what the kernel calls it (/dev/fd/3/name)
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::shared_ptr<FileBacking> vdso{};    // null: none
    std::string opened{};                   // the path that is opened; empty: `path`
    std::shared_ptr<const Dentry> start{};  // where that starts; null: the working directory
    bool path_closes = false;               // `path` leads through a descriptor that execve closes
    // The caller's.
    std::shared_ptr<const Credentials> credentials = std::make_shared<Credentials>();
};

// Why a program cannot be started: a message for the user, and execve's errno (NoEnt, NoExec,
// Acces, ...).
struct StartFailure {
    UserError error;
    std::optional<Errno> number;  // empty: execve was not reached
};

// Loads a program into process.mm, which must be new. Sets exe, arguments, environment, auxv and
// areas. Follows "#!" scripts to Linux's depth.
tl::expected<LoadedProgram, StartFailure> load_program(Machine& machine, FileSystem& files,
                                                       Process& process,
                                                       const ExecRequest& request);

}  // namespace uprobesim
