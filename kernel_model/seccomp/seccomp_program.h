// SPDX-License-Identifier: GPL-2.0-or-later
// Classic BPF as seccomp has it: fewer codes, and a struct seccomp_data instead of a packet.
#pragma once

#include "kernel_model/bpf/classic_bpf.h"

namespace uprobesim {

// bpf_check_classic and seccomp_check_filter.
bool is_valid_filter(std::span<const abi::BpfInsn> program);

// Of a valid filter.
BpfRun run_filter(std::span<const abi::BpfInsn> program, const abi::SeccompData& data);

}  // namespace uprobesim
