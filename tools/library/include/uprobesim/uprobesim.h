// SPDX-License-Identifier: GPL-2.0-or-later
// All of libuprobesim: what uprobes cost an arm64 program, on a simulated machine with a modelled
// Linux kernel. docs/library.md has examples.
#pragma once

#include <uprobesim/audit.h>       // IWYU pragma: export
#include <uprobesim/bench.h>       // IWYU pragma: export
#include <uprobesim/error.h>       // IWYU pragma: export
#include <uprobesim/estimate.h>    // IWYU pragma: export
#include <uprobesim/host.h>        // IWYU pragma: export
#include <uprobesim/options.h>     // IWYU pragma: export
#include <uprobesim/report.h>      // IWYU pragma: export
#include <uprobesim/simulation.h>  // IWYU pragma: export
#include <uprobesim/whatif.h>      // IWYU pragma: export
