// SPDX-License-Identifier: GPL-2.0-or-later
// Offsets and values are the ELF64 object file format's and the "ELF for the Arm 64-bit
// Architecture" supplement's.
#include "kernel_model/loader/elf_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "kernel_model/abi/elf.h"
#include "kernel_model/abi/limits.h"
#include "sim/base/try.h"
#include "sim/mem/address_space.h"

namespace uprobesim {

namespace {
constexpr std::size_t kHeaderSize = 64;
constexpr std::size_t kPhdrSize = 56;
constexpr std::uint64_t kMaxPhdrBytes = 65536;  // as load_elf_phdrs

using ReadAt = std::function<bool(std::uint64_t, std::span<std::byte>)>;

template <class T>
T little_endian(std::span<const std::byte> bytes, std::size_t offset) {
    std::uint64_t value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;)
        value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
    return static_cast<T>(value);
}

struct Phdr {
    std::uint32_t type, flags;
    std::uint64_t offset, vaddr, file_size, memory_size, align;
};

Phdr phdr_from(std::span<const std::byte> b) {
    return {.type = little_endian<std::uint32_t>(b, 0),
            .flags = little_endian<std::uint32_t>(b, 4),
            .offset = little_endian<std::uint64_t>(b, 8),
            .vaddr = little_endian<std::uint64_t>(b, 16),
            .file_size = little_endian<std::uint64_t>(b, 32),
            .memory_size = little_endian<std::uint64_t>(b, 40),
            .align = little_endian<std::uint64_t>(b, 48)};
}

struct NamedValue {
    std::uint16_t value;
    std::string_view name;
};

constexpr auto kMachines = std::to_array<NamedValue>({
    {3, "i386"},
    {8, "MIPS"},
    {20, "PowerPC"},
    {21, "PowerPC64"},
    {22, "s390"},
    {40, "32-bit Arm"},
    {62, "x86-64"},
    {243, "RISC-V"},
    {258, "LoongArch"},
});
constexpr auto kTypes = std::to_array<NamedValue>({
    {0, "no type"},
    {1, "a relocatable object, not a linked program"},
    {4, "a core dump"},
});

std::string name_in(std::span<const NamedValue> names, std::uint16_t value,
                    std::string_view otherwise) {
    const auto it = std::ranges::find(names, value, &NamedValue::value);
    return it != names.end() ? std::string(it->name) : fmt::format("{} {}", otherwise, value);
}

class Parser {
public:
    Parser(const ReadAt& read_at, std::uint64_t size, std::string_view name, ElfUse use)
        : read_at_(read_at), size_(size), name_(name), use_(use) {}

    Result<ElfImage> parse() {
        std::array<std::byte, kHeaderSize> header{};
        TRY(check_header(header));
        image_.position_independent = little_endian<std::uint16_t>(header, 16) == abi::kEtDyn;
        image_.entry = little_endian<std::uint64_t>(header, 24);
        phdr_offset_ = little_endian<std::uint64_t>(header, 32);
        image_.phdr_count = little_endian<std::uint16_t>(header, 56);
        TRY(read_phdrs());
        if (use_ == ElfUse::Execute) {
            TRY(check_segments());
        }
        return std::move(image_);
    }

private:
    tl::unexpected<UserError> refuse(std::string what, std::string hint = {}) const {
        return user_error(std::move(what), std::string(name_), std::move(hint));
    }

    Outcome check_header(std::span<std::byte, kHeaderSize> header) const {
        const std::array<std::byte, 4> magic{std::byte{0x7f}, std::byte{'E'}, std::byte{'L'},
                                             std::byte{'F'}};
        const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(size_, kHeaderSize));
        if (there == 0) return refuse("empty file");
        if (!read_at_(0, header.first(there))) return refuse("cannot be read");
        if (there < magic.size() || !std::ranges::equal(header.first(magic.size()), magic))
            return refuse("not an ELF file",
                          "an arm64 program or library is needed; run takes #! scripts too");
        if (there < kHeaderSize)
            return refuse(fmt::format("truncated ELF file: {} bytes, the header alone has {}",
                                      there, kHeaderSize));
        const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(header[i]); };
        if (byte(4) == 1) return refuse("32-bit ELF file", "only 64-bit arm64 programs can be run");
        if (byte(4) != 2) return refuse(fmt::format("bad ELF class {}", byte(4)));
        if (byte(5) == 2)
            return refuse("big-endian ELF file", "only little-endian arm64 programs can be run");
        if (byte(5) != 1) return refuse(fmt::format("bad ELF data encoding {}", byte(5)));
        if (const auto machine = little_endian<std::uint16_t>(header, 18);
            machine != abi::kEmAarch64)
            return refuse(fmt::format("program for {}, not for arm64",
                                      name_in(kMachines, machine, "machine")));
        if (const auto type = little_endian<std::uint16_t>(header, 16);
            type != abi::kEtExec && type != abi::kEtDyn)
            return refuse(
                fmt::format("not a program: ELF file is {}", name_in(kTypes, type, "of type")));
        if (const auto each = little_endian<std::uint16_t>(header, 54); each != kPhdrSize)
            return refuse(
                fmt::format("bad e_phentsize {}: a program header has {} bytes", each, kPhdrSize));
        const auto count = little_endian<std::uint16_t>(header, 56);
        if (count == 0) return refuse("no program headers");
        const std::uint64_t bytes = std::uint64_t{count} * kPhdrSize;
        if (bytes > kMaxPhdrBytes)
            return refuse(fmt::format("{} program headers are too many", count));
        const auto offset = little_endian<std::uint64_t>(header, 32);
        if (offset > size_ || size_ - offset < bytes)
            return refuse("truncated ELF file: the program headers are beyond its end");
        return {};
    }

    Outcome read_phdrs() {
        std::vector<std::byte> table(std::size_t{image_.phdr_count} * kPhdrSize);
        if (!read_at_(phdr_offset_, table)) return refuse("the program headers cannot be read");
        for (std::size_t i = 0; i < image_.phdr_count; ++i) {
            const Phdr phdr = phdr_from(std::span(table).subspan(i * kPhdrSize, kPhdrSize));
            Outcome checked;
            if (phdr.type == abi::kPtLoad && use_ == ElfUse::Execute) {
                checked = add_load(phdr, i);
            } else if (phdr.type == abi::kPtLoad) {
                note_load(phdr);
            }
            if (phdr.type == abi::kPtInterp && use_ == ElfUse::Execute)
                checked = read_interpreter(phdr);
            if (phdr.type == abi::kPtGnuStack)
                image_.executable_stack = (phdr.flags & abi::kPfX) != 0;
            if (phdr.type == abi::kPtGnuProperty && use_ == ElfUse::Execute) read_properties(phdr);
            if (!checked) return checked;
        }
        return {};
    }

    // parse_elf_properties, arch_parse_elf_property: a note of type NT_GNU_PROPERTY_TYPE_0 by
    // "GNU", and in it GNU_PROPERTY_AARCH64_FEATURE_1_AND with its bit for BTI. One that is
    // malformed says nothing.
    void read_properties(const Phdr& p) {
        constexpr std::uint64_t kMost = 1024, kNoteHead = 16;
        if (p.file_size < kNoteHead || p.file_size > kMost) return;
        std::vector<std::byte> note(static_cast<std::size_t>(p.file_size));
        if (p.offset > size_ || size_ - p.offset < p.file_size || !read_at_(p.offset, note)) return;
        const auto word = [&](std::size_t at) { return little_endian<std::uint32_t>(note, at); };
        if (word(0) != 4 || word(8) != abi::kNtGnuPropertyType0 || word(12) != 0x00554e47) return;
        const std::size_t end = std::min<std::size_t>(note.size(), kNoteHead + word(4));
        for (std::size_t at = kNoteHead; at + 8 <= end;) {
            const std::uint32_t type = word(at), bytes = word(at + 4);
            at += 8;
            if (bytes > end - at) return;
            if (type == abi::kPropertyFeature1And && bytes == 4)
                image_.branch_targets = (word(at) & abi::kFeature1Bti) != 0;
            at += (bytes + 7) & ~std::size_t{7};
        }
    }

    Outcome add_load(const Phdr& p, std::size_t i) {
        constexpr std::uint64_t kTop = AddressSpace::kTop;
        if (p.file_size > p.memory_size)
            return refuse(fmt::format("segment {}: file size {:#x} is above memory size {:#x}", i,
                                      p.file_size, p.memory_size));
        // Of a segment without bytes of the file the offset has no meaning.
        if (p.file_size != 0 && (p.offset > size_ || p.file_size > size_ - p.offset))
            return refuse(
                fmt::format("truncated ELF file: segment {} ends at {:#x}, the file at {:#x}", i,
                            p.offset + p.file_size, size_));
        if (p.memory_size == 0) return {};
        if (p.vaddr >= kTop || p.memory_size > kTop - p.vaddr ||
            page_ceil(p.vaddr + p.memory_size) > kTop)
            return refuse(
                fmt::format("segment {}: {:#x} bytes at {:#x} do not fit the 39-bit address space",
                            i, p.memory_size, p.vaddr));
        if (p.file_size != 0 && (p.offset ^ p.vaddr) % kPageSize != 0)
            return refuse(fmt::format(
                "segment {}: offset {:#x} and address {:#x} are not congruent modulo the page size",
                i, p.offset, p.vaddr));
        image_.segments.push_back({.file_offset = p.offset,
                                   .file_size = p.file_size,
                                   .vaddr = p.vaddr,
                                   .memory_size = p.memory_size,
                                   // maximum_alignment skips what is no power of two
                                   .align = std::has_single_bit(p.align) ? p.align : 0,
                                   .prot = prot_of(p)});
        return {};
    }

    // As much of it as the file has.
    void note_load(const Phdr& p) {
        if (p.offset >= size_) return;
        image_.segments.push_back({.file_offset = p.offset,
                                   .file_size = std::min(p.file_size, size_ - p.offset),
                                   .vaddr = p.vaddr,
                                   .memory_size = p.memory_size,
                                   .align = 0,
                                   .prot = prot_of(p)});
    }

    static Prot prot_of(const Phdr& p) {
        return {.read = (p.flags & abi::kPfR) != 0,
                .write = (p.flags & abi::kPfW) != 0,
                .exec = (p.flags & abi::kPfX) != 0};
    }

    Outcome read_interpreter(const Phdr& p) {
        if (!image_.interpreter.empty()) return {};  // the first one counts
        if (p.file_size < 2 || p.file_size > abi::kPathMax)
            return refuse(fmt::format("bad PT_INTERP: a path of {} bytes", p.file_size));
        if (p.offset > size_ || p.file_size > size_ - p.offset)
            return refuse("truncated ELF file: PT_INTERP is beyond its end");
        std::string path(static_cast<std::size_t>(p.file_size), '\0');
        if (!read_at_(p.offset, std::as_writable_bytes(std::span(path))))
            return refuse("PT_INTERP cannot be read");
        if (path.back() != '\0') return refuse("bad PT_INTERP: the path does not end");
        path.resize(path.find('\0'));
        if (path.empty()) return refuse("bad PT_INTERP: the path is empty");
        image_.interpreter = std::move(path);
        return {};
    }

    Outcome check_segments() {
        const auto& segments = image_.segments;
        if (segments.empty()) return refuse("nothing to load: no PT_LOAD segment");
        for (std::size_t i = 0; i < segments.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                const ElfSegment& a = segments[i];
                const ElfSegment& b = segments[j];
                if (a.vaddr < b.vaddr + b.memory_size && b.vaddr < a.vaddr + a.memory_size)
                    return refuse(
                        fmt::format("segments at {:#x} and {:#x} overlap", b.vaddr, a.vaddr));
            }
        }
        const bool entry_loaded = std::ranges::any_of(segments, [&](const ElfSegment& s) {
            return s.prot.exec && image_.entry >= s.vaddr && image_.entry - s.vaddr < s.memory_size;
        });
        if (!entry_loaded)
            return refuse(
                fmt::format("entry point {:#x} is outside the executable segments", image_.entry),
                image_.entry == 0 ? "a shared library without an entry point?" : "");
        if (image_.entry % 4 != 0)
            return refuse(fmt::format("entry point {:#x} is not aligned", image_.entry));
        // AT_PHDR is where the segment that holds the table puts it.
        const std::uint64_t table_bytes = std::uint64_t{image_.phdr_count} * kPhdrSize;
        image_.phdr_vaddr = 0;
        for (const ElfSegment& s : segments) {
            if (phdr_offset_ < s.file_offset || phdr_offset_ - s.file_offset >= s.file_size)
                continue;
            if (table_bytes > s.file_size - (phdr_offset_ - s.file_offset)) continue;
            image_.phdr_vaddr = s.vaddr + (phdr_offset_ - s.file_offset);
            break;
        }
        return {};
    }

    const ReadAt& read_at_;
    std::uint64_t size_;
    std::string_view name_;
    ElfUse use_;
    std::uint64_t phdr_offset_ = 0;
    ElfImage image_;
};
}  // namespace

Result<ElfImage> parse_elf(const ReadAt& read_at, std::uint64_t size, std::string_view name,
                           ElfUse use) {
    return Parser(read_at, size, name, use).parse();
}

}  // namespace uprobesim
