// SPDX-License-Identifier: GPL-2.0-or-later
// The programs that `bench` and `explain` put a probe into: a loop over one function whose first
// instruction is the probed one, as the kernel's uprobe benchmark has them
// (workloads/src/trig_*.S). Part of the tool, so that it needs neither a sysroot nor a cross
// compiler when it runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/base/error.h"
#include "sim/base/temp_folder.h"

namespace uprobesim {

// Of the programs "trig_TARGET", each of which calls uprobe_target_TARGET argv[1] times.
inline constexpr std::string_view kTriggerTargets[] = {"nop", "push", "ret"};

// A trigger program as a file tree of its own on the host, for as long as the object lives.
class TriggerTree {
public:
    // `target`: one of kTriggerTargets. With `first_word` the probed instruction is replaced by it.
    static Result<TriggerTree> make(std::string_view target, bool branch_protection,
                                    std::optional<std::uint32_t> first_word = {});
    // Many threads that call the target: argv is the calls of each, the threads, the start's seed.
    static Result<TriggerTree> make_producers(std::string_view target);
    const std::string& root() const { return folder_.path(); }  // host folder
    const std::string& program() const { return program_; }     // guest path
    const std::string& symbol() const { return symbol_; }

private:
    TriggerTree() = default;
    static Result<TriggerTree> make_named(const std::string& name, std::string_view target,
                                          std::optional<std::uint32_t> first_word);
    TemporaryFolder folder_;
    std::string program_, symbol_;
};

}  // namespace uprobesim
