// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/event/memory_file.h"

#include <limits>

#include "kernel_model/files/caller.h"

namespace uprobesim {

namespace {
constexpr std::uint32_t kKnown = abi::kFSealSeal | abi::kFSealShrink | abi::kFSealGrow |
                                 abi::kFSealWrite | abi::kFSealFutureWrite | abi::kFSealExec;
}  // namespace

SysResult<std::uint64_t> MemoryFile::write(std::uint64_t offset, std::span<const std::byte> from) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (write_sealed()) return tl::make_unexpected(Errno::Perm);
    if (offset > kMax - from.size()) return tl::make_unexpected(Errno::Fbig);
    const std::uint64_t size = shared_->memory->size();
    if ((shared_->seals & abi::kFSealGrow) != 0 && offset + from.size() > size) {
        if (offset >= size) return tl::make_unexpected(Errno::Perm);
        from = from.first(size - offset);
    }
    const std::uint64_t n = shared_->memory->write(offset, from);
    if (n == 0 && !from.empty()) return tl::make_unexpected(Errno::NoSpc);
    return n;
}

SysResult<FileStatus> MemoryFile::status() {
    FileStatus s = shared_->status;
    s.size = static_cast<std::int64_t>(shared_->memory->size());
    s.blocks = static_cast<std::int64_t>(shared_->memory->pages() * (kPageSize / 512));
    return s;
}

void MemoryFile::remove_set_ids(const Credentials& writer) {
    shared_->status.mode &= ~writer.set_ids_lost(shared_->status);
}

SysResult<void> MemoryFile::truncate(std::uint64_t size) {
    const std::uint64_t old = shared_->memory->size();
    const std::uint32_t forbids = size < old ? abi::kFSealShrink : size > old ? abi::kFSealGrow : 0;
    if ((shared_->seals & forbids) != 0) return tl::make_unexpected(Errno::Perm);
    shared_->memory->resize(size);
    return {};
}

SysResult<void> MemoryFile::clear(std::uint64_t begin, std::uint64_t end) {
    if (write_sealed()) return tl::make_unexpected(Errno::Perm);
    shared_->memory->clear(begin, end);
    return {};
}

SysResult<void> MemoryFile::add_seals(std::uint32_t more, bool mapped) {
    if ((more & ~kKnown) != 0) return tl::make_unexpected(Errno::Inval);
    if ((shared_->seals & abi::kFSealSeal) != 0) return tl::make_unexpected(Errno::Perm);
    if ((more & abi::kFSealWrite) != 0 && (shared_->seals & abi::kFSealWrite) == 0 && mapped)
        return tl::make_unexpected(Errno::Busy);
    shared_->seals |= more;
    return {};
}

}  // namespace uprobesim
