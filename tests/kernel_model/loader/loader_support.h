// SPDX-License-Identifier: GPL-2.0-or-later
// ELF files made byte by byte from the format's tables, and a file system of such files.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "kernel_model/files/file_system.h"
#include "tests/kernel_model/memory/memory_support.h"

namespace uprobesim::test {

struct TestSegment {
    std::uint32_t type = 1, flags = 5;
    std::uint64_t offset = 0, vaddr = 0, file_size = 0, memory_size = 0, align = 0x1000;
};

struct TestElf {
    std::uint8_t elf_class = 2, data = 1;
    std::uint16_t type = 2, machine = 183, phentsize = 56;
    std::uint64_t entry = 0x400100;
    std::vector<TestSegment> segments{
        {.vaddr = 0x400000, .file_size = 0x200, .memory_size = 0x200}};
    std::size_t size = 0x200;
    std::map<std::size_t, std::string> texts;  // by offset

    std::vector<std::byte> bytes() const {
        std::vector<std::byte> out(std::max<std::size_t>(size, 64 + 56 * segments.size()));
        const auto put = [&](std::size_t at, auto value) {
            std::memcpy(out.data() + at, &value, sizeof value);
        };
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i % 251);
        std::memset(out.data(), 0, 64);
        std::memcpy(out.data(), "\177ELF", 4);
        put(4, elf_class);
        put(5, data);
        put(6, std::uint8_t{1});
        put(16, type);
        put(18, machine);
        put(20, std::uint32_t{1});
        put(24, entry);
        put(32, std::uint64_t{64});
        put(52, std::uint16_t{64});
        put(54, phentsize);
        put(56, static_cast<std::uint16_t>(segments.size()));
        for (std::size_t i = 0; i < segments.size(); ++i) {
            const TestSegment& s = segments[i];
            const std::size_t at = 64 + 56 * i;
            put(at, s.type);
            put(at + 4, s.flags);
            put(at + 8, s.offset);
            put(at + 16, s.vaddr);
            put(at + 24, s.vaddr);
            put(at + 32, s.file_size);
            put(at + 40, s.memory_size);
            put(at + 48, s.align);
        }
        for (const auto& [at, text] : texts)
            std::memcpy(out.data() + at, text.c_str(), text.size() + 1);
        return out;
    }
};

class MemoryFile final : public File {
public:
    MemoryFile(PhysicalMemory& memory, const std::string& file_name, std::vector<std::byte> content,
               std::uint32_t mode)
        : content_(std::move(content)), mode_(mode) {
        name = file_name;
        auto pages = std::make_shared<PageFile>(memory, content_.size(), file_name);
        pages->content = content_;
        backing_ = std::move(pages);
    }
    SysResult<std::uint64_t> read(std::uint64_t offset, std::span<std::byte> to) override {
        if (offset >= content_.size()) return 0;
        const std::size_t count =
            std::min(to.size(), content_.size() - static_cast<std::size_t>(offset));
        std::memcpy(to.data(), content_.data() + offset, count);
        return count;
    }
    bool seekable() const override { return true; }
    SysResult<FileStatus> status() override {
        FileStatus status;
        status.mode = mode_;
        status.size = static_cast<std::int64_t>(content_.size());
        return status;
    }
    std::shared_ptr<FileBacking> backing() override { return backing_; }

private:
    std::vector<std::byte> content_;
    std::uint32_t mode_;
    std::shared_ptr<FileBacking> backing_;
};

// Only open() works.
class FlatFiles final : public FileSystem {
public:
    explicit FlatFiles(PhysicalMemory& memory) : memory_(memory) {}
    void add(const std::string& path, std::vector<std::byte> content,
             std::uint32_t mode = 0100755) {
        files_[path] = std::make_shared<MemoryFile>(memory_, path, std::move(content), mode);
    }
    void add_text(const std::string& path, const std::string& text, std::uint32_t mode = 0100755) {
        const auto bytes = std::as_bytes(std::span(text));
        add(path, {bytes.begin(), bytes.end()}, mode);
    }
    SysResult<OpenResult> open(const Caller&, std::string_view path, std::uint32_t,
                               std::uint32_t) override {
        const auto it = files_.find(std::string(path));
        if (it == files_.end()) return tl::make_unexpected(Errno::NoEnt);
        return OpenResult{.file = it->second};
    }
    using View = std::string_view;
    using Start = std::shared_ptr<const Dentry>;
    using Word = std::uint32_t;
    SysResult<FileStatus> status(const Caller&, View, bool) override { return no(); }
    SysResult<std::string> read_link(const Caller&, View) override { return no(); }
    SysResult<void> access(const Caller&, View, Word, bool) override { return no(); }
    SysResult<std::shared_ptr<Dentry>> directory(const Caller&, View) override {
        return std::make_shared<Dentry>(nullptr, "", nullptr);
    }
    SysResult<void> make_directory(const Caller&, View, Word) override { return no(); }
    SysResult<void> make_fifo(const Caller&, View, Word) override { return no(); }
    SysResult<FileStatus> make_socket(const Caller&, View, Word) override { return no(); }
    SysResult<void> remove(const Caller&, View, bool) override { return no(); }
    SysResult<void> rename(const Caller&, View, const Start&, View, Word) override { return no(); }
    SysResult<void> link(const Caller&, View, bool, const Start&, View) override { return no(); }
    SysResult<void> symlink(const Caller&, View, View) override { return no(); }
    SysResult<void> change_mode(const Caller&, View, Word, bool) override { return no(); }
    SysResult<void> change_owner(const Caller&, View, Word, Word, bool) override { return no(); }
    SysResult<void> set_times(const Caller&, View, const Times&, bool) override { return no(); }
    SysResult<void> change_mode_of(const Caller&, File&, Word) override { return no(); }
    SysResult<void> change_owner_of(const Caller&, File&, Word, Word) override { return no(); }
    SysResult<void> set_times_of(const Caller&, File&, const Times&) override { return no(); }
    void finish() override {}
    void set_clock(std::function<std::uint64_t()>) override {}
    std::shared_ptr<File> host_stdio(int) override { return nullptr; }

private:
    static tl::unexpected<Errno> no() { return tl::make_unexpected(Errno::NoSys); }
    PhysicalMemory& memory_;
    std::map<std::string, std::shared_ptr<File>> files_;
};

}  // namespace uprobesim::test
