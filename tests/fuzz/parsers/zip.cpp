// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a zip file: a member lies in the file, or there is one line that says why there is
// none.
#include <cstddef>
#include <cstdint>
#include <span>

#include "probes/target/zip_member.h"
#include "tests/fuzz/parsers/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    const auto member = uprobesim::find_zip_member(bytes, "lib/a.so", "input!/lib/a.so");
    uprobesim::check_refusal(member);
    if (member && (member->offset > size || size - member->offset < member->size)) std::abort();
    return 0;
}
