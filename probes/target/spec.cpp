// SPDX-License-Identifier: GPL-2.0-or-later
// A comma begins a new probe only where a provider follows. Before the colon of the place it
// belongs to the path, after it it begins one more place. The binary ends at the last colon.
#include "probes/target/spec.h"

#include <algorithm>
#include <tuple>

#include "probes/target/spec_place.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

struct Provider {
    std::string_view name;
    ProbeSpec::Kind kind;
};
constexpr Provider kProviders[] = {
    {"uprobe", ProbeSpec::Kind::Uprobe},       {"u", ProbeSpec::Kind::Uprobe},
    {"uretprobe", ProbeSpec::Kind::Uretprobe}, {"ur", ProbeSpec::Kind::Uretprobe},
    {"usdt", ProbeSpec::Kind::Usdt},           {"U", ProbeSpec::Kind::Usdt},
};

// bpftrace's others: they cost what the kernel does then, of which no program is the reason.
constexpr std::string_view kKernelProviders[] = {
    "kprobe",   "kretprobe",  "kfunc",         "kretfunc",        "fentry",
    "fexit",    "tracepoint", "rawtracepoint", "profile",         "interval",
    "software", "hardware",   "watchpoint",    "asyncwatchpoint", "iter"};

bool is_word(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    });
}

// The word before the first colon, if a colon follows a word.
std::string_view head_of(std::string_view text) {
    const std::string_view head = text.substr(0, std::min(text.find(':'), text.size()));
    return head.size() < text.size() && is_word(head) ? head : std::string_view();
}

const Provider* provider_of(std::string_view text) {
    const std::string_view head = head_of(text);
    const auto* found = std::find_if(std::begin(kProviders), std::end(kProviders),
                                     [&](const Provider& p) { return p.name == head; });
    return found == std::end(kProviders) ? nullptr : found;
}

tl::unexpected<UserError> unknown_kind(std::string_view part) {
    const std::string kind(part.substr(0, part.find(':')));
    if (std::find(std::begin(kKernelProviders), std::end(kKernelProviders), kind) !=
        std::end(kKernelProviders))
        return user_error("'" + kind + "' is no probe of a program, and others are not simulated",
                          std::string(part),
                          "those of programs are uprobe (u), uretprobe (ur) and usdt (U)");
    std::string hint = did_you_mean(kind, {"uprobe", "uretprobe", "usdt"});
    if (kind.starts_with('/')) hint = "write uprobe:" + std::string(part);
    if (hint.empty())
        hint =
            "uprobe (u), uretprobe (ur) and usdt (U) are known; a path that holds ',' and ':' "
            "stands in \"...\"";
    return user_error("there is no probe type '" + kind + "'", std::string(part), std::move(hint));
}

bool separates_any(const SpecText& text, char c, std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
        if (text.separates(at, c)) return true;
    }
    return false;
}

// Unquoted: a provider has none, a path that it seems to follow has.
bool holds_slash(const SpecText& text, std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; ++at) {
        if (text.text()[at] == '/' && !text.quoted(at)) return true;
    }
    return false;
}

// The last separating comma before `end`; kNone: none.
std::size_t last_comma(const SpecText& text, std::size_t end) {
    while (end-- > 0) {
        if (text.separates(end, ',')) return end;
    }
    return kNone;
}

std::vector<SpecText> places_of(const SpecText& list) {
    std::vector<SpecText> places;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= list.size(); ++at) {
        if (at != list.size() && !list.separates(at, ',')) continue;
        places.push_back(list.part(begin, at));
        begin = at + 1;
    }
    return places;
}

// BIN@FILE:LINE, BIN:FILE:LINE: what is before FILE; kNone: it is no source file's name.
std::size_t source_separator(const SpecText& binary) {
    std::size_t at = binary.size();
    while (at > 0 && !binary.separates(at - 1, '@')) --at;
    for (const std::size_t end : {at == 0 ? kNone : at - 1, binary.last_colon()}) {
        if (end != kNone && is_source_file(binary.text().substr(end + 1))) return end;
    }
    return kNone;
}

// BIN:PLACE[,PLACE]; a place may begin with a language and a colon of its own.
std::size_t colon_before_places(const SpecText& rest) {
    std::size_t colon = rest.last_colon();
    while (colon != kNone) {
        const std::size_t before = rest.last_colon(colon), comma = last_comma(rest, colon);
        const std::size_t begin =
            comma != kNone && (before == kNone || comma > before) ? comma : before;
        if (begin == kNone ||
            !language_of(rest.part(begin + 1, colon).without_outer_blanks().text()))
            return colon;
        if (begin == before) return before;
        colon = before;
    }
    return colon;
}

class SpecReader {
public:
    SpecReader(std::string_view text, SpecUse use) : whole_(text), use_(use) {}

    Result<std::vector<ProbeSpec>> read() {
        std::size_t begin = 0;
        for (std::size_t at = 0; at <= whole_.size(); ++at) {
            if (at != whole_.size() && !whole_.separates(at, ',')) continue;
            if (at != whole_.size() && !begins_probe(whole_.text().substr(at + 1))) continue;
            TRY(read_probe(whole_.part(begin, at).without_outer_blanks()));
            begin = at + 1;
        }
        return std::move(specs_);
    }

private:
    // A provider, or what can only be meant as one: a word, a colon and a path.
    static bool begins_probe(std::string_view rest) {
        constexpr std::size_t kLongestHead = 64;
        const std::size_t blanks = rest.find_first_not_of(" \t\n");
        rest = rest.substr(std::min(blanks, rest.size())).substr(0, kLongestHead);
        const std::string_view head = head_of(rest);
        return provider_of(rest) != nullptr ||
               (!head.empty() && rest.substr(head.size()).starts_with(":/"));
    }

    Outcome read_probe(const SpecText& probe) {
        const Provider* provider = provider_of(probe.text());
        if (provider == nullptr && probe.text().find(':') == kNone)
            return user_error("not a probe", probe.string(), std::string(kSpecShape));
        if (provider == nullptr) return unknown_kind(probe.text());
        where_ = probe.string();
        const SpecText rest = probe.part(provider->name.size() + 1);
        return provider->kind == ProbeSpec::Kind::Usdt ? read_usdt(rest)
                                                       : read_uprobe(provider->kind, rest);
    }

    Outcome read_uprobe(ProbeSpec::Kind kind, const SpecText& rest) {
        const std::size_t colon = colon_before_places(rest);
        if (colon == kNone && use_ == SpecUse::List) return add(kind, rest, SpecText("*"));
        if (colon == kNone)
            return user_error("the probe names no function", where_, std::string(kSpecShape));
        const SpecText binary = rest.part(0, colon);
        for (const SpecText& place : places_of(rest.part(colon + 1))) {
            const auto line = place.any_quoted() ? std::nullopt : number_of(place.text());
            const std::size_t end = line ? source_separator(binary) : kNone;
            if (end != kNone)
                TRY(add_line(kind, binary, end, *line));
            else
                TRY(add(kind, binary, place));
        }
        return {};
    }

    Outcome read_usdt(const SpecText& rest) {
        std::size_t colon = rest.last_colon(), before = kNone;
        // PROVIDER:NAME,PROVIDER:NAME: back to the first of them. A provider holds no '/'.
        for (; colon != kNone; colon = before) {
            before = rest.last_colon(colon);
            if (before != kNone && holds_slash(rest, before, colon)) before = kNone;
            if (before == kNone || !separates_any(rest, ',', before, colon)) break;
        }
        if (colon == kNone && use_ == SpecUse::List) return add_note(rest, SpecText("*"), "");
        if (colon == kNone)
            return user_error("the probe names no USDT probe", where_,
                              "write usdt:BINARY:PROVIDER:NAME; uprobesim list usdt:BINARY tells "
                              "them");
        const SpecText binary = rest.part(0, std::min(before, colon));
        std::string provider;
        for (const SpecText& note :
             places_of(rest.part(before == kNone ? colon + 1 : before + 1))) {
            const std::size_t own = note.last_colon();
            if (own != kNone) provider = note.part(0, own).without_outer_blanks().string();
            TRY(add_note(binary, note.part(own == kNone ? 0 : own + 1), provider));
        }
        return {};
    }

    Outcome add(ProbeSpec::Kind kind, const SpecText& binary, const SpecText& place) {
        ProbeSpec spec;
        spec.kind = kind;
        spec.binary = binary.string();
        TRY(check_binary(spec, use_, where_));
        TRY(read_place(spec, place, where_));
        specs_.push_back(std::move(spec));
        return {};
    }

    Outcome add_line(ProbeSpec::Kind kind, const SpecText& binary, std::size_t end,
                     std::uint64_t line) {
        ProbeSpec spec;
        spec.kind = kind;
        spec.binary = std::string(binary.text().substr(0, end));
        if (spec.binary.ends_with(':')) spec.binary.pop_back();  // BIN:@FILE:LINE
        TRY(check_binary(spec, use_, where_));
        spec.source = std::string(binary.text().substr(end + 1));
        spec.line = line;
        spec.place = spec.source + ":" + std::to_string(line);
        specs_.push_back(std::move(spec));
        return {};
    }

    Outcome add_note(const SpecText& binary, const SpecText& name, const std::string& provider) {
        ProbeSpec spec;
        spec.kind = ProbeSpec::Kind::Usdt;
        spec.binary = binary.string();
        TRY(check_binary(spec, use_, where_));
        spec.provider = provider;
        spec.symbol = name.without_outer_blanks().string();
        spec.place = spec.symbol;
        if (spec.symbol.empty())
            return user_error("the probe names no USDT probe", where_,
                              "write usdt:BINARY:PROVIDER:NAME");
        specs_.push_back(std::move(spec));
        return {};
    }

    SpecText whole_;
    SpecUse use_;
    std::string where_;
    std::vector<ProbeSpec> specs_;
};

auto meaning(const ProbeSpec& s) {
    return std::tie(s.kind, s.language, s.binary, s.provider, s.symbol, s.offset, s.raw_offset,
                    s.source, s.line, s.semaphore);
}

std::string long_form(const ProbeSpec& spec, bool quoted) {
    const auto piece = [&](const std::string& text) { return quoted ? quoted_piece(text) : text; };
    std::string text = std::string(probe_kind_name(spec.kind)) + ":" + piece(spec.binary);
    if (!spec.source.empty())
        return text + "@" + piece(spec.source) + ":" + std::to_string(spec.line);
    text += ":";
    if (spec.kind == ProbeSpec::Kind::Usdt)
        return text + (spec.provider.empty() ? "" : piece(spec.provider) + ":") +
               piece(spec.symbol);
    if (spec.raw_offset) return text + spec.place;
    if (spec.language != ProbeSpec::Language::Any)
        text += std::string(language_name(spec.language)) + ":";
    if (!quoted) return text + spec.place;
    return text + piece(spec.symbol) + (spec.offset == 0 ? "" : "+" + std::to_string(spec.offset));
}

}  // namespace

std::string spec_text(const ProbeSpec& spec, SpecUse use) {
    std::string plain = long_form(spec, false);
    const auto again = SpecReader(plain, use).read();
    const bool same = again && again->size() == 1 && meaning(again->front()) == meaning(spec);
    return same ? plain : long_form(spec, true);
}

std::string_view probe_kind_name(ProbeSpec::Kind kind) {
    switch (kind) {
        case ProbeSpec::Kind::Uprobe: return "uprobe";
        case ProbeSpec::Kind::Uretprobe: return "uretprobe";
        case ProbeSpec::Kind::Usdt: return "usdt";
    }
    return "";
}

Result<std::vector<ProbeSpec>> parse_probe_specs(std::string_view text, SpecUse use) {
    auto foreign = read_foreign_spec(text, use);
    auto specs = foreign ? std::move(*foreign) : SpecReader(text, use).read();
    if (specs) {
        for (ProbeSpec& spec : *specs) spec.text = spec_text(spec, use);
    }
    return specs;
}

bool begins_as_probe(std::string_view text) {
    return !head_of(text).empty() || read_foreign_spec(text, SpecUse::List).has_value();
}

std::optional<UnfinishedSpec> unfinished_spec(std::string_view text) {
    const Provider* provider = provider_of(text);
    const SpecText whole(text);
    if (provider == nullptr || whole.any_quoted()) return std::nullopt;
    const std::size_t begin = provider->name.size() + 1;
    const SpecText rest = whole.part(begin);
    std::size_t colon = colon_before_places(rest);
    // usdt:BIN:PROVIDER:NAME: what is being written is both.
    const std::size_t before = rest.last_colon(colon);
    if (provider->kind == ProbeSpec::Kind::Usdt && before != kNone && colon != kNone &&
        !holds_slash(rest, before, colon))
        colon = before;
    UnfinishedSpec unfinished{provider->kind, {}, begin};
    if (colon == kNone) return unfinished;
    unfinished.binary = text.substr(begin, colon);
    const std::size_t comma = last_comma(rest, rest.size());
    unfinished.word = begin + (comma != kNone && comma > colon ? comma : colon) + 1;
    return unfinished;
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
