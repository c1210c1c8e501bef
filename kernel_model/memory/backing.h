// SPDX-License-Identifier: GPL-2.0-or-later
// The interface of a mapped file that memory management needs. Implemented in kernel_model/files.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "kernel_model/abi/errno.h"
#include "kernel_model/memory/mappers.h"
#include "sim/base/units.h"

namespace uprobesim {

template <class T>
using SysResult = tl::expected<T, Errno>;

// Identifies a file for the whole run. Together with an offset it is the key of a uprobe.
struct FileKey {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the <=> for a null pointer.
    constexpr auto operator<=>(const FileKey&) const = default;
};

// A program that runs is not written, and a file that is open for writing is not run
// (i_writecount): what an open description, or an address space of its program, holds for as long
// as it lives.
enum class FileUse { Written, Executed };
using FileHold = std::shared_ptr<const void>;

class FileBacking {
public:
    virtual ~FileBacking() = default;
    // ETXTBSY: somebody else holds it for the other use.
    static SysResult<FileHold> hold(const std::shared_ptr<FileBacking>& file, FileUse use);
    bool executed() const { return holds_ < 0; }
    bool written() const { return holds_ > 0; }
    virtual FileKey key() const = 0;
    virtual std::uint64_t size() const = 0;  // bytes, now
    // The page cache's frame for this page of the file, with its contents. The cache keeps its own
    // reference; a caller that keeps the frame adds one. ENOMEM: out of memory; any other error:
    // beyond the end of the file, or the disk's.
    virtual SysResult<PAddr> page(std::uint64_t index) = 0;
    // Whether page() would find this page in memory already. Fault-around maps only such pages.
    virtual bool resident(std::uint64_t) const { return true; }
    // A shared mapping is about to write to this page.
    virtual void mark_dirty(std::uint64_t index) = 0;
    // Writes dirty pages of the range back to the file. An error is the disk's.
    virtual SysResult<void> write_back(std::uint64_t first_index, std::uint64_t pages) = 0;
    // The kernel has written the page and it was not executed since: the first fetch synchronises
    // the caches for the whole page.
    virtual bool freshly_written() const { return false; }
    virtual std::string path() const = 0;  // guest path, for /proc/self/maps

    Mappers mappers;
    std::uint64_t write_hint = 0;  // F_SET_RW_HINT

private:
    std::int64_t holds_ = 0;  // of descriptions that may write it, or, below zero, of its programs
};

}  // namespace uprobesim
