// SPDX-License-Identifier: GPL-2.0-or-later
// Registers the uprobes of a spec, and reports errors to the user. A real kernel checks the
// instruction when it first places the breakpoint; if no process maps the file yet, a failure there
// is silent. This tool reports it at once.
#include <fmt/format.h>

#include <set>

#include "kernel_model/abi/fcntl.h"
#include "probes/hit/uprobes.h"
#include "probes/slots/xol_area.h"
#include "probes/target/exclusive_pair.h"
#include "probes/target/path_glob.h"
#include "probes/target/probe_places.h"
#include "probes/target/short_name.h"
#include "probes/target/zip_member.h"
#include "sim/base/input_file.h"
#include "sim/base/text.h"
#include "sim/base/try.h"
#include "sim/insn/decoder.h"
#include "sim/profile/kernel_profile.h"

namespace uprobesim {
namespace {

std::vector<std::string> names_in(FileSystem& files, const std::string& folder) {
    std::vector<std::string> names;
    const auto opened = files.open(Caller{}, folder, abi::kORdonly, 0);
    const auto entries = opened ? opened->file->entries() : SysResult<std::vector<DirEntry>>();
    for (const DirEntry& entry : entries.value_or(std::vector<DirEntry>()))
        names.push_back(entry.name);
    return names;
}

struct Opened {
    FileKey key;
    std::vector<std::byte> bytes;
};

Result<Opened> read_file(FileSystem& files, const std::string& path) {
    const auto opened = files.open(Caller{}, path, abi::kORdonly | abi::kONoatime, 0);
    if (!opened) {
        const std::size_t slash = path.rfind('/');
        const std::string near =
            did_you_mean(path.substr(slash + 1), names_in(files, path.substr(0, slash + 1)));
        std::string what = "the binary of a probe cannot be opened in the guest's root";
        if (opened.error() == Errno::Io) what += ": input/output error";
        if (opened.error() == Errno::Nfile) what += ": too many open files";
        return user_error(std::move(what), path,
                          near.empty() ? "give the path as the guest sees it" : near);
    }
    const auto backing = opened->file->backing();
    if (!backing) return user_error("the binary of a probe is not a regular file", path);
    if (backing->size() > kMaxProgramBytes)
        return user_error(
            fmt::format("the binary of a probe is too large: {} bytes", backing->size()), path,
            fmt::format("at most {}", size_limit_text(kMaxProgramBytes)));
    Opened file{backing->key(), std::vector<std::byte>(backing->size())};
    const auto read = opened->file->read(0, file.bytes);
    if (!read || *read != file.bytes.size())
        return user_error("the binary of a probe cannot be read", path);
    return file;
}

FileReader reader_of(FileSystem& files) {
    return [&files](const std::string& path) -> std::optional<std::vector<std::byte>> {
        auto file = read_file(files, path);
        if (!file) return std::nullopt;
        return std::move(file->bytes);
    };
}

// What is told of a refused instruction, and of one that the kernel takes although no program gets
// past it.
std::string advice(const std::optional<ExclusivePair>& pair) {
    if (!pair) return "probe another instruction, for example at +4";
    return fmt::format(
        "it is in the exclusive pair of {:#x} to {:#x}: each hit in between clears the monitor, so "
        "that the pair would loop for ever; probe before it or after it",
        pair->load, pair->store);
}

}  // namespace

struct Uprobes::Image {
    FileKey key;
    ProbedFile file;
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

Uprobes::Set Uprobes::exchange(Set set) {
    std::swap(set.uprobes, uprobes_);
    std::swap(set.by_file, by_file_);
    return set;
}

Result<Uprobes::Image*> Uprobes::image(const std::string& path) {
    if (const auto it = images_.find(path); it != images_.end()) return it->second.get();
    const auto inner = zip_path(path);
    auto opened = TRY(read_file(kernel_.files(), inner ? inner->archive : path));
    auto file = TRY(ProbedFile::make(path, std::move(opened.bytes), reader_of(kernel_.files())));
    auto image = std::make_unique<Image>(Image{opened.key, std::move(file)});
    return images_.emplace(path, std::move(image)).first->second.get();
}

Result<bool> Uprobes::attach(Image& image, const ProbeSpec& spec, const ProbeHandler* handler,
                             const ProbePlace& place, AttachSummary& summary, bool explicit_one) {
    const std::uint64_t offset = place.offset;
    if (offset % 4 != 0) {
        return user_error(fmt::format("file offset {:#x} is not a multiple of 4", offset),
                          spec.text, "arm64 instructions are 4 bytes long and aligned");
    }
    const auto word = image.file.word_at(offset);
    if (!word)
        return user_error(fmt::format("file offset {:#x} is past the end of the file", offset),
                          spec.text);
    const Verdict decision = decide(*word, kernel_.machine().kernel_profile);
    const std::string instruction = Decoder().disassemble(*word, offset);
    const auto pair =
        exclusive_pair_at(offset, [&](std::uint64_t at) { return image.file.word_at(at); });
    if (decision.kind == VerdictKind::Reject) {
        const std::string reason(decision.reason);
        if (explicit_one) {
            return user_error(
                fmt::format("the kernel refuses to probe '{}': {}", instruction, reason), spec.text,
                advice(pair));
        }
        summary.refused.push_back({place.name, offset, instruction, reason});
        return false;
    }
    if (pair && explicit_one)
        return user_error(fmt::format("no program gets past a probe on '{}' here", instruction),
                          spec.text, advice(pair));
    auto& at = by_file_[image.key][offset];
    if (at != nullptr && at->semaphore != place.semaphore) {
        return user_error(
            fmt::format("the kernel refuses a second probe at {:#x} with another semaphore",
                        offset),
            spec.text, "leave out the other probe of this place");
    }
    if (at == nullptr) {
        auto probe = std::make_unique<Uprobe>();
        probe->id = static_cast<std::uint32_t>(uprobes_.size());
        probe->usdt = spec.kind == ProbeSpec::Kind::Usdt;
        probe->binary = image.file.path();
        probe->symbol = place.name;
        probe->spec = spec.text;
        probe->file = image.key;
        probe->offset = offset;
        probe->semaphore = place.semaphore;
        probe->word = *word;
        probe->instruction = instruction;
        probe->verdict = decision;
        at = probe.get();
        uprobes_.push_back(std::move(probe));
    }
    const bool of_return = spec.kind == ProbeSpec::Kind::Uretprobe;
    const NewConsumers consumers = consumers_of(handler, of_return);
    at->consumers += consumers.entry;
    at->return_consumers += consumers.returns;
    ++at->events;
    at->handlers.add(handler, of_return);
    ++summary.attached;
    return true;
}

Outcome Uprobes::add_in(Image& image, const ProbeSpec& spec, const ProbeHandler* handler,
                        AttachSummary& summary, bool of_many) {
    const auto places = TRY(find_places(image.file, spec));
    const bool explicit_one = !spec.has_wildcard() || places.size() == 1;
    std::optional<UserError> first;
    for (const ProbePlace& place : places) {
        const bool is_resolver = place.kind == ProbePlace::Kind::Indirect;
        const auto done = is_resolver ? Result<bool>(indirect_function(spec, place))
                                      : attach(image, spec, handler, place, summary, explicit_one);
        if (done) continue;
        if (is_resolver ? !spec.has_wildcard() : explicit_one) {
            if (!of_many) return tl::make_unexpected(done.error());
            if (!first) first = done.error();
        }
        summary.refused.push_back({place.name, place.offset, "", done.error().what});
    }
    if (first) return tl::make_unexpected(std::move(*first));
    return {};
}

Result<ProbeSpec> Uprobes::with_path(const ProbeSpec& spec) {
    if (!is_short_name(spec.binary)) return spec;
    const FolderReader folders = [&](const std::string& folder) {
        return names_in(kernel_.files(), folder);
    };
    const auto path = find_short_name(spec.binary, folders);
    if (!path) {
        const BindRemedy bind = bind_remedy(spec.binary);
        return user_error(short_name_not_found(spec.binary), spec.text,
                          fmt::format("give the path as the guest sees it; for a file of the host "
                                      "{} and uprobe:{}:...",
                                      bind.option, bind.guest));
    }
    ProbeSpec found = spec;
    found.binary = *path;
    return found;
}

Result<Uprobes::Place> Uprobes::place_of(const ProbeSpec& named) {
    const ProbeSpec spec = TRY(with_path(named));
    const Image* const found = TRY(image(spec.binary));
    const auto places = TRY(find_places(found->file, spec));
    const ProbePlace& place = places.front();
    if (place.kind == ProbePlace::Kind::Indirect) return indirect_function(spec, place);
    if (place.offset % 4 != 0 || !found->file.word_at(place.offset))
        return user_error(fmt::format("there is no instruction at file offset {:#x}", place.offset),
                          spec.text);
    return Place{found->key, place.offset};
}

Result<AttachSummary> Uprobes::add(const ProbeSpec& named, const ProbeHandler* handler) {
    TRY(check_handler(handler, named));
    const ProbeSpec spec = TRY(with_path(named));
    AttachSummary summary;
    summary.spec = spec.text;
    auto literal = image(spec.binary);
    if (literal || !is_glob(spec.binary)) {
        Image* const found = TRY(std::move(literal));
        TRY(add_in(*found, spec, handler, summary, false));
        return summary;
    }
    // The file of a link is one file.
    std::set<FileKey> seen;
    std::optional<UserError> first_error;
    const FolderReader folders = [&](const std::string& folder) {
        return names_in(kernel_.files(), folder);
    };
    for (const std::string& path : expand_glob(spec.binary, folders)) {
        const auto found = image(path);
        Outcome added;
        if (!found)
            added = tl::make_unexpected(found.error());
        else if (seen.insert((*found)->key).second)
            added = add_in(**found, spec, handler, summary, true);
        images_.erase(path);  // a folder may have thousands
        if (!added && !first_error) first_error = added.error();
    }
    if (summary.attached != 0) return summary;
    if (first_error) return tl::make_unexpected(std::move(*first_error));
    if (!summary.refused.empty()) return summary;  // as of one file
    return user_error("no file of the guest's root matches the path", spec.binary,
                      "give the path as the guest sees it");
}

}  // namespace uprobesim
