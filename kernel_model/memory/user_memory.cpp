// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/memory/user_memory.h"

#include <algorithm>
#include <cstring>

#include "kernel_model/memory/tagged.h"

namespace uprobesim {

UserMemory::Part UserMemory::touch(VAddr at, std::uint64_t size, Access access) {
    if (tagged_) at = untagged(at);
    if (size == 0 || at >= Mm::kTaskSize) return {};
    AddressSpace& space = mm_.space();
    auto page = space.lookup(at);
    if (!page || !permits(page->prot, access)) {
        mm_.machine().ledger.exception(task_, ExceptionClass::DataAbortSameEl);
        if (mm_.fault(at, access, task_) != FaultResult::Resolved) return {};
        page = space.lookup(at);
        if (!page || !permits(page->prot, access)) return {};
    }
    const std::uint64_t offset = at.page_offset();
    const auto frame = mm_.machine().memory.bytes(page->frame);
    return {frame.subspan(offset, std::min(size, kPageSize - offset)), page->frame};
}

bool UserMemory::read(VAddr from, std::span<std::byte> to) {
    while (!to.empty()) {
        const auto part = touch(from, to.size(), Access::Read).bytes;
        if (part.empty()) return false;
        std::memmove(to.data(), part.data(), part.size());
        to = to.subspan(part.size());
        from += part.size();
    }
    return true;
}

bool UserMemory::write(VAddr to, std::span<const std::byte> from) {
    while (!from.empty()) {
        const Part part = touch(to, from.size(), Access::Write);
        if (part.bytes.empty()) return false;
        std::memmove(part.bytes.data(), from.data(), part.bytes.size());
        wrote(part);
        from = from.subspan(part.bytes.size());
        to += part.bytes.size();
    }
    return true;
}

bool UserMemory::clear(VAddr to, std::uint64_t size) {
    while (size != 0) {
        const Part part = touch(to, size, Access::Write);
        if (part.bytes.empty()) return false;
        std::ranges::fill(part.bytes, std::byte{0});
        wrote(part);
        size -= part.bytes.size();
        to += part.bytes.size();
    }
    return true;
}

std::optional<std::string> UserMemory::read_string(VAddr from, std::size_t max) {
    std::string text;
    while (text.size() < max) {
        const auto part = touch(from, max - text.size(), Access::Read).bytes;
        if (part.empty()) return std::nullopt;
        const auto end = std::ranges::find(part, std::byte{0});
        text.append(reinterpret_cast<const char*>(part.data()),
                    static_cast<std::size_t>(end - part.begin()));
        if (end != part.end()) return text;
        from += part.size();
    }
    return text;
}

}  // namespace uprobesim
