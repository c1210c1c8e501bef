// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/text_table.h"

#include <catch2/catch.hpp>

namespace uprobesim {

TEST_CASE("columns line up and lines have no blanks at their end", "[tools][text]") {
    TextTable table({"name", "n", ""});
    table.add({"a", "1", ""});
    table.add({"\xc2\xb5long", "1,000", "x"});
    CHECK(table.text(2) == "  name       n\n  a          1\n  \xc2\xb5long  1,000  x\n");
}

}  // namespace uprobesim
