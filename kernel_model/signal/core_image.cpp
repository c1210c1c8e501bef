// SPDX-License-Identifier: GPL-2.0-or-later
// Layouts: elf.h, linux/elfcore.h, and fill_files_note of fs/binfmt_elf.c.
#include "kernel_model/signal/core_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_model/abi/limits.h"
#include "kernel_model/kernel/kernel.h"
#include "kernel_model/memory/peek.h"
#include "kernel_model/signal/signals_frame.h"

namespace uprobesim {
namespace {

using Bytes = std::vector<std::byte>;

// --- structures of the file

struct FileHeader {
    std::array<std::uint8_t, 16> ident{0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::uint16_t type = 4, machine = 183;  // ET_CORE, EM_AARCH64
    std::uint32_t version = 1;
    std::uint64_t entry = 0, segments_at = 64, sections_at = 0;
    std::uint32_t flags = 0;
    std::uint16_t header_size = 64, segment_size = 56, segments = 0, section_size = 0, sections = 0,
                  names = 0;
};
static_assert(sizeof(FileHeader) == 64);

struct Segment {
    std::uint32_t type = 0, flags = 0;
    std::uint64_t offset = 0, address = 0, physical = 0, file_size = 0, memory_size = 0, align = 0;
};
static_assert(sizeof(Segment) == 56);

struct Time {
    std::int64_t s = 0, us = 0;
};
Time time_of(std::uint64_t ns) {
    return {static_cast<std::int64_t>(ns / 1'000'000'000),
            static_cast<std::int64_t>(ns / 1000 % 1'000'000)};
}

struct TaskStatus {  // struct elf_prstatus
    std::int32_t signal = 0, code = 0, error = 0;
    std::int16_t current = 0, pad = 0;
    std::uint64_t pending = 0, held = 0;
    std::int32_t pid = 0, parent = 0, group = 0, session = 0;
    Time user, system, children_user, children_system;
    std::array<std::uint64_t, 31> x{};
    std::uint64_t sp = 0, pc = 0, pstate = 0;
    std::int32_t has_fp = 1, pad_2 = 0;
};
static_assert(sizeof(TaskStatus) == 392);

struct ProcessState {  // struct elf_prpsinfo
    std::int8_t state = 0;
    char letter = 'R';
    std::int8_t zombie = 0, nice = 0;
    std::uint32_t pad = 0;
    std::uint64_t flags = 0x400600;
    std::uint32_t uid = 0, gid = 0;
    std::int32_t pid = 0, parent = 0, group = 0, session = 0;
    std::array<char, 16> name{};
    std::array<char, 80> arguments{};
};
static_assert(sizeof(ProcessState) == 136);

struct Fp {  // struct user_fpsimd_state
    std::array<std::array<std::uint64_t, 2>, 32> v{};
    std::uint32_t fpsr = 0, fpcr = 0;
    std::array<std::uint32_t, 2> reserved{};
};

// --- notes

enum class Note : std::uint32_t {
    Prstatus = 1,
    Fpregset = 2,
    Prpsinfo = 3,
    Auxv = 6,
    ArmTls = 0x401,
    File = 0x46494c45,
    Siginfo = 0x53494749,
};

template <class T>
std::span<const std::byte> raw(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

void put(Bytes& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void put_note(Bytes& to, std::string_view name, Note type, std::span<const std::byte> content) {
    constexpr std::size_t kAlign = 4;
    const auto pad = [&] { to.resize((to.size() + kAlign - 1) & ~(kAlign - 1)); };
    put(to, raw(std::array<std::uint32_t, 3>{static_cast<std::uint32_t>(name.size() + 1),
                                             static_cast<std::uint32_t>(content.size()),
                                             static_cast<std::uint32_t>(type)}));
    put(to, std::as_bytes(std::span(name)));
    to.push_back(std::byte{0});
    pad();
    put(to, content);
    pad();
}

template <std::size_t kSize>
void copy_text(std::array<char, kSize>& to, std::string_view text) {
    std::copy_n(text.begin(), std::min(text.size(), kSize - 1), to.begin());
}

TaskStatus state_of(Kernel& kernel, const Task& task, Signal signal) {
    const Process& p = *task.process;
    const UserRegisters r = kernel.machine().cpu->read_all(task.context);
    const CpuTime used = kernel.clock().cpu_time(task);
    const auto number = [&](std::int32_t id) {
        return kernel.processes().ids().inside(p.pid_space(), id);
    };
    return {.signal = static_cast<std::int32_t>(signal),
            .current = static_cast<std::int16_t>(signal),
            .pending = task.pending.set(),
            .held = task.sigmask,
            .pid = task.pid().own(),
            .parent = number(p.parent_pid),
            .group = number(p.group),
            .session = number(p.session),
            .user = time_of(used.user_ns),
            .system = time_of(used.system_ns),
            .children_user = time_of(p.children_time.user_ns),
            .children_system = time_of(p.children_time.system_ns),
            .x = r.x,
            .sp = r.sp,
            .pc = r.pc,
            .pstate = r.pstate};
}

ProcessState process_state(Kernel& kernel, const Task& by) {
    const Process& p = *by.process;
    const auto number = [&](std::int32_t id) {
        return kernel.processes().ids().inside(p.pid_space(), id);
    };
    ProcessState state{.nice = static_cast<std::int8_t>(by.nice),
                       .uid = by.cred->uid.real,
                       .gid = by.cred->gid.real,
                       .pid = p.id().own(),
                       .parent = number(p.parent_pid),
                       .group = number(p.group),
                       .session = number(p.session)};
    copy_text(state.name, by.comm);
    copy_text(state.arguments, fmt::format("{}", fmt::join(p.arguments, " ")));
    return state;
}

// Which part of which file is mapped where.
Bytes files_note(const Mm& mm) {
    std::vector<std::uint64_t> numbers{0, kPageSize};
    std::string names;
    for (const auto& [begin, vma] : mm.vmas()) {
        if (vma.file == nullptr) continue;
        numbers.insert(numbers.end(),
                       {vma.range.begin.value, vma.range.end.value, vma.file_offset / kPageSize});
        names += mm.name_of(vma);
        names.push_back('\0');
        ++numbers[0];
    }
    Bytes bytes;
    put(bytes, std::as_bytes(std::span(numbers)));
    put(bytes, std::as_bytes(std::span(names)));
    return bytes;
}

Bytes notes_of(Kernel& kernel, Task& by, const SignalInfo& info) {
    Bytes notes;
    Cpu& cpu = *kernel.machine().cpu;
    const auto registers = [&](const Task& task) {
        const FpState fp = cpu.read_fp(task.context);
        put_note(notes, "CORE", Note::Fpregset,
                 raw(Fp{.v = fp.v, .fpsr = fp.fpsr, .fpcr = fp.fpcr}));
        put_note(notes, "LINUX", Note::ArmTls,
                 raw(std::array<std::uint64_t, 2>{cpu.read(task.context, Reg::Tpidr), 0}));
    };
    put_note(notes, "CORE", Note::Prstatus, raw(state_of(kernel, by, info.signal)));
    put_note(notes, "CORE", Note::Prpsinfo, raw(process_state(kernel, by)));
    put_note(notes, "CORE", Note::Siginfo, raw(siginfo_of(info, 0)));
    put_note(notes, "CORE", Note::Auxv, std::as_bytes(std::span(by.process->auxv)));
    put_note(notes, "CORE", Note::File, files_note(*by.process->mm));
    registers(by);
    for (const auto& [id, task] : by.process->tasks) {
        if (task.get() == &by || task->state == TaskState::Dead) continue;
        put_note(notes, "CORE", Note::Prstatus, raw(state_of(kernel, *task, info.signal)));
        registers(*task);
    }
    return notes;
}

// --- memory

// vma_dump_size, by the bits of /proc/PID/coredump_filter.
std::uint64_t bytes_kept(const Process& process, const Vma& vma) {
    constexpr std::uint32_t kAnonPrivate = 1, kAnonShared = 2, kMappedPrivate = 4,
                            kMappedShared = 8, kElfHeaders = 16;
    const std::uint32_t filter = process.options.coredump_filter;
    const std::uint64_t all = vma.range.end - vma.range.begin;
    if (!vma.name.empty() && vma.name != "[stack]" && vma.name != "[uprobes]") return all;  // vDSO
    if ((vma.marks & mark::kDontDump) != 0) return 0;
    if (vma.shared) {
        const bool named = vma.file != nullptr && !process.mm->name_of(vma).starts_with("/SYSV") &&
                           !process.mm->name_of(vma).starts_with("/dev/zero");
        return (filter & (named ? kMappedShared : kAnonShared)) != 0 ? all : 0;
    }
    // One whose pages the process has copies of counts as anonymous.
    const bool own = vma.file == nullptr || vma.prot.write;
    if (own && (filter & kAnonPrivate) != 0) return all;
    if (vma.file == nullptr) return 0;
    if ((filter & kMappedPrivate) != 0) return all;
    const auto head = peek_value<std::uint32_t>(*process.mm, vma.range.begin);
    constexpr std::uint32_t kElfMagic = 0x464c457f;
    const bool elf = (filter & kElfHeaders) != 0 && vma.file_offset == 0 && head == kElfMagic;
    return elf ? kPageSize : 0;
}

std::vector<Segment> segments_of(const Process& process, std::size_t notes) {
    std::vector<Segment> all{{.type = 4, .file_size = notes, .align = 4}};  // PT_NOTE
    for (const auto& [begin, vma] : process.mm->vmas()) {
        const std::uint32_t rights =
            (vma.prot.exec ? 1u : 0) | (vma.prot.write ? 2u : 0) | (vma.prot.read ? 4u : 0);
        all.push_back({.type = 1,  // PT_LOAD
                       .flags = rights,
                       .address = vma.range.begin.value,
                       .file_size = bytes_kept(process, vma),
                       .memory_size = vma.range.end - vma.range.begin,
                       .align = kPageSize});
    }
    std::uint64_t at = sizeof(FileHeader) + all.size() * sizeof(Segment);
    for (Segment& segment : all) {
        if (segment.type != 4) at = (at + kPageSize - 1) / kPageSize * kPageSize;
        segment.offset = at;
        at += segment.file_size;
    }
    return all;
}

}  // namespace

void write_core_image(Kernel& kernel, Task& by, const SignalInfo& info, const CoreSink& sink) {
    const Process& process = *by.process;
    const Bytes notes = notes_of(kernel, by, info);
    const auto segments = segments_of(process, notes.size());
    const FileHeader header{.segments = static_cast<std::uint16_t>(segments.size())};
    if (!sink(raw(header)) || !sink(std::as_bytes(std::span(segments))) || !sink(notes)) return;
    const std::array<std::byte, kPageSize> zeros{};
    std::array<std::byte, kPageSize> page{};
    std::uint64_t at = segments[0].offset + notes.size();
    for (const Segment& segment : segments) {
        if (segment.file_size == 0 || segment.type == 4) continue;
        if (!sink(std::span(zeros).first(static_cast<std::size_t>(segment.offset - at)))) return;
        for (std::uint64_t done = 0; done < segment.file_size; done += kPageSize) {
            const bool there = peek(*process.mm, VAddr(segment.address + done), page);
            if (!sink(there ? page : zeros)) return;
        }
        at = segment.offset + segment.file_size;
    }
}

}  // namespace uprobesim
