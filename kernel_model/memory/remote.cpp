// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/remote.h"

#include <algorithm>

#include "kernel_model/memory/page_rights.h"

namespace uprobesim {

namespace {

std::span<std::byte> bytes_of(Mm& mm, PAddr frame, VAddr at, std::uint64_t size) {
    const std::uint64_t offset = at.page_offset();
    return mm.machine().memory.bytes(frame).subspan(offset, std::min(size, kPageSize - offset));
}

std::span<std::byte> readable(Mm& mm, VAddr at, std::uint64_t size, RemoteAccess access,
                              std::optional<TaskId> task) {
    const Vma* vma = mm.find(at);
    if (vma == nullptr || (vma->marks & mark::kSecret) != 0) return {};
    const bool permitted = vma_permits(vma->prot, Access::Read);
    if (!permitted && access != RemoteAccess::Forced) return {};
    if (!mm.space().lookup(at) && permitted)
        mm.populate({at.page(), at.page() + kPageSize}, Access::Read, task);
    if (const auto page = mm.space().lookup(at)) return bytes_of(mm, page->frame, at, size);
    // A page that the process itself may not read, and never has.
    const auto own = mm.own_page(at);
    return own ? bytes_of(mm, *own, at, size) : std::span<std::byte>();
}

std::span<std::byte> writable(Mm& mm, VAddr at, std::uint64_t size, RemoteAccess access,
                              std::optional<TaskId> task) {
    const Vma* vma = mm.find(at);
    if (vma == nullptr || (vma->marks & mark::kSecret) != 0) return {};
    if (!vma_permits(vma->prot, Access::Write)) {
        if (access != RemoteAccess::Forced) return {};
        const auto own = mm.own_page(at);
        return own ? bytes_of(mm, *own, at, size) : std::span<std::byte>();
    }
    if (mm.populate({at.page(), at.page() + kPageSize}, Access::Write, task) != 1) return {};
    return bytes_of(mm, mm.space().lookup(at)->frame, at, size);
}

}  // namespace

std::uint64_t read_remote(Mm& mm, VAddr from, std::span<std::byte> to, RemoteAccess access,
                          std::optional<TaskId> task) {
    std::uint64_t done = 0;
    while (done < to.size() && from + done < Mm::kTaskSize) {
        const auto part = readable(mm, from + done, to.size() - done, access, task);
        if (part.empty()) break;
        std::ranges::copy(part, to.begin() + static_cast<std::ptrdiff_t>(done));
        done += part.size();
    }
    return done;
}

std::uint64_t write_remote(Mm& mm, VAddr to, std::span<const std::byte> from, RemoteAccess access,
                           std::optional<TaskId> task) {
    std::uint64_t done = 0;
    while (done < from.size() && to + done < Mm::kTaskSize) {
        const auto part = writable(mm, to + done, from.size() - done, access, task);
        if (part.empty()) break;
        std::ranges::copy(from.subspan(done, part.size()), part.begin());
        mm.machine().memory.note_write(mm.space().lookup(to + done)->frame);
        done += part.size();
    }
    return done;
}

}  // namespace uprobesim
