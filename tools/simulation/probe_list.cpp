// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/simulation/probe_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "probes/handlers/bpftrace_handler.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr InputKind kProgram{"bpftrace program", kMaxTextBytes, "give a file, or the text itself"};

}  // namespace

Outcome ProbeList::add(const std::string& word, SpecUse use) {
    const SpecAndHandler split = split_handler(word);
    auto parsed = TRY(parse_probe_specs(split.spec, use));
    HandlerPtr handler;
    if (!split.handler.empty()) {
        auto found = find_handler(split.handler);
        if (!found) {
            if (found.error().where.empty()) found.error().where = word;
            return tl::make_unexpected(found.error());
        }
        handler = std::move(*found);
        note(handler);
    }
    words.push_back(word);
    for (ProbeSpec& spec : parsed) specs.push_back({std::move(spec), handler});
    return {};
}

Outcome ProbeList::add_program(const std::string& word, SpecUse use) {
    const ProgramText program = TRY(bpftrace_text(word));
    const auto clauses = TRY(read_bpftrace_program(program.text, program.name));
    auto handlers = bpftrace_handlers(clauses);
    for (std::size_t i = 0; i < clauses.size(); ++i) {
        bool used = false;
        for (const std::string& probe : clauses[i].probes) {
            if (!is_user_probe(probe)) {
                notes.push_back(fmt::format("{} is left out: it is no probe of a program", probe));
                continue;
            }
            auto parsed = TRY(parse_probe_specs(probe, use));
            for (ProbeSpec& spec : parsed) specs.push_back({std::move(spec), handlers[i].handler});
            used = true;
        }
        if (!used) continue;
        for (const std::string& note : handlers[i].notes)
            notes.push_back(fmt::format("{}: {}", handlers[i].handler->name, note));
    }
    if (specs.empty())
        return user_error("the program has no uprobe and no USDT probe", program.name);
    return {};
}

Outcome ProbeList::add_object(const std::string& path, SpecUse use) {
    auto read = TRY(read_bpf_programs(path));
    notes.insert(notes.end(), read.left_out.begin(), read.left_out.end());
    for (BpfProgram& program : read.programs) {
        if (program.probe.empty()) {
            for (const BpfProgram& other : unplaced) {
                if (other.of_return == program.of_return)
                    return user_error(
                        fmt::format("'{}' and '{}' name no probe in their sections",
                                    printable(other.name), printable(program.name)),
                        path, fmt::format("give each its own: SPEC=={}", program.handler->name));
            }
            unplaced.push_back(std::move(program));
            continue;
        }
        auto parsed = parse_probe_specs(program.probe, use);
        if (!parsed) {
            parsed.error().where = fmt::format("{}, program '{}'", path, printable(program.name));
            return tl::make_unexpected(parsed.error());
        }
        for (ProbeSpec& spec : *parsed) specs.push_back({std::move(spec), program.handler});
        note(program.handler);
    }
    return {};
}

void ProbeList::append(const ProbeList& other) {
    words.insert(words.end(), other.words.begin(), other.words.end());
    specs.insert(specs.end(), other.specs.begin(), other.specs.end());
    notes.insert(notes.end(), other.notes.begin(), other.notes.end());
}

void ProbeList::note(const HandlerPtr& handler) {
    for (const std::string& text : handler->notes) {
        std::string line = fmt::format("{}: {}", handler->name, text);
        if (std::find(notes.begin(), notes.end(), line) == notes.end())
            notes.push_back(std::move(line));
    }
}

void ProbeList::handle_others(const HandlerPtr& handler) {
    for (AttachedSpec& spec : specs) {
        if (spec.handler != nullptr) continue;
        const bool of_return = spec.spec.kind == ProbeSpec::Kind::Uretprobe;
        const auto program =
            std::find_if(unplaced.begin(), unplaced.end(),
                         [&](const BpfProgram& p) { return p.of_return == of_return; });
        spec.handler = program == unplaced.end() ? handler : program->handler;
        if (spec.handler != nullptr) note(spec.handler);
    }
    for (const BpfProgram& program : unplaced) {
        const bool used = std::any_of(specs.begin(), specs.end(), [&](const AttachedSpec& spec) {
            return spec.handler == program.handler;
        });
        if (!used)
            notes.push_back(
                fmt::format("{} is on no probe: its section names none, and no probe "
                            "without a handler is given",
                            program.handler->name));
    }
}

ProbeList made_probe(const std::string& word, const HandlerPtr& handler) {
    ProbeList probes;
    check_invariant(probes.add(word).has_value(), "a probe that the tool names is well-formed");
    probes.handle_others(handler);
    return probes;
}

Result<ProgramText> bpftrace_text(const std::string& word) {
    // A program has a brace; a file's name may, too.
    std::error_code error;
    if (word.find('{') != std::string::npos && !std::filesystem::exists(word, error))
        return ProgramText{word, "--bpftrace"};
    auto text = TRY(read_text_file(word, kProgram));
    return ProgramText{std::move(text), word};
}

bool is_user_probe(std::string_view probe) {
    constexpr std::array<std::string_view, 6> kKinds = {"uprobe", "u",    "uretprobe",
                                                        "ur",     "usdt", "U"};
    const std::string_view kind = probe.substr(0, probe.find(':'));
    return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

}  // namespace uprobesim
