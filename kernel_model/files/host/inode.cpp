// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/host/inode.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace uprobesim {

namespace {

// Repeats short transfers until the end of the file or an error of the host.
ssize_t read_fully(int fd, std::span<std::byte> to, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < to.size()) {
        const ssize_t n =
            pread(fd, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return done > 0 ? static_cast<ssize_t>(done) : n;
        if (n == 0) break;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(done);
}

ssize_t write_fully(int fd, std::span<const std::byte> from, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < from.size()) {
        const ssize_t n =
            pwrite(fd, from.data() + done, from.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return done > 0 ? static_cast<ssize_t>(done) : n;
        done += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(done);
}

}  // namespace

Inode::~Inode() {
    (void)write_back(0, ~std::uint64_t{0} / kPageSize);
    drop_pages_from(0);
    if (on_end) on_end();
}

std::uint64_t Inode::size() const {
    struct stat s {};
    return fstat(fd_.get(), &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

SysResult<PAddr> Inode::page(std::uint64_t index) {
    if (const auto it = pages_.find(index); it != pages_.end()) return it->second;
    const std::uint64_t offset = index * kPageSize;
    if (index > ~std::uint64_t{0} / kPageSize) return tl::make_unexpected(Errno::Fault);
    // shmem_fault: a page of a hole takes space, which may be none left.
    if (use && use->known() && use->limited() &&
        (offset >= size() || use->claim(offset, kPageSize) == 0))
        return tl::make_unexpected(Errno::Fault);
    const auto frame = memory_.allocate();
    if (!frame) return tl::make_unexpected(Errno::NoMem);
    const ssize_t read = read_fully(fd_.get(), memory_.bytes(*frame), offset);
    if (read <= 0) {
        const Errno error = read == 0 ? Errno::Fault : guest_errno(errno);  // 0: beyond the end
        memory_.release(*frame);
        return tl::make_unexpected(error == Errno::NoMem ? Errno::Io : error);
    }
    pages_.emplace(index, *frame);
    return *frame;
}

std::optional<Errno> Inode::write_page(std::uint64_t index, std::uint64_t end_of_file) {
    const std::uint64_t offset = index * kPageSize;
    const auto page = pages_.find(index);
    if (!writable_ || page == pages_.end() || offset >= end_of_file) return std::nullopt;
    const std::size_t bytes = std::min(kPageSize, end_of_file - offset);
    const ssize_t n = write_fully(
        fd_.get(), std::span<const std::byte>(memory_.bytes(page->second)).first(bytes), offset);
    // The host's time of modification has moved; the guest's did when it wrote.
    if (n > 0 && kept) kept->written();
    if (n == static_cast<ssize_t>(bytes)) return std::nullopt;
    // A short write: the next one would have said why.
    return n < 0 ? guest_errno(errno) : Errno::NoSpc;
}

SysResult<void> Inode::write_back(std::uint64_t first_index, std::uint64_t count) {
    const std::uint64_t end_of_file = size();
    SysResult<void> result;
    for (auto it = dirty_.lower_bound(first_index); it != dirty_.end() && *it - first_index < count;
         ++it) {
        const auto error = write_page(*it, end_of_file);
        if (!error) {
            refused_.erase(*it);
            continue;
        }
        // An error is told once of each page, until it has been written.
        if (!refused_.insert(*it).second) continue;
        ++failures_;
        last_failure_ = *error;
        if (on_failure) on_failure(path(), *error);
        if (result) result = tl::make_unexpected(*error);
    }
    return result;
}

SysResult<std::uint64_t> Inode::read(std::uint64_t offset, std::span<std::byte> to) {
    if (!dirty_.empty()) (void)write_back(offset / kPageSize, to.size() / kPageSize + 2);
    const ssize_t n = read_fully(fd_.get(), to, offset);
    if (n < 0) return tl::make_unexpected(guest_errno(errno));
    const auto end = offset + static_cast<std::uint64_t>(n);
    for (auto it = refused_.lower_bound(offset / kPageSize);
         it != refused_.end() && *it * kPageSize < end; ++it) {
        const std::uint64_t page_begin = *it * kPageSize;
        const std::uint64_t first = std::max(page_begin, offset);
        const std::uint64_t last = std::min(page_begin + kPageSize, end);
        std::memcpy(to.data() + (first - offset),
                    memory_.bytes(pages_.at(*it)).data() + (first - page_begin), last - first);
    }
    return static_cast<std::uint64_t>(n);
}

SysResult<std::uint64_t> Inode::write(std::uint64_t offset, std::span<const std::byte> from) {
    if (offset > static_cast<std::uint64_t>(INT64_MAX) - from.size())
        return tl::make_unexpected(Errno::Fbig);
    if (use && !from.empty()) {
        from = from.first(use->claim(offset, from.size()));
        if (from.empty()) return tl::make_unexpected(Errno::NoSpc);
    }
    const ssize_t n = write_fully(fd_.get(), from, offset);
    if (n < 0) {
        const Errno error = guest_errno(errno);
        if (on_failure && (error == Errno::NoSpc || error == Errno::Io)) on_failure(path(), error);
        return tl::make_unexpected(error);
    }
    const auto written = static_cast<std::uint64_t>(n);
    for (auto it = pages_.lower_bound(offset / kPageSize);
         it != pages_.end() && it->first * kPageSize < offset + written; ++it) {
        const std::uint64_t page_begin = it->first * kPageSize;
        const std::uint64_t begin = std::max(page_begin, offset);
        const std::uint64_t end = std::min(page_begin + kPageSize, offset + written);
        std::memmove(memory_.bytes(it->second).data() + (begin - page_begin),
                     from.data() + (begin - offset), end - begin);
        memory_.note_write(it->second);
    }
    return written;
}

SysResult<void> Inode::truncate(std::uint64_t new_size) {
    if (!writable_) return tl::make_unexpected(Errno::Inval);
    (void)write_back(0, ~std::uint64_t{0} / kPageSize);
    if (ftruncate(fd_.get(), static_cast<off_t>(new_size)) != 0)
        return tl::make_unexpected(guest_errno(errno));
    if (use) use->release(new_size, ~std::uint64_t{0});
    mappers.unmap(*this, page_ceil(new_size) / kPageSize, kEveryPage, Mappers::Copies::Taken);
    for (auto it = pages_.lower_bound(new_size / kPageSize); it != pages_.end();) {
        const std::uint64_t left = it->first == new_size / kPageSize ? new_size % kPageSize : 0;
        it = zero_in_cache(it, left, kPageSize);
    }
    return {};
}

Inode::Pages::iterator Inode::zero_in_cache(Pages::iterator page, std::uint64_t first,
                                            std::uint64_t last) {
    std::memset(memory_.bytes(page->second).data() + first, 0, last - first);
    memory_.note_write(page->second);
    const bool whole = first == 0 && last == kPageSize;
    if (!whole || memory_.refs(page->second) != 1) return std::next(page);
    memory_.release(page->second);
    dirty_.erase(page->first);
    refused_.erase(page->first);
    return pages_.erase(page);
}

SysResult<void> Inode::clear(std::uint64_t begin, std::uint64_t end) {
    if (!writable_) return tl::make_unexpected(Errno::Badf);
    end = std::min(end, page_ceil(size()));
    if (begin >= end) return {};
    if (fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
                  static_cast<off_t>(end - begin)) != 0)
        return tl::make_unexpected(guest_errno(errno));
    if (use) use->release(begin, end);
    mappers.unmap(*this, page_ceil(begin) / kPageSize, end / kPageSize, Mappers::Copies::Left);
    for (auto it = pages_.lower_bound(begin / kPageSize);
         it != pages_.end() && it->first * kPageSize < end;) {
        const std::uint64_t page_begin = it->first * kPageSize;
        it = zero_in_cache(it, std::max(begin, page_begin) - page_begin,
                           std::min(end - page_begin, kPageSize));
    }
    return {};
}

SysResult<void> Inode::reserve(std::uint64_t begin, std::uint64_t end) {
    if (use && !use->claim_all(begin, end - begin)) return tl::make_unexpected(Errno::NoSpc);
    return {};
}

void Inode::drop_pages_from(std::uint64_t index) {
    for (auto it = pages_.lower_bound(index); it != pages_.end(); it = pages_.erase(it))
        memory_.release(it->second);
    dirty_.erase(dirty_.lower_bound(index), dirty_.end());
    refused_.erase(refused_.lower_bound(index), refused_.end());
}

}  // namespace uprobesim
