// SPDX-License-Identifier: GPL-2.0-or-later
// Paths that try to leave the tree, or to be too much for it.
#include <sys/stat.h>

#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct HostileFixture : FilesFixture {
    std::map<std::string, std::string> outside = picture(host + "/outside");
    std::map<std::string, std::string> root;
    HostileFixture() {
        fs::create_directories(host + "/root/traps");
        const std::string t = host + "/root/traps/";
        fs::create_symlink(host + "/outside/secret", t + "absolute");
        fs::create_symlink("../../../../../../../../../../../.." + host + "/outside/secret",
                           t + "relative");
        fs::create_directory_symlink("../../../outside", t + "up");
        fs::create_directory_symlink(host + "/outside", t + "directory");
        fs::create_symlink("/proc/self/root/etc/motd", t + "proc");
        fs::create_symlink("loop2", t + "loop1");
        fs::create_symlink("loop1", t + "loop2");
        fs::create_symlink("self", t + "self");
        fs::create_directory_symlink("/", t + "top");
        root = picture(host + "/root");
    }
    ~HostileFixture() {
        CHECK(picture(host + "/outside") == outside);
        CHECK(picture(host + "/root") == root);
    }
    HostileFixture(const HostileFixture&) = delete;
    HostileFixture& operator=(const HostileFixture&) = delete;
};

}  // namespace

TEST_CASE_METHOD(HostileFixture, "symbolic links stay in the tree", "[files][hostile]") {
    for (const char* name :
         {"absolute", "relative", "up/secret", "directory/secret", "top/../../outside/secret"}) {
        INFO(name);
        const std::string path = std::string("/traps/") + name;
        CHECK(cat(path) == "error -2");
        CHECK(stat(path) == kEnoent);
        CHECK(call("truncate", {text(path), 0}) == kEnoent);
        CHECK(chmod(path, 0) == kEnoent);
    }
    for (const char* name : {"up/new", "directory/new"}) {
        const std::string path = std::string("/traps/") + name;
        CHECK(save(path, "x") == kEnoent);
        CHECK(mkdir(path) == kEnoent);
        CHECK(symlink("x", path) == kEnoent);
        CHECK(link("/etc/motd", path) == kEnoent);
        CHECK(rename("/etc/motd", path) == kEnoent);
    }
    CHECK(cat("/traps/proc") == "welcome\n");
    CHECK(cat("/traps/top/etc/motd") == "welcome\n");
    // Writing through an absolute link makes the guest's own path, if anything.
    CHECK(save("/traps/absolute", "x") == kEnoent);
    CHECK(unlink("/traps/absolute") == 0);
}

TEST_CASE_METHOD(HostileFixture, "links that the guest makes stay in the tree",
                 "[files][hostile]") {
    CHECK(symlink(host + "/outside/secret", "/tmp/absolute") == 0);
    CHECK(symlink("../../outside/secret", "/tmp/relative") == 0);
    CHECK(symlink("../../../../" + host + "/outside", "/tmp/dir") == 0);
    CHECK(cat("/tmp/absolute") == "error -2");
    CHECK(cat("/tmp/relative") == "error -2");
    CHECK(cat("/tmp/dir/secret") == "error -2");
    CHECK(save("/tmp/dir/new", "x") == kEnoent);
    CHECK(save("/tmp/relative", "x") == kEnoent);
}

TEST_CASE_METHOD(HostileFixture, "'..' ends at the root", "[files][hostile]") {
    std::string up;
    for (int i = 0; i < 400; ++i) up += "../";
    CHECK(cat("/" + up + "etc/motd") == "welcome\n");
    CHECK(cat(up + "etc/motd") == "welcome\n");
    CHECK(cat("/" + up + host + "/outside/secret") == "error -2");
    CHECK(cat("/data/sub/../../../../etc/motd") == "welcome\n");
    CHECK(cat("//etc///./motd") == "welcome\n");
    CHECK(call("chdir", {text("/data/sub")}) == 0);
    CHECK(call("chdir", {text(up)}) == 0);
    CHECK(call("getcwd", {data, 100}) == 2);
    CHECK(bytes(data, 2) == std::string("/\0", 2));
    const std::int64_t fd = open("/data/sub", kDirectory);
    CHECK(call("openat", {static_cast<std::uint64_t>(fd),
                          text("../../.." + host + "/outside/secret"), 0}) == kEnoent);
    CHECK(call("openat", {static_cast<std::uint64_t>(fd), text("../../../etc/motd"), 0}) > 0);
}

TEST_CASE_METHOD(HostileFixture, "a bind is a tree of its own", "[files][hostile]") {
    fs::create_symlink(host + "/outside/secret", host + "/bind/absolute");
    fs::create_symlink("../outside/secret", host + "/bind/relative");
    fs::create_directory_symlink("../outside", host + "/bind/dir");
    mount({{host + "/bind", "/mnt/b", true}});
    CHECK(cat("/mnt/b/absolute") == "error -2");
    CHECK(cat("/mnt/b/relative") == "error -2");
    CHECK(cat("/mnt/b/dir/secret") == "error -2");
    CHECK(save("/mnt/b/dir/new", "x") == kEnoent);
    CHECK(cat("/mnt/b/../../etc/motd") == "welcome\n");  // '..' is the guest's, not the host's
    CHECK(cat("/mnt/b/../outside/secret") == "error -2");
    CHECK(symlink("../outside", "/mnt/b/own") == 0);
    CHECK(cat("/mnt/b/own/secret") == "error -2");
    CHECK(rename("/mnt/b/inner", "/mnt/b/inner/x") == kEinval);
    CHECK(rename("/mnt/b", "/mnt/c") < 0);
    CHECK(get_file(host + "/bind/file") == "bound");
}

TEST_CASE_METHOD(HostileFixture, "links that do not end", "[files][hostile]") {
    CHECK(cat("/traps/loop1") == "error -40");
    CHECK(cat("/traps/self") == "error -40");
    CHECK(stat("/traps/loop1/x") == kEloop);
    CHECK(stat("/traps/loop1", 0x100) == 0);
    CHECK(save("/traps/loop1", "x") == kEloop);
    CHECK(mkdir("/traps/loop1") == kEexist);
    // 40 links are followed, 41 are not (path_resolution(7)).
    CHECK(save("/tmp/l0", "end") == 3);
    for (int i = 1; i <= 41; ++i)
        REQUIRE(symlink("l" + std::to_string(i - 1), "/tmp/l" + std::to_string(i)) == 0);
    CHECK(cat("/tmp/l40") == "end");
    CHECK(cat("/tmp/l41") == "error -40");
    // A link that grows at each turn.
    CHECK(symlink("grow/x/x/x/x/x/x/x/x", "/tmp/grow") == 0);
    CHECK(stat("/tmp/grow") == kEloop);
}

TEST_CASE_METHOD(HostileFixture, "names and paths that are too long", "[files][hostile]") {
    const std::string name255(255, 'n'), name256(256, 'n');
    CHECK(save("/tmp/" + name255, "x") == 1);
    CHECK(cat("/tmp/" + name255) == "x");
    CHECK(save("/tmp/" + name256, "x") == kEnametoolong);
    CHECK(stat("/tmp/" + name256) == kEnametoolong);
    CHECK(mkdir("/tmp/" + name256) == kEnametoolong);
    CHECK(symlink("x", "/tmp/" + name256) == kEnametoolong);
    std::string slashes = "/etc/motd";
    slashes.insert(0, 4095 - slashes.size(), '/');
    CHECK(cat(slashes) == "welcome\n");
    CHECK(cat("/" + slashes) == "error -36");
    CHECK(stat(std::string(6000, 'x')) == kEnametoolong);
    CHECK(symlink(std::string(4096, 't'), "/tmp/long") == kEnametoolong);
    CHECK(symlink(std::string(4095, 't'), "/tmp/long") == 0);
    CHECK(stat("/tmp/long") == kEnametoolong);
    CHECK(readlink("/tmp/long").size() == 4095);
    // Deeper than any path can say, one directory at a time.
    REQUIRE(call("chdir", {text("/tmp")}) == 0);
    const std::string deep(255, 'd');
    std::int64_t made = 0;
    for (int i = 0; i < 40 && made == 0; ++i) {
        made = call("mkdirat", {kCwd, text(deep), 0755});
        if (made == 0) made = call("chdir", {text(deep)});
    }
    INFO(made);
    CHECK((made == 0 || made == kEnametoolong));
    CHECK(call("chdir", {text("/")}) == 0);
}

TEST_CASE_METHOD(HostileFixture, "odd names and bad pointers", "[files][hostile]") {
    CHECK(open("") == kEnoent);
    CHECK(unlink("") == kEnoent);
    CHECK(save("/tmp/\xff\xfe \n\x01", "x") == 1);
    CHECK(ls("/tmp") == "\xff\xfe \n\x01");
    CHECK(call("openat", {kCwd, 8, 0}) == kEfault);
    CHECK(call("openat", {kCwd, ~std::uint64_t{0}, 0}) == kEfault);
    // No NUL before the end of what is mapped.
    const std::uint64_t last = data + 64 * kPageSize - 4;
    put(last, std::uint32_t{0x78787878});
    CHECK(call("openat", {kCwd, last, 0}) == kEfault);
    // The C++ side refuses what C strings cannot hold.
    using namespace std::string_view_literals;
    CHECK_FALSE(files->open(Caller{}, "/etc\0/motd"sv, 0, 0));
    CHECK_FALSE(files->make_directory(Caller{}, "/tmp/a\0b"sv, 0755));
    CHECK_FALSE(files->symlink(Caller{}, "t", "/tmp/a\0b"sv));
    CHECK(ls("/tmp") == "\xff\xfe \n\x01");
}

TEST_CASE_METHOD(HostileFixture, "special files of the host are not opened", "[files][hostile]") {
    REQUIRE(mkfifo((host + "/bind/fifo").c_str(), 0666) == 0);
    mount({{host + "/bind", "/mnt", true}});
    CHECK(open("/mnt/fifo") == kEnxio);  // and above all does not wait
    CHECK(open("/mnt/fifo", kWronly) == kEnxio);
    CHECK(stat("/mnt/fifo") == 0);
    CHECK(stat_mode() == 010644);
    CHECK(unlink("/mnt/fifo") == 0);
}

TEST_CASE_METHOD(HostileFixture, "the modelled trees cannot be written over", "[files][hostile]") {
    CHECK(mkdir("/proc") == kEexist);
    CHECK(mkdir("/proc/x") == kEnoent);
    CHECK(open("/proc/x", kWronly | kCreat) == kEnoent);
    CHECK(rmdir("/proc") == kEbusy);
    CHECK(rmdir("/") == kEbusy);
    CHECK(unlink("/") == kEisdir);
    CHECK(unlink("/proc/self/maps") == kEperm);
    CHECK(rename("/tmp", "/proc") < 0);
    CHECK(rename("/etc/motd", "/proc/x") < 0);
    CHECK(rename("/proc/self", "/tmp/self") < 0);
    CHECK(symlink("x", "/proc/self/x") == kEnoent);
    CHECK(unlink("/dev/null") == kEperm);
    CHECK(save("/dev/shm/seg", "shared") == 6);
    CHECK(cat("/dev/shm/seg") == "shared");
    CHECK(ls("/dev/shm") == "seg");
    CHECK(unlink("/dev/shm/seg") == 0);
    CHECK(cat("/proc/1/maps") == "error -2");  // not the host's
    CHECK(cat("/sys/kernel/debug") == "error -2");
}

TEST_CASE_METHOD(HostileFixture, "a file system that grows under a removal", "[files][hostile]") {
    CHECK(mkdir("/tmp/d") == 0);
    CHECK(call("chdir", {text("/tmp/d")}) == 0);
    const std::int64_t fd = open(".", kDirectory);
    CHECK(rmdir("/tmp/d") == 0);
    CHECK(call("getcwd", {data, 100}) == kEnoent);
    CHECK(open("x", kWronly | kCreat) == kEnoent);
    CHECK(mkdir("x") == kEnoent);
    CHECK(open(".") >= 0);  // a directory still, as on Linux
    CHECK(call("getdents64", {static_cast<std::uint64_t>(fd), data, 4096}) == kEnoent);
    CHECK(call("openat", {static_cast<std::uint64_t>(fd), text("x"), kWronly | kCreat}) == kEnoent);
    CHECK(call("chdir", {text("/")}) == 0);
    CHECK(mkdir("/tmp/w") == 0);
    CHECK(call("chdir", {text("/tmp/w")}) == 0);
    CHECK(rename("/tmp/w", "/tmp/v") == 0);
    CHECK(call("getcwd", {data, 100}) == 7);
    CHECK(bytes(data, 6) == "/tmp/v");
    CHECK(save("here", "x") == 1);
    CHECK(cat("/tmp/v/here") == "x");
}

TEST_CASE_METHOD(HostileFixture, "a user other than root does not have root's permissions",
                 "[files][hostile]") {
    become(1000, 1000);
    CHECK(save("/etc/new", "x") == kEacces);
    CHECK(save("/etc/motd", "x") == kEacces);
    CHECK(mkdir("/etc/d") == kEacces);
    CHECK(unlink("/etc/motd") == kEacces);
    CHECK(rename("/etc/motd", "/tmp/x") == kEacces);
    CHECK(symlink("x", "/etc/x") == kEacces);
    CHECK(chmod("/etc/motd", 0777) == kEperm);
    CHECK(call("fchownat", {kCwd, text("/etc/motd"), 1000, 1000, 0}) == kEperm);
    CHECK(save("/tmp/own", "mine") == 4);
    CHECK(stat("/tmp/own") == 0);
    CHECK(stat_uid() == 1000);
    CHECK(chmod("/tmp/own", 0600) == 0);
    CHECK(call("fchownat", {kCwd, text("/tmp/own"), 0, ~0ull, 0}) == kEperm);
    become(0, 0);
    CHECK(mkdir("/tmp/closed") == 0);
    CHECK(save("/tmp/closed/x", "x") == 1);
    CHECK(chmod("/tmp/closed", 0700) == 0);
    CHECK(save("/tmp/roots", "r") == 1);
    CHECK(mkdir("/tmp/listed") == 0);
    CHECK(chmod("/tmp/listed", 0711) == 0);
    become(1001, 1001);
    CHECK(cat("/tmp/own") == "error -13");
    CHECK(cat("/tmp/closed/x") == "error -13");
    CHECK(stat("/tmp/closed/x") == kEacces);
    CHECK(open("/tmp/listed", kDirectory) == kEacces);
    CHECK(stat("/tmp/listed/none") == kEnoent);
    CHECK(unlink("/tmp/roots") == kEperm);  // the sticky bit
    CHECK(rename("/tmp/roots", "/tmp/x") == kEperm);
    CHECK(call("chdir", {text("/tmp/closed")}) == kEacces);
    CHECK(call("faccessat", {kCwd, text("/etc/motd"), 4}) == 0);
    CHECK(call("faccessat", {kCwd, text("/etc/motd"), 2}) == kEacces);
}
