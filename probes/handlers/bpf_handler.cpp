// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/handlers/bpf_handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "probes/handlers/bpf_cost.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"

namespace uprobesim {
namespace {

constexpr std::uint64_t kMostObjectBytes = std::uint64_t{64} << 20;
constexpr InputKind kObject{"BPF object", kMostObjectBytes,
                            "compile it: clang -target bpf -g -O2 -c"};
constexpr std::string_view kSuffix = ".bpf.o";

// What libbpf attaches by a section's name, before the first slash.
struct SectionKind {
    std::string_view name;
    std::string_view spec;
    bool of_return = false;
    ConsumerLink link = ConsumerLink::Event;
};
constexpr std::array kSectionKinds = {
    SectionKind{"uprobe", "uprobe"},
    SectionKind{"uprobe.s", "uprobe"},
    SectionKind{"uretprobe", "uretprobe", true},
    SectionKind{"uretprobe.s", "uretprobe", true},
    SectionKind{"uprobe.multi", "uprobe", false, ConsumerLink::UprobeMulti},
    SectionKind{"uprobe.multi.s", "uprobe", false, ConsumerLink::UprobeMulti},
    SectionKind{"uretprobe.multi", "uretprobe", true, ConsumerLink::UprobeMulti},
    SectionKind{"uretprobe.multi.s", "uretprobe", true, ConsumerLink::UprobeMulti},
    SectionKind{"uprobe.session", "uretprobe", true, ConsumerLink::UprobeSession},
    SectionKind{"uprobe.session.s", "uretprobe", true, ConsumerLink::UprobeSession},
    SectionKind{"usdt", "usdt"},
    SectionKind{"usdt.s", "usdt"},
};

const SectionKind* kind_of(std::string_view section) {
    const std::string_view word = section.substr(0, section.find('/'));
    const auto* found = std::find_if(kSectionKinds.begin(), kSectionKinds.end(),
                                     [&](const SectionKind& kind) { return kind.name == word; });
    return found == kSectionKinds.end() ? nullptr : found;
}

// What is not known of a link's price.
std::optional<std::string_view> link_note(ConsumerLink link) {
    switch (link) {
        case ConsumerLink::Event: break;
        case ConsumerLink::UprobeMulti:
            return "a uprobe_multi link, which kernels have from 6.6 on: on v6.1 it has the price "
                   "of a perf event";
        case ConsumerLink::UprobeSession:
            return "a session, which kernels have from 6.13 on, has not been measured: it has the "
                   "price of a uprobe_multi link at the entry and of one at the return, and runs "
                   "the whole longest path at both; where the entry says 1, or the two go "
                   "different ways, it takes less";
    }
    return std::nullopt;
}

class ObjectReader {
public:
    explicit ObjectReader(const BpfObject& object) : object_(object), calls_(object) {}

    Result<BpfPrograms> read() {
        for (std::size_t f = 0; f < object_.functions.size(); ++f) {
            const BpfFunction& function = object_.functions[f];
            if (function.is_subprogram) continue;
            const SectionKind* kind = kind_of(function.section);
            if (kind == nullptr) {
                left_out(function);
                continue;
            }
            BpfProgram program;
            program.name = function.name;
            program.of_return = kind->of_return;
            const auto probe = TRY(probe_of(function, *kind));
            program.probe = probe;
            auto handler = TRY(handler_of(f, *kind));
            program.handler = std::move(handler);
            result_.programs.push_back(std::move(program));
        }
        if (result_.programs.empty())
            return user_error("it has no uprobe program", object_.file_name,
                              result_.left_out.empty()
                                  ? "name its section uprobe/PATH:FUNCTION, or uprobe"
                                  : fmt::format("it has {}", result_.left_out.front()));
        return std::move(result_);
    }

private:
    void left_out(const BpfFunction& function) {
        constexpr std::size_t kMost = 20;
        if (result_.left_out.size() < kMost)
            result_.left_out.push_back(
                fmt::format("{} is left out: its section '{}' is of no probe of a program",
                            printable(function.name), printable(function.section)));
    }

    // A spec, quoted where it has to be.
    Result<std::string> probe_of(const BpfFunction& function, const SectionKind& kind) const {
        const std::string_view section = function.section;
        const std::size_t slash = section.find('/');
        if (slash == section.npos || section.find(':', slash) == section.npos) return std::string();
        const std::string_view place = section.substr(slash + 1);
        const std::size_t colon = place.find(':');
        const std::string_view path = place.substr(0, colon);
        if (path.empty() || path.find('"') != path.npos)
            return user_error(
                fmt::format("section '{}' names no file", printable(section)), object_.file_name,
                fmt::format("name its section {} alone, and give the probe as {}:/PATH:FUNCTION",
                            kind.name, kind.spec));
        return fmt::format("{}:\"{}\":{}", kind.spec, path, place.substr(colon + 1));
    }

    Result<HandlerPtr> handler_of(std::size_t f, const SectionKind& kind) {
        const BpfFunction& function = object_.functions[f];
        auto cost = TRY(bpf_cost(object_, calls_, weights_, f));
        auto handler = std::make_shared<ProbeHandler>();
        handler->name = fmt::format("{}:{}", object_.file_name, function.name);
        handler->meaning = "a program of a BPF object file";
        handler->source = "derived: the instructions of the program, as arm64's JIT compiles them";
        handler->notes.push_back(path_note(cost));
        handler->link = kind.link;
        if (const auto note = link_note(kind.link)) handler->notes.emplace_back(*note);
        handler->notes.insert(handler->notes.end(), cost.notes.begin(), cost.notes.end());
        handler->parts = parts_of(cost.longest);
        if (kind.link == ConsumerLink::UprobeSession) handler->at_entry = handler->parts;
        return HandlerPtr(std::move(handler));
    }

    // A reader that is woken once is awake for the rest of the program.
    static std::vector<HandlerPart> parts_of(const BpfTally& tally) {
        std::vector<HandlerPart> parts;
        if (tally.insns != 0) parts.push_back({{KernelPath::BpfInsn, tally.insns}});
        for (const auto& [key, count] : tally.parts) {
            const auto& [path, units, walks] = key;
            const bool wakes =
                path == KernelPath::BpfPerfOutputWakeup || path == KernelPath::BpfRingbufWakeup;
            for (std::int64_t i = 0; i < (wakes ? 1 : count); ++i)
                parts.push_back({{path, units}, walks});
        }
        return parts;
    }

    std::string path_note(const BpfCost& cost) const {
        std::string text = fmt::format("its longest path takes {} instructions beside its calls",
                                       cost.longest.insns);
        const double most = weights_.of(cost.longest), found = weights_.of(cost.found);
        if (found < most)
            text += fmt::format(
                "; a key that it does not find is put in: where all keys are found, it takes "
                "{:.0f} "
                "instructions less (v6.12)",
                std::round(most - found));
        return text;
    }

    const BpfObject& object_;
    BpfCalls calls_;
    BpfWeights weights_;
    BpfPrograms result_;
};

}  // namespace

Result<BpfPrograms> bpf_programs(Bytes bytes, std::string_view file_name) {
    const auto object = TRY(read_bpf_object(bytes, file_name));
    return ObjectReader(object).read();
}

Result<BpfPrograms> read_bpf_programs(const std::string& path) {
    const auto file = TRY(InputFile::open(path, kObject));
    const auto bytes = TRY(file.bytes());
    return bpf_programs(bytes, path);
}

bool is_bpf_word(std::string_view word) {
    const std::size_t at = word.rfind(kSuffix);
    if (at == word.npos || at == 0) return false;
    const std::string_view rest = word.substr(at + kSuffix.size());
    return rest.empty() || (rest.size() > 1 && rest.front() == ':' && rest.find('/') == rest.npos);
}

Result<HandlerPtr> find_bpf_handler(std::string_view word) {
    const std::size_t end = word.rfind(kSuffix) + kSuffix.size();
    const std::string path(word.substr(0, end));
    const std::string_view name = end == word.size() ? std::string_view() : word.substr(end + 1);
    const auto read = TRY(read_bpf_programs(path));
    std::vector<std::string> names;
    for (const BpfProgram& program : read.programs) {
        if (program.name == name || (name.empty() && read.programs.size() == 1))
            return program.handler;
        names.push_back(printable(program.name));
    }
    if (name.empty())
        return user_error("it has several programs", path,
                          fmt::format("say which: {}:PROGRAM, one of {}", path, or_list(names)));
    return user_error(fmt::format("it has no program '{}'", printable(name)), path,
                      fmt::format("it has {}", or_list(names)));
}

}  // namespace uprobesim
