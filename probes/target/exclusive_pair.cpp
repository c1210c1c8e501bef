// SPDX-License-Identifier: GPL-2.0-or-later
// Encodings: Arm ARM C4.1, "Load/store exclusive pair" and "register"; CASP has o1 set without
// bit 31.
#include "probes/target/exclusive_pair.h"

namespace uprobesim {
namespace {

// As the kernel's kprobes look, which refuse such places: MAX_ATOMIC_CONTEXT_SIZE.
constexpr std::uint64_t kMostWords = 32;

bool is_casp(std::uint32_t word) {
    return (word & 0x80200000) == 0x00200000;
}
bool is_load(std::uint32_t word) {
    return (word & 0x3fc00000) == 0x08400000 && !is_casp(word);
}
bool is_store(std::uint32_t word) {
    return (word & 0x3fc00000) == 0x08000000 && !is_casp(word);
}
// What the code of a pair does not do: RET, BR, BLR, BL, and CLREX, which gives up.
bool leaves(std::uint32_t word) {
    return (word & 0xff9ffc1f) == 0xd61f0000 || (word & 0xfc000000) == 0x94000000 ||
           (word & 0xfffff0ff) == 0xd503305f;
}

}  // namespace

std::optional<ExclusivePair> exclusive_pair_at(
    std::uint64_t offset,
    const std::function<std::optional<std::uint32_t>(std::uint64_t)>& word_at) {
    std::optional<std::uint64_t> load, store;
    for (std::uint64_t n = 0; n <= kMostWords && offset >= 4 * n && !load; ++n) {
        const auto word = word_at(offset - 4 * n);
        if (!word || (n != 0 && (is_store(*word) || leaves(*word)))) return std::nullopt;
        if (is_load(*word)) load = offset - 4 * n;
    }
    for (std::uint64_t n = 0; load && n <= kMostWords && !store; ++n) {
        const auto word = word_at(offset + 4 * n);
        if (!word || (n != 0 && (is_load(*word) || leaves(*word)))) return std::nullopt;
        if (is_store(*word)) store = offset + 4 * n;
    }
    if (!store) return std::nullopt;
    return ExclusivePair{*load, *store};
}

}  // namespace uprobesim
