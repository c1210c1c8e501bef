// SPDX-License-Identifier: GPL-2.0-or-later
// Layers: what a program does to its tree is what it sees afterwards, and the root stays as it was.
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

TEST_CASE_METHOD(FilesFixture, "files are read from the root and written to the scratch layer",
                 "[files][overlay]") {
    const auto before = picture(host + "/root");
    CHECK(cat("/etc/motd") == "welcome\n");
    CHECK(cat("/bin/../etc/motd") == "error -2");  // /bin leads to /usr/bin
    CHECK(cat("/data/link") == "alpha");
    CHECK(save("/etc/motd", "changed") == 7);
    CHECK(cat("/etc/motd") == "changed");
    CHECK(save("/etc/motd", "!", kWronly | kAppend) == 1);
    CHECK(cat("/etc/motd") == "changed!");
    CHECK(save("/data/sub/c", "G", kRdwr) == 1);
    CHECK(cat("/data/sub/c") == "Gamma");  // the rest was copied up
    CHECK(save("/data/link", "by a link") == 9);
    CHECK(cat("/data/a") == "by a link");
    CHECK(readlink("/data/link") == "a");
    CHECK(save("/new", "made") == 4);
    CHECK(get_file(host + "/scratch/new") == "made");
    CHECK(picture(host + "/root") == before);
}

TEST_CASE_METHOD(FilesFixture, "what is removed is gone, and may come back as something else",
                 "[files][overlay]") {
    const auto before = picture(host + "/root");
    CHECK(unlink("/data/a") == 0);
    CHECK(cat("/data/a") == "error -2");
    CHECK(cat("/data/link") == "error -2");
    CHECK(stat("/data/link", 0x100) == 0);
    CHECK(unlink("/data/a") == kEnoent);
    CHECK(ls("/data") == "b link sub");
    CHECK(mkdir("/data/a") == 0);
    CHECK(ls("/data") == "a b link sub");
    CHECK(rmdir("/data") == kEnotempty);
    CHECK(unlink("/data/sub/c") == 0);
    CHECK(rmdir("/data/sub") == 0);
    CHECK(stat("/data/sub") == kEnoent);
    CHECK(mkdir("/data/sub") == 0);
    CHECK(ls("/data/sub").empty());  // opaque: what the root has below is not there
    CHECK(cat("/data/sub/c") == "error -2");
    CHECK(save("/data/sub/c", "new") == 3);
    CHECK(cat("/data/sub/c") == "new");
    CHECK(picture(host + "/root") == before);
}

TEST_CASE_METHOD(FilesFixture, "rename moves files across layers", "[files][overlay]") {
    const auto before = picture(host + "/root");
    CHECK(rename("/data/a", "/tmp/moved") == 0);
    CHECK(cat("/tmp/moved") == "alpha");
    CHECK(stat("/data/a") == kEnoent);
    CHECK(rename("/tmp/moved", "/data/b") == 0);
    CHECK(cat("/data/b") == "alpha");
    CHECK(ls("/tmp").empty());
    CHECK(ls("/data") == "b link sub");
    CHECK(unlink("/data/b") == 0);
    CHECK(stat("/data/b") == kEnoent);  // nor does the root's old one show through
    CHECK(rename("/data/link", "/data/other") == 0);
    CHECK(readlink("/data/other") == "a");
    CHECK(mkdir("/tmp/d") == 0);
    CHECK(save("/tmp/d/x", "x") == 1);
    CHECK(chmod("/tmp/d/x", 0600) == 0);
    CHECK(rename("/tmp/d", "/tmp/e") == 0);
    CHECK(cat("/tmp/e/x") == "x");
    CHECK(stat("/tmp/e/x") == 0);
    CHECK(stat_mode() == 0100600);
    CHECK(stat("/tmp/d") == kEnoent);
    CHECK(rename("/data/sub", "/tmp/sub") == kExdev);  // a directory of the root: as overlayfs
    CHECK(picture(host + "/root") == before);
}

TEST_CASE_METHOD(FilesFixture, "rename checks what it replaces", "[files][overlay]") {
    CHECK(mkdir("/tmp/d") == 0);
    CHECK(mkdir("/tmp/d/e") == 0);
    CHECK(save("/tmp/f", "f") == 1);
    CHECK(rename("/tmp/d", "/tmp/d/e/x") == kEinval);
    CHECK(rename("/tmp/d/e", "/tmp/d") == kEnotempty);
    CHECK(rename("/tmp/f", "/tmp/d") == kEisdir);
    CHECK(rename("/tmp/d", "/tmp/f") == kEnotdir);
    CHECK(rename("/tmp/none", "/tmp/f") == kEnoent);
    CHECK(rename("/tmp/f", "/tmp/none/x") == kEnoent);
    CHECK(rename("/tmp/f", "/tmp/d", 1) == kEexist);  // RENAME_NOREPLACE
    CHECK(rename("/tmp/f", "/tmp/g", 1) == 0);
    CHECK(rename("/tmp/g", "/tmp/g") == 0);
    CHECK(rename("/tmp/g/", "/tmp/h") == kEnotdir);
    CHECK(rename("/tmp/g", "/tmp/h/") == kEnotdir);
    CHECK(rename("/", "/tmp/h") == kEbusy);
    CHECK(rename("/tmp/d/.", "/tmp/h") == kEbusy);
    CHECK(rename("/tmp/d/..", "/tmp/h") == kEbusy);
    CHECK(mkdir("/tmp/empty") == 0);
    CHECK(rename("/tmp/d", "/tmp/empty") == 0);
    CHECK(ls("/tmp") == "empty g");
    CHECK(ls("/tmp/empty") == "e");
    CHECK(link("/tmp/g", "/tmp/same") == 0);
    CHECK(rename("/tmp/g", "/tmp/same") == 0);  // two names of one file: nothing happens
    CHECK(ls("/tmp") == "empty g same");
}

TEST_CASE_METHOD(FilesFixture, "hard links share bytes and attributes", "[files][overlay]") {
    const auto before = picture(host + "/root");
    CHECK(link("/data/a", "/tmp/a2") == 0);
    CHECK(save("/tmp/a2", "both", kWronly | kTrunc) == 4);
    CHECK(cat("/data/a") == "both");
    CHECK(chmod("/tmp/a2", 0640) == 0);
    CHECK(stat("/data/a") == 0);
    CHECK(stat_mode() == 0100640);
    CHECK(stat_links() == 2);
    const std::uint64_t inode = stat_inode();
    CHECK(stat("/tmp/a2") == 0);
    CHECK(stat_inode() == inode);
    CHECK(unlink("/data/a") == 0);
    CHECK(cat("/tmp/a2") == "both");
    CHECK(stat("/tmp/a2") == 0);
    CHECK(stat_mode() == 0100640);
    CHECK(link("/data/sub", "/tmp/s") == kEperm);
    CHECK(link("/data/none", "/tmp/s") == kEnoent);
    CHECK(link("/tmp/a2", "/data/b") == kEexist);
    CHECK(link("/dev/null", "/tmp/null") == kExdev);
    CHECK(link("/data/link", "/tmp/l") == 0);  // the link itself
    CHECK(readlink("/tmp/l") == "a");
    CHECK(call("linkat", {kCwd, text("/etc/motd"), kCwd, text("/tmp/m", 1), 0x400}) == 0);
    CHECK(picture(host + "/root") == before);
}

TEST_CASE_METHOD(FilesFixture, "symbolic links lead across layers", "[files][overlay]") {
    CHECK(symlink("../data/a", "/tmp/s") == 0);
    CHECK(cat("/tmp/s") == "alpha");
    CHECK(symlink("/data", "/tmp/dir") == 0);
    CHECK(cat("/tmp/dir/sub/c") == "gamma");
    CHECK(save("/tmp/dir/new", "n") == 1);
    CHECK(cat("/data/new") == "n");
    CHECK(symlink("/tmp/target", "/tmp/dangling") == 0);
    CHECK(open("/tmp/dangling", kWronly | kCreat | kExcl) == kEexist);
    CHECK(save("/tmp/dangling", "made") == 4);
    CHECK(cat("/tmp/target") == "made");
    CHECK(symlink("x", "/tmp/s") == kEexist);
    CHECK(symlink("", "/tmp/t") == kEnoent);
    CHECK(symlink("x", "/tmp/t/") == kEnoent);
    CHECK(rmdir("/tmp/dir/") == kEnotdir);
    CHECK(unlink("/tmp/dir/") == kEnotdir);
    CHECK(unlink("/tmp/dir") == 0);
    CHECK(cat("/data/new") == "n");
}

TEST_CASE_METHOD(FilesFixture, "a bind shows a host directory, for reading or for both",
                 "[files][overlay]") {
    mount({{host + "/bind", "/data/sub", false},
           {host + "/bind/inner", "/mnt/rw", true},
           {host + "/bind/file", "/etc/one", false}});
    const auto root = picture(host + "/root");
    CHECK(ls("/data/sub") == "file inner");
    CHECK(cat("/data/sub/file") == "bound");
    CHECK(cat("/etc/one") == "bound");
    CHECK(ls("/etc") == "motd one");
    CHECK(ls("/mnt") == "rw");
    CHECK(open("/data/sub/file", kWronly) == kErofs);
    CHECK(open("/data/sub/new", kWronly | kCreat) == kErofs);
    CHECK(open("/etc/one", kRdwr) == kErofs);
    CHECK(mkdir("/data/sub/d") == kErofs);
    CHECK(mkdir("/data/sub/inner") == kEexist);
    CHECK(unlink("/data/sub/file") == kErofs);
    CHECK(unlink("/data/sub/none") == kErofs);
    CHECK(chmod("/data/sub/file", 0600) == kErofs);
    CHECK(call("faccessat", {kCwd, text("/data/sub/file"), 2}) == kErofs);
    CHECK(rename("/data/sub/file", "/data/sub/x") == kErofs);
    CHECK(rename("/etc/motd", "/data/sub/x") == kExdev);
    CHECK(link("/data/sub/file", "/tmp/x") == kExdev);
    CHECK(rmdir("/data/sub") == kEbusy);
    CHECK(unlink("/etc/one") == kEbusy);
    CHECK(rename("/etc/one", "/etc/two") == kEbusy);
    CHECK(rename("/etc/motd", "/etc/one") == kEbusy);
    CHECK(stat("/etc/one/x") == kEnotdir);

    CHECK(save("/mnt/rw/new", "host") == 4);
    CHECK(get_file(host + "/bind/inner/new") == "host");
    CHECK(mkdir("/mnt/rw/d") == 0);
    CHECK(rename("/mnt/rw/new", "/mnt/rw/d/newer") == 0);
    CHECK(get_file(host + "/bind/inner/d/newer") == "host");
    CHECK(link("/mnt/rw/d/newer", "/mnt/rw/hard") == 0);
    CHECK(symlink("hard", "/mnt/rw/soft") == 0);
    CHECK(cat("/mnt/rw/soft") == "host");
    CHECK(chmod("/mnt/rw/hard", 0600) == 0);
    CHECK(stat("/mnt/rw/hard") == 0);
    CHECK(stat_mode() == 0100600);
    CHECK(rename("/mnt/rw/hard", "/tmp/x") == kExdev);
    CHECK(unlink("/mnt/rw/hard") == 0);
    CHECK(rename("/mnt/rw/d", "/mnt/rw/e") == 0);
    CHECK(rmdir("/mnt/rw/e") == kEnotempty);
    CHECK(picture(host + "/root") == root);
    CHECK(cat("/etc/motd") == "welcome\n");
}

TEST_CASE_METHOD(FilesFixture, "a scratch directory is kept, a temporary one goes",
                 "[files][overlay]") {
    CHECK(save("/kept", "k") == 1);
    mount();
    CHECK(cat("/kept") == "k");
    REQUIRE(setenv("TMPDIR", (host + "/outside").c_str(), 1) == 0);
    mount({}, false);
    CHECK(cat("/kept") == "error -2");
    CHECK(save("/temporary", "t") == 1);
    CHECK(std::distance(fs::directory_iterator(host + "/outside"), fs::directory_iterator()) == 2);
    mount();
    REQUIRE(unsetenv("TMPDIR") == 0);
    CHECK(std::distance(fs::directory_iterator(host + "/outside"), fs::directory_iterator()) == 1);
    CHECK_FALSE(
        FileSystem::create(*machine, std::make_unique<SpecialFiles>(*machine),
                           {.root = host + "/root", .binds = {}, .scratch = host + "/root/tmp"}));
    CHECK_FALSE(FileSystem::create(*machine, std::make_unique<SpecialFiles>(*machine),
                                   {.root = host + "/none", .binds = {}, .scratch = ""}));
}

TEST_CASE_METHOD(FilesFixture, "attributes stay with a file, whatever happens to its names",
                 "[files][overlay]") {
    const auto before = picture(host + "/root");
    const std::int64_t fd = open("/tmp/f", kRdwr | kCreat, 0666);  // umask 022
    CHECK(fstat(fd) == 0);
    CHECK(stat_mode() == 0100644);
    const std::uint64_t inode = stat_inode();
    CHECK(rename("/tmp/f", "/tmp/g") == 0);
    CHECK(call("fchmod", {static_cast<std::uint64_t>(fd), 0751}) == 0);
    CHECK(stat("/tmp/g") == 0);
    CHECK(stat_mode() == 0100751);
    CHECK(readlink("/proc/self/fd/" + std::to_string(fd)) == "/tmp/g");
    CHECK(save("/tmp/f", "another") == 7);
    CHECK(unlink("/tmp/g") == 0);
    CHECK(readlink("/proc/self/fd/" + std::to_string(fd)) == "/tmp/g (deleted)");
    CHECK(call("fchmod", {static_cast<std::uint64_t>(fd), 0700}) == 0);
    CHECK(write(fd, "still") == 5);
    CHECK(fstat(fd) == 0);
    CHECK(stat_mode() == 0100700);
    CHECK(stat_links() == 0);
    CHECK(stat_inode() == inode);
    CHECK(stat_size() == 5);
    CHECK(stat("/tmp/f") == 0);
    CHECK(stat_mode() == 0100644);
    CHECK(stat_inode() != inode);

    CHECK(stat("/etc/motd") == 0);
    const std::uint64_t motd = stat_inode(), device = at(data);
    CHECK(chmod("/etc/motd", 0400) == 0);
    CHECK(stat("/etc/motd") == 0);
    CHECK(stat_mode() == 0100400);
    CHECK(stat_inode() == motd);  // copying up does not make another file of it
    CHECK(at(data) == device);
    CHECK(call("fchownat", {kCwd, text("/etc/motd"), 12, 34, 0}) == 0);
    CHECK(stat("/etc/motd") == 0);
    CHECK(stat_uid() == 12);
    CHECK(chmod("/data/sub", 0700) == 0);
    CHECK(stat("/data/sub") == 0);
    CHECK(stat_mode() == 040700);
    CHECK(cat("/data/sub/c") == "gamma");
    CHECK(picture(host + "/root") == before);
}

TEST_CASE_METHOD(FilesFixture, "a file made after an unlink is not the old one that is still open",
                 "[files][overlay]") {
    // The host may give the new file the old one's inode number.
    for (int i = 0; i < 20; ++i) {
        CHECK(save("/tmp/f", "old") == 3);
        const std::int64_t old = open("/tmp/f", kRdwr);
        CHECK(unlink("/tmp/f") == 0);
        CHECK(save("/tmp/f", "new one") == 7);
        CHECK(read(old) == "old");
        CHECK(cat("/tmp/f") == "new one");
        CHECK(close(old) == 0);
        CHECK(save("/tmp/g", "replaces") == 8);
        CHECK(rename("/tmp/g", "/tmp/f") == 0);
        CHECK(cat("/tmp/f") == "replaces");
        CHECK(unlink("/tmp/f") == 0);
    }
}

TEST_CASE_METHOD(FilesFixture, "an open file continues with the copy after copy-up",
                 "[files][overlay]") {
    const std::int64_t reader = open("/data/a");
    CHECK(read(reader, 2) == "al");
    CHECK(save("/data/a", "ALPHA!", kWronly) == 6);
    CHECK(read(reader) == "PHA!");
    CHECK(get_file(host + "/root/data/a") == "alpha");
}

TEST_CASE_METHOD(FilesFixture, "more files than the host has descriptors", "[files][overlay]") {
    CHECK(mkdir("/tmp/many") == 0);
    for (int i = 0; i < 3000; ++i) REQUIRE(save("/tmp/many/" + std::to_string(i), "x") == 1);
    for (int i = 0; i < 3000; ++i) REQUIRE(cat("/tmp/many/" + std::to_string(i)) == "x");
    std::size_t open_here = 0;
    for ([[maybe_unused]] const auto& e : fs::directory_iterator("/proc/self/fd")) ++open_here;
    CHECK(open_here < 300);
}
