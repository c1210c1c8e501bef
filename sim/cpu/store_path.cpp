// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/store_path.h"

#include <cstring>
#include <utility>

namespace uprobesim {

const StorePath::Line* StorePath::writable(std::uint64_t address) {
    const std::uint64_t page = page_floor(address);
    Line& line = line_of(page);
    if (line.page == page) return &line;
    if (space_ == nullptr) return nullptr;
    const auto t = space_->lookup(VAddr(page));
    if (!t || !t->prot.write) return nullptr;
    line = {page, memory_.bytes(t->frame).data(), memory_.is_code(t->frame), t->frame};
    return &line;
}

void StorePath::note_code(const Line& line, bool& wants_break) {
    // Never dropped here: the engine must not have its translations changed inside a memory hook.
    if (written_code_.empty() || written_code_.back() != line.frame) written_code_.push_back(line.frame);
    wants_break = true;
}

void StorePath::store(std::uint64_t address, int size, std::int64_t value, bool& wants_break) {
    const auto bytes = static_cast<std::size_t>(size);
    const std::uint64_t offset = address & kPageMask;
    const Line* line = writable(address);
    if (line == nullptr) return;
    if (offset + bytes > kPageSize) [[unlikely]] {
        const std::size_t first = kPageSize - offset;
        const Line before = *line;
        const Line* after = writable(address + first);
        if (after == nullptr) return;  // all or nothing: the abort comes before the first byte is written
        std::memcpy(before.host + offset, &value, first);
        std::memcpy(after->host, reinterpret_cast<const std::byte*>(&value) + first, bytes - first);
        if (before.code) note_code(before, wants_break);
        if (after->code) note_code(*after, wants_break);
        return;
    }
    std::memcpy(line->host + offset, &value, bytes);
    if (line->code) [[unlikely]] {
        note_code(*line, wants_break);
        return;
    }
    if (fast_.available()) {
        fast_.open(address);
        if (++opened_ >= kOpenedBeforeFlush) wants_break = true;
    }
}

}  // namespace uprobesim
