// SPDX-License-Identifier: GPL-2.0-or-later
// Probes as perf probe takes them on its command line, and as the kernel's tracefs does in
// uprobe_events: what can be pasted from a shell's history or from a script.
#include <optional>

#include "probes/target/spec_place.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

std::vector<SpecText> words_of(std::string_view text) {
    const SpecText whole(text);
    std::vector<SpecText> words;
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= whole.size(); ++at) {
        const bool ends = at == whole.size() || whole.separates(at, ' ') ||
                          whole.separates(at, '\t') || whole.separates(at, '\n');
        if (!ends) continue;
        if (at > begin) words.push_back(whole.part(begin, at));
        begin = at + 1;
    }
    return words;
}

// perf's own name of the event, "mine=main" or "group:mine=main", is of no use here.
SpecText without_event(const SpecText& event) {
    for (std::size_t at = 1; at < event.size(); ++at) {
        if (event.separates(at, '=')) return event.part(at + 1);
        const char c = event.text()[at];
        const bool of_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '_' || c == ':';
        if (!of_name) break;
    }
    return event;
}

// perf's places that differ: SOURCE:LINE, FUNC@SOURCE, FUNC:LINE, FUNC;PATTERN.
Outcome read_perf_place(ProbeSpec& spec, const SpecText& place, std::string_view where) {
    const std::size_t colon = place.last_colon();
    if (colon != std::string_view::npos) {
        const auto line = number_of(place.text().substr(colon + 1));
        const std::string_view before = place.text().substr(0, colon);
        if (line && is_source_file(before)) {
            spec.source = std::string(before);
            spec.line = *line;
            spec.place = place.string();
            return {};
        }
        if (line)
            return user_error("a line counted from a function's start is not looked up",
                              std::string(where), "write SOURCE:LINE with the file's own line");
    }
    const std::size_t at = place.text().rfind('@');
    if (at != std::string_view::npos && is_source_file(place.text().substr(at + 1)))
        return user_error("a function is not looked up by its source file", std::string(where),
                          "leave out " + std::string(place.text().substr(at)));
    if (place.text().find(';') != std::string_view::npos)
        return user_error("a line is not looked up by its text", std::string(where),
                          "write SOURCE:LINE");
    return read_place(spec, place, where);
}

Result<ProbeSpec> read_event(const std::string& binary, const SpecText& event,
                             std::string_view where, SpecUse use) {
    ProbeSpec spec;
    spec.binary = binary;
    TRY(check_binary(spec, use, where));
    TRY(read_perf_place(spec, without_event(event), where));
    return spec;
}

Result<std::vector<ProbeSpec>> read_perf(const std::vector<SpecText>& words, std::size_t first,
                                         std::string_view text, SpecUse use) {
    std::string binary;
    std::vector<SpecText> events;
    bool function_seen = false, is_event = false;
    for (std::size_t i = first; i < words.size(); ++i) {
        const std::string_view word = words[i].text();
        const bool last = i + 1 == words.size();
        if ((word == "-x" || word == "--exec") && !last) {
            binary = words[++i].string();
        } else if (word.starts_with("--exec=")) {
            binary = std::string(word.substr(7));
        } else if (word == "-a" || word == "--add") {
            is_event = true;
        } else if (word.starts_with("--add=")) {
            events.push_back(words[i].part(6));
        } else if (word.starts_with('-') && !words[i].quoted(0) && word.size() > 1 &&
                   word[1] != '[') {
            continue;  // what is told of the event changes no place
        } else if (is_event || !function_seen) {
            // What follows a function are the values that perf records.
            function_seen = true;
            is_event = false;
            events.push_back(words[i]);
        }
    }
    if (events.empty() && use == SpecUse::List) events.emplace_back("*");
    if (events.empty())
        return user_error("the probe names no function", std::string(text),
                          "write -x BINARY FUNCTION");
    std::vector<ProbeSpec> specs;
    for (const SpecText& event : events) {
        auto spec = TRY(read_event(binary, event, text, use));
        specs.push_back(std::move(spec));
    }
    return specs;
}

// "p", "p:GROUP/EVENT", "r8:EVENT"
bool begins_event_line(std::string_view word) {
    if (word.empty() || (word[0] != 'p' && word[0] != 'r')) return false;
    std::size_t at = 1;
    while (word[0] == 'r' && at < word.size() && word[at] >= '0' && word[at] <= '9') ++at;
    return at == word.size() || (word[at] == ':' && word.substr(at).find("/lib") == word.npos &&
                                 !word.substr(at).starts_with(":/"));
}

Result<std::vector<ProbeSpec>> read_event_line(const std::vector<SpecText>& words,
                                               std::string_view text, SpecUse use) {
    ProbeSpec spec;
    if (words[0].text().front() == 'r') spec.kind = ProbeSpec::Kind::Uretprobe;
    const SpecText& target = words[1];
    const std::size_t colon = target.last_colon();
    spec.binary = std::string(target.text().substr(0, colon));
    TRY(check_binary(spec, use, text));
    TRY(read_place(spec, target.part(colon + 1), text));
    if (!spec.raw_offset)
        return user_error("uprobe_events takes file offsets only", std::string(text),
                          "for a function write uprobe:BINARY:FUNCTION");
    return std::vector<ProbeSpec>{std::move(spec)};
}

}  // namespace

Result<ProbeSpec> parse_perf_event(const std::string& binary, std::string_view event, SpecUse use) {
    auto spec = read_event(binary, SpecText(event), event, use);
    if (spec) spec->text = spec_text(*spec, use);
    return spec;
}

std::optional<Result<std::vector<ProbeSpec>>> read_foreign_spec(std::string_view text,
                                                                SpecUse use) {
    const std::vector<SpecText> words = words_of(text);
    if (words.size() < 2) return std::nullopt;
    const bool perf = words[0].text() == "perf" && words[1].text() == "probe";
    const std::string_view first = words[0].text();
    if (perf || first == "-x" || first.starts_with("--exec"))
        return read_perf(words, perf ? 2 : 0, text, use);
    if (begins_event_line(first) && words[1].last_colon() != std::string_view::npos)
        return read_event_line(words, text, use);
    return std::nullopt;
}

}  // namespace uprobesim
