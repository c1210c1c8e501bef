// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/spec.h"

#include <algorithm>
#include <charconv>

#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

struct Provider {
    std::string_view name;
    ProbeSpec::Kind kind;
    std::string_view long_name;
};
constexpr Provider kProviders[] = {
    {"uprobe", ProbeSpec::Kind::Uprobe, "uprobe"},
    {"u", ProbeSpec::Kind::Uprobe, "uprobe"},
    {"uretprobe", ProbeSpec::Kind::Uretprobe, "uretprobe"},
    {"ur", ProbeSpec::Kind::Uretprobe, "uretprobe"},
};

constexpr std::string_view kShape =
    "write uprobe:BINARY:FUNCTION, uprobe:BINARY:FUNCTION+OFFSET or uprobe:BINARY:0xFILEOFFSET";

std::optional<std::uint64_t> number(std::string_view text) {
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

const Provider* provider_of(std::string_view part) {
    const std::size_t colon = part.find(':');
    if (colon == std::string_view::npos) return nullptr;
    const auto* found =
        std::find_if(std::begin(kProviders), std::end(kProviders),
                     [&](const Provider& p) { return p.name == part.substr(0, colon); });
    return found == std::end(kProviders) ? nullptr : found;
}

Result<ProbeSpec> make_spec(const Provider& provider, std::string_view binary,
                            std::string_view location, std::string_view whole) {
    ProbeSpec spec;
    spec.kind = provider.kind;
    spec.binary = std::string(binary);
    spec.text = std::string(provider.long_name) + ":" + spec.binary + ":" + std::string(location);
    const std::string where(whole);
    if (binary.empty()) return user_error("the probe names no binary", where, std::string(kShape));
    if (binary.front() != '/')
        return user_error("the binary of a probe must be an absolute guest path", where,
                          "for example uprobe:/bin/grep:main");
    if (location.empty())
        return user_error("the probe names no function", where, std::string(kShape));
    if (is_digit(location.front())) {
        spec.raw_offset = number(location);
        if (!spec.raw_offset)
            return user_error("'" + std::string(location) + "' is not a file offset", where,
                              std::string(kShape));
        return spec;
    }
    const std::size_t plus = location.rfind('+');
    spec.symbol = std::string(location.substr(0, plus));
    if (spec.symbol.empty())
        return user_error("the probe names no function", where, std::string(kShape));
    if (plus != std::string_view::npos) {
        const auto offset = number(location.substr(plus + 1));
        if (!offset)
            return user_error("'" + std::string(location.substr(plus + 1)) + "' is not an offset",
                              where, std::string(kShape));
        if (spec.has_wildcard())
            return user_error("a wildcard takes no offset", where,
                              "name one function, or leave the offset out");
        spec.offset = *offset;
    }
    return spec;
}

tl::unexpected<UserError> unknown_kind(std::string_view part, const std::string& kind) {
    std::string hint = did_you_mean(kind, {"uprobe", "uretprobe"});
    if (kind.starts_with('/')) hint = "write uprobe:" + std::string(part);
    if (hint.empty()) hint = "uprobe (u) and uretprobe (ur) are known";
    return user_error("there is no probe type '" + kind + "'", std::string(part), std::move(hint));
}

}  // namespace

Result<std::vector<ProbeSpec>> parse_probe_specs(std::string_view text) {
    std::vector<ProbeSpec> specs;
    const Provider* provider = nullptr;
    std::string_view binary;
    std::string_view left = text;
    for (bool more = true; more;) {
        const std::size_t comma = left.find(',');
        const std::string_view part = left.substr(0, comma);
        more = comma != std::string_view::npos;
        left = more ? left.substr(comma + 1) : std::string_view();
        std::string_view location;
        if (const Provider* own = provider_of(part)) {
            const std::string_view rest = part.substr(own->name.size() + 1);
            const std::size_t colon = rest.rfind(':');
            if (colon == std::string_view::npos)
                return user_error("the probe names no function", std::string(part),
                                  std::string(kShape));
            provider = own;
            binary = rest.substr(0, colon);
            location = rest.substr(colon + 1);
        } else if (provider != nullptr && part.find(':') == std::string_view::npos) {
            location = part;  // one more symbol of the same binary
        } else {
            const std::size_t colon = part.find(':');
            if (colon == std::string_view::npos)
                return user_error("not a probe", std::string(part), std::string(kShape));
            return unknown_kind(part, std::string(part.substr(0, colon)));
        }
        auto spec = TRY(make_spec(*provider, binary, location, part));
        specs.push_back(std::move(spec));
    }
    return specs;
}

bool matches_wildcard(std::string_view pattern, std::string_view name) {
    std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n]) &&
            pattern[p] != '*') {
            ++p;
            ++n;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace uprobesim
