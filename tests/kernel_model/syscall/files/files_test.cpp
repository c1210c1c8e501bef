// SPDX-License-Identifier: GPL-2.0-or-later
// Arguments and answers of the calls on files, as their manual pages say.
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

std::uint64_t u(std::int64_t fd) {
    return static_cast<std::uint64_t>(fd);
}

struct SyscallFixture : FilesFixture {
    std::pair<std::int64_t, std::int64_t> pipe(std::uint64_t flags = 0) {
        REQUIRE(call("pipe2", {data, flags}) == 0);
        return {at<std::int32_t>(data), at<std::int32_t>(data + 4)};
    }
    void vector(std::vector<std::pair<std::uint64_t, std::uint64_t>> parts) {
        for (std::size_t i = 0; i < parts.size(); ++i) {
            put(strings + 16 * i, parts[i].first);
            put(strings + 16 * i + 8, parts[i].second);
        }
    }
    std::int64_t map(std::int64_t fd, std::uint64_t length, std::uint64_t flags = 1) {
        return call("mmap", {0, length, 3, flags, u(fd), 0});
    }
};

}  // namespace

TEST_CASE_METHOD(SyscallFixture, "openat's flags", "[files][syscall]") {
    CHECK(open("/data/none") == kEnoent);
    CHECK(open("/data/a/x") == kEnotdir);
    CHECK(open("/data/a/") == kEnotdir);
    CHECK(open("/data/a", kDirectory) == kEnotdir);
    CHECK(open("/data", kWronly) == kEisdir);
    CHECK(open("/data", kTrunc) == kEisdir);
    CHECK(open("/data", kCreat) == kEisdir);
    CHECK(open("/data/new/", kWronly | kCreat) == kEisdir);
    CHECK(open("/data/a", kWronly | kCreat | kExcl) == kEexist);
    CHECK(open("/data", kCreat | kExcl) == kEexist);
    CHECK(open("/data/link", kNofollow) == kEloop);
    CHECK(open("/data/link", kNofollow | kDirectory) == kEnotdir);
    CHECK(open("/tmp/d", kCreat | kDirectory) == kEinval);
    CHECK(open("/tmp", 020000000 | kDirectory | kRdwr) >= 0);  // O_TMPFILE
    CHECK(open("/tmp", 020000000 | kDirectory) == kEinval);
    CHECK(open("x/y", kCreat | kWronly) == kEnoent);
    CHECK(call("openat", {77, text("x"), 0}) == kEbadf);
    const std::int64_t file = open("/data/a");
    CHECK(call("openat", {u(file), text("x"), 0}) == kEnotdir);
    CHECK(call("openat", {u(file), text("/data/b"), 0}) > 0);
    const std::int64_t created = open("/tmp/ro", kRdonly | kCreat, 0);
    CHECK(write(created, "x") == kEbadf);
    CHECK(fstat(created) == 0);
    CHECK(stat_mode() == 0100000);
    const std::int64_t writer = open("/data/b", kWronly | kTrunc);
    CHECK(read(writer) == "error -9");
    CHECK(fstat(writer) == 0);
    CHECK(stat_size() == 0);
    CHECK(call("fcntl", {u(writer), 1}) == 0);
    CHECK(call("fcntl", {u(open("/data/a", kCloexec)), 1}) == 1);
    CHECK(call("fcntl", {u(open("/data/a", kAppend | kRdwr | kCreat | kCloexec)), 3}) ==
          (kAppend | kRdwr | 0400000));
    CHECK(call("openat2", {kCwd, text("/data/a"), data, 8}) == kEinval);
    put(data, std::array<std::uint64_t, 3>{1ull << 40, 0, 0});
    CHECK(call("openat2", {kCwd, text("/data/a"), data, 24}) == kEinval);
    put(data, std::array<std::uint64_t, 3>{kRdonly, 0, 0});
    CHECK(call("openat2", {kCwd, text("/data/a"), data, 24}) > 0);
}

TEST_CASE_METHOD(SyscallFixture, "O_PATH holds a place and nothing more", "[files][syscall]") {
    const std::int64_t fd = open("/data/link", kPath | kNofollow);
    REQUIRE(fd >= 0);
    CHECK(fstat(fd) == 0);
    CHECK((stat_mode() & 0170000) == 0120000);
    CHECK(read(fd) == "error -9");
    CHECK(call("fchmod", {u(fd), 0}) == kEbadf);
    CHECK(call("lseek", {u(fd), 0, 0}) == kEbadf);
    CHECK(call("ftruncate", {u(fd), 0}) == kEbadf);
    const std::int64_t d = open("/data", kPath);
    CHECK(call("getdents64", {u(d), data, 4096}) == kEbadf);
    CHECK(call("openat", {u(d), text("a"), 0}) > 0);
    CHECK(call("fchdir", {u(d)}) == 0);
    CHECK(cat("b") == "beta");
    CHECK(call("fchdir", {u(open("a"))}) == kEnotdir);
}

TEST_CASE_METHOD(SyscallFixture, "descriptors", "[files][syscall]") {
    CHECK(open("/data/a") == 0);
    CHECK(open("/data/a") == 1);
    CHECK(call("dup", {0}) == 2);
    CHECK(close(1) == 0);
    CHECK(close(1) == kEbadf);
    CHECK(open("/data/b") == 1);
    CHECK(read(0, 2) == "al");
    CHECK(read(2, 2) == "ph");  // one description
    CHECK(call("dup3", {0, 0, 0}) == kEinval);
    CHECK(call("dup3", {0, 9, 1}) == kEinval);
    CHECK(call("dup3", {9, 10, 0}) == kEbadf);
    CHECK(call("dup3", {0, 1024, 0}) == kEbadf);
    CHECK(call("dup3", {0, 9, kCloexec}) == 9);
    CHECK(call("fcntl", {9, 1}) == 1);
    CHECK(call("fcntl", {0, 0, 5}) == 5);     // F_DUPFD
    CHECK(call("fcntl", {0, 1030, 5}) == 6);  // F_DUPFD_CLOEXEC
    CHECK(call("fcntl", {6, 1}) == 1);
    CHECK(call("fcntl", {0, 0, 1024}) == kEinval);
    CHECK(call("fcntl", {0, 4, kNonblock | kWronly}) == 0);
    CHECK(call("fcntl", {2, 3}) == (kNonblock | 0400000));
    CHECK(call("close_range", {5, 4, 0}) == kEinval);
    CHECK(call("close_range", {5, 8, 0}) == 0);
    CHECK(call("fcntl", {5, 1}) == kEbadf);
    CHECK(call("fcntl", {9, 1}) == 1);
    process->files.set_limit(10);
    for (int i = 3; i < 9; ++i) CHECK(open("/data/a") == i);
    CHECK(open("/data/a") == kEmfile);
    CHECK(call("dup", {0}) == kEmfile);
    CHECK(call("pipe2", {data, 0}) == kEmfile);
    CHECK(close(4) == 0);
    CHECK(call("pipe2", {data, 0}) == kEmfile);  // which leaves no half
    CHECK(open("/data/a") == 4);
}

TEST_CASE_METHOD(SyscallFixture, "read and write check what they are given", "[files][syscall]") {
    const std::int64_t fd = open("/tmp/f", kRdwr | kCreat);
    CHECK(write(fd, "0123456789") == 10);
    CHECK(call("write", {u(fd), 8, 4}) == kEfault);
    CHECK(call("read", {u(fd), 8, 0}) == 0);
    CHECK(call("lseek", {u(fd), 0, 0}) == 0);
    CHECK(call("read", {u(fd), 8, 4}) == kEfault);
    CHECK(call("read", {u(fd), ~0ull - 3, 4}) == kEfault);
    CHECK(call("read", {u(fd), data, ~0ull}) == kEfault);  // access_ok comes first
    CHECK(call("read", {55, data, 1}) == kEbadf);
    CHECK(call("pread64", {u(fd), data, 4, 8}) == 2);
    CHECK(call("pread64", {u(fd), data, 4, 100}) == 0);
    CHECK(call("pread64", {u(fd), data, 4, ~0ull}) == kEinval);
    // As Linux answers: the end must be an offset too (rw_verify_area), then the file's limit.
    CHECK(call("pwrite64", {u(fd), data, 1, 0x7fffffffffffffff}) == kEinval);
    CHECK(call("pwrite64", {u(fd), data, 5, 0x7ffffffffffffffe}) == kEinval);
    CHECK(call("pwrite64", {u(fd), data, 1, 0x7ffffffffffffffe}) == kEfbig);
    CHECK(call("pread64", {u(fd), data, 5, 0x7ffffffffffffffe}) == kEinval);
    CHECK(call("pwrite64", {u(fd), strings, 1, 20}) == 1);
    CHECK(call("lseek", {u(fd), 0, 1}) == 0);
    CHECK(call("lseek", {u(fd), 0, 2}) == 21);
    CHECK(call("lseek", {u(fd), u(-22), 2}) == kEinval);
    CHECK(call("lseek", {u(fd), 0, 9}) == kEinval);
    CHECK(call("lseek", {u(fd), 5, 3}) == 5);
    CHECK(call("lseek", {u(fd), 5, 4}) == 21);
    CHECK(call("lseek", {u(fd), 21, 3}) == kEnxio);
    const std::int64_t directory = open("/data");
    CHECK(read(directory) == "error -21");
    CHECK(write(directory, "x") == kEbadf);
    // As much as lies before the first bad page.
    const std::uint64_t edge = data + 64 * kPageSize - 3;
    CHECK(call("pwrite64", {u(fd), edge, 100, 0}) == 3);
    CHECK(call("pread64", {u(fd), edge, 100, 0}) == 3);
    const std::int64_t append = open("/tmp/f", kWronly | kAppend);
    CHECK(write(append, "end") == 3);
    CHECK(call("lseek", {u(append), 0, 1}) == 24);
}

TEST_CASE_METHOD(SyscallFixture, "vectors", "[files][syscall]") {
    const std::int64_t fd = open("/tmp/f", kRdwr | kCreat);
    REQUIRE(memory().write(VAddr(data), std::as_bytes(std::span("abcdefgh", 8))));
    vector({{data, 3}, {8, 0}, {data + 5, 3}});
    CHECK(call("writev", {u(fd), strings, 3}) == 6);
    CHECK(cat("/tmp/f") == "abcfgh");
    vector({{data + 100, 2}, {data + 200, 100}});
    CHECK(call("preadv", {u(fd), strings, 2, 0}) == 6);
    CHECK(bytes(data + 100, 2) == "ab");
    CHECK(bytes(data + 200, 4) == "cfgh");
    CHECK(call("preadv", {u(fd), strings, 2, ~0ull}) == kEinval);
    CHECK(call("preadv2", {u(fd), strings, 2, ~0ull}) == 0);  // the file's own position: at the end
    CHECK(call("pwritev", {u(fd), strings, 2, 6}) == 102);
    CHECK(call("readv", {u(fd), strings, 1025}) == kEinval);
    CHECK(call("readv", {u(fd), 8, 1}) == kEfault);
    CHECK(call("readv", {u(fd), strings, 0}) == 0);
    vector({{data, ~0ull}, {data, 1}});
    CHECK(call("readv", {u(fd), strings, 2}) == kEinval);
    CHECK(call("lseek", {u(fd), 0, 0}) == 0);
    vector({{data, 4}, {8, 4}});
    CHECK(call("readv", {u(fd), strings, 2}) == 4);
    vector({{8, 4}, {data, 4}});
    CHECK(call("readv", {u(fd), strings, 2}) == kEfault);
    CHECK(call("writev", {u(open("/data/a")), strings, 2}) == kEbadf);
}

TEST_CASE_METHOD(SyscallFixture, "pipes", "[files][syscall]") {
    auto [reader, writer] = pipe();
    CHECK_FALSE(enter("read", {u(reader), data, 10}));  // waits
    CHECK(write(writer, "hello") == 5);
    CHECK(last_path == KernelPath::SysWritePipe);
    CHECK(read(reader, 2) == "he");
    CHECK(read(reader) == "llo");
    CHECK(write(reader, "x") == kEbadf);
    CHECK(read(writer) == "error -9");
    CHECK(call("lseek", {u(reader), 0, 0}) == kEspipe);
    CHECK(call("pread64", {u(reader), data, 1, 0}) == kEspipe);
    CHECK(fstat(reader) == 0);
    CHECK((stat_mode() & 0170000) == 010000);
    CHECK(call("write", {u(writer), data, 0}) == 0);
    // 64 KiB fit (pipe(7)).
    CHECK(call("write", {u(writer), data, 65536}) == 65536);
    CHECK_FALSE(enter("write", {u(writer), data, 1}));
    CHECK(read(reader).size() == 65536);
    CHECK(close(writer) == 0);
    CHECK(read(reader) == "");
    auto [reader2, writer2] = pipe(kNonblock | kCloexec);
    CHECK(read(reader2) == "error -11");
    CHECK(call("fcntl", {u(reader2), 1}) == 1);
    CHECK(call("write", {u(writer2), data, 60000}) == 60000);
    CHECK(call("write", {u(writer2), data, 10000}) == 4096);  // the slot that is left
    CHECK(call("write", {u(writer2), data, 1}) == kEagain);
    CHECK(close(reader2) == 0);
    CHECK(write(writer2, "x") == kEpipe);
    REQUIRE(task->pending.size() == 1);
    CHECK(lowest_signal(task->pending.set()) == Signal::Pipe);
    CHECK(call("pipe2", {data, 1}) == kEinval);
    CHECK(call("pipe2", {8, 0}) == kEfault);
}

TEST_CASE_METHOD(SyscallFixture, "directories are read record by record", "[files][syscall]") {
    const std::int64_t fd = open("/data");
    CHECK(call("getdents64", {u(fd), data, 10}) == kEinval);
    CHECK(call("getdents64", {u(fd), data, 24}) == 24);  // "." and its 19 bytes, rounded up
    CHECK(bytes(data + 19, 2) == std::string(".\0", 2));
    std::string names;
    for (;;) {
        const auto some = getdents(fd, 48);
        if (some.empty()) break;
        for (const auto& e : some) names += e.name + std::to_string(e.type) + " ";
    }
    CHECK(names.rfind("..4 ", 0) == 0);
    for (const char* name : {"a8 ", "b8 ", "link10 ", "sub4 "})
        CHECK(names.find(name) != std::string::npos);
    CHECK(call("getdents64", {u(fd), data, 10}) == 0);
    CHECK(call("lseek", {u(fd), 0, 0}) == 0);
    CHECK(getdents(fd).size() == 6);
    CHECK(call("getdents64", {u(open("/data/a")), data, 4096}) == kEnotdir);
    CHECK(call("lseek", {u(fd), 0, 0}) == 0);
    CHECK(call("getdents64", {u(fd), 8, 4096}) == kEfault);

    // rm -r: entries go while the directory is being read.
    REQUIRE(mkdir("/tmp/d") == 0);
    for (int i = 0; i < 50; ++i) REQUIRE(save("/tmp/d/" + std::to_string(i), "") == 0);
    const std::int64_t d = open("/tmp/d");
    for (;;) {
        const auto some = getdents(d, 100);
        if (some.empty()) break;
        for (const auto& e : some) {
            if (e.type == 8) CHECK(unlink("/tmp/d/" + e.name) == 0);
        }
    }
    CHECK(rmdir("/tmp/d") == 0);
}

TEST_CASE_METHOD(SyscallFixture, "mapped pages and file calls see each other", "[files][syscall]") {
    REQUIRE(save("/tmp/f", std::string(6000, 'a')) == 6000);
    const std::int64_t fd = open("/tmp/f", kRdwr);
    const std::uint64_t shared = u(map(fd, 8192)), other = u(map(fd, 8192)),
                        own = u(map(fd, 8192, 2));
    CHECK(at<char>(shared) == 'a');
    put(shared + 1, 'S');
    CHECK(at<char>(other + 1) == 'S');
    CHECK(at<char>(own + 1) == 'S');
    CHECK(call("pread64", {u(fd), data, 3, 0}) == 3);
    CHECK(bytes(data, 3) == "aSa");
    CHECK(call("pwrite64", {u(fd), shared, 2, 4999}) == 2);
    CHECK(at<char>(shared + 5000) == 'S');
    put(own, 'P');
    CHECK(at<char>(shared) == 'a');
    put(shared + 2, '2');
    CHECK(cat("/tmp/f").substr(0, 4) == "aS2a");
    put(shared + 2, '3');  // a later store needs no fault to be seen
    CHECK(cat("/tmp/f").substr(0, 4) == "aS3a");
    CHECK(call("msync", {shared, 8192, 4}) == 0);
    CHECK(get_file(host + "/scratch/tmp/f").substr(0, 4) == "aS3a");

    CHECK(call("ftruncate", {u(fd), 1}) == 0);
    CHECK(at<char>(shared + 1) == 0);
    CHECK(call("ftruncate", {u(fd), 8192}) == 0);
    CHECK(at<char>(shared + 5000) == 0);
    CHECK(call("pwrite64", {u(fd), data, 2, 5000}) == 2);
    CHECK(at<char>(shared + 5000) == 'a');
    put(shared + 5001, 'Z');
    CHECK(call("pread64", {u(fd), data, 1, 5001}) == 1);
    CHECK(bytes(data, 1) == "Z");
}

TEST_CASE_METHOD(SyscallFixture, "a mapping outlives its file's name and sees its copy",
                 "[files][syscall]") {
    const std::int64_t reader = open("/data/a");
    const std::int64_t mapped = call("mmap", {0, 4096, 1, 1, u(reader), 0});
    REQUIRE(mapped > 0);
    CHECK(bytes(u(mapped), 5) == "alpha");
    CHECK(close(reader) == 0);
    CHECK(save("/data/a", "OMEGA", kWronly) == 5);  // copied up while it is mapped
    CHECK(bytes(u(mapped), 5) == "OMEGA");
    CHECK(save("/tmp/new", "other") == 5);
    CHECK(rename("/tmp/new", "/data/a") == 0);
    CHECK(bytes(u(mapped), 5) == "OMEGA");
    CHECK(cat("/data/a") == "other");
    CHECK(unlink("/data/a") == 0);
    CHECK(bytes(u(mapped), 5) == "OMEGA");
    CHECK(get_file(host + "/root/data/a") == "alpha");
}

TEST_CASE_METHOD(SyscallFixture, "truncate, fallocate and their arguments", "[files][syscall]") {
    const std::int64_t fd = open("/tmp/f", kRdwr | kCreat);
    CHECK(call("ftruncate", {u(fd), 10}) == 0);
    CHECK(cat("/tmp/f") == std::string(10, '\0'));
    CHECK(call("ftruncate", {u(fd), ~0ull}) == kEinval);
    CHECK(call("ftruncate", {u(open("/tmp/f")), 0}) == kEinval);
    CHECK(call("ftruncate", {99, 0}) == kEbadf);
    CHECK(call("truncate", {text("/tmp/f"), 3}) == 0);
    CHECK(call("truncate", {text("/tmp"), 3}) == kEisdir);
    CHECK(call("truncate", {text("/tmp/none"), 3}) == kEnoent);
    CHECK(call("fallocate", {u(fd), 0, 0, 100}) == 0);
    CHECK(cat("/tmp/f").size() == 100);
    CHECK(call("fallocate", {u(fd), 0, 0, 0}) == kEinval);
    CHECK(call("fallocate", {u(fd), 0, 0x7fffffffffffffff, 1}) == kEfbig);
    CHECK(call("fallocate", {u(fd), 0x20, 0, 10}) == kEopnotsupp);
    CHECK(call("fallocate", {u(open("/tmp/f")), 0, 0, 10}) == kEbadf);
    CHECK(call("fallocate", {u(pipe().second), 0, 0, 10}) == kEspipe);
}

TEST_CASE_METHOD(SyscallFixture, "stat, access, links and directories", "[files][syscall]") {
    CHECK(call("newfstatat", {kCwd, text(""), data, 0x1000}) == 0);
    CHECK((stat_mode() & 0170000) == 040000);
    CHECK(call("newfstatat", {kCwd, text("/"), data, 0x80}) == kEinval);
    CHECK(call("newfstatat", {kCwd, text("/"), 8, 0}) == kEfault);
    CHECK(call("newfstatat", {88, text(""), data, 0x1000}) == kEbadf);
    CHECK(call("statx", {kCwd, text("/data/a"), 0, 0x7ff, data}) == 0);
    CHECK(at<std::uint16_t>(data + 28) == 0100644);
    CHECK(at(data + 40) == 5);
    CHECK(call("faccessat", {kCwd, text("/data/a"), 8}) == kEinval);
    CHECK(call("faccessat", {kCwd, text("/data/a"), 1}) == kEacces);  // no execute bit is set
    CHECK(call("faccessat", {kCwd, text("/data"), 7}) == 0);
    CHECK(call("readlinkat", {kCwd, text("/data/a"), data, 10}) == kEinval);
    CHECK(call("readlinkat", {kCwd, text("/data/link"), data, 0}) == kEinval);
    CHECK(symlink("long target", "/tmp/l") == 0);
    CHECK(call("readlinkat", {kCwd, text("/tmp/l"), data, 4}) == 4);
    CHECK(mkdir("/data") == kEexist);
    CHECK(mkdir("/data/a") == kEexist);
    CHECK(mkdir("/data/a/b") == kEnotdir);
    CHECK(mkdir("/") == kEexist);
    CHECK(mkdir("/tmp/.") == kEexist);
    CHECK(mkdir("/tmp/new/") == 0);
    CHECK(rmdir("/tmp/new/.") == kEinval);
    CHECK(rmdir("/tmp/new/..") == kEnotempty);
    CHECK(rmdir("/data/a") == kEnotdir);
    CHECK(unlink("/data") == kEisdir);
    CHECK(unlink("/data/a/") == kEnotdir);
    CHECK(rmdir("/tmp/new/") == 0);
    CHECK(call("unlinkat", {kCwd, text("/data/a"), 1}) == kEinval);
    CHECK(call("getcwd", {data, 1}) == kErange);
    CHECK(call("getcwd", {8, 10}) == kEfault);
    CHECK(call("chdir", {text("/data/a")}) == kEnotdir);
    CHECK(call("umask", {077}) == 022);
    CHECK(mkdir("/tmp/m") == 0);
    CHECK(stat("/tmp/m") == 0);
    CHECK(stat_mode() == 040700);
    CHECK(call("mknodat", {kCwd, text("/tmp/n"), 0100644, 0}) == 0);
    CHECK(call("mknodat", {kCwd, text("/tmp/n"), 0100644, 0}) == kEexist);
    CHECK(call("mknodat", {kCwd, text("/tmp/c"), 020644, 0x103}) == 0);
    CHECK(call("mknodat", {kCwd, text("/tmp/c2"), 0130644, 0x103}) == kEinval);
    CHECK(call("getxattr", {text("/tmp"), text("user.x", 1), data, 10}) == -61);  // ENODATA
}

TEST_CASE_METHOD(SyscallFixture, "times come from the simulated clock or the caller",
                 "[files][syscall]") {
    files->set_clock([] { return std::uint64_t{1234} * 1000000000u + 567; });
    CHECK(save("/tmp/f", "x") == 1);
    CHECK(stat("/tmp/f") == 0);
    CHECK(at(data + 88) == 1234);
    CHECK(at(data + 96) == 567);
    put(data, std::array<std::int64_t, 4>{5, 6, 7, 8});
    CHECK(call("utimensat", {kCwd, text("/tmp/f"), data, 0}) == 0);
    CHECK(stat("/tmp/f") == 0);
    CHECK(at(data + 72) == 5);
    CHECK(at(data + 80) == 6);
    CHECK(at(data + 88) == 7);
    CHECK(at(data + 96) == 8);
    CHECK(at(data + 104) == 1234);  // st_ctime
    put(data, std::array<std::int64_t, 4>{9, 0x3ffffffe, 9, 1000000000});
    CHECK(call("utimensat", {kCwd, text("/tmp/f"), data, 0}) == kEinval);
    put(data, std::array<std::int64_t, 4>{9, 0x3ffffffe, 10, 11});
    CHECK(call("utimensat", {u(open("/tmp/f")), 0, data, 0}) == 0);
    CHECK(stat("/tmp/f") == 0);
    CHECK(at(data + 72) == 5);
    CHECK(at(data + 88) == 10);
    CHECK(save("/etc/motd", "x") == 1);
    CHECK(stat("/etc/motd") == 0);
    CHECK(at(data + 88) == 1234);
}

TEST_CASE_METHOD(SyscallFixture, "sendfile and copy_file_range", "[files][syscall]") {
    const std::int64_t from = open("/data/a"), to = open("/tmp/t", kRdwr | kCreat);
    CHECK(call("sendfile", {u(to), u(from), 0, 3}) == 3);
    CHECK(call("sendfile", {u(to), u(from), 0, 100}) == 2);
    CHECK(cat("/tmp/t") == "alpha");
    put(data, std::uint64_t{1});
    CHECK(call("sendfile", {u(to), u(from), data, 2}) == 2);
    CHECK(at(data) == 3);
    CHECK(cat("/tmp/t") == "alphalp");
    CHECK(call("sendfile", {u(from), u(to), 0, 1}) == kEbadf);
    put(data, std::array<std::uint64_t, 2>{0, 7});
    CHECK(call("copy_file_range", {u(from), data, u(to), data + 8, 5, 0}) == 5);
    CHECK(at(data) == 5);
    CHECK(at(data + 8) == 12);
    CHECK(cat("/tmp/t") == "alphalpalpha");
    CHECK(call("copy_file_range", {u(from), 0, u(to), 0, 5, 1}) == kEinval);
    auto [reader, writer] = pipe();
    CHECK(call("sendfile", {u(writer), u(to), 0, 0}) == 0);
    put(data, std::uint64_t{0});
    CHECK(call("sendfile", {u(writer), u(from), data, 5}) == 5);
    CHECK(read(reader) == "alpha");
    CHECK(close(reader) == 0);
    put(data, std::uint64_t{0});
    CHECK(call("sendfile", {u(writer), u(from), data, 5}) == kEpipe);
}
