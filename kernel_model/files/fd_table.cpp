// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/fd_table.h"

#include <algorithm>

namespace uprobesim {

const std::shared_ptr<File>* FdTable::find(std::int32_t fd) const {
    if (held_ != nullptr) [[unlikely]] {
        for (const HeldFile& each : *held_) {
            if (each.fd == fd && each.file != nullptr) return &each.file;
        }
    }
    const auto it = table_->entries.find(fd);
    return it == table_->entries.end() ? nullptr : &it->second.file;
}

File* FdTable::get(std::int32_t fd) const {
    const auto* const file = find(fd);
    return file == nullptr ? nullptr : file->get();
}

std::shared_ptr<File> FdTable::share(std::int32_t fd) const {
    const auto* const file = find(fd);
    return file == nullptr ? nullptr : *file;
}

FdTable::Entry* FdTable::entry(std::int32_t fd) {
    const auto it = table_->entries.find(fd);
    return it == table_->entries.end() ? nullptr : &it->second;
}

bool FdTable::full() const {
    std::int32_t fd = table_->next;
    for (auto it = table_->entries.lower_bound(fd); it != table_->entries.end() && it->first == fd;
         ++it)
        ++fd;
    return static_cast<std::uint64_t>(fd) >= limit_;
}

SysResult<std::int32_t> FdTable::add(std::shared_ptr<File> file, bool close_on_exec,
                                     std::int32_t from) {
    std::int32_t fd = std::max(from, table_->next);
    for (auto it = table_->entries.lower_bound(fd); it != table_->entries.end() && it->first == fd;
         ++it)
        ++fd;
    if (static_cast<std::uint64_t>(fd) >= limit_) return tl::make_unexpected(Errno::Mfile);
    if (!table_->charge.has_room(kEntryBytes)) return tl::make_unexpected(Errno::NoMem);
    if (from <= table_->next) table_->next = fd + 1;
    insert(fd, {std::move(file), close_on_exec});
    return fd;
}

void FdTable::insert(std::int32_t fd, Entry entry) {
    File& file = *entry.file;
    if (file.charge.memory() == nullptr && table_->charge.memory() != nullptr &&
        file.kernel_bytes() != 0)
        file.charge = MemoryCharge(table_->charge.memory(), file.kernel_bytes());
    table_->entries[fd] = std::move(entry);
    settle();
}

SysResult<void> FdTable::put(std::int32_t fd, std::shared_ptr<File> file, bool close_on_exec) {
    if (fd < 0 || static_cast<std::uint64_t>(fd) >= limit_) return tl::make_unexpected(Errno::Badf);
    insert(fd, {std::move(file), close_on_exec});
    return {};
}

SysResult<void> FdTable::close(std::int32_t fd) {
    const auto it = table_->entries.find(fd);
    if (it == table_->entries.end()) return tl::make_unexpected(Errno::Badf);
    table_->next = std::min(table_->next, fd);
    // The file's end may come back here: it is dropped when the table is whole again.
    const Entry closed = std::move(it->second);
    table_->entries.erase(it);
    settle();
    return {};
}

void FdTable::close_on_exec() {
    std::erase_if(table_->entries, [](const auto& e) { return e.second.close_on_exec; });
    table_->next = 0;
    settle();
}

}  // namespace uprobesim
