// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/shared_memory.h"

#include <algorithm>

namespace uprobesim {

SharedMemory::~SharedMemory() {
    for (const auto& [index, frame] : pages_) memory_.release(frame);
}

SysResult<PAddr> SharedMemory::page(std::uint64_t index) {
    if (const auto it = pages_.find(index); it != pages_.end()) return it->second;
    if (index >= page_ceil(size_) / kPageSize) return tl::make_unexpected(Errno::Fault);
    const auto frame = memory_.allocate();
    if (!frame) return tl::make_unexpected(Errno::NoMem);
    pages_.emplace(index, *frame);
    return *frame;
}

std::uint64_t SharedMemory::read(std::uint64_t offset, std::span<std::byte> to) {
    if (offset >= size_) return 0;
    to = to.first(std::min<std::uint64_t>(to.size(), size_ - offset));
    for (std::uint64_t done = 0; done < to.size();) {
        const std::uint64_t at = offset + done;
        const auto part = to.subspan(done, std::min(to.size() - done, kPageSize - at % kPageSize));
        const auto page = pages_.find(at / kPageSize);
        if (page == pages_.end()) {
            std::ranges::fill(part, std::byte{0});
        } else {
            std::ranges::copy(memory_.bytes(page->second).subspan(at % kPageSize, part.size()),
                              part.begin());
        }
        done += part.size();
    }
    return to.size();
}

std::uint64_t SharedMemory::write(std::uint64_t offset, std::span<const std::byte> from) {
    const std::uint64_t old_size = size_;
    size_ = std::max(size_, offset + from.size());
    std::uint64_t done = 0;
    while (done < from.size()) {
        const std::uint64_t at = offset + done;
        const auto frame = page(at / kPageSize);
        if (!frame) break;
        const auto part =
            from.subspan(done, std::min(from.size() - done, kPageSize - at % kPageSize));
        std::ranges::copy(part, memory_.bytes(*frame).subspan(at % kPageSize).begin());
        memory_.note_write(*frame);
        done += part.size();
    }
    size_ = std::max(old_size, done == 0 ? 0 : offset + done);
    return done;
}

void SharedMemory::clear(std::uint64_t begin, std::uint64_t end) {
    mappers.unmap(*this, page_ceil(begin) / kPageSize, end / kPageSize, Mappers::Copies::Left);
    zero(begin, end);
}

void SharedMemory::zero(std::uint64_t begin, std::uint64_t end) {
    for (auto it = pages_.lower_bound(begin / kPageSize);
         it != pages_.end() && it->first * kPageSize < end;) {
        const std::uint64_t page_begin = it->first * kPageSize;
        const std::uint64_t first = std::max(begin, page_begin) - page_begin;
        const std::uint64_t last = std::min(end - page_begin, kPageSize);
        std::ranges::fill(memory_.bytes(it->second).subspan(first, last - first), std::byte{0});
        memory_.note_write(it->second);
        if (last - first == kPageSize && memory_.refs(it->second) == 1) {
            memory_.release(it->second);
            it = pages_.erase(it);
        } else {
            ++it;
        }
    }
}

void SharedMemory::resize(std::uint64_t size) {
    const std::uint64_t old = std::exchange(size_, size);
    if (size >= old) return;
    mappers.unmap(*this, page_ceil(size) / kPageSize, kEveryPage, Mappers::Copies::Taken);
    zero(size, page_ceil(old));
}

std::optional<std::uint64_t> SharedMemory::next_data(std::uint64_t from) const {
    const auto at = pages_.lower_bound(from / kPageSize);
    if (at == pages_.end()) return std::nullopt;
    return std::max(from, at->first * kPageSize);
}

std::uint64_t SharedMemory::next_hole(std::uint64_t from) const {
    std::uint64_t index = from / kPageSize;
    auto at = pages_.lower_bound(index);
    if (at == pages_.end() || at->first != index) return from;
    for (; at != pages_.end() && at->first == index; ++at) ++index;
    return index * kPageSize;
}

}  // namespace uprobesim
