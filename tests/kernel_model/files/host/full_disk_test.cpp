// SPDX-License-Identifier: GPL-2.0-or-later
// A disk of the host that takes no more: what a mapping wrote is kept for the guest, and the error
// reaches msync, each description once, and the run's list. The disk is a tmpfs of 16 pages.
#include <sys/mount.h>

#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

constexpr std::uint64_t kMapped = 32ul * 4096;

struct FullDiskFixture : FilesFixture {
    std::string disk = host + "/disk";
    bool mounted = false;

    FullDiskFixture() {
        fs::create_directory(disk);
        mounted = ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") == 0;
        if (mounted) mount({{disk, "/rw", true}});
    }
    ~FullDiskFixture() {
        kernel.reset();
        files.reset();
        if (mounted) ::umount2(disk.c_str(), MNT_DETACH);
    }
    FullDiskFixture(const FullDiskFixture&) = delete;
    FullDiskFixture& operator=(const FullDiskFixture&) = delete;
    std::int64_t fsync(std::int64_t fd) { return call("fsync", {static_cast<std::uint64_t>(fd)}); }
};

}  // namespace

TEST_CASE_METHOD(FullDiskFixture, "a write that finds no space on the host's disk says so",
                 "[files][disk]") {
    if (!mounted) return;  // only the superuser mounts
    const std::int64_t fd = open("/rw/full", kCreat | kRdwr);
    std::int64_t n = 0, sum = 0;
    while ((n = write(fd, std::string(8192, 'x'))) > 0) sum += n;
    CHECK(n == kEnospc);
    CHECK(sum == std::int64_t{16} * 4096);
    CHECK(files->lost_writes().at("/rw/full") == Errno::NoSpc);
}

TEST_CASE_METHOD(FullDiskFixture, "what a mapping wrote and the disk refused is told once to each",
                 "[files][disk]") {
    if (!mounted) return;
    const std::int64_t fd = open("/rw/mapped", kCreat | kRdwr);
    const std::int64_t other = open("/rw/mapped", kRdonly);
    REQUIRE(call("ftruncate", {static_cast<std::uint64_t>(fd), kMapped}) == 0);
    const std::int64_t at_page =
        call("mmap", {0, kMapped, 3, 1, static_cast<std::uint64_t>(fd), 0});
    REQUIRE(at_page > 0);
    for (std::uint64_t i = 0; i < 32; ++i)
        put<std::uint64_t>(static_cast<std::uint64_t>(at_page) + i * 4096, i + 1);
    CHECK(call("msync", {static_cast<std::uint64_t>(at_page), kMapped, 4}) == kEnospc);
    CHECK(fsync(fd) == kEnospc);
    CHECK(fsync(fd) == 0);
    CHECK(fsync(other) == kEnospc);
    CHECK(close(other) == 0);
    const std::int64_t late = open("/rw/mapped", kRdonly);
    CHECK(fsync(late) == 0);  // it was told before this was opened
    // The cache has what the disk has not.
    for (std::uint64_t i = 0; i < 32; ++i) {
        REQUIRE(call("pread64", {static_cast<std::uint64_t>(late), data, 8, i * 4096}) == 8);
        CHECK(at(data) == i + 1);
    }
    CHECK(files->lost_writes().at("/rw/mapped") == Errno::NoSpc);
}

TEST_CASE_METHOD(FullDiskFixture, "close tells what no call has told yet", "[files][disk]") {
    if (!mounted) return;
    const std::int64_t fd = open("/rw/closed", kCreat | kRdwr);
    REQUIRE(call("ftruncate", {static_cast<std::uint64_t>(fd), kMapped}) == 0);
    const std::int64_t at_page =
        call("mmap", {0, kMapped, 3, 1, static_cast<std::uint64_t>(fd), 0});
    for (std::uint64_t i = 0; i < 32; ++i)
        put<std::uint64_t>(static_cast<std::uint64_t>(at_page) + i * 4096, 1);
    CHECK(call("msync", {static_cast<std::uint64_t>(at_page), kMapped, 4}) == kEnospc);
    CHECK(close(fd) == kEnospc);
    CHECK(close(fd) == kEbadf);
}
