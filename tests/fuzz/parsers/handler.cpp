// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a handler's TOML, and as a handler's name: the handler, or one line that says what is
// wrong.
#include "probes/handlers/handler.h"

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/parsers/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    uprobesim::check_refusal(uprobesim::parse_handler(text, "input", "input"));
    const auto split = uprobesim::split_handler(text);
    if (split.spec.size() + split.handler.size() > size) std::abort();
    if (text.find('/') == text.npos && !text.ends_with(".toml"))
        uprobesim::check_refusal(uprobesim::find_handler(text));
    return 0;
}
