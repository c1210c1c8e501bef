// SPDX-License-Identifier: GPL-2.0-or-later
#include "probes/elf/usdt_notes.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kStapsdt = 3;
constexpr std::uint64_t kHeader = 12, kAddresses = 24;

std::uint64_t aligned(std::uint64_t size) {
    return (size + 3) / 4 * 4;
}

std::optional<UsdtNote> read_note(Bytes text, std::uint64_t base_now) {
    const auto address = load<std::uint64_t>(text, 0), base = load<std::uint64_t>(text, 8),
               semaphore = load<std::uint64_t>(text, 16);
    const auto provider = string_at(text, kAddresses);
    if (!semaphore || !provider) return std::nullopt;
    const std::uint64_t after = kAddresses + provider->size() + 1;
    const auto name = string_at(text, after);
    if (!name) return std::nullopt;
    const auto arguments = string_at(text, after + name->size() + 1);
    const std::uint64_t moved = base_now != 0 && *base != 0 ? base_now - *base : 0;
    return UsdtNote{std::string(*provider), std::string(*name), std::string(arguments.value_or("")),
                    *address + moved, *semaphore == 0 ? 0 : *semaphore + moved};
}

}  // namespace

std::vector<UsdtNote> usdt_notes(const ElfView& elf) {
    std::vector<UsdtNote> notes;
    const ElfView::Section* base = elf.find(".stapsdt.base");
    const std::uint64_t base_now = base == nullptr ? 0 : base->header.sh_addr;
    const Bytes section = elf.content(".note.stapsdt");
    for (std::uint64_t at = 0; at + kHeader <= section.size();) {
        const std::uint64_t name_size = *load<std::uint32_t>(section, at),
                            size = *load<std::uint32_t>(section, at + 4);
        const std::uint32_t type = *load<std::uint32_t>(section, at + 8);
        const std::uint64_t text = at + kHeader + aligned(name_size);
        if (type == kStapsdt && string_at(section, at + kHeader) == "stapsdt") {
            if (auto note = read_note(piece(section, text, size), base_now))
                notes.push_back(std::move(*note));
        }
        at = text + aligned(size);
    }
    return notes;
}

}  // namespace uprobesim
