// SPDX-License-Identifier: GPL-2.0-or-later
// The initial stack of a program: strings, auxv, envp, argv, argc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel_model/files/credentials.h"
#include "kernel_model/memory/mm.h"
#include "sim/base/entropy.h"

namespace uprobesim {

struct StackRequest {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string exec_name;           // AT_EXECFN
    std::uint64_t phdr_address = 0;  // AT_PHDR
    std::uint16_t phdr_count = 0;
    std::uint64_t interpreter_base = 0;  // AT_BASE
    std::uint64_t entry = 0;             // AT_ENTRY
    std::uint64_t vdso = 0;              // AT_SYSINFO_EHDR; 0: none
    Ids uid{}, gid{};
    bool secure = false;  // AT_SECURE
    bool executable = false;
};

struct StackImage {
    VAddr sp;
    std::vector<std::uint64_t> auxv;  // type, value pairs with the closing AT_NULL
    VRange argument_area, environment_area;
};

// TooBig: the strings exceed execve's limits.
SysResult<void> check_stack_strings(const StackRequest&, std::uint64_t stack_limit);
// Maps "[stack]" and puts the strings there; then, after the program is mapped, the tables below
// them.
class StackBuilder {
public:
    StackBuilder(Mm& mm, const StackRequest& request) : mm_(mm), request_(request) {}
    SysResult<void> map_and_copy_strings();
    SysResult<StackImage> build_tables(const StackRequest& loaded, Entropy& entropy, TaskId task);

private:
    bool copy_string(const std::string& text);

    Mm& mm_;
    const StackRequest& request_;
    VAddr at_;  // grows down
    VAddr exec_name_;
    std::vector<VAddr> arguments_, environment_;
    VRange argument_area_, environment_area_;
};

}  // namespace uprobesim
