// SPDX-License-Identifier: GPL-2.0-or-later
// One figure of a profile with its unit, source and confidence, and a change of one by --set.
#pragma once

#include <string>

namespace uprobesim {

enum class Confidence { High, Medium, Low, Assumption };

// One figure as the file gives it.
struct Figure {
    double value = 0;
    std::string unit;
    std::string source;
    Confidence confidence = Confidence::Assumption;

    // Of profiles as they are packed (packed/packed.h); the structures of profiles have the same.
    static void members(auto& self, auto& visit) {
        visit(self.value, self.unit, self.source, self.confidence);
    }
};

// A setting from --set: "machine.ops.ic-ivau=0", "kernel.slot-copy=if-changed",
// "kernel.paths.uprobe.lookup.insns=100".
struct Setting {
    std::string key;
    std::string value;
};

}  // namespace uprobesim
