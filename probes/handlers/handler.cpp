// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "probes/handlers/bpf_handler.h"
#include "probes/handlers/handler_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/profile/data_files.h"

namespace uprobesim {
namespace {

constexpr std::string_view kFolder = "handlers";
constexpr std::string_view kFileSuffix = ".toml";
constexpr KernelPath kNoProgram[] = {KernelPath::ConsumerFtrace, KernelPath::ConsumerPerfRecord,
                                     KernelPath::ConsumerPerfRecordStack,
                                     KernelPath::ConsumerPerfStat};

// "count", "ustack:20"
bool is_handler_word(std::string_view text) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, colon);
    const bool word = !name.empty() && name.front() != '-' &&
                      std::all_of(name.begin(), name.end(),
                                  [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
    if (!word || colon == text.size()) return word;
    const std::string_view argument = text.substr(colon + 1);
    return std::all_of(argument.begin(), argument.end(), is_digit);
}

bool is_file(std::string_view word) {
    return word.ends_with(kFileSuffix) || word.find('/') != word.npos;
}

// "count", "./mine.toml", "a.bpf.o:count"
bool is_one_handler(std::string_view word) {
    return is_handler_word(word) || word.ends_with(kFileSuffix) || is_bpf_word(word);
}

// Several handlers with + between them; a lone word if it is not that.
std::vector<std::string_view> pieces_of(std::string_view word) {
    std::vector<std::string_view> pieces;
    for (std::string_view rest = word;;) {
        const std::size_t plus = std::min(rest.find('+'), rest.size());
        pieces.push_back(rest.substr(0, plus));
        if (plus == rest.size()) break;
        rest.remove_prefix(plus + 1);
    }
    // A file's name may have one too.
    if (!std::all_of(pieces.begin(), pieces.end(), is_one_handler)) return {word};
    return pieces;
}

void append(std::vector<HandlerPart>& to, const std::vector<HandlerPart>& parts) {
    to.insert(to.end(), parts.begin(), parts.end());
}

// Programs on one event: each is run in turn.
Result<HandlerPtr> programs_of_one_event(std::string_view word,
                                         const std::vector<std::string_view>& pieces) {
    ProbeHandler all;
    all.name = word;
    unsigned programs = 0, at_entry = 0;
    for (const std::string_view piece : pieces) {
        const HandlerPtr one = TRY(find_handler(piece));
        if (one->programs() == 0 || one->link != ConsumerLink::Event)
            return user_error(fmt::format("'{}' is no BPF program on an event: it cannot share one",
                                          printable(piece)),
                              "",
                              fmt::format("attach it by itself: -p SPEC=={}", printable(piece)));
        all.meaning += (all.meaning.empty() ? "" : "; ") + one->meaning;
        all.source += (all.source.empty() || one->source.empty() ? "" : "; ") + one->source;
        append(all.parts, one->parts);
        append(all.at_entry, one->at_entry);
        all.notes.insert(all.notes.end(), one->notes.begin(), one->notes.end());
        programs += one->programs();
        at_entry += one->entry_programs();
    }
    all.further = programs - 1;
    all.parts.push_back({{KernelPath::BpfFurtherProgram, all.further}, false});
    if (at_entry > 1) {
        all.further_at_entry = at_entry - 1;
        all.at_entry.push_back({{KernelPath::BpfFurtherProgram, all.further_at_entry}, false});
    }
    return std::make_shared<const ProbeHandler>(std::move(all));
}

// Names like the given one, or all of them.
std::string hint_for(std::string_view name) {
    std::string near = did_you_mean(name, builtin_handlers());
    if (!near.empty()) return near;
    std::vector<std::string> forms;
    for (HandlerSynopsis& row : builtin_handler_forms()) forms.push_back(std::move(row.form));
    return fmt::format("one of {}, a .toml file or FILE.bpf.o:PROGRAM", or_list(forms));
}

}  // namespace

std::vector<std::string> builtin_handlers() {
    return builtin_names(kFolder);
}

unsigned ProbeHandler::programs() const {
    if (!runs) return 0;
    const bool other = std::any_of(parts.begin(), parts.end(), [](const HandlerPart& part) {
        return std::find(std::begin(kNoProgram), std::end(kNoProgram), part.use.path) !=
               std::end(kNoProgram);
    });
    return other ? 0 : 1 + further;
}

unsigned ProbeHandler::entry_programs() const {
    return at_entry.empty() && link != ConsumerLink::UprobeSession ? 0 : 1 + further_at_entry;
}

Result<HandlerPtr> find_handler(std::string_view word) {
    if (const auto pieces = pieces_of(word); pieces.size() > 1)
        return programs_of_one_event(word, pieces);
    if (is_bpf_word(word)) return find_bpf_handler(word);
    if (is_file(word)) {
        const auto file = TRY(find_data_file(kFolder, kHandlerWhat, word));
        auto handler = TRY(read_handler(file, word, std::nullopt));
        return std::make_shared<const ProbeHandler>(std::move(handler));
    }
    const std::size_t colon = std::min(word.find(':'), word.size());
    const std::string_view name = word.substr(0, colon);
    const std::vector<std::string> known = builtin_handlers();
    if (std::find(known.begin(), known.end(), name) == known.end())
        return user_error(fmt::format("there is no handler '{}'", printable(name)), "",
                          hint_for(name));
    std::optional<std::uint64_t> argument;
    if (colon < word.size()) {
        const std::string_view text = word.substr(colon + 1);
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc() || end != text.data() + text.size())
            return user_error(fmt::format("'{}' is no number", printable(text)), "",
                              fmt::format("write {}:N", name));
        argument = value;
    }
    const auto file = TRY(find_data_file(kFolder, kHandlerWhat, name));
    auto handler = TRY(read_handler(file, word, argument));
    return std::make_shared<const ProbeHandler>(std::move(handler));
}

Result<ProbeHandler> parse_handler(std::string_view text, std::string_view file_name,
                                   std::string_view word) {
    return read_handler(DataFile{std::string(file_name), std::string(text)}, word, std::nullopt);
}

std::vector<HandlerSynopsis> builtin_handler_forms() {
    std::vector<HandlerSynopsis> forms;
    for (const std::string& name : builtin_handlers()) {
        const auto file = find_data_file(kFolder, kHandlerWhat, name);
        check_invariant(file.has_value(), "a name that is listed is there");
        auto form = handler_form(*file, name);
        check_invariant(form.has_value(), "a built-in handler is well-formed");
        forms.push_back(std::move(*form));
    }
    return forms;
}

std::vector<PathUse> uses_of(const std::vector<HandlerPart>& parts,
                             std::optional<std::uint64_t> frames) {
    std::vector<PathUse> uses;
    for (const HandlerPart& part : parts) {
        uses.push_back(part.use);
        if (!part.walks_stack || !frames) continue;
        const std::uint64_t beyond_first = *frames == 0 ? 0 : *frames - 1;
        if (beyond_first > part.use.units) {
            uses.push_back({KernelPath::BpfStackCut, 0});
        } else {
            uses.back().units = beyond_first;
        }
    }
    return uses;
}

bool walks_stack(const std::vector<HandlerPart>& parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [](const HandlerPart& part) { return part.walks_stack; });
}

SpecAndHandler split_handler(std::string_view word) {
    constexpr std::string_view kSeparator = "==";
    const std::size_t at = word.rfind(kSeparator);
    if (at == word.npos || at == 0) return {std::string(word), {}};
    const std::string_view handler = word.substr(at + kSeparator.size());
    if (!is_one_handler(handler) && pieces_of(handler).size() == 1) return {std::string(word), {}};
    return {std::string(word.substr(0, at)), std::string(handler)};
}

}  // namespace uprobesim
