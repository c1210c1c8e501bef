// SPDX-License-Identifier: GPL-2.0-or-later
// Names of exception classes and kernel operations, as reports and profiles spell them.
#include "sim/cost/exception_class.h"
#include "sim/cost/profile.h"

namespace uprobesim {

namespace {
constexpr std::array<std::string_view, kExceptionClassCount> kExceptionNames = {
    "svc",       "brk",         "software-step", "data-abort", "insn-abort", "data-abort-same-el",
    "undefined", "sysreg-trap", "pc-alignment",  "irq",
};
constexpr std::array<std::string_view, kKernelOpCount> kOpNames = {
    "isb",       "dsb-ish",      "dsb-ishst", "dsb-nsh", "dmb",  "daif-write", "mdscr-read",  "mdscr-write",
    "exclusive", "load-acquire", "dc-cvau",   "ic-ivau", "tlbi", "ttbr-write", "user-access", "slot-refetch",
};
}  // namespace

std::string_view exception_class_name(ExceptionClass ec) {
    return kExceptionNames[static_cast<std::size_t>(ec)];
}
std::string_view kernel_op_name(KernelOp op) {
    return kOpNames[static_cast<std::size_t>(op)];
}

}  // namespace uprobesim
