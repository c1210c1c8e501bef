// SPDX-License-Identifier: GPL-2.0-or-later
// From a spec to the places in its file that it means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probes/target/probed_file.h"
#include "probes/target/spec.h"

namespace uprobesim {

struct ProbePlace {
    enum class Kind : std::uint8_t { Function, Indirect, Plt, Usdt, Offset, Line };
    Kind kind = Kind::Function;
    std::string name;                  // "main", "main+4", "0x4a10", "a.c:12", "demo:tick"
    std::vector<std::string> aliases;  // other names of the place, as far as they match
    bool resolver = false;             // one of its other names is an IFUNC's
    std::uint64_t offset = 0;          // in the file
    std::string arguments;             // of USDT
    std::optional<std::uint64_t> semaphore;
};

// By offset, one for each. With a wildcard, IFUNC resolvers that match are among them, and PLT
// entries if the pattern asks for them ("*@plt") or if `with_plt`. Errors, each with what to do
// next: no such function, no ELF, an address in place of an offset, an offset past the function's
// end, nothing matches.
Result<std::vector<ProbePlace>> find_places(const ProbedFile& file, const ProbeSpec& spec,
                                            bool with_plt = false);

// Of a resolver that is asked for by its name: what is meant is what it returns.
tl::unexpected<UserError> indirect_function(const ProbeSpec& spec, const ProbePlace& place);

}  // namespace uprobesim
