// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/target/function_names.h"

#include <algorithm>
#include <set>

#include "probes/target/demangle.h"

namespace uprobesim {
namespace {

using Found = std::vector<const Function*>;

bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Blanks do not tell two names apart: "f(int,char)" and "f(int, char)". Those between words stay.
std::string without_blanks(std::string_view text) {
    std::string packed;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool between_words =
            i > 0 && i + 1 < text.size() && in_name(text[i - 1]) && in_name(text[i + 1]);
        if (text[i] != ' ' || between_words) packed += text[i];
    }
    return packed;
}

// The last identifier of a source name's path, which its mangled name has to hold too; empty: none
// that is certain to be there.
std::string_view identifier_of(std::string_view name) {
    if (name.find("operator") != name.npos || name.find('*') != name.npos ||
        name.find('?') != name.npos || name.find('{') != name.npos)
        return {};
    std::size_t end = std::min(name.find_first_of("(<["), name.size());
    while (end > 0 && !in_name(name[end - 1])) --end;
    std::size_t begin = end;
    while (begin > 0 && in_name(name[begin - 1])) --begin;
    return name.substr(begin, end - begin);
}

struct SourceName {
    std::string packed;
    std::string_view identifier;
    bool wildcard;
    ProbeSpec::Language language;

    bool means(const Function& f) const {
        const ProbeSpec::Language of_function = mangling_of(f.name);
        if (of_function == ProbeSpec::Language::Any) return false;
        if (language != ProbeSpec::Language::Any && language != of_function) return false;
        if (f.name.find(identifier) == std::string::npos) return false;
        for (const NameForm form : {NameForm::NameOnly, NameForm::NoReturnType, NameForm::Full}) {
            const std::string name = without_blanks(demangled(f.name, form));
            if (name == packed || (wildcard && matches_wildcard(packed, name))) return true;
        }
        return false;
    }
};

Found by_source_name(const SymbolIndex& index, const ProbeSpec& spec) {
    Found found;
    const SourceName wanted{without_blanks(spec.symbol), identifier_of(spec.symbol),
                            spec.has_wildcard(), spec.language};
    for (const Function& f : index.functions()) {
        if (wanted.means(f)) found.push_back(&f);
    }
    return found;
}

void add_matching(Found& found, const std::vector<Function>& functions, std::string_view pattern) {
    for (const Function& f : functions) {
        if (matches_wildcard(pattern, f.name)) found.push_back(&f);
    }
}

}  // namespace

std::vector<const Function*> functions_of_name(const SymbolIndex& index, std::string_view name) {
    Found found;
    for (const auto* functions : {&index.functions(), &index.indirect_functions(), &index.plt()}) {
        for (const Function& f : *functions) {
            if (f.name == name) found.push_back(&f);
        }
        if (!found.empty()) break;
    }
    return found;
}

std::vector<const Function*> functions_named(const SymbolIndex& index, const ProbeSpec& spec,
                                             bool with_plt) {
    if (spec.language != ProbeSpec::Language::Any) return by_source_name(index, spec);
    Found found = functions_of_name(index, spec.symbol);
    if (!found.empty()) return found;
    found = index.matching(spec.symbol);
    const bool exact = !found.empty() && !matches_wildcard(spec.symbol, found.front()->name) &&
                       spec.has_wildcard();
    if (!spec.has_wildcard() || exact) {
        if (found.empty() && index.is_indirect(spec.symbol)) {
            for (const Function& f : index.indirect_functions()) {
                if (f.name.starts_with(spec.symbol + "@")) found.push_back(&f);
            }
        }
        return found.empty() ? by_source_name(index, spec) : found;
    }
    add_matching(found, index.indirect_functions(), spec.symbol);
    if (with_plt || spec.symbol.find("@plt") != std::string::npos)
        add_matching(found, index.plt(), spec.symbol);
    return found.empty() ? by_source_name(index, spec) : found;
}

std::vector<std::string> near_function_names(const SymbolIndex& index, std::string_view name) {
    constexpr std::size_t kShown = 3;
    std::vector<std::string> names = index.near(name, kShown);
    const std::string_view identifier = identifier_of(name);
    if (!names.empty() || identifier.size() < 3) return names;
    std::set<std::string> sources;
    for (const Function& f : index.functions()) {
        if (sources.size() == kShown) break;
        if (f.name.find(identifier) == std::string::npos) continue;
        const std::string source = demangled(f.name);
        sources.insert(source.empty() ? f.name : source);
    }
    return {sources.begin(), sources.end()};
}

}  // namespace uprobesim
