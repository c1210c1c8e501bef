// SPDX-License-Identifier: GPL-2.0-or-later
// Names of C++ and Rust functions as their sources have them, by the demangler of binutils and gdb.
#pragma once

#include <string>
#include <string_view>

#include "probes/target/spec.h"

namespace uprobesim {

// Full: as nm -C prints it, "void ns::f<int>(int)". NoReturnType: "ns::f<int>(int)". NameOnly:
// "ns::f<int>".
enum class NameForm { Full, NoReturnType, NameOnly };

// Empty: the name is not mangled, or its source's name is unreasonably long.
std::string demangled(const std::string& name, NameForm form = NameForm::Full);
// By its prefix; Any: it is not mangled.
ProbeSpec::Language mangling_of(std::string_view name);

}  // namespace uprobesim
