// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/shell/complete.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/host.h"
#include "tools/bench/trigger_target.h"
#include "tools/commands/commands.h"

using namespace uprobesim;

namespace {

Words complete_line(const Words& words, const std::string& root = "") {
    OptionDefaults defaults;
    defaults.root = root;
    return complete(commands(), words, defaults);
}

bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("the first word is a command", "[tools][shell]") {
    CHECK(complete_line({"com"}) == Words{"compare"});
    CHECK(complete_line({}).size() == commands().size() + 3);
    CHECK(complete_line({"help", "ex"}) == Words{"explain"});
    CHECK(complete_line({"nothing", ""}).empty());
}

TEST_CASE("options are those of the command, without hidden ones", "[tools][shell]") {
    CHECK(complete_line({"run", "--max-i"}) == Words{"--max-insns"});
    CHECK(complete_line({"bench", "--max-i"}).empty());
    CHECK(complete_line({"run", "--no-count"}).empty());
}

TEST_CASE("an option's value is completed in its own word and in the next", "[tools][shell]") {
    CHECK(complete_line({"run", "--kernel", "v6.13+stp-"}) == Words{"v6.13+stp-copy", "@files"});
    CHECK(complete_line({"run", "--kernel=v6.13+stp-"}) ==
          Words{"--kernel=v6.13+stp-copy", "@files"});
    CHECK(complete_line({"run", "-f", "js"}) == Words{"json"});
    CHECK(complete_line({"run", "--root", "/t"}) == Words{"@folders"});
    CHECK(complete_line({"run", "--set", "machine.ops.ic-"}) == Words{"machine.ops.ic-ivau="});
}

TEST_CASE("of a list the part after the last comma is completed", "[tools][shell]") {
    CHECK(has(complete_line({"compare", "--kernels", "v6.1,next-20240909+"}),
              "v6.1,next-20240909+stp"));
}

TEST_CASE("words after the guest's program are its own", "[tools][shell]") {
    const TempFolder root;
    std::filesystem::create_directories(root.path() + "/etc/apt");
    CHECK(complete_line({"run", "/bin/ls", "/e"}, root.path()) == Words{"/etc/"});
    CHECK(complete_line({"run", "/bin/ls", "--max-i"}, root.path()).empty());
    // --root of the line goes over the default.
    CHECK(complete_line({"run", "--root", root.path(), "/bin/ls", "/etc/"}) == Words{"/etc/apt/"});
    // After a scenario there may be options.
    CHECK(complete_line({"run", "redis-set", "--max-i"}) == Words{"--max-insns"});
    CHECK(complete_line({"run", "redis-g"}) == Words{"redis-get"});
}

TEST_CASE("options follow a target of explain, but not its program", "[tools][shell]") {
    CHECK(complete_line({"explain", "push", "--max-i"}) == Words{"--max-insns"});
    CHECK(complete_line({"explain", "-p", "uprobe:/a:b", "/a", "--max-i"}).empty());
}

TEST_CASE("a probe's binary and symbols come from the guest's files", "[tools][shell]") {
    const auto tree = TriggerTree::make("push", false);
    if (!tree) return;  // built without a cross compiler
    const std::string probe = "uprobe:" + tree->program() + ":";
    CHECK(complete_line({"run", "-p", probe + "uprobe_target"}, tree->root()) ==
          Words{probe + "uprobe_target_push"});
    CHECK(complete_line({"run", "-p", probe + "x,uprobe_target"}, tree->root()) ==
          Words{probe + "x,uprobe_target_push"});
    CHECK(complete_line({"run", "-p", "uretprobe:/trig"}, tree->root()) ==
          Words{"uretprobe:" + tree->program() + ":"});
}

TEST_CASE("a handler is completed up to its argument", "[tools][shell][handlers]") {
    CHECK(has(complete_line({"bench", "--handler", "usta"}), "ustack:"));
    CHECK(has(complete_line({"estimate", "--handler", "count-"}), "count-by-key"));
    CHECK_FALSE(has(complete_line({"bench", "--handler", "usta"}), "count"));
}

TEST_CASE("sub-commands come before other words", "[tools][shell]") {
    CHECK(complete_line({"model", "sh"}) == Words{"show"});
    CHECK(has(complete_line({"model", "show", "kunpeng"}), "kunpeng916"));
    CHECK(complete_line({"sysroot", "f"}) == Words{"fetch"});
}
