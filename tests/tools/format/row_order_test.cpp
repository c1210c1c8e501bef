// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/format/row_order.h"

#include <catch2/catch.hpp>

#include "tools/format/document_writers.h"

namespace uprobesim {
namespace {

Document sample() {
    Table table{.columns = {{"name", Column::Kind::Name},
                            {"time", Column::Kind::Number, "time_ns"},
                            {"offset"},
                            {"remark", Column::Kind::Note}},
                .first = 10};
    table.add({"b", duration_cell(5000), "", "x"});
    table.add({"c", no_cell(), "0x200", "y"});
    table.add({"a", duration_cell(40), "0x1000", "z"});
    table.add({"d", duration_cell(700), "0x30", ""});
    Document document{"title", "answer"};
    document.data = table;
    document.add(table);
    document.add(Table{.columns = {{"other", Column::Kind::Name}}, .rows = {{"2"}, {"1"}}});
    return document;
}

// The names in the order of the document's own table.
std::string names(const RowOrder& order) {
    const auto done = arranged(sample(), order);
    if (!done) return done.error().line();
    std::string all;
    for (const auto& row : std::get<Table>(done->blocks.front()).rows) all += row.front().text;
    return all;
}

}  // namespace

TEST_CASE("rows are sorted by a heading or a CSV name, what is missing last", "[tools][format]") {
    CHECK(names({}) == "bcad");
    // By the numbers, not by what is printed: 5.000 us is more than 700.0 ns.
    CHECK(names({.column = "time"}) == "bdac");
    CHECK(names({.column = "TIME_ns"}) == "bdac");
    CHECK(names({.column = "-time"}) == "adbc");
    CHECK(names({.column = "name"}) == "abcd");
    CHECK(names({.column = "-name"}) == "dcba");
    CHECK(names({.column = "offset"}) == "acdb");  // 0x1000, 0x200, 0x30, none
}

TEST_CASE("an unknown column is refused, and a note is none", "[tools][format]") {
    CHECK_THAT(names({.column = "tmie"}), Catch::Contains("'tmie'") && Catch::Contains("'time'"));
    CHECK_THAT(names({.column = "remark"}), Catch::Contains("--sort"));
    CHECK_THAT(names({.column = "\x1b[2J"}), !Catch::Contains("\x1b"));
    CHECK_THAT(names({.column = "-"}), Catch::Contains("--sort"));
}

TEST_CASE("the top rows of long lists are kept, in CSV too", "[tools][format]") {
    const auto done = arranged(sample(), {.column = "time", .top = 2});
    REQUIRE(done.has_value());
    CHECK(document_csv(*done) ==
          "name,time_ns,offset,remark\r\nb,5000.000,,x\r\nd,700.000,0x30,\r\n");
    const std::string text = document_text(*done);
    CHECK_THAT(text, Catch::Contains("2 more"));
    // A short table is no list.
    CHECK_THAT(text, Catch::Contains("other\n  2\n  1\n"));
}

}  // namespace uprobesim
