// SPDX-License-Identifier: GPL-2.0-or-later
// A core's pipeline tables as read from sim/data/cores/*.toml.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/error.h"
#include "sim/insn/insn_class.h"

namespace uprobesim {

// Micro-ops on one pipe: `cycles` of its time (2 for two micro-ops on the only such pipe).
struct PipeUse {
    std::size_t pipe = 0;
    double cycles = 0;

    static void members(auto& self, auto& visit) { visit(self.pipe, self.cycles); }
};

struct ClassCost {
    double latency = 0;
    std::vector<PipeUse> uses;

    static void members(auto& self, auto& visit) { visit(self.latency, self.uses); }
};

// What some instructions of a class cost other than the class: those whose word under `mask` is
// `value`.
struct WordCost {
    InsnClass cls{};
    std::uint32_t mask = 0, value = 0;
    ClassCost cost;
    // A multiply-accumulate takes what it adds to later than what it multiplies: the register whose
    // number is at this bit, and the cycles from it to the result.
    std::optional<unsigned> accumulator;
    double accumulate = 0;

    static void members(auto& self, auto& visit) {
        visit(self.cls, self.mask, self.value, self.cost, self.accumulator, self.accumulate);
    }
};

struct CoreTable {
    std::string name;
    double issue_width = 1;  // micro-ops a cycle
    std::vector<std::string> pipe_names;
    std::vector<double> pipe_counts;  // how many pipes of that name
    std::array<ClassCost, kInsnClassCount> classes;
    std::vector<WordCost> words;  // the narrowest mask first
    // What a form adds to its class.
    ClassCost writeback;   // pre- and post-index: the base register's update
    ClassCost wide_store;  // a store of more than 8 bytes: every further 8
    ClassCost wide_load;   // a load of more than 16 bytes: every further 16

    static void members(auto& self, auto& visit) {
        visit(self.name, self.issue_width, self.pipe_names, self.pipe_counts, self.classes,
              self.words, self.writeback, self.wide_store, self.wide_load);
    }
};

Result<CoreTable> load_core_table(std::string_view name_or_path);
Result<CoreTable> parse_core_table(std::string_view text, std::string_view file_name);

}  // namespace uprobesim
