// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/syndrome_text.h"

#include <fmt/format.h>

#include "probes/slots/breakpoint.h"

namespace uprobesim {
namespace {

// Fault status codes of aborts (IFSC, DFSC), those the simulated machine gives.
std::string fault_status(std::uint32_t code) {
    const std::uint32_t level = code & 3;
    if (code == 0x21) return "alignment fault";
    switch (code >> 2) {
        case 1: return fmt::format("translation fault, level {}", level);
        case 2: return fmt::format("access flag fault, level {}", level);
        case 3: return fmt::format("permission fault, level {}", level);
        default: return "another fault";
    }
}

std::string nothing(std::uint32_t) {
    return "no more is said";
}
std::string svc(std::uint32_t iss) {
    return fmt::format("SVC #{}", iss & 0xffff);
}
std::string brk(std::uint32_t iss) {
    const std::uint32_t comment = iss & 0xffff;
    return fmt::format("BRK #{}{}", comment,
                       comment == kUprobeBrkImm ? ", the kernel's uprobe breakpoint" : "");
}
std::string step(std::uint32_t iss) {
    return fmt::format("ISV {}, EX {}, IFSC 0x{:02x}: debug exception", iss >> 24 & 1, iss >> 6 & 1,
                       iss & 0x3f);
}
std::string fetch(std::uint32_t iss) {
    return fmt::format("IFSC 0x{:02x}: {}", iss & 0x3f, fault_status(iss & 0x3f));
}
std::string access(std::uint32_t iss) {
    return fmt::format("WnR {}, DFSC 0x{:02x}: {}", iss >> 6 & 1, iss & 0x3f,
                       fault_status(iss & 0x3f));
}
std::string system_register(std::uint32_t iss) {
    return fmt::format("{} of S{}_{}_C{}_C{}_{}", (iss & 1) != 0 ? "MRS" : "MSR", iss >> 20 & 3,
                       iss >> 14 & 7, iss >> 10 & 15, iss >> 1 & 15, iss >> 17 & 7);
}

struct Class {
    std::uint32_t ec;
    std::string_view name;
    std::string (*iss)(std::uint32_t);
};
constexpr Class kClasses[] = {
    {0x00, "unknown reason", nothing},
    {0x15, "SVC in AArch64", svc},
    {0x18, "trapped system register", system_register},
    {0x20, "instruction abort from EL0", fetch},
    {0x22, "PC alignment fault", nothing},
    {0x24, "data abort from EL0", access},
    {0x32, "software step from EL0", step},
    {0x3c, "BRK in AArch64", brk},
};

}  // namespace

SyndromeText syndrome_text(std::uint64_t esr) {
    SyndromeText text;
    text.ec = static_cast<std::uint32_t>(esr >> 26 & 0x3f);
    text.iss = static_cast<std::uint32_t>(esr & 0x1ffffff);
    for (const Class& c : kClasses) {
        if (c.ec != text.ec) continue;
        text.ec_name = c.name;
        text.iss_text = c.iss(text.iss);
        return text;
    }
    text.ec_name = "another class";
    return text;
}

}  // namespace uprobesim
