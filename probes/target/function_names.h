// SPDX-License-Identifier: GPL-2.0-or-later
// Which functions a name means: as the symbol tables have it, with a version, as the C++ or Rust
// source has it, or as a wildcard.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probes/target/spec.h"
#include "probes/target/symbol_index.h"

namespace uprobesim {

// Exactly of this name, IFUNCs and PLT entries too.
std::vector<const Function*> functions_of_name(const SymbolIndex& index, std::string_view name);
// What the spec's symbol means. A name as it is written goes before what it matches as a wildcard,
// and names of the symbol tables before those of the source.
std::vector<const Function*> functions_named(const SymbolIndex& index, const ProbeSpec& spec,
                                             bool with_plt);
// Names that look like one that is not there; of the source too.
std::vector<std::string> near_function_names(const SymbolIndex& index, std::string_view name);

}  // namespace uprobesim
