// SPDX-License-Identifier: GPL-2.0-or-later
// The classic BPF of the filters of seccomp and of sockets: two registers, sixteen words, jumps
// forward only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernel_model/abi/seccomp.h"

namespace uprobesim {

// bpf_check_classic: known codes only, jumps inside the program, an end that returns, no word read
// before it is written, no division by a constant 0.
bool is_valid_program(std::span<const abi::BpfInsn> program);

// What a program reads.
class BpfData {
public:
    BpfData() = default;
    BpfData(const BpfData&) = delete;
    BpfData& operator=(const BpfData&) = delete;
    virtual ~BpfData() = default;
    virtual std::uint32_t length() const = 0;
    // `size` bytes at `at`, 1, 2 or 4, as a number. Nothing: they are not there, and the program
    // ends with 0.
    virtual std::optional<std::uint32_t> load(std::uint32_t at, std::uint32_t size) const = 0;
    // What stands at kSkfAd + `number`, which may depend on the registers. Nothing: the program
    // ends with its accumulator.
    virtual std::optional<std::uint32_t> ancillary(std::uint32_t number, std::uint32_t a,
                                                   std::uint32_t x) const = 0;
};

struct BpfRun {
    std::uint32_t value = 0;     // what the program returned
    std::uint32_t executed = 0;  // instructions
};
// Of a valid program.
BpfRun run_program(std::span<const abi::BpfInsn> program, const BpfData& data);

}  // namespace uprobesim
