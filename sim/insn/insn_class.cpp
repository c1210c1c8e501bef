// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/insn/insn_class.h"

namespace uprobesim {

namespace {
constexpr std::array<std::string_view, kInsnClassCount> kNames = {
    "int-alu", "int-shift",     "int-mul",     "int-div",         "load",
    "store",   "load-fp",       "store-fp",    "atomic",          "exclusive",
    "acq-rel", "branch-direct", "branch-call", "branch-indirect", "branch-return",
    "fp-alu",  "fp-div-sqrt",   "simd",        "crypto",          "hint",
    "barrier", "system",        "other",
};
}  // namespace

std::string_view insn_class_name(InsnClass c) {
    return kNames[static_cast<std::size_t>(c)];
}

}  // namespace uprobesim
