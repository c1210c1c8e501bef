// SPDX-License-Identifier: GPL-2.0-or-later
// Which rows of a table may hold a word, by its bits 28 to 24: by these the manual tells groups of
// encodings apart. A word is then compared with a few rows instead of all.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace uprobesim {

template <std::size_t Rows>
class WordIndex {
public:
    // Rows have a mask and a value: of bits 28 to 24 they are in every group where these agree.
    template <class Table>
    explicit consteval WordIndex(const Table& table) {
        static_assert(Rows <= 256);
        std::size_t size = 0;
        for (std::uint32_t group = 0; group < kGroups; ++group) {
            begin_[group] = static_cast<std::uint16_t>(size);
            for (std::size_t i = 0; i < Rows; ++i)
                if (((table[i].value ^ group << kLowest) & table[i].mask & kBits) == 0)
                    places_[size++] = static_cast<std::uint8_t>(i);
        }
        begin_[kGroups] = static_cast<std::uint16_t>(size);
    }
    // Places in the table, in its order.
    std::span<const std::uint8_t> of(std::uint32_t word) const {
        const std::uint32_t group = (word & kBits) >> kLowest;
        return std::span(places_).subspan(begin_[group], begin_[group + 1] - begin_[group]);
    }

private:
    static constexpr std::uint32_t kGroups = 32, kLowest = 24, kBits = 0x1f000000;
    std::array<std::uint8_t, Rows * 4> places_{};  // more would not compile
    std::array<std::uint16_t, kGroups + 1> begin_{};
};

}  // namespace uprobesim
