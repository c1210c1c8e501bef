// SPDX-License-Identifier: GPL-2.0-or-later
// A file tree of a root, two binds and a scratch directory, called as programs call it: by system
// call rows on real user memory.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "kernel_model/kernel/kernel.h"
#include "kernel_model/proc/proc_files.h"
#include "kernel_model/syscall/dispatch.h"
#include "tests/kernel_model/loader/loader_support.h"
#include "tests/support/host.h"

namespace uprobesim::test {

namespace fs = std::filesystem;

// asm-generic errno values, negative as x0 has them.
inline constexpr std::int64_t kEperm = -1, kEnoent = -2, kEnxio = -6, kEbadf = -9, kEagain = -11,
                              kEacces = -13, kEfault = -14, kEbusy = -16, kEexist = -17,
                              kExdev = -18, kEnotdir = -20, kEisdir = -21, kEinval = -22,
                              kEmfile = -24, kEnotty = -25, kEfbig = -27, kEnospc = -28,
                              kEspipe = -29, kErofs = -30, kEpipe = -32, kErange = -34,
                              kEnametoolong = -36, kEnotempty = -39, kEloop = -40,
                              kEopnotsupp = -95;
// arm64 O_* values.
inline constexpr std::uint64_t kRdonly = 0, kWronly = 1, kRdwr = 2, kCreat = 0100, kExcl = 0200,
                               kTrunc = 01000, kAppend = 02000, kNonblock = 04000,
                               kDirectory = 040000, kNofollow = 0100000, kCloexec = 02000000,
                               kPath = 010000000;
inline constexpr std::uint64_t kCwd = static_cast<std::uint64_t>(-100);

inline void put_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}
inline std::string get_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// Every name of a host directory with its kind, mode and content.
inline std::map<std::string, std::string> picture(const std::string& directory) {
    std::map<std::string, std::string> all;
    for (const auto& e : fs::recursive_directory_iterator(directory)) {
        std::string& text = all[e.path().string().substr(directory.size())];
        text = std::to_string(static_cast<unsigned>(e.symlink_status().permissions())) + " ";
        if (e.is_symlink()) {
            text += "-> " + fs::read_symlink(e.path()).string();
        } else if (e.is_regular_file()) {
            text += get_file(e.path().string());
        }
    }
    return all;
}

struct FilesFixture {
    TempFolder folder;
    std::string host = folder.path();  // holds root, scratch, bind, outside
    std::unique_ptr<Machine> machine = make_machine();
    std::unique_ptr<FileSystem> files;
    std::unique_ptr<Kernel> kernel;
    std::unique_ptr<Process> process = std::make_unique<Process>();
    std::uint64_t data = 0;     // 64 pages of user memory
    std::uint64_t strings = 0;  // and more for paths
    Task* task = nullptr;
    KernelPath last_path{};
    bool blocked = false;  // the last call did

    FilesFixture() {
        for (const char* d : {"root/etc", "root/usr/bin", "root/tmp", "root/data/sub", "scratch",
                              "bind/inner", "outside"}) {
            fs::create_directories(host + "/" + d);
        }
        fs::permissions(host + "/root/tmp", fs::perms::all | fs::perms::sticky_bit);
        put_file(host + "/root/etc/motd", "welcome\n");
        put_file(host + "/root/data/a", "alpha");
        put_file(host + "/root/data/b", "beta");
        put_file(host + "/root/data/sub/c", "gamma");
        fs::create_symlink("a", host + "/root/data/link");
        fs::create_directory_symlink("usr/bin", host + "/root/bin");
        put_file(host + "/bind/file", "bound");
        put_file(host + "/bind/inner/deep", "deep");
        put_file(host + "/outside/secret", "secret");
        process->pid = 1000;
        process->mm = std::make_unique<Mm>(*machine);
        auto made = std::make_unique<Task>();
        task = made.get();
        task->id = kTask;
        task->process = process.get();
        task->comm = "guest";
        task->context = machine->cpu->create_context();
        process->tasks[kTask] = std::move(made);
        const auto map = [&](std::uint64_t pages) {
            return process->mm->map({.length = pages * kPageSize, .prot = Prot{true, true, false}})
                ->value;
        };
        data = map(64);
        strings = map(8);
        mount();
    }
    ~FilesFixture() {
        process.reset();
        kernel.reset();
        files.reset();
    }
    FilesFixture(const FilesFixture&) = delete;
    FilesFixture& operator=(const FilesFixture&) = delete;

    // A user without capabilities and further groups, or the superuser.
    void become(std::uint32_t uid, std::uint32_t gid) {
        set_credentials(*task, Credentials::of_user(uid, gid));
    }

    void mount(std::vector<BindMount> binds = {}, bool keep_scratch = true) {
        process->files = FdTable();
        kernel.reset();
        files.reset();
        auto made = FileSystem::create(*machine, std::make_unique<SpecialFiles>(*machine),
                                       {.root = host + "/root",
                                        .binds = std::move(binds),
                                        .scratch = keep_scratch ? host + "/scratch" : ""});
        if (!made) FAIL(made.error().line());
        files = std::move(*made);
        kernel = std::make_unique<Kernel>(*machine, *files);
    }

    // The row's own outcome; Block comes back as nothing.
    std::optional<std::int64_t> enter(std::string_view name, std::array<std::uint64_t, 6> args) {
        static const SyscallDispatcher calls;
        for (const SyscallRow* row : calls.all()) {
            if (row->name != name) continue;
            SysCall sys{*kernel, *process, *task, args, row->path, 0};
            // A call that blocked is entered again; what it moved before stays moved.
            if (!blocked) task->call_progress = 0;
            const SysOutcome outcome = row->fn(sys);
            blocked = std::holds_alternative<Block>(outcome);
            last_path = sys.path;
            if (const auto* error = std::get_if<Errno>(&outcome))
                return -static_cast<std::int64_t>(*error);
            if (const auto* value = std::get_if<std::uint64_t>(&outcome))
                return static_cast<std::int64_t>(*value);
            return std::nullopt;
        }
        FAIL("no row " << name);
        return std::nullopt;
    }
    std::int64_t call(std::string_view name, std::array<std::uint64_t, 6> args) {
        const auto value = enter(name, args);
        if (!value) FAIL(name << " blocks");
        return *value;
    }

    // What another task does while this one is in a call that blocked.
    template <class Calls>
    auto meanwhile(Calls calls) {
        const auto progress = std::exchange(task->call_progress, 0);
        const bool was_blocked = std::exchange(blocked, false);
        auto result = calls();
        task->call_progress = progress;
        blocked = was_blocked;
        return result;
    }

    UserMemory memory() { return UserMemory(*process->mm, task->id); }
    // Path arguments: up to two at a time.
    std::uint64_t text(const std::string& s, int slot = 0) {
        const std::uint64_t at = strings + static_cast<std::uint64_t>(slot) * 4 * kPageSize;
        REQUIRE(memory().write(VAddr(at), std::as_bytes(std::span(s.c_str(), s.size() + 1))));
        return at;
    }
    template <class T = std::uint64_t>
    T at(std::uint64_t address) {
        return memory().get<T>(VAddr(address)).value();
    }
    template <class T>
    void put(std::uint64_t address, const T& value) {
        REQUIRE(memory().put(VAddr(address), value));
    }
    std::string bytes(std::uint64_t address, std::size_t n) {
        std::string s(n, '?');
        REQUIRE(memory().read(VAddr(address), std::as_writable_bytes(std::span(s))));
        return s;
    }

    std::int64_t open(const std::string& path, std::uint64_t flags = kRdonly,
                      std::uint64_t mode = 0644) {
        return call("openat", {kCwd, text(path), flags, mode});
    }
    std::int64_t close(std::int64_t fd) { return call("close", {static_cast<std::uint64_t>(fd)}); }
    std::int64_t write(std::int64_t fd, const std::string& s) {
        REQUIRE(memory().write(VAddr(data), std::as_bytes(std::span(s))));
        return call("write", {static_cast<std::uint64_t>(fd), data, s.size()});
    }
    std::string read(std::int64_t fd, std::uint64_t size = 65536) {
        const std::int64_t n = call("read", {static_cast<std::uint64_t>(fd), data, size});
        return n < 0 ? "error " + std::to_string(n) : bytes(data, static_cast<std::size_t>(n));
    }
    // Whole files, by calls; "error N" where opening fails.
    std::string cat(const std::string& path) {
        const std::int64_t fd = open(path);
        if (fd < 0) return "error " + std::to_string(fd);
        std::string all = read(fd);
        close(fd);
        return all;
    }
    std::int64_t save(const std::string& path, const std::string& s,
                      std::uint64_t flags = kWronly | kCreat | kTrunc) {
        const std::int64_t fd = open(path, flags);
        if (fd < 0) return fd;
        const std::int64_t n = write(fd, s);
        close(fd);
        return n;
    }
    std::int64_t unlink(const std::string& path) { return call("unlinkat", {kCwd, text(path), 0}); }
    std::int64_t rmdir(const std::string& path) {
        return call("unlinkat", {kCwd, text(path), 0x200});
    }
    std::int64_t mkdir(const std::string& path) {
        return call("mkdirat", {kCwd, text(path), 0755});
    }
    std::int64_t rename(const std::string& from, const std::string& to, std::uint64_t flags = 0) {
        return call("renameat2", {kCwd, text(from), kCwd, text(to, 1), flags});
    }
    std::int64_t link(const std::string& from, const std::string& to) {
        return call("linkat", {kCwd, text(from), kCwd, text(to, 1), 0});
    }
    std::int64_t symlink(const std::string& target, const std::string& path) {
        return call("symlinkat", {text(target), kCwd, text(path, 1)});
    }
    std::int64_t chmod(const std::string& path, std::uint64_t mode) {
        return call("fchmodat", {kCwd, text(path), mode});
    }
    std::string readlink(const std::string& path) {
        const std::int64_t n = call("readlinkat", {kCwd, text(path), data, 4096});
        return n < 0 ? "error " + std::to_string(n) : bytes(data, static_cast<std::size_t>(n));
    }
    // struct stat: st_dev 0, st_ino 8, st_mode 16, st_nlink 20, st_uid 24, st_size 48, st_mtime 88.
    std::int64_t stat(const std::string& path, std::uint64_t flags = 0) {
        return call("newfstatat", {kCwd, text(path), data, flags});
    }
    std::int64_t fstat(std::int64_t fd) {
        return call("fstat", {static_cast<std::uint64_t>(fd), data});
    }
    std::uint64_t stat_inode() { return at(data + 8); }
    std::uint32_t stat_mode() { return at<std::uint32_t>(data + 16); }
    std::uint32_t stat_links() { return at<std::uint32_t>(data + 20); }
    std::uint32_t stat_uid() { return at<std::uint32_t>(data + 24); }
    std::int64_t stat_size() { return at<std::int64_t>(data + 48); }

    struct Entry {
        std::string name;
        unsigned type;
    };
    std::vector<Entry> getdents(std::int64_t fd, std::uint64_t size = 65536) {
        const std::int64_t n = call("getdents64", {static_cast<std::uint64_t>(fd), data, size});
        REQUIRE(n >= 0);
        const std::string all = bytes(data, static_cast<std::size_t>(n));
        std::vector<Entry> entries;
        for (std::size_t at_byte = 0; at_byte < all.size();) {
            std::uint16_t length = 0;
            std::memcpy(&length, all.data() + at_byte + 16, 2);
            REQUIRE(length % 8 == 0);
            entries.push_back(
                {all.c_str() + at_byte + 19, static_cast<unsigned char>(all[at_byte + 18])});
            at_byte += length;
        }
        return entries;
    }
    // Names of a directory, sorted, without "." and "..".
    std::string ls(const std::string& path) {
        const std::int64_t fd = open(path, kDirectory);
        if (fd < 0) return "error " + std::to_string(fd);
        std::map<std::string, int> sorted;
        for (const Entry& e : getdents(fd)) ++sorted[e.name];
        close(fd);
        std::string all;
        for (const auto& [name, times] : sorted) {
            if (name == "." || name == "..") continue;
            all += (all.empty() ? "" : " ") + name + (times == 1 ? "" : " (twice)");
        }
        return all;
    }
};

}  // namespace uprobesim::test
