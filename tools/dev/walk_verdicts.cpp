// SPDX-License-Identifier: GPL-2.0-or-later
// Walks all 2^32 instruction words and counts the verdicts of each column: the proof that the table
// in probes/verdict/verdict.cpp equals the kernel's decoder. Takes some minutes of one core.
// `walk_verdicts STRIDE` looks at every STRIDE-th word only, `walk_verdicts STRIDE COLUMN` at one
// column.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probes/verdict/verdict.h"

int main(int argc, char** argv) {
    using namespace uprobesim;
    const std::uint64_t stride = argc > 1 ? std::strtoull(argv[1], nullptr, 0) : 1;
    if (stride == 0) {
        fmt::print(stderr, "walk_verdicts: the stride must be a number above 0\n");
        return 2;
    }
    const std::string_view only = argc > 2 ? argv[2] : "";
    const auto known = std::any_of(kDecodeTables.begin(), kDecodeTables.end(),
                                   [&](const DecodeTableWord& row) { return row.word == only; });
    if (!only.empty() && !known) {
        fmt::print(stderr, "walk_verdicts: there is no column '{}'\n", only);
        return 2;
    }
    for (const auto& [table, column] : kDecodeTables) {
        if (!only.empty() && only != column) continue;
        std::uint64_t counts[3][static_cast<std::size_t>(Handler::kCount)] = {};
        for (std::uint64_t word = 0; word < (std::uint64_t{1} << 32); word += stride) {
            const Verdict v = decide(static_cast<std::uint32_t>(word), table);
            ++counts[static_cast<std::size_t>(v.kind)][static_cast<std::size_t>(v.handler)];
        }
        for (const VerdictKind kind :
             {VerdictKind::Reject, VerdictKind::Step, VerdictKind::Emulate}) {
            for (std::size_t h = 0; h < static_cast<std::size_t>(Handler::kCount); ++h) {
                const std::uint64_t n = counts[static_cast<std::size_t>(kind)][h];
                if (n == 0) continue;
                fmt::print("{:8} {:8} {:12} {:>13}\n", column, verdict_name(kind),
                           handler_name(static_cast<Handler>(h)), n);
            }
        }
    }
}
