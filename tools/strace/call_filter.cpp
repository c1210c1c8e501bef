// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/strace/call_filter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sim/base/text.h"
#include "tools/strace/call_table.h"

namespace uprobesim {
namespace {

struct ClassName {
    std::string_view name;
    CallClasses bits;
};
constexpr ClassName kClassNames[] = {
    {"%file", kFile},      {"%process", kProcess},  {"%network", kNetwork},  {"%net", kNetwork},
    {"%signal", kSignals}, {"%memory", kMemory},    {"%desc", kDescriptors}, {"%ipc", kIpc},
    {"%clock", kClock},    {"%creds", kCredentials}};

std::string nearest(const std::string& word) {
    std::vector<std::string> known;
    for (const ClassName& c : kClassNames) known.emplace_back(c.name);
    const std::string classes = fmt::format("the classes are {}; names are those of Linux on arm64",
                                            fmt::join(known, ", "));
    for (const CallRow& row : call_rows()) known.emplace_back(row.name);
    const std::string near = did_you_mean(word, known);
    return near.empty() ? classes : near;
}

}  // namespace

Result<CallFilter> CallFilter::parse(const std::string& text, const char* option) {
    CallFilter filter;
    std::string rest = text;
    const bool inverse = rest.starts_with('!');
    if (inverse) rest.erase(0, 1);
    filter.shows_unknown_ = inverse;
    filter.shown_.assign(call_rows().back().number + 1, inverse);
    while (true) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const std::string word = rest.substr(0, comma);
        bool known = false;
        for (const ClassName& c : kClassNames) {
            if (c.name != word) continue;
            known = true;
            for (const CallRow& row : call_rows()) {
                if ((row.classes & c.bits) != 0) filter.shown_[row.number] = !inverse;
            }
        }
        for (const CallRow& row : call_rows()) {
            if (row.name != word) continue;
            known = true;
            filter.shown_[row.number] = !inverse;
        }
        if (!known) {
            return user_error(
                fmt::format("'{}' is neither a system call of arm64 nor a class", word), option,
                nearest(word));
        }
        if (comma == rest.size()) return filter;
        rest.erase(0, comma + 1);
    }
}

}  // namespace uprobesim
