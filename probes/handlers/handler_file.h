// SPDX-License-Identifier: GPL-2.0-or-later
// A handler as TOML describes it (docs/handlers.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "probes/handlers/handler.h"
#include "sim/profile/data_files.h"

namespace uprobesim {

inline constexpr std::string_view kHandlerWhat = "handler";  // as messages name it

// `argument`: what stands after the colon of `word`; an error where the file has none, or needs
// one.
Result<ProbeHandler> read_handler(const DataFile& file, std::string_view word,
                                  std::optional<std::uint64_t> argument);
Result<HandlerSynopsis> handler_form(const DataFile& file, std::string_view name);

}  // namespace uprobesim
