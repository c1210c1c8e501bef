// SPDX-License-Identifier: GPL-2.0-or-later
// Names of exception classes, kernel operations and kernel paths, as reports and profiles spell
// them.
#include <algorithm>

#include "sim/profile/exception_class.h"
#include "sim/profile/kernel_op.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

namespace {
constexpr std::array<std::string_view, kExceptionClassCount> kExceptionNames = {
    "svc",       "brk",         "software-step", "data-abort", "insn-abort", "data-abort-same-el",
    "undefined", "sysreg-trap", "pc-alignment",  "irq",
};
constexpr std::array<std::string_view, kKernelOpCount> kOpNames = {
    "isb",        "dsb-ish",     "dsb-ishst",   "dsb-nsh",      "dmb",     "daif-write",
    "mdscr-read", "mdscr-write", "exclusive",   "load-acquire", "dc-cvau", "ic-ivau",
    "tlbi",       "ttbr-write",  "user-access", "slot-refetch",
};

// The enumerator that stands where the row is that `is_wanted`.
template <class Enum, class Rows, class Predicate>
std::optional<Enum> find_row(const Rows& rows, Predicate is_wanted) {
    const auto found = std::find_if(rows.begin(), rows.end(), is_wanted);
    if (found == rows.end()) return std::nullopt;
    return static_cast<Enum>(found - rows.begin());
}

}  // namespace

std::string_view exception_class_name(ExceptionClass ec) {
    return kExceptionNames[static_cast<std::size_t>(ec)];
}
std::string_view kernel_op_name(KernelOp op) {
    return kOpNames[static_cast<std::size_t>(op)];
}

std::optional<ExceptionClass> find_exception_class(std::string_view name) {
    return find_row<ExceptionClass>(kExceptionNames,
                                    [&](std::string_view row) { return row == name; });
}
std::optional<KernelPath> find_kernel_path(std::string_view name) {
    return find_row<KernelPath>(kKernelPaths,
                                [&](const KernelPathInfo& row) { return row.name == name; });
}

}  // namespace uprobesim
