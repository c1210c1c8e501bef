// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/peek.h"

#include <array>

namespace uprobesim {

std::span<const std::byte> peek_span(Mm& mm, VAddr at, std::size_t size) {
    static constexpr std::array<std::byte, kPageSize> kZeros{};
    if (size == 0 || at >= Mm::kTaskSize) return {};
    const std::uint64_t offset = at.page_offset();
    const std::size_t length = std::min<std::size_t>(size, kPageSize - offset);
    const PhysicalMemory& memory = mm.machine().memory;
    if (const auto page = mm.space().lookup(at))
        return memory.bytes(page->frame).subspan(offset, length);
    const Vma* vma = mm.find(at);
    if (vma == nullptr) return {};
    if (vma->file == nullptr) return std::span(kZeros).subspan(offset, length);
    const std::uint64_t index = vma->offset_of(at.page()) / kPageSize;
    if (!vma->file->resident(index)) return {};
    const auto frame = vma->file->page(index);
    if (!frame) return {};
    return memory.bytes(*frame).subspan(offset, length);
}

bool peek(Mm& mm, VAddr at, std::span<std::byte> to) {
    while (!to.empty()) {
        const auto part = peek_span(mm, at, to.size());
        if (part.empty()) return false;
        std::ranges::copy(part, to.begin());
        to = to.subspan(part.size());
        at += part.size();
    }
    return true;
}

std::optional<PeekedString> peek_string(Mm& mm, VAddr at, std::size_t max) {
    PeekedString found;
    while (found.text.size() < max) {
        const auto part = peek_span(mm, at, max - found.text.size());
        if (part.empty()) break;
        const auto end = std::ranges::find(part, std::byte{0});
        found.text.append(reinterpret_cast<const char*>(part.data()),
                          static_cast<std::size_t>(end - part.begin()));
        if ((found.ended = end != part.end())) return found;
        at += part.size();
    }
    if (found.text.empty() && max != 0) return std::nullopt;
    return found;
}

}  // namespace uprobesim
