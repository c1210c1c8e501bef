// SPDX-License-Identifier: GPL-2.0-or-later
// The only random number generator of the simulation, seeded by --seed: the source of AT_RANDOM,
// getrandom and /dev/urandom. SplitMix64 (Steele, Lea, Flood 2014), which accepts any seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace uprobesim {

class Entropy {
public:
    explicit Entropy(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    void fill(std::span<std::byte> out) {
        std::uint64_t word = 0;
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (i % 8 == 0) word = next();
            out[i] = static_cast<std::byte>(word >> (8 * (i % 8)));
        }
    }

private:
    std::uint64_t state_;
};

}  // namespace uprobesim
