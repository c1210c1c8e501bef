// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

// Marks what libuprobesim exports; everything else of it is hidden.
#define UPROBESIM_API __attribute__((visibility("default")))
