// SPDX-License-Identifier: GPL-2.0-or-later
// The template, the styles and the scripts, compiled in.
#pragma once

#include <span>

#include "sim/data/embedded_data.h"

namespace uprobesim {

std::span<const EmbeddedFile> embedded_pages();

}  // namespace uprobesim
