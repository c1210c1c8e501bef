// SPDX-License-Identifier: GPL-2.0-or-later
// Sizes, times, rates and shares as users write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sim/base/error.h"

namespace uprobesim {

// "512M", "4G", "65536": bytes, K, M and G being powers of 1024; at most 64G. `least_text` is
// `least` as messages show it.
Result<std::uint64_t> parse_size(const std::string& value, const std::string& option,
                                 std::uint64_t least, std::string_view least_text);
// "250ms", "1.5s": nanoseconds, at least one.
Result<std::uint64_t> parse_duration(const std::string& value, const std::string& option);
// "250", "100k", "2.5M", each with or without "/s": so many a second, more than none.
Result<double> parse_rate(const std::string& value, const std::string& option);
// "2%" or "0.02", more than nothing.
Result<double> parse_share(const std::string& value, const std::string& option);

}  // namespace uprobesim
