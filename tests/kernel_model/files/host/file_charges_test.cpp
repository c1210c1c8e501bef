// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel remembers of files and names is memory of the machine, as long as it is
// remembered.
#include "kernel_model/files/dentry.h"
#include "kernel_model/files/host/shown_files.h"
#include "kernel_model/files/pipe.h"
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

struct ChargesFixture : FilesFixture {
    std::uint64_t charged() const { return machine->memory.kernel_bytes(); }
    void take_all_memory() { rest = MemoryCharge(&machine->memory, machine->memory.free_bytes()); }
    MemoryCharge rest;
};

}  // namespace

TEST_CASE_METHOD(ChargesFixture, "a file that the guest makes is charged until it is removed",
                 "[files][budgets]") {
    REQUIRE(save("/tmp/first", "x") == 1);
    REQUIRE(unlink("/tmp/first") == 0);
    const std::uint64_t before = charged();
    for (int i = 0; i < 100; ++i) REQUIRE(mkdir("/tmp/d" + std::to_string(i)) == 0);
    CHECK(charged() >= before + std::uint64_t{100} * 1024);
    for (int i = 0; i < 100; ++i) REQUIRE(rmdir("/tmp/d" + std::to_string(i)) == 0);
    CHECK(charged() == before);
}

TEST_CASE_METHOD(ChargesFixture, "without memory no file is made or copied to be changed",
                 "[files][budgets]") {
    REQUIRE(save("/tmp/there", "x") == 1);
    take_all_memory();
    CHECK(mkdir("/tmp/d") == kEnospc);
    CHECK(chmod("/data/a", 0600) == kEnospc);
    CHECK(stat("/data/a") == 0);
    CHECK(unlink("/tmp/there") == 0);
    rest = {};
    CHECK(mkdir("/tmp/d") == 0);
    CHECK(chmod("/data/a", 0600) == 0);
}

// Linux allocates for EPOLL_CTL_ADD only (fs/eventpoll.c): what frees memory must go on working.
TEST_CASE_METHOD(ChargesFixture, "without memory a set of epoll takes no more, and gives back",
                 "[files][budgets]") {
    const auto u = [](std::int64_t fd) { return static_cast<std::uint64_t>(fd); };
    process->files.account(machine->memory);
    const std::int64_t set = call("epoll_create1", {0});
    const std::int64_t first = call("eventfd2", {0, 0}), second = call("eventfd2", {0, 0});
    put(data, std::array<std::uint64_t, 2>{1, 0});
    const auto control = [&](std::uint64_t operation, std::int64_t fd) {
        return call("epoll_ctl", {u(set), operation, u(fd), data});
    };
    constexpr std::uint64_t kAdd = 1, kDel = 2, kMod = 3;
    REQUIRE(control(kAdd, first) == 0);
    take_all_memory();
    CHECK(control(kAdd, second) == -12);  // ENOMEM
    CHECK(control(kMod, first) == 0);
    CHECK(control(kDel, first) == 0);
    CHECK(control(kAdd, second) == 0);  // in its place
}

TEST_CASE("the pages of a user's pipes are forgotten with the last of them", "[files][budgets]") {
    const auto pages = std::make_shared<PipePages>();
    for (std::uint32_t uid = 1; uid <= 100; ++uid) {
        const Pipe pipe({.pages = pages, .uid = uid});
        CHECK(pages->at(uid) == 16);  // PIPE_DEF_BUFFERS
    }
    CHECK(pages->empty());
}

TEST_CASE_METHOD(ChargesFixture,
                 "a name of the root that was removed is remembered, and charged with its length",
                 "[files][budgets]") {
    const std::string longest(255, 'n');
    put_file(host + "/root/data/" + longest, "x");
    REQUIRE(stat("/data/" + longest) == 0);
    const std::uint64_t before = charged();
    REQUIRE(unlink("/data/" + longest) == 0);
    // Twice: for this run, and for the log of the directory that is kept.
    CHECK(charged() >= before + 2 * longest.size());
}

TEST_CASE("a removed directory is charged as long as somebody holds a directory that was in it",
          "[files][budgets]") {
    const auto machine = make_machine();
    {
        DentryTree tree(&machine->memory);
        std::string path;
        for (int depth = 0; depth < 100; ++depth) path += "/d";
        auto held = tree.at(path);
        const std::uint64_t there = machine->memory.kernel_bytes();
        CHECK(there >= 100ul * 192);  // struct dentry
        for (; !path.empty(); path.resize(path.size() - 2)) tree.removed(path, FileStatus{});
        CHECK(machine->memory.kernel_bytes() > there);
        held.reset();
        CHECK(machine->memory.kernel_bytes() == 0);
    }
}

TEST_CASE("files of the host that were looked at are charged, and without memory not remembered",
          "[files][budgets]") {
    const auto machine = make_machine();
    ShownFiles shown(&machine->memory);
    const FileKey first{1, 10}, second{1, 11};
    const std::uint64_t number = shown.inode(first, "/a");
    const std::uint64_t one = machine->memory.kernel_bytes();
    CHECK(one > 0);
    CHECK(shown.inode(first, "/other/name") == number);
    CHECK(machine->memory.kernel_bytes() == one);
    {
        const MemoryCharge rest(&machine->memory, machine->memory.free_bytes());
        CHECK(shown.inode(second, "/b") == shown.listed_inode(second, "/b"));
        CHECK(shown.inode(first, "/a") == number);
    }
    CHECK(machine->memory.kernel_bytes() == one);
    shown.forget(first);
    CHECK(machine->memory.kernel_bytes() == 0);
}
