// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/html/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/error.h"
#include "tools/html/embedded_pages.h"

namespace uprobesim {
namespace {

std::string_view page_file(std::string_view path) {
    const auto files = embedded_pages();
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.path == path; });
    check_invariant(file != files.end(), "a page's file is compiled in");
    return file->text;
}

struct Replacement {
    char character;
    std::string_view by;
};

std::string replaced(std::string_view text, std::initializer_list<Replacement> replacements) {
    std::string result;
    result.reserve(text.size());
    for (const char c : text) {
        const auto* found = std::find_if(
            replacements.begin(), replacements.end(),
            [&](const Replacement& replacement) { return replacement.character == c; });
        if (found == replacements.end()) {
            result += c;
        } else {
            result += found->by;
        }
    }
    return result;
}

std::string body_of(const HtmlReport& report) {
    if (!report.body.empty()) return report.body;
    return fmt::format(
        "<noscript><p>JavaScript is off; this is the report as text.</p><pre>{}</pre></noscript>\n"
        "<main id=\"page\"></main>",
        html_escaped(report.text));
}

}  // namespace

std::string html_escaped(std::string_view text) {
    return replaced(text, {{'&', "&amp;"},
                           {'<', "&lt;"},
                           {'>', "&gt;"},
                           {'"', "&quot;"},
                           {'\'', "&#39;"},
                           {'\0', "\xef\xbf\xbd"}});
}

// Outside of strings JSON has none of these.
std::string json_in_html(std::string_view json) {
    std::string text = replaced(json, {{'<', "\\u003c"}, {'>', "\\u003e"}, {'&', "\\u0026"}});
    // U+2028 and U+2029 end a line of a script.
    for (const auto& [character, escape] :
         {std::pair("\xe2\x80\xa8", "\\u2028"), std::pair("\xe2\x80\xa9", "\\u2029")}) {
        for (std::size_t at = text.find(character); at != std::string::npos;
             at = text.find(character, at))
            text.replace(at, 3, escape);
    }
    return text;
}

std::string compact_json(std::string_view json) {
    std::string compact;
    compact.reserve(json.size());
    bool quoted = false, escape = false;
    for (const char c : json) {
        if (!quoted && (c == ' ' || c == '\n')) continue;
        compact += c;
        if (c == '"' && !escape) quoted = !quoted;
        escape = quoted && c == '\\' && !escape;
    }
    return compact;
}

std::string html_page(std::string_view page, const HtmlReport& report) {
    struct Part {
        std::string_view mark;
        std::string text;
    };
    const std::array parts = {
        Part{"@TITLE@", html_escaped(report.title)},
        Part{"@STYLE@", std::string(page_file("page.css"))},
        Part{"@BODY@", body_of(report)},
        Part{"@DATA@", json_in_html(report.json)},
        Part{"@COSTS@", json_in_html(report.costs.empty() ? "null" : report.costs)},
        Part{"@SCRIPT@", std::string(page_file(fmt::format("{}.js", page)))},
    };
    // In the order of the template: what a part holds is not looked at again.
    std::string_view rest = page_file("page.html");
    std::string html;
    for (const Part& part : parts) {
        const std::size_t at = rest.find(part.mark);
        check_invariant(at != std::string_view::npos, "the template has every part, in order");
        html += rest.substr(0, at);
        html += part.text;
        rest.remove_prefix(at + part.mark.size());
    }
    html += rest;
    return html;
}

}  // namespace uprobesim
