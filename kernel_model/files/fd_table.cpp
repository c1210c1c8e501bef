// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/fd_table.h"

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

SysResult<std::int32_t> FdTable::add(std::shared_ptr<File> file, bool close_on_exec,
                                     std::int32_t from) {
    std::int32_t fd = from;
    for (auto it = entries_.lower_bound(from); it != entries_.end() && it->first == fd; ++it) ++fd;
    if (static_cast<std::uint64_t>(fd) >= limit_) return tl::make_unexpected(Errno::Mfile);
    entries_[fd] = {std::move(file), close_on_exec};
    return fd;
}

SysResult<void> FdTable::put(std::int32_t fd, std::shared_ptr<File> file, bool close_on_exec) {
    if (fd < 0 || static_cast<std::uint64_t>(fd) >= limit_) return tl::make_unexpected(Errno::Badf);
    entries_[fd] = {std::move(file), close_on_exec};
    return {};
}

SysResult<void> FdTable::close(std::int32_t fd) {
    if (entries_.erase(fd) == 0) return tl::make_unexpected(Errno::Badf);
    return {};
}

void FdTable::close_on_exec() {
    std::erase_if(entries_, [](const auto& e) { return e.second.close_on_exec; });
}

}  // namespace uprobesim
