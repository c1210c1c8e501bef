// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/ipc_segments.h"

#include <fmt/format.h>

#include <algorithm>

namespace uprobesim {

namespace {
// Segments have inode numbers above those of other files on the same device, because futex keys
// contain them.
}  // namespace

// shm_may_destroy: without an attachment, and removed; or so because it was detached or its creator
// has ended, where that is enough.
bool IpcSegments::is_unused(const IpcSegment& segment) const {
    if (segment.memory.expired()) return true;
    const bool kept_alone = segment.keeps != nullptr && segment.memory.use_count() == 1;
    return need_attaches_ && kept_alone && (segment.orphan || segment.attach_time != 0);
}

void IpcSegments::forget_unused() {
    std::erase_if(by_index_, [&](const auto& entry) { return is_unused(entry.second); });
}

void IpcSegments::process_ended(std::int32_t pid) {
    for (auto& [index, segment] : by_index_) segment.orphan |= segment.creator.first == pid;
}

const std::map<std::int32_t, IpcSegment>& IpcSegments::all() {
    forget_unused();
    return by_index_;
}

IpcSegment* IpcSegments::at_index(std::int32_t index) {
    forget_unused();
    const auto it = by_index_.find(index);
    return it == by_index_.end() ? nullptr : &it->second;
}

IpcSegment* IpcSegments::find(std::int32_t id) {
    IpcSegment* const segment = id < 0 ? nullptr : at_index(IpcIds::index_of(id));
    return segment != nullptr && segment->id == id ? segment : nullptr;
}

IpcSegment* IpcSegments::find_key(std::int32_t key) {
    forget_unused();
    for (auto& [index, segment] : by_index_) {
        if (key != 0 && segment.key == key) return &segment;
    }
    return nullptr;
}

IpcSegment* IpcSegments::segment_of(const FileBacking* file) {
    if (file == nullptr) return nullptr;
    for (auto& [index, segment] : by_index_) {
        if (segment.memory.lock().get() == file) return &segment;
    }
    return nullptr;
}

SysResult<IpcSegment*> IpcSegments::make(PhysicalMemory& memory, std::int32_t key,
                                         std::uint64_t size, std::uint64_t most_segments,
                                         std::uint64_t most_pages, std::int32_t wished_id) {
    forget_unused();
    std::uint64_t pages = page_ceil(size) / kPageSize;
    for (const auto& [index, other] : by_index_) pages += page_ceil(other.size) / kPageSize;
    if (by_index_.size() >= std::min<std::uint64_t>(most_segments, kMostSegments) ||
        pages > most_pages)
        return tl::make_unexpected(Errno::NoSpc);
    IpcSegment segment;
    segment.id = ids_.next(by_index_, kMostSegments, wished_id);
    segment.key = key;
    segment.size = size;
    segment.keeps = std::make_shared<SharedMemory>(
        memory, first_inode_ + static_cast<std::uint64_t>(segment.id), page_ceil(size),
        fmt::format("/SYSV{:08x} (deleted)", static_cast<std::uint32_t>(key)));
    segment.memory = segment.keeps;
    const std::int32_t index = IpcIds::index_of(segment.id);
    return &by_index_.insert_or_assign(index, std::move(segment)).first->second;
}

void IpcSegments::remove(IpcSegment& segment) {
    segment.key = 0;
    segment.mode |= abi::kShmDest;
    segment.keeps.reset();
    forget_unused();
}

std::int32_t IpcSegments::highest_index() {
    forget_unused();
    return by_index_.empty() ? 0 : by_index_.rbegin()->first;
}

std::uint64_t attached(const Mm& mm, const IpcSegment& segment) {
    const auto memory = segment.memory.lock();
    return static_cast<std::uint64_t>(std::ranges::count_if(
        mm.vmas(), [&](const auto& entry) { return entry.second.file == memory; }));
}

}  // namespace uprobesim
