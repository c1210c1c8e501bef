// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/base/error.h"

#include <catch2/catch.hpp>

namespace uprobesim {

TEST_CASE("a user's mistake is one line, however long the name in it", "[base]") {
    const UserError ordinary{"no such file", "a\nb", "check the path"};
    CHECK(ordinary.line() == "a\\x0ab: no such file (check the path)");
    std::string umlauts;
    for (int i = 0; i < 1'000'000; ++i) umlauts += "\xc3\xa4";
    const std::string line = UserError{"unknown key '" + umlauts + "'", "f:1", ""}.line();
    CHECK(line.size() < 5000);
    CHECK(line.ends_with("\xc3\xa4..."));
}

}  // namespace uprobesim
