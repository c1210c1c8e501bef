// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/exception_kind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "sim/base/text.h"

namespace uprobesim {
namespace {

using P = KernelPath;

// Where do_wp_page() and do_cow_fault() copy; a page that has no other holder is only made writable
// again, which is no copy.
constexpr std::array kCopies = {P::FaultCowCopy, P::FaultFileCow, P::FaultZeroToAnon};
// A handler is entered, or the process ends.
constexpr std::array kDeliveries = {P::SignalDeliver, P::SignalFatal};

// ESR_EL1.EC as in the Arm manual.
constexpr std::array kKinds = {
    ExceptionKind{"svc", "system call", "system calls", 0x15},
    ExceptionKind{"data-abort", "data abort", "data aborts", 0x24},
    ExceptionKind{"insn-abort", "instruction abort", "instruction aborts", 0x20},
    ExceptionKind{"cow", "copy-on-write fault", "copy-on-write faults", 0x24, kCopies},
    ExceptionKind{"brk", "BRK", "BRKs", 0x3c},
    ExceptionKind{"step", "software step", "software steps", 0x32},
    ExceptionKind{"undefined", "undefined instruction", "undefined instructions", 0x00},
    ExceptionKind{"sysreg-trap", "trapped system register", "trapped system registers", 0x18},
    ExceptionKind{"pc-alignment", "PC alignment fault", "PC alignment faults", 0x22},
    ExceptionKind{"signal", "signal", "signals", std::nullopt, kDeliveries, true},
    ExceptionKind{"irq", "interrupt of EL0", "interrupts of EL0", std::nullopt, {}, true},
};

}  // namespace

std::span<const ExceptionKind> exception_kinds() {
    return kKinds;
}

std::vector<std::string> exception_words() {
    std::vector<std::string> words;
    words.reserve(kKinds.size());
    for (const ExceptionKind& kind : kKinds) words.emplace_back(kind.word);
    return words;
}

Result<const ExceptionKind*> find_exception_kind(const std::string& word, const char* option) {
    const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                     [&](const ExceptionKind& kind) { return kind.word == word; });
    if (found != kKinds.end()) return found;
    const std::vector<std::string> words = exception_words();
    const std::string near = did_you_mean(word, words);
    return user_error(fmt::format("'{}' is no kind of exceptions", word), option,
                      near.empty() ? fmt::format("known: {}", fmt::join(words, ", ")) : near);
}

}  // namespace uprobesim
