// SPDX-License-Identifier: GPL-2.0-or-later
// The classic BPF of seccomp filters: two registers, sixteen words, jumps forward only.
#pragma once

#include <cstdint>
#include <span>

#include "kernel_model/abi/seccomp.h"

namespace uprobesim {

// bpf_check_classic and seccomp_check_filter: known codes only, jumps inside the program, an end
// that returns, no word read before it is written.
bool is_valid_filter(std::span<const abi::BpfInsn> program);

struct BpfRun {
    std::uint32_t value = 0;     // what the program returned
    std::uint32_t executed = 0;  // instructions
};
// Of a valid program.
BpfRun run_filter(std::span<const abi::BpfInsn> program, const abi::SeccompData& data);

}  // namespace uprobesim
