// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/proc/process_memory.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/memory/remote.h"

namespace uprobesim {

namespace {

// With a position that any 64-bit number may be, as addresses are.
class AddressedFile : public File {
public:
    AddressedFile(const std::shared_ptr<Mm>& mm, const FileStatus& status)
        : mm_(mm), status_(status) {}
    bool seekable() const override { return true; }
    bool has_end() const override { return false; }
    SysResult<FileStatus> status() override { return status_; }
    SysResult<std::uint64_t> size() override { return 0; }

protected:
    std::shared_ptr<Mm> memory() const { return mm_.lock(); }

private:
    std::weak_ptr<Mm> mm_;
    FileStatus status_;
};

class ProcessMemory final : public AddressedFile {
public:
    using AddressedFile::AddressedFile;

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override {
        const auto mm = memory();
        if (mm == nullptr || to.empty()) return std::uint64_t{0};
        return moved(read_remote(*mm, VAddr(offset), to, RemoteAccess::Forced, std::nullopt));
    }
    SysResult<std::uint64_t> write(std::uint64_t offset, std::span<const std::byte> from) override {
        const auto mm = memory();
        if (mm == nullptr || from.empty()) return std::uint64_t{0};
        return moved(write_remote(*mm, VAddr(offset), from, RemoteAccess::Forced, std::nullopt));
    }

private:
    static SysResult<std::uint64_t> moved(std::uint64_t bytes) {
        if (bytes == 0) return tl::make_unexpected(Errno::Io);
        return bytes;
    }
};

class PageMap final : public AddressedFile {
public:
    PageMap(const std::shared_ptr<Mm>& mm, const FileStatus& status, bool frames)
        : AddressedFile(mm, status), frames_(frames) {}

    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override {
        const auto mm = memory();
        if (mm == nullptr || to.empty()) return std::uint64_t{0};
        // The caller's buffer comes in pages, whose ends need not be those of entries.
        if (offset % kEntry != 0) return tl::make_unexpected(Errno::Inval);
        std::uint64_t done = 0;
        while (done + kEntry <= to.size()) {
            const VAddr page((offset + done) / kEntry * kPageSize);
            if (page >= Mm::kTaskSize) break;
            const std::uint64_t entry = entry_of(*mm, page);
            std::memcpy(to.data() + done, &entry, kEntry);
            done += kEntry;
        }
        if (done == 0 && to.size() < kEntry) return tl::make_unexpected(Errno::Inval);
        return done;
    }

private:
    static constexpr std::uint64_t kEntry = 8, kPresent = std::uint64_t{1} << 63,
                                   kOfFile = std::uint64_t{1} << 61,
                                   kExclusive = std::uint64_t{1} << 56,
                                   kSoftDirty = std::uint64_t{1} << 55;

    std::uint64_t entry_of(Mm& mm, VAddr at) const {
        const Vma* vma = mm.find(at);
        if (vma == nullptr) return 0;
        const auto page = mm.space().lookup(at);
        if (!page) return 0;
        const bool alone = mm.machine().memory.refs(page->frame) == 1;
        std::uint64_t entry = kPresent | kSoftDirty;
        if (vma->file != nullptr && !alone) entry |= kOfFile;
        if (alone) entry |= kExclusive;
        if (frames_) entry |= page->frame.value / kPageSize;
        return entry;
    }

    bool frames_;
};

}  // namespace

std::shared_ptr<File> make_memory_of_process(const std::shared_ptr<Mm>& mm,
                                             const FileStatus& status) {
    return std::make_shared<ProcessMemory>(mm, status);
}

std::shared_ptr<File> make_page_map(const std::shared_ptr<Mm>& mm, const FileStatus& status,
                                    bool frames) {
    return std::make_shared<PageMap>(mm, status, frames);
}

}  // namespace uprobesim
