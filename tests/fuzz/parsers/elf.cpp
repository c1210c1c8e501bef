// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as a program: the ELF parser and the script line must answer, never crash, and what
// they accept must keep the promises that the loader builds on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel_model/loader/elf_image.h"
#include "kernel_model/loader/script.h"
#include "sim/mem/address_space.h"

using namespace uprobesim;

namespace {
void check_image(const ElfImage& image, std::uint64_t size) {
    check_invariant(!image.segments.empty(), "an accepted program has no segment");
    for (const ElfSegment& s : image.segments) {
        check_invariant(s.file_size <= s.memory_size && s.memory_size != 0, "segment sizes");
        check_invariant(s.file_offset <= size && s.file_size <= size - s.file_offset,
                        "segment inside the file");
        check_invariant(
            s.vaddr < AddressSpace::kTop && s.memory_size <= AddressSpace::kTop - s.vaddr,
            "segment in user space");
        check_invariant((s.file_offset ^ s.vaddr) % kPageSize == 0, "segment congruent");
    }
    check_invariant(image.interpreter.find('\0') == std::string::npos,
                    "interpreter's name is one string");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
    const auto read_at = [&](std::uint64_t offset, std::span<std::byte> to) {
        if (offset > bytes.size() || bytes.size() - offset < to.size()) return false;
        std::ranges::copy(bytes.subspan(static_cast<std::size_t>(offset), to.size()), to.begin());
        return true;
    };
    const auto image = parse_elf(read_at, size, "input");
    if (image)
        check_image(*image, size);
    else
        check_invariant(!image.error().line().empty(), "a refusal without a reason");

    const std::string_view head(reinterpret_cast<const char*>(data),
                                std::min(size, kScriptHeadSize));
    if (const auto line = parse_script_line(head)) {
        check_invariant(!line->interpreter.empty() && line->interpreter.size() < kScriptHeadSize,
                        "script's interpreter");
        check_invariant(!line->argument || !line->argument->empty(), "script's argument");
    }
    return 0;
}
