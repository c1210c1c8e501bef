// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/picture/chart_svg.h"

#include <catch2/catch.hpp>

#include "tools/picture/svg_pen.h"

namespace uprobesim {
namespace {

std::size_t times_in(const std::string& text, std::string_view part) {
    std::size_t times = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++times;
    return times;
}

TEST_CASE("marks stand at whole multiples of 1, 2 or 5 in the range", "[tools][picture]") {
    CHECK(SvgScale{0, 10, 0, 100}.ticks(5) == std::vector<double>{0, 2, 4, 6, 8, 10});
    CHECK(SvgScale{3, 11, 0, 100}.ticks(5) == std::vector<double>{4, 6, 8, 10});
    CHECK(SvgScale{0, 3145, 0, 100}.ticks(4) == std::vector<double>{0, 1000, 2000, 3000});
    CHECK(SvgScale{1, 1, 0, 100}.ticks(4) == std::vector<double>{1});
    SvgScale wide{0.3, 9.2, 100, 0};
    wide.widen(5);
    CHECK(wide.from == 0);
    CHECK(wide.to == 10);
    CHECK(wide.at(5) == Approx(50));
}

TEST_CASE("a text that has no room is cut in its middle until it has", "[tools][picture]") {
    const std::string name = "uprobe:/usr/lib/aarch64-linux-gnu/libcrypto.so.3:SSL_read";
    const std::string cut = fitted(name, 200);
    CHECK(text_width(cut) <= 200);
    CHECK(cut.starts_with("upr"));
    CHECK(cut.ends_with("read"));
    CHECK(fitted("short", 200) == "short");
}

TEST_CASE("a picture has a bar for every value, and words that look like markup are text",
          "[tools][picture]") {
    Chart chart{.title = "a < b & c",
                .unit = "M/s",
                .series = {{"published", "published"}, {"\"simulated\"", "simulated"}}};
    chart.rows.push_back({.name = "x\x1b[1m", .values = {Chart::Value{1}, Chart::Value{2}}});
    chart.rows.push_back({.name = "y", .values = {std::nullopt, Chart::Value{4}}});
    const std::string svg = charts_svg("<report>", {chart});
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(times_in(svg, "<rect ") == 1 + 2 + 3);  // the paper, the legend, the bars
    CHECK(times_in(svg, "a &lt; b &amp; c") == 1);
    CHECK(times_in(svg, "&lt;report&gt;") == 2);
    CHECK(times_in(svg, "x\\x1b[1m") == 1);
}

TEST_CASE("a report without figures to draw is a picture that says so", "[tools][picture]") {
    const std::string svg = charts_svg("run", {Chart{.title = "nothing"}});
    CHECK(times_in(svg, "no figures to draw") == 1);
    CHECK(times_in(svg, "nothing") == 0);
}

TEST_CASE("series that are a pair have one colour, and the next another", "[tools][picture]") {
    Chart chart{.kind = Chart::Kind::Lines,
                .series = {{.name = "a", .points = true},
                           {.name = "b", .paired = true},
                           {.name = "c", .points = true},
                           {.name = "d", .paired = true}}};
    CHECK(chart_colour(chart, 0) == 0);
    CHECK(chart_colour(chart, 1) == 0);
    CHECK(chart_colour(chart, 2) == 1);
    CHECK(chart_colour(chart, 3) == 1);
}

}  // namespace
}  // namespace uprobesim
