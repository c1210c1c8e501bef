// SPDX-License-Identifier: GPL-2.0-or-later
// Pipes and FIFOs: what fits, which calls wait, what poll returns. Expected values are what Linux
// answers (pipe(7), fifo(7); the same calls run with qemu-aarch64).
#include "tests/kernel_model/files/files_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

std::uint64_t u(std::int64_t fd) {
    return static_cast<std::uint64_t>(fd);
}

struct PipesFixture : FilesFixture {
    std::int64_t reader = -1, writer = -1;
    void pipe(std::uint64_t flags = 0) {
        REQUIRE(call("pipe2", {data, flags}) == 0);
        reader = at<std::int32_t>(data);
        writer = at<std::int32_t>(data + 4);
    }
    std::size_t drain(std::uint64_t n) {
        return meanwhile([&] { return read(reader, n).size(); });
    }
    std::uint64_t poll(std::int64_t fd) {
        return process->files.get(static_cast<std::int32_t>(fd))->poll();
    }
    std::optional<std::int64_t> write_bytes(std::uint64_t n) {
        return enter("write", {u(writer), data, n});
    }
    std::int64_t pending() {
        REQUIRE(meanwhile([&] { return call("ioctl", {u(reader), 0x541b, data + 0x30000}); }) == 0);
        return at<std::int32_t>(data + 0x30000);
    }
};

constexpr std::uint64_t kIn = 0x41, kOut = 0x104, kErr = 8, kHup = 0x10;

}  // namespace

TEST_CASE_METHOD(PipesFixture, "a blocking write goes on until all is written", "[files][pipe]") {
    pipe();
    CHECK_FALSE(write_bytes(100000));
    CHECK(pending() == 65536);
    CHECK_FALSE(task->waits_on.empty());
    CHECK(drain(8192) == 8192);
    CHECK_FALSE(write_bytes(100000));
    CHECK(pending() == 65536);
    CHECK(drain(65536) == 65536);
    CHECK(write_bytes(100000) == 100000);
    CHECK(pending() == 100000 - 65536 - 8192);
    // Interrupted on the way, it says how much.
    CHECK_FALSE(write_bytes(100000));
    task->tif_sigpending = true;
    CHECK(write_bytes(100000) == 65536 - 28672);
    CHECK(task->call_progress == 0);
    // And interrupted at once, nothing.
    CHECK_FALSE(write_bytes(1));
}

TEST_CASE_METHOD(PipesFixture, "a write of PIPE_BUF bytes or less is whole or waits",
                 "[files][pipe]") {
    pipe(kNonblock);
    for (int i = 0; i < 16; ++i) CHECK(write_bytes(3000) == 3000);
    CHECK(write_bytes(3000) == kEagain);
    CHECK(pending() == 48000);
    CHECK(write_bytes(1000) == 1000);  // after the last bytes
    CHECK(write_bytes(97) == kEagain);
    CHECK(write_bytes(96) == 96);
    CHECK(read(reader, 3000).size() == 3000);
    CHECK(write_bytes(5000) == 4096);
    CHECK(poll(writer) == 0);
    CHECK(poll(reader) == kIn);
}

TEST_CASE_METHOD(PipesFixture, "poll of a pipe", "[files][pipe]") {
    pipe(kNonblock);
    CHECK(poll(reader) == 0);
    CHECK(poll(writer) == kOut);
    CHECK(write_bytes(1) == 1);
    CHECK(poll(reader) == kIn);
    CHECK(close(writer) == 0);
    CHECK(poll(reader) == (kIn | kHup));
    CHECK(read(reader).size() == 1);
    CHECK(read(reader).empty());
    CHECK(poll(reader) == kHup);
    pipe(kNonblock);
    CHECK(close(reader) == 0);
    CHECK(poll(writer) == (kOut | kErr));
    process->actions[13].handler = 0x5000;
    CHECK(write_bytes(1) == kEpipe);
    CHECK(task->pending.size() == 1);
}

TEST_CASE_METHOD(PipesFixture, "the size of a pipe", "[files][pipe]") {
    pipe(kNonblock);
    CHECK(call("fcntl", {u(reader), 1032}) == 65536);
    CHECK(call("fcntl", {u(writer), 1031, 5000}) == 8192);
    CHECK(write_bytes(10000) == 8192);
    CHECK(call("fcntl", {u(writer), 1031, 4096}) == kEbusy);
    CHECK(call("fcntl", {u(writer), 1031, 1u << 20}) == 1 << 20);
    // Its limit does not bind the superuser; the largest array of buffers does.
    CHECK(call("fcntl", {u(writer), 1031, (1u << 20) + 1}) == 2 << 20);
    CHECK(call("fcntl", {u(writer), 1031, (256u << 20) + 1}) == -12);
    CHECK(call("fcntl", {u(writer), 1031, 0xffffffff}) == kEinval);
    const std::int64_t file = open("/data/a");
    CHECK(call("fcntl", {u(file), 1032}) == kEbadf);
}

TEST_CASE_METHOD(PipesFixture, "packets of a pipe stay apart", "[files][pipe]") {
    pipe(040000 << 2 | kNonblock);  // O_DIRECT
    CHECK(write(writer, "hello") == 5);
    CHECK(write(writer, "world!") == 6);
    CHECK(read(reader, 3) == "hel");
    CHECK(read(reader) == "world!");
    CHECK(read(reader) == "error -11");
}

TEST_CASE_METHOD(PipesFixture, "a FIFO's open waits for the other end", "[files][pipe]") {
    CHECK(call("mknodat", {kCwd, text("/tmp/fifo"), 0010644, 0}) == 0);
    CHECK(call("mknodat", {kCwd, text("/tmp/fifo"), 0010644, 0}) == kEexist);
    REQUIRE(stat("/tmp/fifo") == 0);
    CHECK((stat_mode() & 0170000) == 0010000);
    CHECK(open("/tmp/fifo", kWronly | kNonblock) == kEnxio);
    CHECK_FALSE(enter("openat", {kCwd, text("/tmp/fifo"), kWronly, 0}));
    CHECK_FALSE(enter("openat", {kCwd, text("/tmp/fifo"), kWronly, 0}));
    auto held = std::move(task->call_holds);
    reader = open("/tmp/fifo", kRdonly);
    REQUIRE(reader >= 0);
    task->call_holds = std::move(held);
    writer = open("/tmp/fifo", kWronly);
    REQUIRE(writer >= 0);
    task->call_holds.reset();
    CHECK(write(writer, "through") == 7);
    CHECK(read(reader) == "through");
    CHECK(close(writer) == 0);
    CHECK(read(reader).empty());
    CHECK(close(reader) == 0);
    // A reader that does not wait sees no end before there was a writer.
    reader = open("/tmp/fifo", kRdonly | kNonblock);
    CHECK(poll(reader) == 0);
    CHECK(read(reader).empty());
    writer = open("/tmp/fifo", kWronly | kNonblock);
    CHECK(read(reader) == "error -11");
    CHECK(close(writer) == 0);
    CHECK(poll(reader) == kHup);
    CHECK(unlink("/tmp/fifo") == 0);
    CHECK(open("/tmp/fifo", kRdonly | kNonblock) == kEnoent);
}

TEST_CASE_METHOD(PipesFixture, "splice, tee and vmsplice", "[files][pipe]") {
    CHECK(save("/tmp/bytes", std::string(10000, 'x')) == 10000);
    const std::int64_t file = open("/tmp/bytes", kRdwr);
    pipe(kNonblock);
    const std::int64_t other_reader = reader, other_writer = writer;
    pipe(kNonblock);
    const std::uint64_t offset = data + 0x20000;
    put(offset, std::uint64_t{100});
    CHECK(call("splice", {u(file), offset, u(writer), 0, 5000, 0}) == 5000);
    CHECK(at(offset) == 5100);
    CHECK(call("tee", {u(reader), u(other_writer), 3000, 0}) == 3000);
    CHECK(pending() == 5000);
    CHECK(call("splice", {u(other_reader), 0, u(file), 0, 10000, 0}) == 3000);
    CHECK(call("splice", {u(other_reader), 0, u(file), 0, 10000, 0}) == kEagain);
    CHECK(call("splice", {u(reader), offset, u(file), 0, 1, 0}) == kEspipe);
    CHECK(call("splice", {u(file), 0, u(file), 0, 1, 0}) == kEinval);
    CHECK(call("splice", {u(reader), 0, u(writer), 0, 1, 0}) == kEinval);
    CHECK(call("tee", {u(file), u(writer), 1, 0}) == kEinval);
    put(offset, std::array<std::uint64_t, 2>{data, 7});
    CHECK(call("vmsplice", {u(writer), offset, 1, 0}) == 7);
    CHECK(call("vmsplice", {u(file), offset, 1, 0}) == kEbadf);
    // sendfile to a pipe moves what there is room for, a file's page to a slot.
    pipe();
    put(offset, std::uint64_t{5});
    CHECK(call("fcntl", {u(writer), 1031, 8192}) == 8192);
    CHECK(call("sendfile", {u(writer), u(file), offset, 9000}) == 8187);
    CHECK_FALSE(enter("sendfile", {u(writer), u(file), offset, 9000}));
}

// pipe(7): pipe-user-pages-soft is 16,384 pages.
TEST_CASE_METHOD(PipesFixture, "a user with many pages in pipes gets small pipes",
                 "[files][pipe]") {
    constexpr std::uint64_t kSetSize = 1031;
    process->files.set_limit(4096);
    become(1000, 1000);
    for (int i = 0; i < 16384 / 16; ++i) {
        pipe(kNonblock);
        REQUIRE(call("fcntl", {u(writer), 1032}) == 65536);
    }
    pipe(kNonblock);
    CHECK(call("fcntl", {u(writer), 1032}) == 8192);
    CHECK(call("fcntl", {u(writer), kSetSize, 65536}) == -1);  // EPERM
    CHECK(call("fcntl", {u(writer), kSetSize, 4096}) == 4096);
    become(0, 0);
    pipe(kNonblock);
    CHECK(call("fcntl", {u(writer), 1032}) == 65536);
    CHECK(call("fcntl", {u(writer), kSetSize, 1 << 20}) == 1 << 20);
}

TEST_CASE_METHOD(PipesFixture, "a pipe's data is memory of the kernel, until it is read",
                 "[files][pipe]") {
    pipe(kNonblock);
    const std::uint64_t before = machine->memory.kernel_bytes();
    CHECK(write_bytes(65536) == 65536);
    CHECK(machine->memory.kernel_bytes() >= before + 65536);
    CHECK(drain(65536) == 65536);
    CHECK(machine->memory.kernel_bytes() == before);
    const MemoryCharge rest(&machine->memory, machine->memory.free_bytes());
    CHECK(write_bytes(1) == -12);  // ENOMEM
}
