// SPDX-License-Identifier: GPL-2.0-or-later
// Registers the uprobes of a spec, and reports errors to the user. A real kernel checks the
// instruction when it first places the breakpoint; if no process maps the file yet, a failure there
// is silent. This tool reports it at once.
#include <fmt/format.h>

#include <algorithm>

#include "kernel_model/abi/fcntl.h"
#include "probes/hit/uprobes.h"
#include "probes/slots/xol_area.h"
#include "probes/target/symbol_index.h"
#include "sim/base/input_file.h"
#include "sim/base/try.h"
#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

tl::unexpected<UserError> no_function(const ProbeSpec& spec, const SymbolIndex& index) {
    const auto& all = index.functions();
    std::string hint = fmt::format("the file has {} functions", all.size());
    const auto is_nameless = [](const Function& f) { return f.name.starts_with("fn_"); };
    if (!all.empty() && std::all_of(all.begin(), all.end(), is_nameless))
        hint += ", named fn_OFFSET because it is stripped; uprobesim audit --functions lists them";
    if (spec.has_wildcard())
        return user_error(fmt::format("no function of {} matches '{}'", spec.binary, spec.symbol),
                          spec.text, std::move(hint));
    if (const auto names = index.near(spec.symbol, 3); !names.empty())
        hint = fmt::format("did you mean {}?", fmt::join(names, ", "));
    return user_error(fmt::format("there is no function '{}' in {}", spec.symbol, spec.binary),
                      spec.text, std::move(hint));
}

}  // namespace

struct Uprobes::Image {
    std::string path;
    FileKey key;
    SymbolIndex index;
};

Uprobes::Uprobes(Kernel& kernel) : kernel_(kernel) {
    Machine& machine = kernel.machine();
    if (machine.kernel_profile.slots == SlotOwner::Prefilled) {
        auto slots = SharedSlots::create(machine.memory,
                                         machine.kernel_profile.step == StepEnd::BrkAfterSlot);
        if (slots) shared_slots_.emplace(std::move(*slots));
    }
    kernel.attach(*this);
}
Uprobes::~Uprobes() = default;

Result<Uprobes::Image*> Uprobes::image(const std::string& path) {
    if (const auto it = images_.find(path); it != images_.end()) return it->second.get();
    auto opened = kernel_.files().open(Caller{}, path, abi::kORdonly, 0);
    if (!opened) {
        std::string what = "the binary of a probe cannot be opened in the guest's root";
        if (opened.error() == Errno::Io) what += ": input/output error";
        if (opened.error() == Errno::Nfile) what += ": too many open files";
        return user_error(std::move(what), path, "give the path as the guest sees it");
    }
    const auto backing = opened->file->backing();
    if (!backing) return user_error("the binary of a probe is not a regular file", path);
    if (backing->size() > kMaxProgramBytes)
        return user_error(
            fmt::format("the binary of a probe is too large: {} bytes", backing->size()), path,
            fmt::format("at most {}", size_limit_text(kMaxProgramBytes)));
    std::vector<std::byte> bytes(backing->size());
    auto read = opened->file->read(0, bytes);
    if (!read || *read != bytes.size())
        return user_error("the binary of a probe cannot be read", path);
    auto index = TRY(SymbolIndex::build(std::move(bytes), path));
    auto image = std::make_unique<Image>(Image{path, backing->key(), std::move(index)});
    return images_.emplace(path, std::move(image)).first->second.get();
}

Result<bool> Uprobes::attach(Image& image, const ProbeSpec& spec, const std::string& symbol,
                             std::uint64_t offset, AttachSummary& summary, bool explicit_one) {
    if (!image.index.in_text(offset)) {
        return user_error(fmt::format("file offset {:#x} is not in the program's text", offset),
                          spec.text, "probes go on instructions only");
    }
    if (offset % 4 != 0) {
        return user_error(fmt::format("file offset {:#x} is not a multiple of 4", offset),
                          spec.text, "arm64 instructions are 4 bytes long and aligned");
    }
    const auto word = image.index.word_at(offset);
    if (!word)
        return user_error(fmt::format("file offset {:#x} is past the end of the file", offset),
                          spec.text);
    const Verdict decision = decide(*word, kernel_.machine().kernel_profile);
    const std::string instruction = Decoder().disassemble(*word, offset);
    if (decision.kind == VerdictKind::Reject) {
        const std::string reason(decision.reason);
        if (explicit_one) {
            return user_error(
                fmt::format("the kernel refuses to probe '{}': {}", instruction, reason), spec.text,
                "probe another instruction, for example at +4");
        }
        summary.refused.push_back({symbol, offset, instruction, reason});
        return false;
    }
    auto& at = by_file_[image.key][offset];
    if (at == nullptr) {
        auto probe = std::make_unique<Uprobe>();
        probe->id = static_cast<std::uint32_t>(uprobes_.size());
        probe->binary = spec.binary;
        probe->symbol = symbol;
        probe->spec = spec.text;
        probe->file = image.key;
        probe->offset = offset;
        probe->word = *word;
        probe->instruction = instruction;
        probe->verdict = decision;
        at = probe.get();
        uprobes_.push_back(std::move(probe));
    }
    ++at->consumers;
    if (spec.kind == ProbeSpec::Kind::Uretprobe) ++at->return_consumers;
    ++summary.attached;
    return true;
}

Result<AttachSummary> Uprobes::add(const ProbeSpec& spec) {
    auto opened = TRY(image(spec.binary));
    Image& binary = *opened;
    AttachSummary summary;
    summary.spec = spec.text;
    if (spec.raw_offset) {
        TRY(attach(binary, spec, fmt::format("{:#x}", *spec.raw_offset), *spec.raw_offset, summary,
                   true));
        return summary;
    }
    const auto functions = binary.index.matching(spec.symbol);
    if (functions.empty() && binary.index.is_indirect(spec.symbol)) {
        return user_error(fmt::format("'{}' is an indirect function (IFUNC): what it calls is "
                                      "chosen when the program starts",
                                      spec.symbol),
                          spec.text,
                          "probe the implementation, by its own name or its fn_<offset>");
    }
    if (functions.empty()) return no_function(spec, binary.index);
    // Aliases share one offset; a spec adds one consumer there.
    std::uint64_t last = ~std::uint64_t{0};
    for (const Function* f : functions) {
        const std::uint64_t offset = f->offset + spec.offset;
        if (offset == last) continue;
        last = offset;
        const std::string symbol =
            spec.offset == 0 ? f->name : fmt::format("{}+{}", f->name, spec.offset);
        auto done = attach(binary, spec, symbol, offset, summary, !spec.has_wildcard());
        if (!done && spec.has_wildcard()) {
            summary.refused.push_back({symbol, offset, "", done.error().what});
        } else if (!done) {
            return tl::make_unexpected(done.error());
        }
    }
    return summary;
}

}  // namespace uprobesim
