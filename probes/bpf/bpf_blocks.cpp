// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/bpf/bpf_blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

class Finder {
public:
    Finder(const BpfFunction& function, std::string_view file_name)
        : function_(function), insns_(function.insns), file_name_(file_name) {}

    Result<BpfBlocks> find() {
        TRY(mark());
        make_blocks();
        sort();
        return std::move(result_);
    }

private:
    enum class Mark : std::uint8_t { None, Leader, Second };
    enum class Visit : std::uint8_t { New, Open, Done };

    tl::unexpected<UserError> refuse(std::uint64_t at, std::string_view what) const {
        return user_error(
            fmt::format("instruction {} of '{}' {}", at, printable(function_.name), what),
            std::string(file_name_), "the kernel would not load it");
    }

    std::uint64_t next(std::uint64_t at) const {
        return at + (insns_[at].is_wide_constant() ? 2 : 1);
    }
    static bool ends_block(const BpfInsn& insn) {
        return insn.is_goto() || insn.is_exit() || insn.is_conditional();
    }
    std::uint64_t target(std::uint64_t at) const {
        return at + 1 + static_cast<std::uint64_t>(insns_[at].jump());
    }

    // Which instructions begin blocks.
    Outcome mark() {
        marks_.assign(insns_.size(), Mark::None);
        for (std::uint64_t at = 0; at < insns_.size(); at = next(at)) {
            if (!is_bpf_insn(insns_[at]))
                return refuse(at, fmt::format("has the unknown code {:#04x}", insns_[at].code));
            if (!insns_[at].is_wide_constant()) continue;
            if (at + 1 == insns_.size()) return refuse(at, "is cut off");
            marks_[at + 1] = Mark::Second;
        }
        marks_[0] = Mark::Leader;
        for (std::uint64_t at = 0; at < insns_.size(); at = next(at)) {
            const BpfInsn& insn = insns_[at];
            if (insn.is_goto() || insn.is_conditional()) {
                if (target(at) >= insns_.size() || marks_[target(at)] == Mark::Second)
                    return refuse(at, "jumps out of the function");
                marks_[target(at)] = Mark::Leader;
            }
            const bool goes_on = !insn.is_goto() && !insn.is_exit();
            if (next(at) == insns_.size()) {
                if (goes_on) return refuse(at, "is the last one and no exit");
            } else if (ends_block(insn)) {
                marks_[next(at)] = Mark::Leader;
            }
        }
        return {};
    }

    void make_blocks() {
        std::vector<std::size_t> block_of(insns_.size());
        for (std::uint64_t at = 0; at < insns_.size(); at = next(at)) {
            if (marks_[at] == Mark::Leader) result_.blocks.push_back({at, at, {}});
            block_of[at] = result_.blocks.size() - 1;
            result_.blocks.back().end = next(at);
        }
        for (BpfBlock& block : result_.blocks) {
            std::uint64_t last = block.end - 1;
            if (marks_[last] == Mark::Second) --last;
            const BpfInsn& insn = insns_[last];
            if (insn.is_exit()) continue;
            if (!insn.is_goto()) block.edges.push_back({.to = block_of[block.end]});
            if (insn.is_goto() || insn.is_conditional())
                block.edges.push_back({.to = block_of[target(last)], .taken = true});
        }
    }

    // Depth first; an edge to a block that is open closes a loop.
    void sort() {
        struct Step {
            std::size_t block, edge;
        };
        std::vector<Visit> visits(result_.blocks.size(), Visit::New);
        std::vector<Step> open = {{0, 0}};
        visits[0] = Visit::Open;
        while (!open.empty()) {
            Step& step = open.back();
            BpfBlock& block = result_.blocks[step.block];
            if (step.edge == block.edges.size()) {
                visits[step.block] = Visit::Done;
                result_.order.push_back(step.block);
                open.pop_back();
                continue;
            }
            BpfEdge& edge = block.edges[step.edge++];
            if (visits[edge.to] == Visit::Open) {
                edge.closes_loop = true;
                result_.blocks[edge.to].heads_loop = true;
            } else if (visits[edge.to] == Visit::New) {
                visits[edge.to] = Visit::Open;
                open.push_back({edge.to, 0});
            }
        }
        std::reverse(result_.order.begin(), result_.order.end());
    }

    const BpfFunction& function_;
    const std::vector<BpfInsn>& insns_;
    std::string_view file_name_;
    std::vector<Mark> marks_;
    BpfBlocks result_;
};

}  // namespace

Result<BpfBlocks> find_blocks(const BpfFunction& function, std::string_view file_name) {
    check_invariant(!function.insns.empty(), "a function has instructions");
    return Finder(function, file_name).find();
}

}  // namespace uprobesim
