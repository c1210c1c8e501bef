// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/translated_code.h"

#include <atomic>  // lint: allow (programs of the library may have threads)
#include <cstddef>
#include <optional>
#include <vector>

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

// And elsewhere the region that is filled: its begin, the next page's, its end, the number of
// regions, its size.
constexpr std::size_t kEnd = 2;
bool is_region(const std::uint64_t* words, std::uint64_t begin, std::uint64_t highest) {
    return words[0] == begin && words[kEnd] == highest + kHighwater && words[3] == 1 &&
           words[4] == words[kEnd] - words[1];
}

// Where they were found: a place in the engine, and two in what is pointed to. All engines of the
// process are of one library, so that they are the same in each.
struct Places {
    std::size_t at = 0, buffer = 0, region = 0;
};
constexpr unsigned kBits = 20;
std::atomic<std::uint64_t> found_before;  // Places, in parts of kBits; 0: none were found yet

std::optional<Places> known_places() {
    const std::uint64_t all = found_before.load();
    if (all == 0) return std::nullopt;
    constexpr std::uint64_t kMask = (1u << kBits) - 1;
    return Places{all & kMask, (all >> kBits) & kMask, (all >> (2 * kBits)) & kMask};
}
void keep_places(const Places& places) {
    static_assert(kPages * kPage < 1u << kBits);
    found_before = places.at | std::uint64_t{places.buffer} << kBits |
                   std::uint64_t{places.region} << (2 * kBits);
}

}  // namespace

// The first pointer of the first engine that leads to such a buffer leads to its own. Later ones
// have it in the same place: elsewhere may stand what engines that are gone have left.
void TranslatedCode::find(const uc_engine* uc, std::uint64_t most,
                          const std::function<void()>& translate) {
    const auto known = known_places();
    std::vector<std::uint64_t> words(kPages * kPage / sizeof(std::uint64_t));
    for (std::size_t at = 0; at < 0x4000; at += 8) {
        if (known && at != known->at) continue;
        std::uintptr_t pointer = 0;
        if (!safe_read(reinterpret_cast<const std::byte*>(uc) + at, &pointer, 8)) return;
        if (pointer < 0x10000 || (pointer >> 47) != 0 || (pointer & 7) != 0) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): found as a number in the engine's memory.
        auto* base = reinterpret_cast<std::uint64_t*>(pointer);
        std::size_t read = 0;
        const std::size_t step = kPage / sizeof(std::uint64_t);
        while (read < words.size() && safe_read(base + read, &words[read], kPage)) read += step;
        for (std::size_t i = 0; i + kHighest < read; ++i) {
            if (known && i != known->buffer) continue;
            if (!is_buffer(&words[i])) continue;
            for (std::size_t r = 0; r + 4 < read; ++r) {
                if (known && r != known->region) continue;
                if (!is_region(&words[r], words[i], words[i + kHighest])) continue;
                translate();
                if (!safe_read(base + i + kNext, &pointer, 8) || pointer <= words[i + kNext]) break;
                begin_ = words[i + kBegin];
                next_ = base + i + kNext;
                most_ = most;
                // Dropping all code clears the region, and so takes all of it of the host.
                base[r + kEnd] = begin_ + most + kSlack;
                keep_places({at, i, r});
                return;
            }
        }
    }
}

}  // namespace uprobesim
