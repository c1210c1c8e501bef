// SPDX-License-Identifier: GPL-2.0-or-later
// core_cycles CORE: reads blocks of A64 words in hexadecimal, one block a line, and prints the
// cycles that the core model gives each, as though it ran back to back with itself.
#include <fmt/format.h>

#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "sim/cost/core_model.h"

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: core_cycles CORE <blocks\n");
        return 2;
    }
    const auto model = uprobesim::load_core_model(argv[1]);
    if (!model) {
        fmt::print(stderr, "core_cycles: {}\n", model.error().line());
        return 2;
    }
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream in(line);
        std::vector<std::uint32_t> words;
        for (std::uint32_t word = 0; in >> std::hex >> word;) words.push_back(word);
        const auto block = (*model)->analyse(words);
        const auto last = block.cycles_through.empty() ? 0 : block.cycles_through.back().value;
        fmt::print("{:.2f}\n", static_cast<double>(last) / 100);
    }
    return 0;
}
