// SPDX-License-Identifier: GPL-2.0-or-later
// A core's pipeline as data: issue width, pipes, latency and throughput per instruction class, from
// sim/data/cores, and the block estimate made from it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "sim/cost/block_model.h"

namespace uprobesim {

// `name_or_path`: a built-in core ("cortex-a72") or a file.
Result<std::unique_ptr<BlockModel>> load_core_model(std::string_view name_or_path);

}  // namespace uprobesim
