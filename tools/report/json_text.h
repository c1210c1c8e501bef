// SPDX-License-Identifier: GPL-2.0-or-later
// The text of a report into JSON values. Text that nests deeper, or holds more values, than any
// report has is refused before it costs the host's memory.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/base/error.h"

namespace uprobesim {

// Members in the order of their names: keeping the text's order would take time quadratic in them.
using ReportJson = nlohmann::json;

inline constexpr unsigned kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonValues = 4'000'000;

Result<ReportJson> parse_json(std::string_view text, std::string_view file_name,
                              std::string_view remedy);

}  // namespace uprobesim
