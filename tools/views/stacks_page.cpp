// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/views/stacks_page.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "tools/html/page.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;

// A page of more would be slow to open; all are in the folded file.
constexpr std::size_t kMostShown = 20'000;
constexpr const char* kSmaller = "[smaller]";

struct Stack {
    std::string_view frames;
    std::uint64_t cycles = 0;
};

std::vector<Stack> stacks_of(std::string_view folded) {
    std::vector<Stack> stacks;
    while (!folded.empty()) {
        const std::size_t end = std::min(folded.find('\n'), folded.size());
        const std::string_view line = folded.substr(0, end);
        folded.remove_prefix(std::min(end + 1, folded.size()));
        const std::size_t blank = line.rfind(' ');
        if (blank == line.npos) continue;
        Stack stack{line.substr(0, blank)};
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), stack.cycles);
        stacks.push_back(stack);
    }
    return stacks;
}

// The largest, in the order of the lines, and the sum of the others.
Json shown(const std::vector<Stack>& stacks) {
    std::uint64_t least = 0, rest = 0;
    if (stacks.size() > kMostShown) {
        std::vector<Stack> sorted = stacks;
        std::ranges::stable_sort(
            sorted, [](const Stack& a, const Stack& b) { return a.cycles > b.cycles; });
        least = sorted[kMostShown].cycles + 1;
    }
    Json rows = Json::array();
    for (const Stack& stack : stacks) {
        if (stack.cycles >= least) {
            rows.push_back({stack.frames, stack.cycles});
        } else {
            rest += stack.cycles;
        }
    }
    if (rest != 0) rows.push_back({kSmaller, rest});
    return rows;
}

}  // namespace

std::string stacks_page(const RunReport& report, std::string_view folded) {
    const Provenance& from = report.provenance;
    const Json json = {{"schema", "uprobesim.stacks/1"},    {"version", from.version},
                       {"machine", from.machine.name},      {"kernel", from.kernel.name},
                       {"command", from.arguments},         {"probes", from.probes},
                       {"stacks", shown(stacks_of(folded))}};
    return html_page("stacks", {.title = "Flame graph: uprobesim run",
                                .json = json.dump(-1, ' ', false, Json::error_handler_t::replace),
                                .text = std::string(folded)});
}

}  // namespace uprobesim
