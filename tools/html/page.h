// SPDX-License-Identifier: GPL-2.0-or-later
// A report as one HTML file that needs nothing else: the page that explores it, made from the
// sources in this folder when the tool is built, and the report as data and as text.
#pragma once

#include <string>
#include <string_view>

namespace uprobesim {

struct HtmlReport {
    std::string title;
    std::string json;        // what -f json writes
    std::string text = {};   // for browsers without JavaScript, unless there is a body
    std::string body = {};   // markup that the script adds to; empty: the script makes it all
    std::string costs = {};  // JSON: what sliders of the report need; empty: it has none
};

// `page`: the name of a script of this folder: "explain".
std::string html_page(std::string_view page, const HtmlReport& report);

// Text as it stands between tags, and JSON inside a script element.
std::string html_escaped(std::string_view text);
std::string json_in_html(std::string_view json);
// Without the blanks and line ends between its words.
std::string compact_json(std::string_view json);

}  // namespace uprobesim
