// SPDX-License-Identifier: GPL-2.0-or-later
// A ruleset of Landlock while it is made: landlock_create_ruleset's descriptor.
#pragma once

#include <optional>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/anon_file.h"
#include "kernel_model/landlock/domain.h"

namespace uprobesim {

class LandlockFile final : public AnonFile {
public:
    LandlockFile(const LandlockHandled& handled, PhysicalMemory* memory)
        : AnonFile("landlock-ruleset", abi::kORdwr), rules(handled, memory) {}
    // It has neither a poll nor an llseek operation.
    WaitQueue* waiters() override { return nullptr; }
    std::optional<std::uint64_t> only_position() const override { return std::nullopt; }

    LandlockRules rules;
};

}  // namespace uprobesim
