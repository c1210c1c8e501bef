// SPDX-License-Identifier: GPL-2.0-or-later
// What the thread says in words, held against simulated hits.
#pragma once

#include "tools/published/reproduce.h"

namespace uprobesim {

// Checks the claims whose rows were reproduced, and counts the others.
void check_claims(Reproduction& simulated);

}  // namespace uprobesim
