// SPDX-License-Identifier: GPL-2.0-or-later
// Runs a program whose results are known on an engine whose code is edited, and changes what it
// runs as kernels do.
#pragma once

#include <string>

#include "sim/cpu/unicorn/jit/code_editor.h"
#include "sim/cpu/unicorn/unicorn_engine.h"

namespace uprobesim {

// What was not as expected; empty: nothing. The engine has its own tables afterwards, and no code
// of the test.
std::string test_editor(UnicornEngine& engine, PhysicalMemory& memory, const CodeEditor& editor);

}  // namespace uprobesim
