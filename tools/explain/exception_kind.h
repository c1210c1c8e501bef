// SPDX-License-Identifier: GPL-2.0-or-later
// The exceptions that `explain --exception` can tell, by the word that chooses them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/profile/kernel_path.h"

namespace uprobesim {

struct ExceptionKind {
    std::string_view word;
    std::string_view noun;    // "the program took 3 ...s"
    std::string_view plural;  // of the noun
    // ESR_EL1.EC. None: an interrupt; of a signal, any exception.
    std::optional<std::uint32_t> ec{};
    // Only exceptions in which one of these is charged.
    std::span<const KernelPath> paths{};
    bool interrupts = false;  // interrupts are of the kind
};
std::span<const ExceptionKind> exception_kinds();
std::vector<std::string> exception_words();
Result<const ExceptionKind*> find_exception_kind(const std::string& word, const char* option);

}  // namespace uprobesim
