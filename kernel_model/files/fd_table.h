// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "kernel_model/files/file.h"

namespace uprobesim {

// Descriptors of a process: lowest free number first, as POSIX wants.
class FdTable {
public:
    struct Entry {
        std::shared_ptr<File> file;
        bool close_on_exec = false;
    };

    // Descriptors, and open files that get their first one, are charged to this memory from now on.
    void account(PhysicalMemory& memory) { charge_ = MemoryCharge(&memory); }

    File* get(std::int32_t fd) const;
    std::shared_ptr<File> share(std::int32_t fd) const;
    Entry* entry(std::int32_t fd);
    // The lowest free descriptor at or above `from`; Mfile at the limit; NoMem.
    SysResult<std::int32_t> add(std::shared_ptr<File> file, bool close_on_exec,
                                std::int32_t from = 0);
    SysResult<void> put(std::int32_t fd, std::shared_ptr<File> file,
                        bool close_on_exec);  // dup3's end: replaces
    SysResult<void> close(std::int32_t fd);
    void close_on_exec();
    void set_limit(std::uint64_t limit) { limit_ = limit; }
    std::uint64_t limit() const { return limit_; }
    // No descriptor below the limit is free.
    bool full() const;
    const std::map<std::int32_t, Entry>& all() const { return entries_; }
    // What a copy of the table takes.
    std::uint64_t kernel_bytes() const { return entries_.size() * kEntryBytes; }

private:
    static constexpr std::uint64_t kEntryBytes = 96;
    void insert(std::int32_t fd, Entry entry);
    void settle() { charge_.resize(entries_.size() * kEntryBytes); }

    std::map<std::int32_t, Entry> entries_;
    std::int32_t next_ = 0;  // no descriptor below it is free
    std::uint64_t limit_ = 1024;
    MemoryCharge charge_;
};

}  // namespace uprobesim
