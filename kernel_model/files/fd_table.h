// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>

#include "kernel_model/files/file.h"
#include "kernel_model/files/sharable.h"

namespace uprobesim {

// Files by the descriptors that a call was given, which it has until its end.
struct HeldFile {
    std::int32_t fd = -1;
    std::shared_ptr<File> file{};
};
using HeldFiles = std::array<HeldFile, 2>;

// Descriptors of a process: lowest free number first, as POSIX wants.
class FdTable {
public:
    struct Entry {
        std::shared_ptr<File> file;
        bool close_on_exec = false;
    };

    // Descriptors, and open files that get their first one, are charged to this memory from now on.
    void account(PhysicalMemory& memory) { table_->charge = MemoryCharge(&memory); }
    // The descriptors of another process, not a copy of them (CLONE_FILES); the limit stays a copy.
    void share(const FdTable& other) {
        table_.share(other.table_);
        limit_ = other.limit_;
    }
    void unshare() { table_.unshare(); }
    bool is_shared() const { return table_.is_shared(); }
    bool is(const FdTable& other) const { return table_.is(other.table_); }

    // For a call that goes on after a wait: get() and share() give what it holds, also where the
    // descriptor was closed since, or means another file. Null: for all others.
    void go_on_with(const HeldFiles* held) { held_ = held; }

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
    const std::map<std::int32_t, Entry>& all() const { return table_->entries; }
    // What a copy of the table takes.
    std::uint64_t kernel_bytes() const { return table_->entries.size() * kEntryBytes; }

private:
    static constexpr std::uint64_t kEntryBytes = 96;
    void insert(std::int32_t fd, Entry entry);
    void settle() { table_->charge.resize(table_->entries.size() * kEntryBytes); }

    struct Table {
        std::map<std::int32_t, Entry> entries;
        std::int32_t next = 0;  // no descriptor below it is free
        MemoryCharge charge;
    };
    const std::shared_ptr<File>* find(std::int32_t fd) const;

    Sharable<Table> table_;
    std::uint64_t limit_ = 1024;
    const HeldFiles* held_ = nullptr;
};

}  // namespace uprobesim
