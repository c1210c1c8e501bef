// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/spec_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "probes/target/short_name.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::string_view kReturn = "%return";

struct LanguageRow {
    std::string_view word;
    ProbeSpec::Language language;
};
constexpr LanguageRow kLanguages[] = {
    {"cpp", ProbeSpec::Language::Cpp},
    {"rust", ProbeSpec::Language::Rust},
};

constexpr std::string_view kSourceEndings[] = {
    ".c",   ".cc",  ".cpp", ".cxx", ".c++", ".C",   ".h",   ".hh",   ".hpp", ".hxx",
    ".inc", ".ipp", ".tcc", ".rs",  ".go",  ".S",   ".s",   ".asm",  ".f90", ".f",
    ".d",   ".m",   ".mm",  ".zig", ".pas", ".adb", ".nim", ".swift"};

// "0x1560", "0x1560(0x2010)"
Outcome read_file_offset(ProbeSpec& spec, std::string_view text, std::string_view where) {
    const std::size_t bracket = text.find('(');
    spec.raw_offset = number_of(text.substr(0, bracket));
    if (spec.raw_offset && bracket != text.npos && text.ends_with(')')) {
        spec.semaphore = number_of(text.substr(bracket + 1, text.size() - bracket - 2));
        if (spec.semaphore) return {};
    } else if (spec.raw_offset && bracket == text.npos) {
        return {};
    }
    return user_error("'" + std::string(text) + "' is not a file offset", std::string(where),
                      std::string(kSpecShape));
}

// Where "+OFF" begins, if the place ends in one; else npos.
std::size_t plus_of(const SpecText& place) {
    for (std::size_t at = place.size(); at-- > 0;) {
        if (!place.separates(at, '+')) continue;
        const bool is_name = place.text().substr(0, at).ends_with("operator");
        return number_of(place.text().substr(at + 1)) && !is_name ? at : std::string_view::npos;
    }
    return std::string_view::npos;
}

}  // namespace

std::optional<std::uint64_t> number_of(std::string_view text) {
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

std::optional<ProbeSpec::Language> language_of(std::string_view word) {
    const auto* found = std::find_if(std::begin(kLanguages), std::end(kLanguages),
                                     [&](const LanguageRow& row) { return row.word == word; });
    if (found == std::end(kLanguages)) return std::nullopt;
    return found->language;
}

std::string_view language_name(ProbeSpec::Language language) {
    const auto* found =
        std::find_if(std::begin(kLanguages), std::end(kLanguages),
                     [&](const LanguageRow& row) { return row.language == language; });
    return found == std::end(kLanguages) ? std::string_view() : found->word;
}

bool is_source_file(std::string_view name) {
    const std::size_t dot = name.substr(name.rfind('/') + 1).rfind('.');
    return dot != name.npos && dot != 0 &&
           std::any_of(std::begin(kSourceEndings), std::end(kSourceEndings),
                       [&](std::string_view ending) { return name.ends_with(ending); });
}

Outcome check_binary(const ProbeSpec& spec, SpecUse use, std::string_view where) {
    if (spec.binary.empty())
        return user_error("the probe names no binary", std::string(where), std::string(kSpecShape));
    if (use == SpecUse::Attach && spec.binary.front() != '/' && !is_short_name(spec.binary)) {
        const BindRemedy bind = bind_remedy(spec.binary);
        return user_error("the binary of a probe must be an absolute guest path, or a name alone",
                          std::string(where),
                          fmt::format("for example uprobe:/bin/grep:*; for a file of the host {} "
                                      "and uprobe:{}:...",
                                      bind.option, bind.guest));
    }
    return {};
}

Outcome read_place(ProbeSpec& spec, const SpecText& written, std::string_view where) {
    SpecText place = written.without_outer_blanks();
    if (const std::size_t colon = place.text().find(':');
        colon != std::string_view::npos && place.separates(colon, ':') && place.is_colon(colon)) {
        if (const auto language = language_of(place.text().substr(0, colon))) {
            spec.language = *language;
            place = place.part(colon + 1);
        }
    }
    if (place.text().ends_with(kReturn) && !place.quoted(place.size() - 1)) {
        spec.kind = ProbeSpec::Kind::Uretprobe;
        place = place.part(0, place.size() - kReturn.size());
    }
    if (place.empty())
        return user_error("the probe names no function", std::string(where),
                          std::string(kSpecShape));
    spec.place = place.string();
    if (is_digit(place.text().front()) && !place.quoted(0))
        return read_file_offset(spec, place.text(), where);
    const std::size_t plus = plus_of(place);
    spec.symbol = std::string(place.text().substr(0, plus));
    if (plus != std::string_view::npos) spec.offset = *number_of(place.text().substr(plus + 1));
    if (spec.symbol.empty())
        return user_error("the probe names no function", std::string(where),
                          std::string(kSpecShape));
    return {};
}

}  // namespace uprobesim
