// SPDX-License-Identifier: GPL-2.0-or-later
// Exceptions by the class ESR_ELx.EC gives them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace uprobesim {

enum class ExceptionClass : std::uint8_t {
    Svc,              // EC 0x15
    Brk,              // EC 0x3c
    SoftwareStep,     // EC 0x32
    DataAbort,        // EC 0x24, from EL0
    InsnAbort,        // EC 0x20, from EL0
    DataAbortSameEl,  // EC 0x25: a fault in the kernel's own user copy
    Undefined,        // EC 0x00
    SysregTrap,       // EC 0x18
    PcAlignment,      // EC 0x22
    Irq,
    kCount
};
inline constexpr std::size_t kExceptionClassCount =
    static_cast<std::size_t>(ExceptionClass::kCount);
std::string_view exception_class_name(ExceptionClass);  // "svc", "brk", "software-step", ...
std::optional<ExceptionClass> find_exception_class(std::string_view name);

}  // namespace uprobesim
