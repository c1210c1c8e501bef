// SPDX-License-Identifier: GPL-2.0-or-later
// What a guest may do to the files of a bind that may be written: no set-ID bit of its own reaches
// the host, by whatever call, and the guest sees what it set.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr unsigned kSetIds = 06000;

struct BindFixture : FilesFixture {
    BindFixture() {
        mount({{host + "/bind", "/rw", true}});
        process->fs->umask = 0;
    }
    unsigned host_mode(const std::string& name) {
        struct stat s {};
        REQUIRE(::lstat((host + "/bind/" + name).c_str(), &s) == 0);
        return s.st_mode & 07777u;
    }
    unsigned guest_mode(const std::string& name) {
        REQUIRE(stat("/rw/" + name, 0x100) == 0);
        return stat_mode() & 07777u;
    }
    void check_no_set_ids() {
        for (const auto& e : fs::recursive_directory_iterator(host + "/bind")) {
            struct stat s {};
            REQUIRE(::lstat(e.path().c_str(), &s) == 0);
            INFO(e.path().string());
            CHECK((s.st_mode & kSetIds) == 0);
        }
    }
};

}  // namespace

TEST_CASE_METHOD(BindFixture, "set-ID bits are shown to the guest and never given to the host",
                 "[files][escape]") {
    const std::int64_t fd = open("/rw/opened", kCreat | kRdwr, 06755);
    CHECK(guest_mode("opened") == 06755);
    CHECK(host_mode("opened") == 0755);
    save("/rw/changed", "x");
    CHECK(chmod("/rw/changed", 04711) == 0);
    CHECK(guest_mode("changed") == 04711);
    CHECK(host_mode("changed") == 0711);
    CHECK(call("fchmod", {static_cast<std::uint64_t>(fd), 02710}) == 0);
    CHECK(guest_mode("opened") == 02710);
    CHECK(chmod("/proc/self/fd/" + std::to_string(fd), 04700) == 0);
    CHECK(guest_mode("opened") == 04700);
    CHECK(call("mknodat", {kCwd, text("/rw/made"), 0100000 | 06555, 0}) == 0);
    CHECK(guest_mode("made") == 06555);
    REQUIRE(mkdir("/rw/folder") == 0);
    CHECK(chmod("/rw/folder", 03777) == 0);
    CHECK(guest_mode("folder") == 03777);
    CHECK(host_mode("folder") == 01777);
    CHECK(rename("/rw/changed", "/rw/file") == 0);
    CHECK(guest_mode("file") == 04711);
    CHECK(link("/rw/file", "/rw/second") == 0);
    CHECK(guest_mode("second") == 04711);
    check_no_set_ids();
}

TEST_CASE_METHOD(BindFixture, "a directory gives its group in the guest only", "[files][escape]") {
    REQUIRE(mkdir("/rw/group") == 0);
    REQUIRE(chmod("/rw/group", 02777) == 0);
    REQUIRE(mkdir("/rw/group/below") == 0);
    CHECK((guest_mode("group/below") & 02000) != 0);
    // One that the host's owner made so is the host's business, but for what the guest makes in it.
    REQUIRE(::chmod((host + "/bind/inner").c_str(), 02755) == 0);
    REQUIRE(mkdir("/rw/inner/below") == 0);
    CHECK(guest_mode("inner/below") == 02755);
    CHECK((host_mode("inner/below") & kSetIds) == 0);
    CHECK((host_mode("group/below") & kSetIds) == 0);
}

TEST_CASE_METHOD(BindFixture, "what the guest writes does not run with the host's set-ID bits",
                 "[files][escape]") {
    REQUIRE(::chmod((host + "/bind/file").c_str(), 06777) == 0);
    CHECK(guest_mode("file") == 06777);
    become(1000, 0);
    CHECK(save("/rw/file", "other", kWronly) == 5);
    CHECK(host_mode("file") == 0777);
}

TEST_CASE_METHOD(BindFixture, "a file made in a bind belongs to its maker in the guest",
                 "[files]") {
    REQUIRE(::chmod((host + "/bind").c_str(), 0777) == 0);
    become(1000, 1000);
    const std::int64_t fd = open("/rw/mine", kCreat | kRdwr, 0600);
    REQUIRE(fd >= 0);
    CHECK(stat("/rw/mine") == 0);
    CHECK(stat_uid() == 1000);
    CHECK(open("/rw/mine", kRdwr) >= 0);
    CHECK(chmod("/rw/mine", 0640) == 0);
    CHECK(host_mode("mine") == 0640);
}

TEST_CASE_METHOD(BindFixture, "the mode of the guest's top directory is not the host root's",
                 "[files][escape]") {
    const auto before = fs::status(host + "/root").permissions();
    CHECK(chmod("/", 0700) == 0);
    CHECK(stat("/") == 0);
    CHECK(stat_mode() == 040700);
    CHECK(fs::status(host + "/root").permissions() == before);
}

TEST_CASE_METHOD(BindFixture, "times that the guest sees do not come from the host's clock",
                 "[files]") {
    const auto times = [&](const std::string& path) {
        REQUIRE(stat(path, 0x100) == 0);
        return std::array{at<std::int64_t>(data + 72), at<std::int64_t>(data + 88),
                          at<std::int64_t>(data + 104)};
    };
    const timespec old[2] = {{1000, 0}, {500, 0}};
    for (const char* name : {"/root/data/a", "/bind/file"})
        REQUIRE(::utimensat(AT_FDCWD, (host + name).c_str(), old, 0) == 0);
    CHECK(times("/data/a") == std::array<std::int64_t, 3>{500, 500, 500});
    CHECK(times("/rw/file") == std::array<std::int64_t, 3>{500, 500, 500});
    constexpr std::int64_t kEpoch = 1725840000;
    CHECK(cat("/data/a") == "alpha");
    CHECK(times("/data/a") == std::array<std::int64_t, 3>{kEpoch, 500, 500});
    CHECK(save("/rw/file", "x", kWronly) == 1);
    CHECK(times("/rw/file") == std::array<std::int64_t, 3>{500, kEpoch, kEpoch});
    CHECK(save("/rw/new", "x") == 1);
    CHECK(times("/rw/new") == std::array<std::int64_t, 3>{kEpoch, kEpoch, kEpoch});
    CHECK(times("/rw")[1] == kEpoch);
    struct stat s {};
    REQUIRE(::stat((host + "/root/data/a").c_str(), &s) == 0);
    CHECK(s.st_atim.tv_sec == 1000);  // nor does reading leave a trace there
}

TEST_CASE_METHOD(BindFixture, "a listing is in the order of the names", "[files]") {
    for (const char* name : {"zeta", "alpha", "m", "q", "b"}) save("/rw/" + std::string(name), "");
    const std::int64_t fd = open("/rw", kDirectory);
    std::string all;
    for (const Entry& e : getdents(fd)) all += e.name + " ";
    CHECK(all == ". .. alpha b file inner m q zeta ");
}

// Linux moves mtime at the first write to a page (file_update_time in do_page_mkwrite).
TEST_CASE_METHOD(BindFixture, "a write through a mapping moves the time by the guest's clock",
                 "[files]") {
    const auto mtime = [&](const std::string& path) {
        REQUIRE(stat(path) == 0);
        return at<std::int64_t>(data + 88);
    };
    constexpr std::int64_t kNow = 1725840000;  // the clock's beginning
    for (const std::string path : {"/rw/file", "/tmp/file"}) {
        REQUIRE(save(path, "hello") == 5);
        const auto fd = static_cast<std::uint64_t>(open(path, kRdwr));
        const std::uint64_t old[4] = {1000, 0, 1000, 0};
        for (std::uint64_t i = 0; i < 4; ++i) put<std::uint64_t>(data + 8 * i, old[i]);
        REQUIRE(call("utimensat", {kCwd, text(path), data, 0}) == 0);
        REQUIRE(mtime(path) == 1000);
        const std::int64_t page = call("mmap", {0, 4096, 3, 1, fd, 0});
        REQUIRE(page > 0);
        CHECK(mtime(path) == 1000);
        put<std::uint32_t>(static_cast<std::uint64_t>(page), 7);
        CHECK(mtime(path) == kNow);
        REQUIRE(call("msync", {static_cast<std::uint64_t>(page), 4096, 4}) == 0);
        CHECK(mtime(path) == kNow);
    }
}
