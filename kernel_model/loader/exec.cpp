// SPDX-License-Identifier: GPL-2.0-or-later
// execve's work on memory, in load_elf_binary's order: open and check everything first, then the
// stack's strings, the program's segments, its interpreter's, the break, and the tables on the
// stack.
#include "kernel_model/loader/exec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/abi/inotify.h"
#include "kernel_model/abi/mount.h"
#include "kernel_model/abi/resource.h"
#include "kernel_model/files/host/layers.h"
#include "kernel_model/files/mount.h"
#include "kernel_model/loader/elf_image.h"
#include "kernel_model/loader/script.h"
#include "kernel_model/loader/stack_image.h"
#include "kernel_model/memory/user_memory.h"
#include "kernel_model/vdso/vdso.h"
#include "sim/base/try.h"

namespace uprobesim {

namespace {

template <class T>
using Loaded = tl::expected<T, StartFailure>;

tl::unexpected<StartFailure> load_error(Errno number, std::string what, std::string_view where,
                                        std::string hint = {}) {
    return tl::make_unexpected(
        StartFailure{{std::move(what), std::string(where), std::move(hint)}, number});
}

struct ProgramFile {
    std::shared_ptr<File> file;
    std::uint64_t size = 0;
    std::string name;  // as requested
    FileHold hold{};   // null: where programs may be written while they run

    bool read_at(std::uint64_t offset, std::span<std::byte> to) const {
        while (!to.empty()) {
            const auto moved = file->read(offset, to);
            if (!moved || *moved == 0) return false;
            offset += *moved;
            to = to.subspan(static_cast<std::size_t>(*moved));
        }
        return true;
    }
};

// What an address space keeps open of what it was loaded from.
struct Held {
    FileHold hold;
    std::shared_ptr<File> program, interpreter;
};

std::string_view open_failure(Errno number) {
    switch (number) {
        case Errno::NoEnt: return "no such file";
        case Errno::Acces: return "permission denied";
        case Errno::NotDir: return "a part of the path is not a directory";
        case Errno::Loop: return "too many symbolic links";
        case Errno::TxtBsy: return "open for writing";
        case Errno::Io: return "input/output error";
        case Errno::Nfile: return "too many open files";
        default: return "cannot be opened";
    }
}

// The pages that all segments take.
struct Extent {
    std::uint64_t begin = ~std::uint64_t{0};
    std::uint64_t end = 0;
};
Extent extent_of(const ElfImage& elf) {
    Extent extent;
    for (const ElfSegment& s : elf.segments) {
        extent.begin = std::min(extent.begin, page_floor(s.vaddr));
        extent.end = std::max(extent.end, page_ceil(s.vaddr + s.memory_size));
    }
    return extent;
}

class ProgramLoader {
public:
    ProgramLoader(Machine& machine, FileSystem& files, Process& process, const ExecRequest& request)
        : machine_(machine),
          files_(files),
          process_(process),
          credentials_(*request.credentials),
          mm_(*process.mm),
          task_(process.tasks.empty() ? TaskId{process.pid} : process.tasks.begin()->first) {}

    Loaded<LoadedProgram> load(const ExecRequest& request);

private:
    struct Image {
        ProgramFile file;
        ElfImage elf;
        std::uint64_t bias = 0;
    };

    Loaded<ProgramFile> open(const Caller& caller, const std::string& path, std::string_view role);
    static Loaded<Image> image_of(ProgramFile file);
    void told(const ProgramFile& program, std::uint32_t mask) const;
    // Follows "#!" lines; sets `arguments` to those of the last interpreter.
    Loaded<Image> open_program(const ExecRequest& request, std::vector<std::string>& arguments);
    Loaded<void> choose_bias(Image& image, bool is_interpreter);
    Loaded<void> map_image(const Image& image);
    // `span`: what is mapped of the file at first, more than the segment where the image is placed
    // by mmap.
    Loaded<void> map_segment(const Image& image, const ElfSegment& segment, std::uint64_t span);
    void place_break(const Image& program);

    Machine& machine_;
    FileSystem& files_;
    Process& process_;
    const Credentials& credentials_;
    Mm& mm_;
    TaskId task_;
};

Loaded<ProgramFile> ProgramLoader::open(const Caller& caller, const std::string& path,
                                        std::string_view role) {
    auto opened = files_.open(caller, path, abi::kORdonly | abi::kFmodeExec, 0);
    if (!opened) {
        const std::string what = role.empty()
                                     ? std::string(open_failure(opened.error()))
                                     : fmt::format("{}: {}", role, open_failure(opened.error()));
        const bool missing = opened.error() == Errno::NoEnt;
        return load_error(opened.error(), what, path,
                          missing ? "is it in the guest's root directory?" : "");
    }
    ProgramFile program{.file = std::move(opened->file), .size = 0, .name = path};
    program.file->flags &= ~abi::kFmodeExec;
    const auto status = program.file->status();
    if (!status) return load_error(status.error(), "cannot be examined", path);
    if ((status->mode & abi::kIfmt) != abi::kIfReg)
        return load_error(Errno::Acces, "not a regular file", path);
    if (!credentials_.permit(*status, abi::kXOk))
        return load_error(Errno::Acces, "not executable", path,
                          "the file has no execute permission");
    if (program.file->dentry != nullptr) {
        const auto mount = mount_of(*program.file->dentry);
        if (mount && (mount->flags & abi::kMsNoexec) != 0)
            return load_error(Errno::Acces, "on a mount without the right to execute", path);
    }
    program.file->tells = true;  // its end too
    told(program, abi::kInOpen | abi::kFanOpenExec);
    program.size = static_cast<std::uint64_t>(std::max<std::int64_t>(status->size, 0));
    if (const auto backing = program.file->backing();
        backing != nullptr && machine_.kernel_profile.text_busy == TextBusy::Refused) {
        auto hold = FileBacking::hold(backing, FileUse::Executed);
        if (!hold) return load_error(hold.error(), std::string(open_failure(hold.error())), path);
        program.hold = std::move(*hold);
    }
    return program;
}

void ProgramLoader::told(const ProgramFile& program, std::uint32_t mask) const {
    const auto& events = files_.events();
    if (events == nullptr || events->quiet()) return;
    events->of_file(*program.file, mask);
}

Loaded<ProgramLoader::Image> ProgramLoader::image_of(ProgramFile file) {
    auto elf = parse_elf(
        [&](std::uint64_t offset, std::span<std::byte> to) { return file.read_at(offset, to); },
        file.size, file.name);
    if (!elf) return tl::make_unexpected(StartFailure{elf.error(), Errno::NoExec});
    return Image{.file = std::move(file), .elf = std::move(*elf)};
}

Loaded<ProgramLoader::Image> ProgramLoader::open_program(const ExecRequest& request,
                                                         std::vector<std::string>& arguments) {
    Caller caller = caller_of(process_, credentials_);
    if (request.start) caller = caller.starting_at(request.start);
    std::string current = request.path;
    for (int depth = 0; depth <= kMaxScriptDepth; ++depth) {
        const bool first = depth == 0;
        const std::string& at = first && !request.opened.empty() ? request.opened : current;
        auto file = open(caller, at, first ? "" : "script interpreter");
        if (!file) return tl::make_unexpected(file.error());
        std::array<char, kScriptHeadSize> head{};
        const auto length =
            static_cast<std::size_t>(std::min<std::uint64_t>(file->size, head.size()));
        if (!file->read_at(0, std::as_writable_bytes(std::span(head).first(length))))
            return load_error(Errno::Io, "cannot be read", current);
        if (length > 0) told(*file, abi::kInAccess);
        if (!is_script({head.data(), length})) return image_of(std::move(*file));
        // The interpreter could not open it.
        if (first && request.path_closes)
            return load_error(Errno::NoEnt, "script by a descriptor that is closed", current);
        caller = caller_of(process_, credentials_);
        auto line = parse_script_line({head.data(), length});
        if (!line)
            return load_error(Errno::NoExec, "script without a usable interpreter after \"#!\"",
                              current);
        std::vector<std::string> longer{line->interpreter};
        if (line->argument) longer.push_back(std::move(*line->argument));
        longer.push_back(current);
        if (arguments.size() > 1)
            longer.insert(longer.end(), arguments.begin() + 1, arguments.end());
        arguments = std::move(longer);
        current = std::move(line->interpreter);
    }
    return load_error(Errno::Loop, "script interpreters are nested too deeply", request.path);
}

Loaded<void> ProgramLoader::choose_bias(Image& image, bool is_interpreter) {
    if (!image.elf.position_independent) return {};
    const auto [begin, end] = extent_of(image.elf);
    std::uint64_t align = kPageSize;
    for (const ElfSegment& s : image.elf.segments) align = std::max(align, s.align);
    if (!is_interpreter && !image.elf.interpreter.empty()) {
        const std::uint64_t base = Mm::kDynBase.value & ~(align - 1);
        if (base == 0 || end - begin > Mm::kTaskSize.value - base)
            return load_error(Errno::NoMem, "too large for the address space", image.file.name);
        image.bias = base - begin;
        return {};
    }
    // An interpreter, or a static PIE program, is placed by mmap; only the latter has the segments'
    // alignment.
    const std::uint64_t slack = is_interpreter || align <= kPageSize ? 0 : align;
    const auto room = slack < Mm::kTaskSize.value
                          ? mm_.map({.length = end - begin + slack, .prot = {}})
                          : tl::make_unexpected(Errno::NoMem);
    if (!room || !mm_.unmap({*room, *room + page_ceil(end - begin + slack)}))
        return load_error(Errno::NoMem, "no room in the address space", image.file.name);
    const std::uint64_t base = slack == 0 ? room->value : room->value & ~(align - 1);
    image.bias = base - begin;
    return {};
}

Loaded<void> ProgramLoader::map_segment(const Image& image, const ElfSegment& segment,
                                        std::uint64_t span) {
    const VAddr start(image.bias + segment.vaddr);
    const VAddr file_end = start + segment.file_size;
    const VAddr memory_end = start + segment.memory_size;
    const auto failed = [&](Errno number) {
        return load_error(number, fmt::format("the segment at {:#x} cannot be mapped", start.value),
                          image.file.name);
    };
    VAddr mapped_end = start.page();
    if (segment.file_size != 0) {
        auto backing = image.file.file->backing();
        if (backing == nullptr)
            return load_error(Errno::NoExec, "cannot be mapped into memory", image.file.name);
        mapped_end = VAddr(page_ceil(file_end.value));
        const auto mapped = mm_.map({.hint = start.page(),
                                     .length = std::max(mapped_end - start.page(), span),
                                     .prot = segment.prot,
                                     .fixed = true,
                                     .file = std::move(backing),
                                     .offset = page_floor(segment.file_offset)});
        if (!mapped) return failed(mapped.error());
        // elf_map with a total_size: the rest of the span was mapped to find a place for all, and
        // goes again. uprobe_mmap sees the mapping twice.
        if (const VAddr end = start.page() + span; mapped_end < end) {
            const auto cut = mm_.unmap({mapped_end, end});
            if (!cut) return failed(cut.error());
            // Of a mapping that nobody has touched, but to place breakpoints.
            if (cut->of_files != 0)
                machine_.ledger.spend(task_, KernelPath::SysMunmapFile, cut->of_files,
                                      Account::ProbePlace);
        }
        // padzero: what follows the file's bytes in the last page is zero, by a store the kernel
        // makes itself.
        const std::uint64_t tail = mapped_end - file_end;
        if (segment.memory_size > segment.file_size && segment.prot.write && tail != 0) {
            if (!UserMemory(mm_, task_).clear(file_end, tail)) return failed(Errno::Fault);
        }
    }
    const VAddr zero_end(page_ceil(memory_end.value));
    if (zero_end > mapped_end) {
        const auto mapped =
            mm_.map({.hint = mapped_end,
                     .length = zero_end - mapped_end,
                     .prot = {.read = true, .write = true, .exec = segment.prot.exec},
                     .fixed = true});
        if (!mapped) return failed(mapped.error());
    }
    return {};
}

Loaded<void> ProgramLoader::map_image(const Image& image) {
    const Extent extent = extent_of(image.elf);
    std::uint64_t span = image.elf.position_independent ? extent.end - extent.begin : 0;
    for (const ElfSegment& segment : image.elf.segments) {
        if (auto mapped = map_segment(image, segment, span); !mapped) return mapped;
        span = 0;
    }
    return {};
}

void ProgramLoader::place_break(const Image& program) {
    // The heap follows the program. A static PIE program is in the mmap area, where mappings above
    // it would limit the heap, so its heap begins at ELF_ET_DYN_BASE.
    std::uint64_t end = 0;
    for (const ElfSegment& s : program.elf.segments) end = std::max(end, s.vaddr + s.memory_size);
    const bool in_mmap_area = program.elf.position_independent && program.elf.interpreter.empty();
    mm_.init_brk(in_mmap_area ? Mm::kDynBase : VAddr(page_ceil(program.bias + end)));
}

Loaded<LoadedProgram> ProgramLoader::load(const ExecRequest& request) {
    StackRequest stack{.arguments = request.arguments,
                       .environment = request.environment,
                       .exec_name = request.path};
    if (stack.arguments.empty()) stack.arguments.emplace_back();  // as Linux since 5.18
    auto program = TRY(open_program(request, stack.arguments));
    std::optional<Image> interpreter;
    if (!program.elf.interpreter.empty()) {
        auto opened = TRY(open(caller_of(process_, credentials_), program.elf.interpreter,
                               fmt::format("the dynamic loader of {}", program.file.name)));
        told(opened, abi::kInAccess);
        interpreter = TRY(image_of(std::move(opened)));
    }
    mm_.set_stack_limit(process_.limits[abi::kRlimitStack].soft);
    mm_.set_limits(process_.limits[abi::kRlimitAs].soft, process_.limits[abi::kRlimitData].soft);
    mm_.place_mmap_base();
    if (auto fits = check_stack_strings(stack, mm_.stack_limit()); !fits)
        return load_error(fits.error(), "arguments and environment are too long", request.path);

    stack.executable = program.elf.executable_stack;
    StackBuilder builder(mm_, stack);
    if (auto built = builder.map_and_copy_strings(); !built)
        return load_error(built.error(), "no memory for the stack", request.path);
    // arch_adjust_elf_prot: the interpreter guards what it loads, and so the program that names it.
    ElfImage& guarded = interpreter ? interpreter->elf : program.elf;
    if (machine_.profile.isa.has(IsaFeature::Bti) && guarded.branch_targets) {
        for (ElfSegment& segment : guarded.segments) segment.prot.guarded = segment.prot.exec;
    }
    TRY(choose_bias(program, false));
    TRY(map_image(program));
    if (interpreter) {
        TRY(choose_bias(*interpreter, true));
        TRY(map_image(*interpreter));
    }
    place_break(program);
    mm_.hold_program(
        std::make_shared<const Held>(Held{std::move(program.file.hold), program.file.file,
                                          interpreter ? interpreter->file.file : nullptr}));
    if (request.vdso != nullptr) {
        const auto mapped = map_vdso(mm_, request.vdso);
        if (!mapped) return load_error(mapped.error(), "no room for the vDSO", request.path);
        stack.vdso = mapped->value;
    }

    stack.phdr_address = program.elf.phdr_vaddr == 0 ? 0 : program.bias + program.elf.phdr_vaddr;
    stack.phdr_count = program.elf.phdr_count;
    stack.interpreter_base = interpreter ? interpreter->bias : 0;
    stack.entry = program.bias + program.elf.entry;
    const auto status = program.file.file->status();
    if (!status) return load_error(status.error(), "cannot be examined", request.path);
    const auto mount = program.file.file->dentry ? mount_of(*program.file.file->dentry) : nullptr;
    auto credentials =
        credentials_after_exec(credentials_, *status, mount && (mount->flags & abi::kMsNosuid) != 0,
                               process_.options.no_new_privileges);
    if (!credentials)
        return load_error(credentials.error(), "has capabilities that may not be had",
                          request.path);
    ExecCredentials& after = *credentials;
    stack.uid = after.credentials.uid;
    stack.gid = after.credentials.gid;
    const UserSpace& space = after.credentials.space;
    for (std::uint32_t* id : {&stack.uid.real, &stack.uid.effective}) *id = shown_user(space, *id);
    for (std::uint32_t* id : {&stack.gid.real, &stack.gid.effective}) *id = shown_group(space, *id);
    stack.secure = after.secure;
    auto image = builder.build_tables(stack, machine_.entropy, task_);
    if (!image)
        return load_error(image.error(), "the stack's tables cannot be stored", request.path);

    process_.exe = program.file.file->path();
    process_.arguments = stack.arguments;
    process_.environment = request.environment;
    process_.auxv = std::move(image->auxv);
    process_.argument_area = image->argument_area;
    process_.environment_area = image->environment_area;
    process_.stack_start = image->sp;
    const VAddr entry(interpreter ? interpreter->bias + interpreter->elf.entry : stack.entry);
    return LoadedProgram{.entry = entry, .sp = image->sp, .credentials = std::move(after)};
}
}  // namespace

tl::expected<LoadedProgram, StartFailure> load_program(Machine& machine, FileSystem& files,
                                                       Process& process,
                                                       const ExecRequest& request) {
    return ProgramLoader(machine, files, process, request).load(request);
}

}  // namespace uprobesim
