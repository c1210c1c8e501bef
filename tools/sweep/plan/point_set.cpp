// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/sweep/plan/point_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace uprobesim {
namespace {

// "12" or "17-40"
std::optional<PointRange> range_of(std::string_view line) {
    PointRange range;
    const char* end = line.data() + line.size();
    const auto first = std::from_chars(line.data(), end, range.begin);
    if (first.ec != std::errc() || range.begin == 0) return std::nullopt;
    range.end = range.begin;
    if (first.ptr != end) {
        if (*first.ptr != '-') return std::nullopt;
        const auto last = std::from_chars(first.ptr + 1, end, range.end);
        if (last.ec != std::errc() || last.ptr != end || range.end < range.begin)
            return std::nullopt;
    }
    --range.begin;
    return range;
}

}  // namespace

std::uint64_t count_of(const PointSet& set) {
    std::uint64_t count = 0;
    for (const PointRange& range : set) count += range.end - range.begin;
    return count;
}

void add_point(PointSet& set, std::uint64_t point) {
    if (!set.empty() && set.back().end == point) {
        ++set.back().end;
    } else {
        set.push_back({point, point + 1});
    }
}

PointSet chunk_of(const PointSet& set, std::uint64_t number, std::uint64_t count) {
    const std::uint64_t all = count_of(set);
    // At most 10^6 * 10^6.
    const std::uint64_t begin = all * (number - 1) / count, end = all * number / count;
    PointSet chunk;
    std::uint64_t before = 0;
    for (const PointRange& range : set) {
        const std::uint64_t size = range.end - range.begin;
        const std::uint64_t from = std::max(begin, before), to = std::min(end, before + size);
        if (from < to)
            chunk.push_back({range.begin + (from - before), range.begin + (to - before)});
        before += size;
    }
    return chunk;
}

std::string point_set_text(const PointSet& set) {
    std::string text;
    for (const PointRange& range : set)
        text += range.end == range.begin + 1 ? fmt::format("{}\n", range.end)
                                             : fmt::format("{}-{}\n", range.begin + 1, range.end);
    return text;
}

Result<PointSet> parse_point_set(const std::string& text, std::uint64_t points,
                                 const std::string& file) {
    PointSet set;
    std::size_t number = 1;
    for (std::size_t begin = 0; begin < text.size(); ++number) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        begin = end + 1;
        if (line.empty()) continue;
        const auto where = fmt::format("{}:{}", file, number);
        const auto range = range_of(line);
        if (!range)
            return user_error("it is no number of a point and no range of them", where,
                              "for example: 17 or 17-40");
        if (range->end > points)
            return user_error(
                fmt::format("there is no point {}: the plan has {}", range->end, points), where);
        if (!set.empty() && range->begin < set.back().end)
            return user_error("the numbers of the points do not ascend", where);
        if (!set.empty() && range->begin == set.back().end) {
            set.back().end = range->end;
        } else {
            set.push_back(*range);
        }
    }
    return set;
}

}  // namespace uprobesim
