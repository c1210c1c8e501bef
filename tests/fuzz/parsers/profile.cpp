// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a machine or kernel profile: read or refused with one line, never a crash. The first
// byte chooses which, and whether a setting from the text's first line is laid over it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cost/prices.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "tests/fuzz/parsers/check.h"

using namespace uprobesim;

namespace {
std::vector<Setting> settings_from(std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return {};
    return {{std::string(line.substr(0, equals)), std::string(line.substr(equals + 1))}};
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::uint8_t choice = data[0];
    std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    std::vector<Setting> settings;
    if ((choice & 2) != 0) {
        const auto end = text.find('\n');
        settings = settings_from(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    if ((choice & 1) != 0)
        check_refusal(parse_machine_profile(text, "input.toml", settings));
    else
        check_refusal(parse_kernel_profile(text, "input.toml", settings));
    return 0;
}
