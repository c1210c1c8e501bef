// SPDX-License-Identifier: GPL-2.0-or-later
// Directories that are renamed, replaced or removed while descriptors and working directories refer
// to them. The expected values are what the same calls give on Linux 6.18, natively and under
// qemu-aarch64.
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct OpenDirectories : FilesFixture {
    std::uint64_t outer = 0, inner = 0, file = 0;  // /q/a, /q/a/b, /q/a/b/f

    OpenDirectories() {
        for (const char* path : {"/q", "/q/a", "/q/a/b", "/q/z"}) REQUIRE(mkdir(path) == 0);
        REQUIRE(save("/q/a/b/f", "inside") == 6);
        REQUIRE(save("/q/a/g", "above") == 5);
        outer = static_cast<std::uint64_t>(open("/q/a", kDirectory));
        inner = static_cast<std::uint64_t>(open("/q/a/b", kDirectory));
        file = static_cast<std::uint64_t>(open("/q/a/b/f"));
        REQUIRE(call("chdir", {text("/q/a/b")}) == 0);
    }
    std::int64_t open_in(std::uint64_t directory, const std::string& path,
                         std::uint64_t flags = kRdonly) {
        return call("openat", {directory, text(path), flags, 0644});
    }
    std::string link_of(std::uint64_t fd) {
        return readlink("/proc/self/fd/" + std::to_string(fd));
    }
    std::string getcwd() {
        const std::int64_t n = call("getcwd", {data, 4096});
        return n < 0 ? "error " + std::to_string(n) : bytes(data, static_cast<std::size_t>(n - 1));
    }
};

}  // namespace

TEST_CASE_METHOD(OpenDirectories,
                 "descriptors and the working directory follow a rename above them",
                 "[files][overlay]") {
    REQUIRE(rename("/q/a", "/q/z/n") == 0);
    CHECK(link_of(outer) == "/q/z/n");
    CHECK(link_of(inner) == "/q/z/n/b");
    CHECK(link_of(file) == "/q/z/n/b/f");
    CHECK(readlink("/proc/self/cwd") == "/q/z/n/b");
    CHECK(getcwd() == "/q/z/n/b");
    CHECK(read(open_in(inner, "f")) == "inside");
    CHECK(read(open_in(outer, "b/f")) == "inside");
    CHECK(cat("f") == "inside");
    CHECK(cat("../g") == "above");
    CHECK(open("/q/a/b/f") == kEnoent);

    REQUIRE(rename("/q/z", "/q/y") == 0);
    CHECK(getcwd() == "/q/y/n/b");
    CHECK(readlink("/proc/self/cwd") == "/q/y/n/b");
    CHECK(link_of(file) == "/q/y/n/b/f");
}

TEST_CASE_METHOD(OpenDirectories,
                 "names are made and moved through descriptors of a renamed directory",
                 "[files][overlay]") {
    REQUIRE(rename("/q/a", "/q/z/n") == 0);
    CHECK(call("mkdirat", {outer, text("new"), 0755}) == 0);
    CHECK(stat("/q/z/n/new") == 0);
    CHECK(call("renameat2", {inner, text("f"), outer, text("f2", 1), 0}) == 0);
    CHECK(link_of(file) == "/q/z/n/f2");
    // The old name belongs to another directory now.
    REQUIRE(mkdir("/q/a") == 0);
    REQUIRE(mkdir("/q/a/b") == 0);
    REQUIRE(save("/q/a/b/other", "x") == 1);
    CHECK(open_in(inner, "other") == kEnoent);
}

TEST_CASE_METHOD(OpenDirectories, "nothing is found in or added to a directory that was removed",
                 "[files][overlay]") {
    REQUIRE(unlink("/q/a/b/f") == 0);
    REQUIRE(rmdir("/q/a/b") == 0);
    CHECK(link_of(inner) == "/q/a/b (deleted)");
    CHECK(readlink("/proc/self/cwd") == "/q/a/b (deleted)");
    CHECK(getcwd() == "error -2");
    CHECK(open_in(inner, "f") == kEnoent);
    CHECK(open_in(inner, "f", kWronly | kCreat) == kEnoent);
    CHECK(call("mkdirat", {inner, text("x"), 0755}) == kEnoent);
    CHECK(open("f") == kEnoent);
    CHECK(fstat(static_cast<std::int64_t>(inner)) == 0);
    // Another directory of that name is a different file from the open one.
    REQUIRE(mkdir("/q/a/b") == 0);
    REQUIRE(save("/q/a/b/f", "new") == 3);
    CHECK(open_in(inner, "f") == kEnoent);
    CHECK(link_of(inner) == "/q/a/b (deleted)");
    CHECK(link_of(file) == "/q/a/b/f (deleted)");
}

TEST_CASE_METHOD(OpenDirectories, "an empty directory that a rename replaces is removed",
                 "[files][overlay]") {
    REQUIRE(mkdir("/q/e1") == 0);
    REQUIRE(mkdir("/q/e2") == 0);
    REQUIRE(save("/q/e1/in", "x") == 1);
    const auto e1 = static_cast<std::uint64_t>(open("/q/e1", kDirectory));
    const auto e2 = static_cast<std::uint64_t>(open("/q/e2", kDirectory));
    REQUIRE(rename("/q/e1", "/q/e2") == 0);
    CHECK(link_of(e2) == "/q/e2 (deleted)");
    CHECK(link_of(e1) == "/q/e2");
    CHECK(open_in(e2, "in") == kEnoent);
    CHECK(open_in(e1, "in") >= 0);
}

TEST_CASE_METHOD(OpenDirectories, "a caller's root bounds absolute paths, links and '..'",
                 "[files][overlay]") {
    // chroot(2): the root is "/" of the caller, and its own parent.
    Caller inside{};
    inside.root = files->directory(Caller{}, "/q").value();
    CHECK(files->status(inside, "/a/b/f", true));
    CHECK(files->status(inside, "../../a/g", true));
    CHECK(files->status(inside, "/data/a", true).error() == Errno::NoEnt);
    REQUIRE(symlink("/a/g", "/q/absolute") == 0);
    CHECK(files->status(inside, "absolute", true)->size == 5);
    REQUIRE(rename("/q", "/r") == 0);
    CHECK(files->status(inside, "/a/b/f", true));
}

TEST_CASE_METHOD(OpenDirectories, "rights of a group come by any group of the caller",
                 "[files][overlay]") {
    // open(2), credentials(7): owner, else group, supplementary groups included, else others.
    REQUIRE(chmod("/q/a/g", 0640) == 0);
    REQUIRE(call("fchownat", {kCwd, text("/q/a/g"), 7, 50, 0}) == 0);
    Caller other{};
    other.credentials = Credentials::of_user(8, 8);
    CHECK(files->access(other, "/q/a/g", 4, true).error() == Errno::Acces);
    other.credentials = Credentials::of_user(8, 8, {20, 50});
    CHECK(files->access(other, "/q/a/g", 4, true));
    CHECK(files->access(other, "/q/a/g", 2, true).error() == Errno::Acces);
}
