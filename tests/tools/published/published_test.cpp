// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/published/published.h"

#include <catch2/catch.hpp>

#include "tests/support/host.h"

using namespace uprobesim;

namespace {

const std::string kTable = R"(name = "mine"
description = "a test"
[[tables]]
id = "a"
title = "t"
source = "s"
machine = "m"
kernel = "k"
settings = ["kernel.slot-copy=if-changed"]
unit = "M/s"
outside-thread = false
fit = true
rows = [
    { name = "uprobe-nop", value = 1.5, plus-minus = 0.01 },
    { name = "uprobe-ret", value = 2 },
]
)";

std::string with(std::string_view from, std::string_view to) {
    std::string text = kTable;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& text) {
    const TempFolder folder;
    const auto tables = load_published(folder.write("rows.toml", text));
    return tables ? "no refusal" : tables.error().line();
}

}  // namespace

TEST_CASE("published rows are read with their counterpart", "[published]") {
    const TempFolder folder;
    const auto tables = load_published(folder.write("rows.toml", kTable));
    if (!tables) FAIL(tables.error().line());
    REQUIRE(tables->size() == 1);
    const PublishedTable& table = tables->front();
    CHECK(table.is_benchmark());
    REQUIRE(table.settings.size() == 1);
    CHECK(table.settings[0].key == "kernel.slot-copy");
    CHECK(table.settings[0].value == "if-changed");
    REQUIRE(table.rows.size() == 2);
    CHECK(table.rows[0].plus_minus == 0.01);
    CHECK(table.row("uprobe-ret")->value == 2);
    CHECK_FALSE(table.row("uprobe-ret")->plus_minus.has_value());
    CHECK(table.row("uprobe-push") == nullptr);
}

TEST_CASE("a published table that is wrong is refused with its line", "[published]") {
    using Catch::Contains;
    CHECK_THAT(refusal(with("value = 1.5", "value = \"fast\"")),
               Contains(":14") && Contains("tables[0].rows[0].value"));
    CHECK_THAT(refusal(with("value = 1.5", "value = 0")), Contains("tables[0].rows[0].value"));
    CHECK_THAT(refusal(with("unit = \"M/s\"", "unit = \"furlongs\"")),
               Contains(":10") && Contains("furlongs"));
    CHECK_THAT(refusal(with("fit = true", "fit = \"yes\"")), Contains(":12") && Contains("fit"));
    CHECK_THAT(refusal(with("fit = true", "fit = false")), Contains("left-out"));
    CHECK_THAT(refusal(with("title = \"t\"", "tittle = \"t\"")),
               Contains(":5") && Contains("tittle"));
    CHECK_THAT(refusal(with("kernel.slot-copy=if-changed", "kernel.slot-copy")),
               Contains(":9") && Contains("settings"));
    CHECK_THAT(refusal(with("\"kernel.slot-copy=if-changed\"", "1")),
               Contains(":9") && Contains("settings"));
    CHECK_THAT(refusal("name = \"mine\"\n"), Contains("[[tables]]"));
    CHECK_THAT(refusal("name = = 1\n"), Contains(":1"));
}

TEST_CASE("what a published table says of another must be there", "[published]") {
    using Catch::Contains;
    const std::string program = std::string(kTable) + R"([[tables]]
id = "p"
title = "t"
source = "s"
machine = "m"
kernel = "k"
unit = "s"
outside-thread = false
fit = false
left-out = "a program"
rows = [{ name = "no-uprobe", value = 2 }, { name = "stepped", value = 3, hit-cost = ["a"] }]
[[tables]]
id = "h"
title = "t"
source = "s"
machine = "m"
kernel = "k"
unit = "hits"
outside-thread = false
fit = false
left-out = "a program"
hits-of = "p"
request = "serve"
rows = [{ name = "stepped/serve", value = 10 }]
)";
    const TempFolder folder;
    const auto tables = load_published(folder.write("rows.toml", program));
    if (!tables) FAIL(tables.error().line());
    CHECK(find_published(*tables, "p")->row("stepped")->hit_cost == std::vector<std::string>{"a"});
    CHECK(find_published(*tables, "h")->hits_of == "p");
    CHECK(find_published(*tables, "h")->request == "serve");
    CHECK(find_published(*tables, "q") == nullptr);

    const auto changed = [&](const std::string& from, const std::string& to) {
        std::string text = program;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        return refusal(text.replace(at, from.size(), to));
    };
    CHECK_THAT(changed("hit-cost = [\"a\"]", "hit-cost = [\"b\"]"),
               Contains("tables[1]") && Contains("'b'"));
    CHECK_THAT(changed("hit-cost = [\"a\"]", "hit-cost = [\"p\"]"),
               Contains("hit-cost") && Contains("'p'"));
    CHECK_THAT(changed("hit-cost = [\"a\"]", "hit-cost = \"a\""),
               Contains("hit-cost") && Contains("array"));
    CHECK_THAT(changed("\"no-uprobe\"", "\"base\""), Contains("hit-cost") && Contains("no-uprobe"));
    CHECK_THAT(changed("hits-of = \"p\"", "hits-of = \"q\""),
               Contains("tables[2]") && Contains("'q'"));
    CHECK_THAT(changed("request = \"serve\"\n", ""), Contains("hits-of") && Contains("request"));
    CHECK_THAT(changed("unit = \"s\"\n", "unit = \"s\"\nrequest = \"serve\"\n"),
               Contains("tables of hits"));
}
