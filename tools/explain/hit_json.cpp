// SPDX-License-Identifier: GPL-2.0-or-later
#include "tools/explain/hit_json.h"

#include <fmt/format.h>

#include "sim/profile/profile_keys.h"
#include "tools/explain/path_story.h"
#include "tools/format/json_number.h"
#include "tools/views/syndrome_text.h"

namespace uprobesim {
namespace {

using Json = nlohmann::ordered_json;
using EventKind = HitEvent::Kind;

std::string hex(std::uint64_t v) {
    return fmt::format("{:#x}", v);
}

Json page_json(const FaultPage& page) {
    Json json = {{"address", hex(page.address)},
                 {"mapping", page.mapping},
                 {"mapping_rights", page.mapping_rights},
                 {"present", page.present}};
    if (!page.present) return json;
    json["frame"] = hex(page.frame);
    json["rights"] = page.rights;
    json["holders"] = page.holders;
    json["zero_page"] = page.zero_page;
    return json;
}

Json state_json(const HitState& s) {
    Json json = {{"pc", hex(s.registers.pc)},           {"sp", hex(s.registers.sp)},
                 {"x30", hex(s.registers.x[30])},       {"pstate", hex(s.registers.pstate)},
                 {"utask", step_state_name(s.step)},    {"tif_uprobe", s.tif_uprobe},
                 {"tif_singlestep", s.tif_singlestep},  {"tif_sigpending", s.tif_sigpending},
                 {"pending_returns", s.pending_returns}};
    if (s.xol_page) json["xol_page"] = hex(*s.xol_page);
    if (s.shared_page) json["shared_page"] = hex(*s.shared_page);
    if (s.slot) {
        json["slot"] = *s.slot;
        json["slot_word"] = hex(s.slot_word);
        json["slot_shared"] = s.slot_shared;
    }
    if (s.page) json["page"] = page_json(*s.page);
    return json;
}

// All of `to`, or what differs from `from`.
Json registers_json(const UserRegisters* from, const UserRegisters& to) {
    Json json = Json::object();
    for (std::size_t x = 0; x < to.x.size(); ++x) {
        if (from == nullptr || from->x[x] != to.x[x]) json[fmt::format("x{}", x)] = hex(to.x[x]);
    }
    if (from == nullptr || from->sp != to.sp) json["sp"] = hex(to.sp);
    if (from == nullptr || from->pc != to.pc) json["pc"] = hex(to.pc);
    if (from == nullptr || from->pstate != to.pstate) json["pstate"] = hex(to.pstate);
    return json;
}

// An interrupt leaves ESR_EL1 as it is.
Json interrupt_json(const HitEvent& event) {
    return {{"class", exception_class_name(event.exception)},
            {"from_el", 0},
            {"to_el", 1},
            {"ec_name", "IRQ"},
            {"iss_text", "an interrupt, which writes no syndrome"},
            {"elr", hex(event.registers.elr)},
            {"spsr", hex(event.registers.spsr)},
            {"mdscr_el1_ss", event.state.tif_singlestep ? 1 : 0}};
}

Json exception_json(const HitEvent& event) {
    if (event.exception == ExceptionClass::Irq) return interrupt_json(event);
    const SyndromeText text = syndrome_text(event.registers.esr);
    Json json = {{"class", exception_class_name(event.exception)},
                 {"from_el", 0},
                 {"to_el", 1},
                 {"esr", hex(event.registers.esr)},
                 {"ec", text.ec},
                 {"ec_name", text.ec_name},
                 {"iss", text.iss},
                 {"iss_text", text.iss_text},
                 {"elr", hex(event.registers.elr)},
                 {"spsr", hex(event.registers.spsr)},
                 {"mdscr_el1_ss", event.state.tif_singlestep ? 1 : 0}};
    if (event.registers.far) json["far"] = hex(*event.registers.far);
    return json;
}

bool inside(const std::optional<std::uint64_t>& page, std::uint64_t address) {
    return page && address >= *page && address - *page < kPageSize;
}

std::string_view page_name(const HitState& state, std::uint64_t address) {
    return inside(state.xol_page, address)      ? "xol"
           : inside(state.shared_page, address) ? "shared"
                                                : "program";
}

// The words that are known of memory at that moment, by address.
std::map<std::uint64_t, std::uint32_t> words_of(const HitState& state) {
    std::map<std::uint64_t, std::uint32_t> words = state.code;
    for (std::size_t slot = 0; slot < state.xol_words.size(); ++slot) {
        if (state.xol_words[slot] != 0)
            words[*state.xol_page + slot * state.slot_bytes] = state.xol_words[slot];
    }
    return words;
}

// What the slot at this address of `state` held in `before`; 0: the page was not there. Elsewhere
// than in the slots of the XOL page, what it holds in `state`.
std::uint32_t word_in_slot(const HitState& before, const HitState& state, std::uint64_t address) {
    if (!inside(state.xol_page, address)) return words_of(state).at(address);
    const std::uint64_t offset = address - *state.xol_page;
    const std::size_t slot = offset / state.slot_bytes;
    if (offset % state.slot_bytes != 0) return words_of(state).at(address);
    return slot < before.xol_words.size() ? before.xol_words[slot] : 0;
}

// The kind of work that an event's cycles are; a function's own are not the hit's.
std::optional<WorkKind> work_of(const HitEvent& event) {
    switch (event.kind) {
        case EventKind::Exception:
        case EventKind::Nested: return WorkKind::Hardware;
        case EventKind::Path: return path_story(event.path).kind;
        case EventKind::User: return event.own ? std::optional(WorkKind::User) : std::nullopt;
        case EventKind::More: return WorkKind::Other;
        case EventKind::ExitWork:
        case EventKind::Eret:
        case EventKind::Call:
        case EventKind::CallEnd:
        case EventKind::Signal:
        case EventKind::Frame:
        case EventKind::Waits: break;
    }
    return std::nullopt;
}

}  // namespace

HitJson::HitJson(const MachineProfile& machine, const ExplainedRun& run)
    : machine_(machine), run_(run), last_(&run.before), steps_(run.before.tif_singlestep) {}

Json HitJson::terms(const std::vector<PriceTerm>& terms) const {
    Json rows = Json::array();
    for (const PriceTerm& term : terms) {
        const Figure& figure = machine_.figures.at(term.figure);
        Json row = {{"figure", "machine." + term.figure},
                    {"count", term.count},
                    {"each", rounded(term.each, 6)},
                    {"cycles", rounded(term.cycles(), 2)},
                    {"source", figure.source},
                    {"confidence", confidence_name(figure.confidence)}};
        if (!term.also.empty()) {
            row["also"] = "machine." + term.also;
            row["also_times"] = term.also_times;
        }
        if (term.per_unit) row["per_unit"] = true;
        rows.push_back(std::move(row));
    }
    return rows;
}

Json HitJson::path(const HitEvent& event) const {
    const KernelPathInfo& info = kernel_path_info(event.path);
    const PathCost& cost = run_.kernel.paths[static_cast<std::size_t>(event.path)];
    Json ops = Json::object();
    for (std::size_t op = 0; op < kKernelOpCount; ++op) {
        if (cost.ops[op] != 0)
            ops[std::string(kernel_op_name(static_cast<KernelOp>(op)))] = cost.ops[op];
    }
    Json json = {{"path", info.name},
                 {"meaning", info.meaning},
                 {"el1_insns", event_insns(machine_, run_.kernel, event)}};
    if (event.units != 0) {
        json["unit"] = info.unit;
        json["units"] = event.units;
    }
    json["operations"] = std::move(ops);
    json["source"] = cost.source;
    json["confidence"] = confidence_name(cost.confidence);
    Json functions = Json::array();
    std::string_view names = path_story(event.path).functions;
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        functions.push_back(names.substr(0, end));
        names.remove_prefix(std::min(end + 1, names.size()));
    }
    json["functions"] = std::move(functions);
    json["terms"] = terms(path_terms(machine_, run_.kernel, event.path, event.units));
    return json;
}

// Those that are seen for the first time or are not what they were. A page of slots is zero when it
// is made.
Json HitJson::words(const HitState& state) {
    Json rows = Json::array();
    for (const auto& [address, word] : words_of(state)) {
        const auto known = words_.find(address);
        if (known != words_.end() && known->second == word) continue;
        Json row = {{"page", page_name(state, address)},
                    {"address", hex(address)},
                    {"word", fmt::format("{:08x}", word)},
                    {"text", decoder_.disassemble(word, address)}};
        const bool written = &state != &run_.before && word_in_slot(*last_, state, address) != word;
        if (known != words_.end()) {
            row["before"] = fmt::format("{:08x}", known->second);
        } else if (written) {
            row["before"] = fmt::format("{:08x}", word_in_slot(*last_, state, address));
        }
        words_[address] = word;
        rows.push_back(std::move(row));
    }
    return rows;
}

Json HitJson::system_registers() const {
    Json json = Json::object();
    if (registers_.esr) json["esr_el1"] = hex(*registers_.esr);
    json["elr_el1"] = hex(registers_.elr);
    json["spsr_el1"] = hex(registers_.spsr);
    json["mdscr_el1_ss"] = steps_ ? 1 : 0;
    if (registers_.far) json["far_el1"] = hex(*registers_.far);
    return json;
}

Json HitJson::before() {
    Json json = state_json(run_.before);
    json["registers"] = registers_json(nullptr, run_.before.registers);
    json["words"] = words(run_.before);
    return json;
}

Json HitJson::event(const HitEvent& event) {
    Json json;
    switch (event.kind) {
        case EventKind::Exception:
            json = {{"event", "exception"}};
            json.update(exception_json(event));
            if (const double insns = event_insns(machine_, run_.kernel, event); insns != 0)
                json["el1_insns"] = insns;
            json["terms"] = terms(exception_terms(machine_, event.exception));
            registers_.elr = event.registers.elr;
            registers_.spsr = event.registers.spsr;
            if (event.exception != ExceptionClass::Irq) registers_.esr = event.registers.esr;
            if (event.registers.far) registers_.far = event.registers.far;
            steps_ = event.state.tif_singlestep;
            break;
        case EventKind::Nested:
            json = {{"event", "nested-exception"},
                    {"class", exception_class_name(event.exception)},
                    {"terms", terms(exception_terms(machine_, event.exception))}};
            break;
        case EventKind::Path:
            json = {{"event", "path"}};
            json.update(path(event));
            // What these leave in MDSCR_EL1.
            if (event.path == KernelPath::UprobeStepArm) steps_ = true;
            if (event.path == KernelPath::StepEntry) steps_ = false;
            // Off from the entry to the return.
            if (event.path == KernelPath::FaultDuringStep) steps_ = false;
            break;
        case EventKind::ExitWork: json = {{"event", "exit-work"}}; break;
        case EventKind::Eret:
            json = {{"event", "eret"},
                    {"elr", hex(event.registers.elr)},
                    {"spsr", hex(event.registers.spsr)},
                    {"mdscr_el1_ss", event.state.tif_singlestep ? 1 : 0}};
            registers_.elr = event.registers.elr;
            registers_.spsr = event.registers.spsr;
            steps_ = event.state.tif_singlestep;
            break;
        case EventKind::User:
            json = {{"event", event.own       ? "slot"
                              : run_.is_hit() ? "function"
                                              : "handler"},
                    {"insns", event.insns.value}};
            if (!event.own) json["other_exceptions"] = event.others;
            break;
        case EventKind::Call:
            json = {{"event", "call"}, {"name", event.name}, {"text", event.text}};
            break;
        case EventKind::CallEnd:
            json = {{"event", "call-end"},
                    {"text", event.name},
                    {"result", event.text},
                    {"x0", hex(event.value)}};
            break;
        case EventKind::Signal:
            json = {{"event", "signal"},
                    {"name", event.name},
                    {"text", event.text},
                    {"action", event.action}};
            if (event.value != 0) json["handler"] = hex(event.value);
            break;
        case EventKind::Frame:
            json = {
                {"event", "signal-frame"}, {"address", hex(event.value)}, {"bytes", event.bytes}};
            break;
        case EventKind::Waits: json = {{"event", "waits"}, {"ns", event.waited_ns}}; break;
        case EventKind::More: json = {{"event", "more"}, {"pieces", event.units}}; break;
    }
    if (const auto work = work_of(event)) json["work"] = work_kind_name(*work);
    json["el"] = event.kind == EventKind::User || event.kind == EventKind::Eret ? 0 : 1;
    json["cycles"] = in_cycles(event.cycles);
    json["cycles_so_far"] = in_cycles(event.total);
    json["changes"] = state_changes(*last_, event.state);
    json["state"] = state_json(event.state);
    json["registers"] = registers_json(&last_->registers, event.state.registers);
    json["words"] = words(event.state);
    json["system_registers"] = system_registers();
    last_ = &event.state;
    return json;
}

Json HitJson::events() {
    Json rows = Json::array();
    for (const HitEvent& each : run_.events) rows.push_back(event(each));
    return rows;
}

}  // namespace uprobesim
