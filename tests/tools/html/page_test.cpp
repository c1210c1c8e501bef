// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/page.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/tools/format/hostile_text.h"

namespace uprobesim {

TEST_CASE("text between tags has no character that a parser acts on", "[tools][html]") {
    CHECK(html_escaped("a<b & \"c\" 'd'>") == "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;");
    CHECK(html_escaped(std::string_view("a\0b", 3)) ==
          "a\xef\xbf\xbd"
          "b");
    CHECK(html_escaped("&lt;") == "&amp;lt;");
}

TEST_CASE("JSON in a script element cannot end it and stays the same JSON", "[tools][html]") {
    for (const char* name :
         {"</script><script>alert(1)</script>", "<!--<script>", "]]>", "&amp;",
          "\xe2\x80\xa8 and \xe2\x80\xa9", "\xe2\x80\xae right to left", "\\\""}) {
        INFO(name);
        const nlohmann::json json = {{"name", name}};
        const std::string text = json_in_html(json.dump());
        CHECK(text.find_first_of("<>&") == std::string::npos);
        CHECK(text.find("\xe2\x80\xa8") == std::string::npos);
        CHECK(text.find("\xe2\x80\xa9") == std::string::npos);
        CHECK(nlohmann::json::parse(text) == json);
    }
}

TEST_CASE("compact JSON is the same JSON, blanks of names kept", "[tools][html]") {
    const nlohmann::json json = {
        {"a b", " \\\" c \\"}, {"n", {1.5, -2, nullptr, true}}, {"", {{"x", "\n "}}}};
    CHECK(compact_json(json.dump(2)) == json.dump());
    for (std::uint32_t seed = 0; seed < 20; ++seed) {
        HostileNames names(seed);
        const nlohmann::json hostile = {{"name", names.name()}, {"other", names.name()}};
        const auto text = [&](int indent) {
            return hostile.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
        };
        CHECK(compact_json(text(2)) == text(-1));
    }
}

TEST_CASE("a page has its parts once, whatever they hold, and asks for nothing from a network",
          "[tools][html]") {
    // A part's text that looks like another part's mark stays text.
    const std::string page = html_page(
        "explain",
        {.title = "@DATA@ <b>", .json = R"({"a":"@SCRIPT@ </script>"})", .text = "@STYLE@ </pre>"});
    CHECK(page.find("<title>@DATA@ &lt;b&gt;</title>") != std::string::npos);
    CHECK(page.find("<pre>@STYLE@ &lt;/pre&gt;</pre>") != std::string::npos);
    CHECK(page.find(R"({"a":"@SCRIPT@ \u003c/script\u003e"})") != std::string::npos);
    CHECK(page.find("default-src 'none'") != std::string::npos);
    const auto count = [&](std::string_view word) {
        std::size_t found = 0;
        for (std::size_t at = page.find(word); at != std::string::npos;
             at = page.find(word, at + 1))
            ++found;
        return found;
    };
    // The report, the costs and the code. A page without costs says so to the code.
    CHECK(count("</script>") == 3);
    CHECK(count("<script") == 3);
    CHECK(count("id=\"cost-data\">null</script>") == 1);
    for (const char* request : {"src=\"", "href=\"", "@import", "fetch(", "XMLHttpRequest"}) {
        INFO(request);
        CHECK(count(request) == 0);
    }
}

TEST_CASE("names of any bytes leave the page's markup as it is", "[tools][html]") {
    const auto tags = [](std::string_view text) {
        return std::count(text.begin(), text.end(), '<');
    };
    const auto plain = html_page("explain", {.title = "", .json = "{}", .text = ""});
    for (std::uint32_t seed = 0; seed < 50; ++seed) {
        HostileNames names(seed);
        const std::string name = names.name();
        const nlohmann::json json = {{"name", name}};
        const auto page = html_page(
            "explain", {.title = name,
                        .json = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                        .text = name});
        CHECK(tags(page) == tags(plain));
    }
}

}  // namespace uprobesim
