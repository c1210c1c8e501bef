// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/probe_places.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "probes/elf/source_lines.h"
#include "probes/target/function_names.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

using Places = std::vector<ProbePlace>;

std::string function_near(const SymbolIndex& index, std::uint64_t offset) {
    const Function* f = index.function_at(offset);
    if (f == nullptr) return {};
    return offset == f->offset ? f->name : fmt::format("{}+{:#x}", f->name, offset - f->offset);
}

Result<Places> at_offset(const ProbedFile& file, const ProbeSpec& spec) {
    const std::uint64_t offset = *spec.raw_offset;
    const SymbolIndex* index = file.index();
    if (index != nullptr && (offset < file.base() || !index->in_text(offset - file.base()))) {
        const std::string what =
            fmt::format("file offset {:#x} is not in the program's text", offset);
        if (const auto meant = index->offset_of(offset)) {
            const std::string name = function_near(*index, *meant);
            return user_error(
                fmt::format("{:#x} is an address, as nm prints it, not a file offset", offset),
                spec.text,
                fmt::format(
                    "its file offset is {0:#x}: uprobe:{1}:{0:#x}{2}", *meant + file.base(),
                    file.path(),
                    name.empty() ? "" : fmt::format(", or uprobe:{}:{}", file.path(), name)));
        }
        return user_error(what, spec.text, "probes go on instructions only");
    }
    if (!file.word_at(offset))
        return user_error(fmt::format("file offset {:#x} is past the end of the file", offset),
                          spec.text, fmt::format("the file has {} bytes", file.size()));
    ProbePlace place;
    place.kind = ProbePlace::Kind::Offset;
    place.name = fmt::format("{:#x}", offset);
    place.offset = offset;
    place.semaphore = spec.semaphore;
    return Places{std::move(place)};
}

Result<Places> at_line(const ProbedFile& file, const ProbeSpec& spec) {
    const SymbolIndex& index = *file.index();
    const SourceLine found = find_source_line(index.debug_bytes(), spec.source, spec.line);
    if (!found.any_lines)
        return user_error(fmt::format("{} has no line tables", file.path()), spec.text,
                          "compile with -g, or give the guest the debug file");
    if (!found.known_file)
        return user_error(
            fmt::format("no code of {} is from a source file '{}'", file.path(), spec.source),
            spec.text, "give the file's name, or the end of its path");
    if (found.addresses.empty() || found.line != spec.line)
        return user_error(
            fmt::format("line {} of {} has no code", spec.line, spec.source), spec.text,
            found.addresses.empty() ? "no later line has any"
                                    : fmt::format("the next line that has is {}", found.line));
    Places places;
    for (const std::uint64_t address : found.addresses) {
        if (const auto offset = index.offset_of(address)) {
            ProbePlace& place = places.emplace_back();
            place.kind = ProbePlace::Kind::Line;
            place.name = spec.place;
            place.offset = *offset + file.base();
        }
    }
    if (places.empty())
        return user_error(
            fmt::format("line {} of {} is not in the program's text", spec.line, spec.source),
            spec.text, "the debug file may be of another build");
    return places;
}

Result<Places> notes(const ProbedFile& file, const ProbeSpec& spec) {
    Places places;
    std::vector<std::string> names;
    for (const UsdtProbe& probe : file.index()->usdt()) {
        const std::string name = probe.provider + ":" + probe.name;
        if (names.empty() || names.back() != name) names.push_back(name);
        if (!spec.provider.empty() && spec.provider != probe.provider &&
            !matches_wildcard(spec.provider, probe.provider))
            continue;
        if (spec.symbol != probe.name && !matches_wildcard(spec.symbol, probe.name)) continue;
        ProbePlace& place = places.emplace_back();
        place.kind = ProbePlace::Kind::Usdt;
        place.name = name;
        place.offset = probe.offset + file.base();
        place.arguments = probe.arguments;
        if (probe.semaphore) place.semaphore = *probe.semaphore + file.base();
    }
    if (!places.empty()) return places;
    if (names.empty())
        return user_error(fmt::format("{} has no USDT probes", file.path()), spec.text,
                          "it has no notes in .note.stapsdt; was it built with sys/sdt.h?");
    const std::string wanted = (spec.provider.empty() ? "" : spec.provider + ":") + spec.symbol;
    const std::string near = near_names(wanted, names);
    return user_error(fmt::format("there is no USDT probe '{}' in {}", wanted, file.path()),
                      spec.text,
                      near.empty() ? fmt::format("uprobesim list usdt:{} tells the {} that it has",
                                                 file.path(), names.size())
                                   : near);
}

// Of a stripped file, whose functions have no names but those that it exports; empty: it has names.
std::string stripped_note(const SymbolIndex& index) {
    const auto& all = index.functions();
    const auto nameless = std::count_if(
        all.begin(), all.end(), [](const Function& f) { return f.name.starts_with("fn_"); });
    const auto& from = index.sources();
    if (nameless == 0 || std::find(from.begin(), from.end(), ".eh_frame") == from.end()) return {};
    return fmt::format("the file is stripped: {} of its {} functions are named fn_OFFSET", nameless,
                       all.size());
}

tl::unexpected<UserError> no_function(const ProbedFile& file, const ProbeSpec& spec) {
    const SymbolIndex& index = *file.index();
    const auto& all = index.functions();
    const std::string stripped = stripped_note(index);
    std::string hint = stripped.empty() ? fmt::format("the file has {} function{}", all.size(),
                                                      all.size() == 1 ? "" : "s")
                                        : stripped;
    hint += fmt::format("; uprobesim list uprobe:{} tells them", file.path());
    if (spec.has_wildcard())
        return user_error(fmt::format("no function of {} matches '{}'", file.path(), spec.symbol),
                          spec.text, std::move(hint));
    const std::vector<std::string> names = near_function_names(index, spec.symbol);
    if (!names.empty())
        hint = fmt::format("did you mean {}?{}{}", fmt::join(names, ", "),
                           stripped.empty() ? "" : " ", stripped);
    const std::size_t plus = spec.symbol.rfind('+');
    if (plus != std::string::npos && plus != 0 &&
        !index.matching(spec.symbol.substr(0, plus)).empty())
        hint = fmt::format("'{}' is not an offset", spec.symbol.substr(plus + 1));
    if (!functions_of_name(index, spec.symbol + "@plt").empty())
        hint = fmt::format("it is a function of another file, called through {}@plt", spec.symbol);
    return user_error(fmt::format("there is no function '{}' in {}", spec.symbol, file.path()),
                      spec.text, std::move(hint));
}

Outcome check_inside(const SymbolIndex& index, const Function& f, const ProbeSpec& spec) {
    if (f.size == 0 || spec.offset < f.size) return {};
    const std::string there = function_near(index, f.offset + spec.offset);
    return user_error(
        fmt::format("{} has {} bytes: +{:#x} is past its end", f.name, f.size, spec.offset),
        spec.text,
        there.empty() ? "no function is there"
                      : fmt::format("there is {}; to probe that, name it", there));
}

ProbePlace::Kind kind_of(Function::Kind kind) {
    switch (kind) {
        case Function::Kind::Indirect: return ProbePlace::Kind::Indirect;
        case Function::Kind::Plt: return ProbePlace::Kind::Plt;
        case Function::Kind::Code: break;
    }
    return ProbePlace::Kind::Function;
}

Result<Places> functions(const ProbedFile& file, const ProbeSpec& spec, bool with_plt) {
    const SymbolIndex& index = *file.index();
    std::vector<const Function*> found;
    std::uint64_t offset = spec.offset;
    // A name may itself end in what looks like an offset.
    if (offset != 0 && spec.language == ProbeSpec::Language::Any)
        found = functions_of_name(index, spec.place);
    if (!found.empty())
        offset = 0;
    else
        found = functions_named(index, spec, with_plt);
    if (found.empty()) return no_function(file, spec);
    std::stable_sort(found.begin(), found.end(),
                     [](const Function* a, const Function* b) { return a->offset < b->offset; });
    if (offset != 0 && spec.has_wildcard() && found.front()->name != spec.symbol)
        return user_error("a wildcard takes no offset", spec.text,
                          "name one function, or leave the offset out");
    Places places;
    for (const Function* f : found) {
        const std::uint64_t at = file.base() + f->offset + offset;
        if (offset != 0) TRY(check_inside(index, *f, spec));
        if (!places.empty() && places.back().offset == at) {
            places.back().aliases.push_back(f->name);
            if (f->kind == Function::Kind::Indirect) places.back().resolver = true;
            continue;
        }
        ProbePlace& place = places.emplace_back();
        place.kind = kind_of(f->kind);
        place.name = offset == 0 ? f->name : fmt::format("{}+{}", f->name, offset);
        place.offset = at;
    }
    return places;
}

}  // namespace

Result<std::vector<ProbePlace>> find_places(const ProbedFile& file, const ProbeSpec& spec,
                                            bool with_plt) {
    if (spec.raw_offset) return at_offset(file, spec);
    if (file.index() == nullptr) {
        UserError error = file.no_index();
        if (!file.is_elf())
            error.hint = "names are looked up in ELF files only; a file offset can be given in any";
        else if (error.hint.empty())
            error.hint = "uprobesim reads arm64 programs; --root names a folder of them";
        return tl::make_unexpected(std::move(error));
    }
    if (!spec.source.empty()) return at_line(file, spec);
    if (spec.kind == ProbeSpec::Kind::Usdt) return notes(file, spec);
    return functions(file, spec, with_plt);
}

tl::unexpected<UserError> indirect_function(const ProbeSpec& spec, const ProbePlace& place) {
    return user_error(
        fmt::format("'{}' is an indirect function (IFUNC): what it calls is chosen when the "
                    "program starts",
                    place.name),
        spec.text,
        fmt::format("probe the implementation, by its own name or its fn_<offset>; the resolver, "
                    "which runs once, is at {:#x}",
                    place.offset));
}

}  // namespace uprobesim
