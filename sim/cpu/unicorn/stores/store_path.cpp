// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/cpu/unicorn/stores/store_path.h"

#include <cstring>
#include <utility>

#include "sim/mem/tag.h"

namespace uprobesim {

const StorePath::Line* StorePath::look_up(std::uint64_t address) {
    if (space_ == nullptr) return nullptr;
    // Kept under the page without a tag, as it is forgotten.
    const std::uint64_t page = page_floor(without_tag(address));
    if (const Line& known = line_of(page); known.page == page) return &known;
    const auto t = space_->lookup(VAddr(page));
    if (!t || !t->prot.write || space_->refuses_watched_write(VAddr(page))) return nullptr;
    Line& line = line_of(page);
    line = {page, memory_.bytes(t->frame).data(), memory_.is_code(t->frame), t->frame};
    if (!line.code && fast_.available()) note_open(t->frame);
    return &line;
}

void StorePath::note_open(PAddr frame) {
    const std::uint64_t n = frame.value / kPageSize;
    if (n >= opened_frames_.size()) opened_frames_.resize(n + n / 2 + 1);
    opened_frames_[n] = true;
}

bool StorePath::open_at_once(PAddr frame, bool& wants_break) {
    if (space_ == nullptr || !fast_.available() || memory_.is_code(frame)) return false;
    note_open(frame);
    if (++opened_ >= kOpenedBeforeFlush) wants_break = true;
    return true;
}

void StorePath::note_code(const Line& line, bool& wants_break) {
    if (!code_frames_.holds(line.frame)) return;
    // Never dropped here: the engine must not have its translations changed inside a memory hook.
    if (written_code_.empty() || written_code_.back() != line.frame)
        written_code_.push_back(line.frame);
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
        if (after == nullptr)
            return;  // all or nothing: the abort comes before the first byte is written
        std::memcpy(before.host + offset, &value, first);
        std::memcpy(after->host, reinterpret_cast<const std::byte*>(&value) + first, bytes - first);
        if (before.code) note_code(before, wants_break);
        if (after->code) note_code(*after, wants_break);
        return;
    }
    std::byte* const to = line->host + offset;
    switch (bytes) {  // a copy of known size is one instruction
        case 1: std::memcpy(to, &value, 1); break;
        case 2: std::memcpy(to, &value, 2); break;
        case 4: std::memcpy(to, &value, 4); break;
        default: std::memcpy(to, &value, 8); break;
    }
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
