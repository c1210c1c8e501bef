// SPDX-License-Identifier: GPL-2.0-or-later
// An open file is what was opened: no change by a descriptor reaches what has taken its name since,
// nor anything outside of the root, the binds and the scratch layer.
#include <sys/stat.h>

#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct DescriptorFixture : FilesFixture {
    std::string outside = host + "/outside/secret";
    struct stat before = outside_now();

    DescriptorFixture() { mount({{host + "/bind", "/rw", true}}); }

    struct stat outside_now() {
        struct stat s {};
        REQUIRE(stat_host(outside, s));
        return s;
    }
    static bool stat_host(const std::string& path, struct stat& s) {
        return ::lstat(path.c_str(), &s) == 0;
    }
    unsigned host_mode(const std::string& path) {
        struct stat s {};
        REQUIRE(stat_host(host + path, s));
        return s.st_mode & 07777u;
    }
    static std::string proc(std::int64_t fd) { return "/proc/self/fd/" + std::to_string(fd); }
    std::int64_t chown(const std::string& path) {
        return call("fchownat", {kCwd, text(path), 12345, 12345, 0});
    }
    std::int64_t utime(const std::string& path) {
        for (const std::uint64_t i : {0u, 1u, 2u, 3u}) put<std::int64_t>(data + 8 * i, 1000);
        return call("utimensat", {kCwd, text(path), data, 0});
    }
    void check_outside() {
        const struct stat now = outside_now();
        CHECK(now.st_mode == before.st_mode);
        CHECK(now.st_uid == before.st_uid);
        CHECK(now.st_mtim.tv_sec == before.st_mtim.tv_sec);
        CHECK(now.st_ctim.tv_sec == before.st_ctim.tv_sec);
        CHECK(now.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
        CHECK(get_file(outside) == "secret");
    }
};

}  // namespace

TEST_CASE_METHOD(DescriptorFixture, "a link that O_PATH holds is changed itself, not its target",
                 "[files][escape]") {
    REQUIRE(symlink(outside, "/rw/l") == 0);
    const std::int64_t fd = open("/rw/l", kPath | kNofollow);
    REQUIRE(fd >= 0);
    CHECK(chmod(proc(fd), 04777) == kEopnotsupp);
    chown(proc(fd));
    CHECK(utime(proc(fd)) == 0);
    CHECK(open(proc(fd), kRdwr) == kEloop);
    CHECK(open(proc(fd), kWronly | kTrunc) == kEloop);
    check_outside();
    struct stat link {};
    REQUIRE(stat_host(host + "/bind/l", link));
    CHECK(link.st_mtim.tv_sec == 1000);
}

TEST_CASE_METHOD(DescriptorFixture, "what has the remembered name of a removed file stays as it is",
                 "[files][escape]") {
    const std::int64_t fd = open("/rw/v", kCreat | kRdwr, 0644);
    const std::int64_t held = open("/rw/v", kPath);
    REQUIRE(unlink("/rw/v") == 0);
    REQUIRE(symlink(outside, "/rw/v (deleted)") == 0);
    REQUIRE(symlink(outside, "/rw/v") == 0);
    CHECK(chmod(proc(fd), 0700) == 0);
    CHECK(chmod(proc(held), 0711) == 0);
    CHECK(call("fchmod", {static_cast<std::uint64_t>(fd), 0751}) == 0);
    CHECK(utime(proc(held)) == 0);
    chown(proc(fd));
    CHECK(fstat(fd) == 0);
    CHECK(stat_mode() == 0100751);
    CHECK(call("linkat", {kCwd, text(proc(fd)), kCwd, text("/rw/new", 1), 0x400}) == kEnoent);
    check_outside();
}

TEST_CASE_METHOD(DescriptorFixture, "an open directory is itself when another has its name",
                 "[files][escape]") {
    REQUIRE(mkdir("/rw/d") == 0);
    const std::int64_t fd = open("/rw/d", kDirectory);
    // As another simulator over the same bind would.
    fs::rename(host + "/bind/d", host + "/bind/moved");
    fs::create_directory_symlink(host + "/outside", host + "/bind/d");
    CHECK(call("fchmod", {static_cast<std::uint64_t>(fd), 0711}) == 0);
    CHECK(host_mode("/bind/moved") == 0711);
    CHECK(host_mode("/outside") == 0755);
    fs::remove(host + "/bind/d");
    fs::create_directory(host + "/bind/d");
    CHECK(chmod(proc(fd), 0700) == 0);
    CHECK(host_mode("/bind/moved") == 0700);
    CHECK(host_mode("/bind/d") == 0755);
    check_outside();
}

TEST_CASE_METHOD(DescriptorFixture, "a descriptor opened again is the same file",
                 "[files][escape]") {
    REQUIRE(save("/rw/f", "mine") == 4);
    const std::int64_t fd = open("/rw/f", kRdonly);
    const std::int64_t held = open("/rw/f", kPath);
    fs::rename(host + "/bind/f", host + "/bind/moved");
    put_file(host + "/bind/f", "theirs");
    CHECK(cat(proc(held)) == "mine");
    CHECK(save(proc(fd), "M", kWronly) == 1);
    CHECK(get_file(host + "/bind/moved") == "Mine");
    CHECK(get_file(host + "/bind/f") == "theirs");
    REQUIRE(save("/gone", "kept") == 4);
    const std::int64_t gone = open("/gone", kPath);
    REQUIRE(unlink("/gone") == 0);
    REQUIRE(save("/gone (deleted)", "another") == 7);
    CHECK(cat(proc(gone)) == "kept");
}

TEST_CASE_METHOD(DescriptorFixture, "a file of the root that has lost its name is changed alone",
                 "[files][escape]") {
    const auto before_root = picture(host + "/root");
    const std::int64_t fd = open("/data/a", kRdonly);
    const std::int64_t held = open("/data/b", kPath);
    REQUIRE(unlink("/data/a") == 0);
    REQUIRE(unlink("/data/b") == 0);
    REQUIRE(save("/data/a", "new") == 3);
    CHECK(call("fchmod", {static_cast<std::uint64_t>(fd), 0700}) == 0);
    CHECK(fstat(fd) == 0);
    CHECK(stat_mode() == 0100700);
    CHECK(chmod(proc(held), 0700) == 0);
    CHECK(fstat(held) == 0);
    CHECK(stat_mode() == 0100700);
    CHECK(stat("/data/a") == 0);
    CHECK(stat_mode() == 0100644);
    CHECK(picture(host + "/root") == before_root);
}

TEST_CASE_METHOD(DescriptorFixture, "rights are checked again when a descriptor is opened again",
                 "[files][escape]") {
    REQUIRE(save("/tmp/f", "text") == 4);
    REQUIRE(chmod("/tmp/f", 0444) == 0);
    become(1000, 0);
    const std::int64_t fd = open("/tmp/f", kRdonly);
    REQUIRE(fd >= 0);
    CHECK(open(proc(fd), kRdwr) == kEacces);
    CHECK(open(proc(fd), kRdonly) >= 0);
}

TEST_CASE_METHOD(DescriptorFixture, "FIFOs and devices of the host are not opened",
                 "[files][escape]") {
    REQUIRE(::mkfifo((host + "/bind/fifo").c_str(), 0666) == 0);
    REQUIRE(::mkfifo((host + "/root/fifo").c_str(), 0666) == 0);
    for (const std::string name : {"/rw/fifo", "/fifo"}) {
        CHECK(open(name, kRdonly) == kEnxio);
        CHECK(open(name, kWronly) == kEnxio);
        CHECK(open(name, kRdwr) == kEnxio);
        const std::int64_t held = open(name, kPath);
        CHECK(held >= 0);
        CHECK(open(proc(held), kRdonly) == kEnxio);
    }
}
