// SPDX-License-Identifier: GPL-2.0-or-later
// The probes of a run: the words that name them, what they mean, and what is done at a hit of each.
#pragma once

#include <string>
#include <vector>

#include "probes/handlers/bpf_handler.h"
#include "probes/handlers/handler.h"
#include "probes/target/spec.h"
#include "sim/base/error.h"

namespace uprobesim {

struct AttachedSpec {
    ProbeSpec spec;
    HandlerPtr handler;  // null: none is asked for, it is the kernel profile's consumer
};

struct ProbeList {
    std::vector<std::string> words;   // as they were given
    std::vector<AttachedSpec> specs;  // in the order of the words; a word may hold several
    std::vector<std::string> notes;   // on the price of a handler: what is not in it
    // Of BPF objects, those whose section names no probe: they are for the probes without a
    // handler.
    std::vector<BpfProgram> unplaced;

    bool empty() const { return specs.empty(); }
    // "SPEC", "SPEC==HANDLER"
    Outcome add(const std::string& word, SpecUse use = SpecUse::Attach);
    // A bpftrace program: a file, or the text itself. Its other probes are noted.
    Outcome add_program(const std::string& word, SpecUse use = SpecUse::Attach);
    // A BPF object file: its programs with the probes that their sections name.
    Outcome add_object(const std::string& path, SpecUse use = SpecUse::Attach);
    void append(const ProbeList& other);
    // Of all that have none of their own: a program that names no probe, else `handler`.
    void handle_others(const HandlerPtr& handler);

private:
    void note(const HandlerPtr& handler);
};
// Of one word that the tool itself has made: it is a bug when it does not parse.
ProbeList made_probe(const std::string& word, const HandlerPtr& handler = nullptr);

// A bpftrace program's text from a file, or from the word itself, with what it is called in
// messages.
struct ProgramText {
    std::string text;
    std::string name;
};
Result<ProgramText> bpftrace_text(const std::string& word);
// Whether it is a probe of user programs: "uprobe:...", "U:...".
bool is_user_probe(std::string_view probe);

}  // namespace uprobesim
