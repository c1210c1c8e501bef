// SPDX-License-Identifier: GPL-2.0-or-later
// A task's registers as gdb numbers them: X0 to X30, SP, PC, CPSR, V0 to V31, FPSR, FPCR,
// TPIDR_EL0; and the target description that says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/cpu/cpu.h"

namespace uprobesim {

// target.xml of qXfer:features.
std::string target_description();

// The bytes of all registers, and of one (nothing: there is no such), as memory would hold them.
std::string register_bytes(Cpu& cpu, ContextId context);
std::optional<std::string> register_bytes(Cpu& cpu, ContextId context, std::uint64_t number);
// False: the bytes are not as many as the registers have, or there is no such register.
bool set_registers(Cpu& cpu, ContextId context, std::string_view bytes);
bool set_register(Cpu& cpu, ContextId context, std::uint64_t number, std::string_view bytes);

}  // namespace uprobesim
