// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/seccomp/seccomp_program.h"

#include <algorithm>
#include <cstring>

namespace uprobesim {
namespace {

using namespace abi;

// What bpf_check_classic lets through and seccomp_check_filter does not: loads of a packet, and
// the remainder.
constexpr std::uint16_t kForbidden[] = {
    kBpfLd | kBpfAbs | kBpfH,  kBpfLd | kBpfAbs | kBpfB,  kBpfLd | kBpfInd,
    kBpfLd | kBpfInd | kBpfH,  kBpfLd | kBpfInd | kBpfB,  kBpfLdx | kBpfMsh | kBpfB,
    kBpfAlu | kBpfMod | kBpfK, kBpfAlu | kBpfMod | kBpfX,
};

class SeccompBytes final : public BpfData {
public:
    explicit SeccompBytes(const SeccompData& data) : data_(data) {}
    std::uint32_t length() const override { return sizeof data_; }
    // Whole words, in the machine's own order.
    std::optional<std::uint32_t> load(std::uint32_t at, std::uint32_t) const override {
        std::uint32_t value = 0;
        std::memcpy(&value, reinterpret_cast<const std::byte*>(&data_) + at, sizeof value);
        return value;
    }
    std::optional<std::uint32_t> ancillary(std::uint32_t, std::uint32_t,
                                           std::uint32_t) const override {
        return std::nullopt;
    }

private:
    const SeccompData& data_;
};

}  // namespace

bool is_valid_filter(std::span<const BpfInsn> program) {
    const auto permitted = [](const BpfInsn& insn) {
        if (insn.code == (kBpfLd | kBpfAbs)) return insn.k < sizeof(SeccompData) && insn.k % 4 == 0;
        return std::ranges::find(kForbidden, insn.code) == std::end(kForbidden);
    };
    return is_valid_program(program) && std::ranges::all_of(program, permitted);
}

BpfRun run_filter(std::span<const BpfInsn> program, const SeccompData& data) {
    return run_program(program, SeccompBytes(data));
}

}  // namespace uprobesim
