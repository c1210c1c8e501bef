// SPDX-License-Identifier: GPL-2.0-or-later
// A machine without prices, and files that are only pages: what memory tests need.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernel_model/memory/mm.h"
#include "kernel_model/memory/user_memory.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"

namespace uprobesim::test {

struct FlatCore final : BlockModel {
    BlockInfo analyse(std::span<const std::uint32_t> words) const override {
        BlockInfo info;
        for (std::size_t i = 0; i < words.size(); ++i) {
            info.classes.push_back(InsnClass::Other);
            info.cycles_through.push_back(CentiCycles(100 * (i + 1)));
        }
        return info;
    }
};

inline std::unique_ptr<Machine> make_machine(std::uint64_t memory_bytes = std::uint64_t{64} << 20) {
    return std::make_unique<Machine>(MachineProfile{}, KernelProfile{}, memory_bytes, 1,
                                     std::make_unique<FlatCore>());
}

// A file whose pages are in the page cache: byte `i` of page `p` is p + i, so that pages can be
// told apart.
class PageFile final : public FileBacking {
public:
    PageFile(PhysicalMemory& memory, std::uint64_t size, std::string path = "/bin/program")
        : memory_(memory), size_(size), path_(std::move(path)) {}
    ~PageFile() override {
        for (const auto& [index, frame] : pages_) memory_.release(frame);
    }
    PageFile(const PageFile&) = delete;
    PageFile& operator=(const PageFile&) = delete;
    FileKey key() const override { return {.device = (0xfe << 8) | 1, .inode = 12}; }
    std::uint64_t size() const override { return size_; }
    SysResult<PAddr> page(std::uint64_t index) override {
        if (refused) return tl::make_unexpected(*refused);
        if (index * kPageSize >= size_) return tl::make_unexpected(Errno::Fault);
        if (const auto it = pages_.find(index); it != pages_.end()) return it->second;
        const auto frame = memory_.allocate();
        if (!frame) return tl::make_unexpected(Errno::NoMem);
        const auto bytes = memory_.bytes(*frame);
        for (std::size_t i = 0; i < kPageSize && index * kPageSize + i < size_; ++i)
            bytes[i] = content.empty() ? static_cast<std::byte>(index + i)
                                       : content[static_cast<std::size_t>(index * kPageSize + i)];
        pages_.emplace(index, *frame);
        return *frame;
    }
    void mark_dirty(std::uint64_t index) override { ++dirty[index]; }
    SysResult<void> write_back(std::uint64_t first, std::uint64_t pages) override {
        written.emplace_back(first, pages);
        return {};
    }
    std::string path() const override { return path_; }

    std::vector<std::byte> content;
    std::optional<Errno> refused;  // what page() answers
    std::map<std::uint64_t, int> dirty;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> written;

private:
    PhysicalMemory& memory_;
    std::uint64_t size_;
    std::string path_;
    std::map<std::uint64_t, PAddr> pages_;
};

inline constexpr TaskId kTask{1000};
inline constexpr Prot kReadOnly{.read = true}, kReadWrite{.read = true, .write = true},
    kText{.read = true, .exec = true};

struct MemoryFixture {
    std::unique_ptr<Machine> machine = make_machine();
    Mm mm{*machine};
    UserMemory user{mm, kTask};

    std::uint64_t times(KernelPath path) const {
        return machine->ledger.total().paths[static_cast<std::size_t>(path)].times;
    }
    std::uint64_t units(KernelPath path) const {
        return machine->ledger.total().paths[static_cast<std::size_t>(path)].units;
    }
    std::uint64_t same_el_aborts() const {
        return machine->ledger.total()
            .exceptions[static_cast<std::size_t>(ExceptionClass::DataAbortSameEl)];
    }
    VAddr anonymous(std::uint64_t pages, Prot prot = kReadWrite) {
        return mm.map({.length = pages * kPageSize, .prot = prot}).value();
    }
    VAddr anonymous_at(std::uint64_t at, std::uint64_t pages, Prot prot = kReadWrite) {
        return mm.map({.hint = VAddr(at), .length = pages * kPageSize, .prot = prot, .fixed = true})
            .value();
    }
    VAddr file_at(std::uint64_t at, std::shared_ptr<FileBacking> file, std::uint64_t pages,
                  Prot prot, bool shared = false, std::uint64_t offset = 0) {
        return mm
            .map({.hint = VAddr(at),
                  .length = pages * kPageSize,
                  .prot = prot,
                  .fixed = true,
                  .shared = shared,
                  .file = std::move(file),
                  .offset = offset})
            .value();
    }
};

}  // namespace uprobesim::test
