// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/attach_point.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>

#include "sim/base/text.h"
#include "sim/base/try.h"
#include "tools/cli/quantity.h"

namespace uprobesim {
namespace {

using PointKind = AttachPoint::Kind;

constexpr const char* kAttach = "--attach-at";
constexpr const char* kDetach = "--detach-at";
constexpr std::string_view kReady = "ready:", kHit = "hit:";

struct Word {
    std::string_view word;
    PointKind kind;
    bool attaches, detaches;
};
constexpr std::array kWords = {
    Word{"start", PointKind::Start, true, false},
    Word{"main", PointKind::Main, true, true},
    Word{"ready", PointKind::Ready, true, true},
    Word{"end", PointKind::End, false, true},
};

std::string all_forms(bool attaches) {
    return attaches ? "start, main, ready, ready:PROGRAM, a time such as 1.5s, or hit:SPEC:N"
                    : "a time such as 1.5s, +1.5s after attaching, ready, ready:PROGRAM, main, "
                      "hit:SPEC:N, or end";
}

// "hit:uprobe:/bin/ls:main:3": a place with one instruction, and which time.
Result<AttachPoint> parse_hit(const std::string& word, const char* option) {
    const std::string where = fmt::format("{} {}", option, printable(word));
    const std::size_t colon = word.rfind(':');
    const std::string number = word.substr(colon + 1);
    AttachPoint point{.kind = PointKind::Hit, .text = word};
    const char* const end = number.data() + number.size();
    const auto read = std::from_chars(number.data(), end, point.count);
    if (colon < kHit.size() || read.ec != std::errc() || read.ptr != end || point.count == 0)
        return user_error("the number of the hit is missing or none from 1 on", where,
                          "for example hit:uprobe:/lib/aarch64-linux-gnu/libc.so.6:malloc:1");
    const std::string spec = word.substr(kHit.size(), colon - kHit.size());
    auto specs = parse_probe_specs(spec, SpecUse::Attach);
    if (!specs) {
        specs.error().where = where;
        return tl::make_unexpected(specs.error());
    }
    if (specs->size() != 1 || specs->front().has_wildcard())
        return user_error("a hit is of one place", where, "name one function, without * or ?");
    if (specs->front().kind != ProbeSpec::Kind::Uprobe)
        return user_error("a hit is the execution of an instruction", where,
                          "begin it with hit:uprobe:");
    point.place = std::move(specs->front());
    return point;
}

Result<AttachPoint> parse_point(const std::string& word, bool attaches) {
    const char* const option = attaches ? kAttach : kDetach;
    const bool relative = !attaches && word.starts_with('+');
    if (relative || (!word.empty() && (is_digit(word[0]) || word[0] == '.'))) {
        AttachPoint point{.kind = relative ? PointKind::After : PointKind::Time, .text = word};
        point.ns = TRY(parse_duration(relative ? word.substr(1) : word, option));
        return point;
    }
    if (word.starts_with(kHit)) return parse_hit(word, option);
    if (word.starts_with(kReady) && word.size() > kReady.size())
        return AttachPoint{
            .kind = PointKind::Ready, .text = word, .program = word.substr(kReady.size())};
    std::vector<std::string> known;
    for (const Word& row : kWords) {
        if (!(attaches ? row.attaches : row.detaches)) continue;
        if (row.word == word) return AttachPoint{.kind = row.kind, .text = word};
        known.emplace_back(row.word);
    }
    const std::string near = did_you_mean(word, known);
    return user_error(fmt::format("'{}' is no point of a run", printable(word)), option,
                      near.empty() ? all_forms(attaches) : near);
}

}  // namespace

Result<AttachPoint> parse_attach_point(const std::string& word) {
    return parse_point(word, true);
}

Result<AttachPoint> parse_detach_point(const std::string& word) {
    return parse_point(word, false);
}

bool is_timed_point(std::string_view word) {
    return !word.empty() && (is_digit(word[0]) || word[0] == '.' || word[0] == '+');
}

}  // namespace uprobesim
