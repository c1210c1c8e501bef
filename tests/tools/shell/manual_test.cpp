// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/shell/manual.h"

#include <catch2/catch.hpp>

#include "tools/commands/commands.h"

using namespace uprobesim;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("each command has a manual page with its options, and the tool's page lists it",
          "[tools][shell]") {
    const std::string tool = manual(commands(), "uprobesim");
    CHECK(manual_pages(commands()).size() == commands().size() + 1);
    for (const Command& command : commands()) {
        INFO(command.name);
        const std::string page = manual(commands(), "uprobesim-" + std::string(command.name));
        CHECK(contains(tool, "*uprobesim-" + std::string(command.name) + "*(1)"));
        const OptionTable options = command.options();
        for (const OptionRow& row : options.rows())
            CHECK(contains(page, "*--" + row.name + "*") == !row.hidden);
    }
    CHECK(manual(commands(), "uprobesim-nothing").empty());
}

TEST_CASE("nothing in a description is taken as scdoc's formatting", "[tools][shell]") {
    OptionTable (*options)() = [] {
        OptionTable table;
        table.text("set", "KEY_X", "a * and\n# no heading");
        return table;
    };
    const Command command{.name = "x", .meaning = "m", .help = {}, .options = options};
    const std::string page = manual({&command, 1}, "uprobesim-x");
    CHECK(contains(page, "*--set* KEY\\_X"));
    CHECK(contains(page, "a \\* and\n\\# no heading"));
}
