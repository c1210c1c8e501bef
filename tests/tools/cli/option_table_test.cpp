// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/cli/option_table.h"

#include <catch2/catch.hpp>

namespace uprobesim {

TEST_CASE("options are found by name, alias and letter", "[tools][cli]") {
    OptionTable table;
    table.text("kernels", "A,B,...", "profiles").also("kernel").short_name('k');
    table.flag("quiet", "no output");
    REQUIRE(table.find("kernel") != nullptr);
    CHECK(table.find("kernel") == table.find("kernels"));
    CHECK(table.find('k') == table.find("kernels"));
    CHECK(table.find("quie") == nullptr);
    CHECK(table.find("") == nullptr);
    CHECK(table.find('q') == nullptr);
    CHECK(table.names() == Words{"kernels", "kernel", "quiet"});
}

TEST_CASE("the help of options has sections, wrapped lines and no hidden rows", "[tools][cli]") {
    OptionTable table;
    table.text("output", "FILE", "write to FILE").short_name('o');
    table.flag("secret", "not shown").hide();
    table.section("Guest");
    table.text("log-exceptions-output", "FILE",
               "one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
               "fifteen");
    CHECK(option_text(table) ==
          "Options:\n"
          "  -o, --output FILE           write to FILE\n"
          "\n"
          "Guest:\n"
          "      --log-exceptions-output FILE\n"
          "                              one two three four five six seven eight nine ten eleven "
          "twelve\n"
          "                              thirteen fourteen fifteen\n");
}

}  // namespace uprobesim
