// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "tests/tools/format/hostile_text.h"

namespace uprobesim {
namespace {

using Kind = Column::Kind;

Table fruit() {
    Table table{.columns = {{"fruit", Kind::Name},
                            {"pieces"},
                            {"grams", Kind::Number, "weight_g"},
                            {"colour", Kind::Name, "", true}}};
    table.add({"apple", count_cell(1200), real_cell(1234.5, 1), "red"});
    table.add({"  peeled", count_cell(7), no_cell(), "white"});
    return table;
}

Document document_of(Table table) {
    Document document{"Title", "the answer"};
    document.data = table;
    document.add(std::move(table));
    return document;
}

Table hostile_table(HostileNames& names) {
    Table table{.title = names.name(), .first = names.below(3) == 0 ? std::size_t{3} : 0};
    const std::size_t columns = 1 + names.below(12);
    for (std::size_t c = 0; c < columns; ++c)
        table.columns.push_back({names.name(),
                                 std::array{Kind::Name, Kind::Prose, Kind::Number}[names.below(3)],
                                 names.name(), names.below(6) == 0});
    for (std::size_t r = 1 + names.below(6); r > 0; --r) {
        std::vector<Cell> row;
        for (std::size_t c = 0; c < columns; ++c)
            row.push_back(names.below(2) == 0 ? Cell(names.name()) : count_cell(names.number()));
        table.add(std::move(row));
    }
    return table;
}

}  // namespace

TEST_CASE("text: names to the left, numbers to the right, the answer on top", "[tools][document]") {
    CHECK(document_text(document_of(fruit())) ==
          "the answer\n"
          "\n"
          "  fruit     pieces    grams\n"
          "  apple      1,200  1,234.5\n"
          "    peeled       7        -\n");
}

TEST_CASE("markdown: a table of GitHub's, its marks escaped", "[tools][document]") {
    Document document = document_of(fruit());
    std::get<Table>(document.blocks[0]).add({"a|b *c* d_e _f_ <g>", "\x1b"});
    CHECK(document_markdown(document) ==
          "# Title\n\nthe answer\n\n"
          "| fruit | pieces | grams |\n|---|---:|---:|\n"
          "| apple | 1,200 | 1,234.5 |\n"
          "| &nbsp;&nbsp;peeled | 7 | - |\n"
          "| a\\|b \\*c\\* d_e \\_f\\_ \\<g> | \\\\x1b |  |\n");
}

TEST_CASE("CSV: plain numbers, every column, RFC 4180", "[tools][document]") {
    Document document = document_of(fruit());
    document.data->add({"a \"b\", c", "x\ny"});
    CHECK(document_csv(document) ==
          "fruit,pieces,weight_g,colour\r\n"
          "apple,1200,1234.5,red\r\n"
          "  peeled,7,,white\r\n"
          "\"a \"\"b\"\", c\",x\\x0ay,,\r\n");
}

TEST_CASE("CSV: a name cannot become a formula, and a number stays one", "[tools][document]") {
    Table table{.columns = {{"=head", Kind::Name}, {"n"}}};
    for (const char* name :
         {"=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=1", "  =1", "\uff1d1", "\nx"})
        table.add({name, real_cell(-1.5, 1)});
    CHECK(document_csv(document_of(table)) ==
          "'=head,n\r\n'=1+1,-1.5\r\n'+1,-1.5\r\n'-1,-1.5\r\n'@x,-1.5\r\n'\\x09x,-1.5\r\n"
          "'\\x0dx,-1.5\r\na=1,-1.5\r\n'  =1,-1.5\r\n'\uff1d1,-1.5\r\n'\\x0ax,-1.5\r\n");
}

TEST_CASE("the first rows, and how to see the others", "[tools][document]") {
    Table table{.columns = {{"n"}}, .first = 2};
    for (std::uint64_t n = 1; n <= 1003; ++n) table.add({count_cell(n)});
    const Document document = document_of(table);
    const std::string text = document_text(document);
    CHECK(lines_of(text).size() == 6);
    CHECK(lines_of(text).back() == "  ... 1,001 more; --all shows them");
    CHECK(lines_of(document_text(document, {.all = true})).size() == 1006);
    CHECK(csv_fields(document_csv(document)).size() == 1004);
}

TEST_CASE("a table that is too wide is cut into several with the same first column",
          "[tools][document]") {
    Table table{.columns = {{"", Kind::Name}}};
    std::vector<Cell> row{"cycles"};
    for (int i = 0; i < 8; ++i) {
        table.columns.push_back({"a-kernel-with-a-long-name-" + std::to_string(i)});
        row.push_back(count_cell(1'000'000'000 + static_cast<std::uint64_t>(i)));
    }
    table.add(row);
    const auto lines = lines_of(document_text(document_of(table)));
    CHECK(std::count_if(lines.begin(), lines.end(),
                        [](const std::string& line) { return line.starts_with("  cycles"); }) == 2);
    for (int i = 0; i < 8; ++i) {
        const std::string ending = "-" + std::to_string(i);
        CHECK(std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.find(ending) != std::string::npos;
        }));
    }
}

TEST_CASE("a heading that is wider than its column goes on below, the last words at the rows",
          "[tools][document]") {
    Table table{.columns = {{"name", Kind::Name}}};
    std::vector<Cell> row{"a"};
    for (int i = 0; i < 5; ++i) {
        table.columns.push_back({"of all cycles of it"});
        row.push_back(count_cell(7));
    }
    table.add(row);
    const auto lines = lines_of(document_text(document_of(table)));
    REQUIRE(lines.size() == 5);
    CHECK(lines[2].find("...") == std::string::npos);
    CHECK_FALSE(lines[2].starts_with("  name"));
    CHECK(lines[3].starts_with("  name"));
    CHECK(lines[3].ends_with(" it"));
    CHECK(lines[4].starts_with("  a "));
    for (const std::string& line : lines) CHECK(line.size() <= 100);
}

TEST_CASE("names that differ in their middle only stay different", "[tools][document]") {
    Table table{.columns = {{"name", Kind::Name}, {"n"}}};
    for (const char middle : {'x', 'y', 'x'})
        table.add({std::string(80, 'a') + middle + std::string(80, 'b'), "1"});
    const auto lines = lines_of(document_text(document_of(table)));
    REQUIRE(lines.size() == 6);
    CHECK(lines[3] != lines[4]);
    CHECK(lines[3] == lines[5]);
}

TEST_CASE("whatever is in a document, its text fits and its CSV is well formed",
          "[tools][document]") {
    for (std::uint32_t seed = 0; seed < 150; ++seed) {
        INFO(seed);
        HostileNames names(seed);
        Document document{names.name(), names.name()};
        document.add(hostile_table(names));
        document.data = hostile_table(names);
        Facts facts{names.name()};
        Lines lines{names.name()};
        for (int i = 0; i < 4; ++i) {
            facts.add(names.name(), names.name(), Tone::Alarm);
            lines.lines.push_back(names.name());
        }
        document.add(std::move(facts));
        document.add(std::move(lines));
        check_text_fits(document);
        csv_fields(document_csv(document));
        for (const std::string& line : lines_of(document_markdown(document)))
            REQUIRE(visible(line) == line);
    }
}

}  // namespace uprobesim
