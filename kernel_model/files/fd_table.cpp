// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/fd_table.h"

#include <algorithm>

namespace uprobesim {

File* FdTable::get(std::int32_t fd) const {
    const auto it = entries_.find(fd);
    return it == entries_.end() ? nullptr : it->second.file.get();
}

std::shared_ptr<File> FdTable::share(std::int32_t fd) const {
    const auto it = entries_.find(fd);
    return it == entries_.end() ? nullptr : it->second.file;
}

FdTable::Entry* FdTable::entry(std::int32_t fd) {
    const auto it = entries_.find(fd);
    return it == entries_.end() ? nullptr : &it->second;
}

bool FdTable::full() const {
    std::int32_t fd = next_;
    for (auto it = entries_.lower_bound(fd); it != entries_.end() && it->first == fd; ++it) ++fd;
    return static_cast<std::uint64_t>(fd) >= limit_;
}

SysResult<std::int32_t> FdTable::add(std::shared_ptr<File> file, bool close_on_exec,
                                     std::int32_t from) {
    std::int32_t fd = std::max(from, next_);
    for (auto it = entries_.lower_bound(fd); it != entries_.end() && it->first == fd; ++it) ++fd;
    if (static_cast<std::uint64_t>(fd) >= limit_) return tl::make_unexpected(Errno::Mfile);
    if (!charge_.has_room(kEntryBytes)) return tl::make_unexpected(Errno::NoMem);
    if (from <= next_) next_ = fd + 1;
    insert(fd, {std::move(file), close_on_exec});
    return fd;
}

void FdTable::insert(std::int32_t fd, Entry entry) {
    File& file = *entry.file;
    if (file.charge.memory() == nullptr && charge_.memory() != nullptr && file.kernel_bytes() != 0)
        file.charge = MemoryCharge(charge_.memory(), file.kernel_bytes());
    entries_[fd] = std::move(entry);
    settle();
}

SysResult<void> FdTable::put(std::int32_t fd, std::shared_ptr<File> file, bool close_on_exec) {
    if (fd < 0 || static_cast<std::uint64_t>(fd) >= limit_) return tl::make_unexpected(Errno::Badf);
    insert(fd, {std::move(file), close_on_exec});
    return {};
}

SysResult<void> FdTable::close(std::int32_t fd) {
    const auto it = entries_.find(fd);
    if (it == entries_.end()) return tl::make_unexpected(Errno::Badf);
    next_ = std::min(next_, fd);
    // The file's end may come back here: it is dropped when the table is whole again.
    const Entry closed = std::move(it->second);
    entries_.erase(it);
    settle();
    return {};
}

void FdTable::close_on_exec() {
    std::erase_if(entries_, [](const auto& e) { return e.second.close_on_exec; });
    next_ = 0;
    settle();
}

}  // namespace uprobesim
