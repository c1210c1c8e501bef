// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/translated_code.h"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "sim/cpu/unicorn/jit/engine_build.h"
#include "sim/cpu/unicorn/jit/safe_read.h"

namespace uprobesim {

namespace {

constexpr std::uint64_t kHighwater = 1024;  // TCG_HIGHWATER: left free at the end of the buffer
constexpr std::uint64_t kSmallest = std::uint64_t{32} << 20, kLargest = std::uint64_t{4} << 30;
constexpr std::uint64_t kSlack = 1u << 20;        // for the block that fills the buffer
constexpr std::size_t kPage = 4096, kPages = 32;  // of what a pointer points to

// In the engine's context stand the buffer less a prologue, its begin, its size, a word more, the
// next free byte, another word, and the highest byte at which a block may begin.
constexpr std::size_t kBegin = 1, kNext = 4, kHighest = 6;

bool is_buffer(const std::uint64_t* words) {
    const std::uint64_t begin = words[kBegin], next = words[kNext], highest = words[kHighest];
    if (begin < 0x10000 || begin % kPage != 0 || next <= begin || highest <= next) return false;
    return (highest + kHighwater) % kPage == 0 && highest - begin >= kSmallest &&
           highest - begin <= kLargest && words[0] >= begin && words[0] < begin + kPage;
}

// And elsewhere the region that is filled: its begin, less a prologue or not, the next page's, its
// end, the number of regions, its size.
constexpr std::size_t kEnd = 2;
bool is_region(const std::uint64_t* words, std::uint64_t begin, std::uint64_t highest) {
    return words[0] >= begin && words[0] < begin + kPage && words[kEnd] == highest + kHighwater &&
           words[3] == 1 && words[4] == words[kEnd] - words[1];
}

// A buffer found from `base` on, with its region: indices of words.
struct Found {
    std::uint64_t* base;
    std::size_t buffer, region;
};

std::optional<std::uint64_t*> pointer_at(const std::byte* place) {
    std::uintptr_t value = 0;
    if (!safe_read(place, &value, sizeof value)) return std::nullopt;
    if (value < 0x10000 || (value >> 47) != 0 || (value & 7) != 0) return std::nullopt;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): found as a number in the engine's memory.
    return reinterpret_cast<std::uint64_t*>(value);
}

// The first buffer in `bytes` from `base` on that translating fills.
std::optional<Found> find_from(std::uint64_t* base, std::size_t bytes,
                               const std::function<void()>& translate) {
    std::vector<std::uint64_t> words(bytes / sizeof(std::uint64_t));
    const std::size_t read =
        read_what_is_there(base, std::as_writable_bytes(std::span(words))) / sizeof words[0];
    for (std::size_t i = 0; i + kHighest < read; ++i) {
        if (!is_buffer(&words[i])) continue;
        for (std::size_t r = 0; r + 4 < read; ++r) {
            if (!is_region(&words[r], words[i], words[i + kHighest])) continue;
            translate();
            std::uint64_t next = 0;
            if (safe_read(base + i + kNext, &next, sizeof next) && next > words[i + kNext])
                return Found{base, i, r};
            break;
        }
    }
    return std::nullopt;
}

// In an engine whose layout is not known, the pointer that the buffer is nearest to: what others
// point to may lie at another distance in the next engine.
std::optional<Found> find_anywhere(const std::byte* engine,
                                   const std::function<void()>& translate) {
    std::optional<Found> nearest;
    for (std::size_t at = 0; at < 0x4000; at += 8) {
        const auto base = pointer_at(engine + at);
        if (!base) continue;
        const auto found = find_from(*base, kPages * kPage, translate);
        if (found && (!nearest || found->buffer < nearest->buffer)) nearest = found;
    }
    return nearest;
}

}  // namespace

void TranslatedCode::find(const uc_engine* uc, std::uint64_t most,
                          const std::function<void()>& translate) {
    const auto* engine = reinterpret_cast<const std::byte*>(uc);
    const EngineBuild* build = linked_build();
    std::optional<Found> found;
    if (build == nullptr) {
        found = find_anywhere(engine, translate);
    } else if (const auto context = pointer_at(engine + build->layout.uc_tcg)) {
        found = find_from(*context, build->layout.tcg_size, translate);
    }
    if (!found) return;
    next_ = found->base + found->buffer + kNext;
    begin_ = found->base[found->buffer + kBegin];
    most_ = most;
    // Dropping all code clears the region, and so takes all of it of the host.
    found->base[found->region + kEnd] = begin_ + most + kSlack;
}

}  // namespace uprobesim
