// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/document_page.h"

#include <catch2/catch.hpp>
#include <regex>

#include "tests/tools/format/hostile_text.h"
#include "tools/html/chart_html.h"

namespace uprobesim {
namespace {

using Catch::Matchers::Contains;

std::size_t count(std::string_view text, std::string_view word) {
    std::size_t found = 0;
    for (std::size_t at = text.find(word); at != std::string_view::npos;
         at = text.find(word, at + 1))
        ++found;
    return found;
}

// The page without the script, the style and the JSON.
std::string markup(const Document& document, const std::vector<Chart>& charts = {}) {
    const std::string page = document_page(document, charts, "{}");
    const std::size_t begin = page.find("<main"), end = page.find("</main>");
    REQUIRE((begin != std::string::npos && end != std::string::npos && begin < end));
    return page.substr(begin, end - begin);
}

Document document_of(DocumentPart block) {
    Document document{"a report", "the answer"};
    document.add(std::move(block));
    return document;
}

}  // namespace

TEST_CASE("a table keeps all rows, all digits and what is a part of what", "[tools][html]") {
    Table table{.title = "fruit",
                .columns = {{"name", Column::Kind::Name},
                            {"cycles"},
                            {"exact", Column::Kind::Number, "", true},
                            {.heading = "bar", .kind = Column::Kind::Name, .drawn = true},
                            {"", Column::Kind::Note}},
                .first = 1};
    table.add({"apple", number_cell("1,235", "1234.56"), count_cell(7), "===|", "green"});
    table.add({"  core", no_cell(), count_cell(8), "", ""});
    const std::string html = markup(document_of(table));
    CHECK_THAT(html, Contains("<p id=\"answer\">the answer</p>"));
    CHECK_THAT(html, Contains(">fruit</h2>"));
    CHECK_THAT(html, Contains("<td class=\"figure\" data-value=\"1234.56\">1,235</td>"));
    CHECK_THAT(html, Contains("<th scope=\"row\" class=\"part\"><bdi>core</bdi></th>"));
    CHECK_THAT(html, Contains("<tr class=\"note\"><td colspan=\"2\"><bdi>green</bdi></td></tr>"));
    CHECK(count(html, "class=\"note\"") == 1);
    // Neither what only CSV has nor what is drawn with characters.
    CHECK_THAT(html, !Contains("exact") && !Contains("===|") && !Contains("bar"));
    // Rows that are parts of others have no order of their own.
    CHECK_THAT(html, Contains("data-first=\"1\"") && !Contains("data-sorts"));
    table.rows.back().front().text = "core";
    CHECK_THAT(markup(document_of(table)), Contains("data-sorts"));
}

TEST_CASE("facts and lines keep their order, and loud ones say so without colour",
          "[tools][html]") {
    Facts facts;
    facts.add("guest", "killed", Tone::Alarm);
    facts.add("", "by signal 11");
    const std::string html = markup(document_of(facts));
    CHECK_THAT(html, Contains("<dt>guest</dt><dd class=\"alarm\"><bdi>killed</bdi></dd>\n"
                              "<dd class=\"\"><bdi>by signal 11</bdi></dd>"));
    const std::string lines =
        markup(document_of(Lines{.title = "notes", .lines = {"one", "  a part", "   "}}));
    CHECK_THAT(lines, Contains(">notes</h2>") &&
                          Contains("<p>one</p>\n<p class=\"part\">a part</p>\n</div>"));
}

TEST_CASE("only words that are too long for a phone may be broken anywhere", "[tools][html]") {
    Table table{.columns = {{"name", Column::Kind::Name}, {"verdict", Column::Kind::Name}}};
    table.add({"next-20241104+stp", "stepped, not emulated"});
    table.add({"_ZNSt6vectorIiSaIiEE9push_backEOi", "stepped"});
    const std::string html = markup(document_of(table));
    CHECK_THAT(html, Contains("<th scope=\"row\"><bdi>next-20241104+stp</bdi></th>"));
    CHECK_THAT(html, Contains("<td><bdi>stepped, not emulated</bdi></td>"));
    CHECK_THAT(html, Contains("<th scope=\"row\" class=\"long\"><bdi>_ZNSt6vector"));
}

TEST_CASE("a chart has its figures as a table and takes a unit of few digits", "[tools][html]") {
    Chart chart{.kind = Chart::Kind::Bars,
                .title = "time",
                .series = {{"a", "user"}, {"b"}},
                .rows = {{.name = "one", .values = {Chart::Value{1.5e6, 1e6, 2e6}, std::nullopt}},
                         {.name = "two", .values = {Chart::Value{250}, Chart::Value{3e6}}}}};
    chart.choose_time_unit();
    CHECK(chart.unit == "ms");
    const std::string html = chart_html(chart);
    CHECK(count(html, "<tr>") == 3);
    CHECK_THAT(html, Contains("<td class=\"figure\">1.500</td><td class=\"figure\">1.000</td><td "
                              "class=\"figure\">2.000</td><td class=\"figure\">-</td>"));
    CHECK_THAT(html, Contains("&quot;work&quot;:&quot;user&quot;"));
    CHECK_THAT(html, Contains("0.000250"));
    Chart small{.series = {{"a"}}, .rows = {{.name = "x", .values = {Chart::Value{999}}}}};
    small.choose_time_unit();
    CHECK((small.unit == "ns" && small.rows.front().values.front()->value == 999));
    // Nothing is drawn where there is nothing.
    CHECK_THAT(markup(document_of(Lines{.lines = {"x"}}), {Chart{.title = "none"}}),
               !Contains("figure"));
}

TEST_CASE("names of any bytes leave a document's markup as it is", "[tools][html]") {
    const auto page_of = [](const std::function<std::string()>& name) {
        Table table{.title = name(), .columns = {{name(), Column::Kind::Name}, {name()}}};
        table.add({"x" + name(), Cell("y" + name())});
        Document document{name(), "a" + name()};
        document.add(std::move(table));
        Facts facts{.title = name()};
        facts.add("n" + name(), name());
        document.add(std::move(facts));
        document.add(Lines{.title = "t" + name(), .lines = {"l" + name()}});
        const Chart chart{.title = name(),
                          .series = {{name()}},
                          .rows = {{.name = name(), .values = {Chart::Value{1}}, .note = name()}}};
        return document_page(document, {chart}, "{}");
    };
    const std::string plain = page_of([] { return std::string("z"); });
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        HostileNames names(seed);
        const std::string page = page_of([&] { return "z" + names.name(); });
        CHECK(count(page, "<") == count(plain, "<"));
        // A cell with a long word says so; a name that has these words has no such quotes.
        const std::string plain_cells = std::regex_replace(page, std::regex(" class=\"long\""), "");
        CHECK(count(plain_cells, "\"") == count(plain, "\""));
        CHECK(page.find("\xe2\x80\xae") == std::string::npos);
    }
}

}  // namespace uprobesim
