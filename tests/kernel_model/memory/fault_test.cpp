// SPDX-License-Identifier: GPL-2.0-or-later
// Which kind of fault Linux takes where: Documentation/mm and the measured kinds of a 6.1 and a
// 6.12 kernel.
#include <catch2/catch.hpp>

#include "tests/kernel_model/memory/memory_support.h"

using namespace uprobesim;
using namespace uprobesim::test;
using P = KernelPath;

TEST_CASE_METHOD(MemoryFixture,
                 "a read of new anonymous memory maps zeros, a later write gets a page of its own",
                 "[memory]") {
    const VAddr at = anonymous(2);
    REQUIRE(mm.fault(at, Access::Read, kTask) == FaultResult::Resolved);
    REQUIRE(mm.fault(at + kPageSize, Access::Read, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultAnonRead) == 2);
    CHECK(mm.space().lookup(at)->frame == mm.space().lookup(at + kPageSize)->frame);
    CHECK_FALSE(mm.space().lookup(at)->prot.write);

    REQUIRE(mm.fault(at, Access::Write, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultZeroToAnon) == 1);
    CHECK(mm.space().lookup(at)->prot.write);
    CHECK(mm.space().lookup(at)->frame != mm.space().lookup(at + kPageSize)->frame);
}

TEST_CASE_METHOD(MemoryFixture, "a first write to anonymous memory is one fault", "[memory]") {
    const VAddr at = anonymous(1);
    REQUIRE(mm.fault(at + 8, Access::Write, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultAnonWrite) == 1);
    CHECK(mm.fault(at + 8, Access::Write, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultSpurious) == 1);
}

TEST_CASE_METHOD(MemoryFixture, "a file read maps the 64 KiB window around it, inside the mapping",
                 "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, 100 * kPageSize);
    SECTION("an aligned window") {
        file_at(0x1000000, file, 64, kText);
        REQUIRE(mm.fault(VAddr(0x1000000 + 0x15000), Access::Read, kTask) == FaultResult::Resolved);
        CHECK(units(P::FaultFileRead) == 15);
        CHECK(mm.space().mapped_pages() == 16);
        CHECK(mm.space().lookup(VAddr(0x1010000)));
        CHECK_FALSE(mm.space().lookup(VAddr(0x100f000)));
        // Pages that came along are executable where the mapping is.
        CHECK(mm.space().lookup(VAddr(0x1010000))->prot == kText);
    }
    SECTION("from the mapping's begin it is 16 pages, whatever the alignment") {
        file_at(0x1005000, file, 64, kText);
        REQUIRE(mm.fault(VAddr(0x1006000), Access::Execute, kTask) == FaultResult::Resolved);
        CHECK(times(P::FaultFileExec) == 1);
        CHECK(units(P::FaultFileExec) == 15);
        CHECK(mm.space().lookup(VAddr(0x1014000)));
        CHECK_FALSE(mm.space().lookup(VAddr(0x1015000)));
    }
    SECTION("never beyond the mapping or the table") {
        file_at(0x11fd000, file, 6, kReadOnly);
        REQUIRE(mm.fault(VAddr(0x11fd000), Access::Read, kTask) == FaultResult::Resolved);
        CHECK(mm.space().mapped_pages() == 3);  // 0x1200000 begins another last-level table
    }
    SECTION("never beyond the end of the file") {
        auto small = std::make_shared<PageFile>(machine->memory, 2 * kPageSize + 1);
        file_at(0x1000000, small, 8, kReadOnly);
        REQUIRE(mm.fault(VAddr(0x1000000), Access::Read, kTask) == FaultResult::Resolved);
        CHECK(mm.space().mapped_pages() == 3);
        CHECK(mm.fault(VAddr(0x1003000), Access::Read, kTask) == FaultResult::BeyondFile);
    }
}

TEST_CASE_METHOD(MemoryFixture, "a write to a private file page copies it, mapped before or not",
                 "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, 20 * kPageSize);
    file_at(0x1000000, file, 20, kReadWrite);
    REQUIRE(mm.fault(VAddr(0x1000000), Access::Write, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultFileCow) == 1);
    CHECK(mm.space().mapped_pages() == 1);
    REQUIRE(mm.fault(VAddr(0x1001000), Access::Read, kTask) == FaultResult::Resolved);
    REQUIRE(mm.fault(VAddr(0x1001000), Access::Write, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultCowCopy) == 1);

    REQUIRE(user.put(VAddr(0x1001000), std::uint32_t{0xdeadbeef}));
    CHECK(user.get<std::uint8_t>(VAddr(0x1001004)) == 5);  // the rest of the copy is the file's
    CHECK(machine->memory.bytes(file->page(1).value())[0] == std::byte{1});
    CHECK(file->dirty.empty());
}

TEST_CASE_METHOD(MemoryFixture, "a write to a shared file page goes to the file", "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, 4 * kPageSize);
    file_at(0x1000000, file, 4, kReadWrite, true);
    REQUIRE(user.put(VAddr(0x1000000), std::uint8_t{0x77}));
    CHECK(times(P::FaultFileShared) == 1);
    CHECK(file->dirty.contains(0));
    CHECK(machine->memory.bytes(file->page(0).value())[0] == std::byte{0x77});
    // Read first: mapped read-only, so that the write is still noticed.
    REQUIRE(user.get<std::uint8_t>(VAddr(0x1001000)) == 1);
    REQUIRE(user.put(VAddr(0x1001000), std::uint8_t{1}));
    CHECK(times(P::FaultFileShared) == 2);

    SECTION("msync writes back and notices the next write again") {
        REQUIRE(mm.write_back({VAddr(0x1000000), VAddr(0x1004000)}));
        CHECK(file->written == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{0, 4}});
        REQUIRE(user.put(VAddr(0x1000000), std::uint8_t{2}));
        CHECK(times(P::FaultFileShared) == 3);
    }
    SECTION("unmapping marks what may have been written since") {
        file->dirty.clear();
        REQUIRE(mm.unmap({VAddr(0x1000000), VAddr(0x1004000)})->of_files == 2 + 2);
        CHECK(file->dirty.contains(0));
        CHECK(file->dirty.contains(1));
        CHECK_FALSE(file->dirty.contains(2));
    }
}

TEST_CASE_METHOD(MemoryFixture, "a copy-on-write page with one owner is reused", "[memory]") {
    const VAddr at = anonymous(1);
    REQUIRE(user.put(at, 7));
    const Translation before = *mm.space().lookup(at);
    machine->memory.add_ref(before.frame);  // as a forked child would
    mm.space().protect(at, kReadOnly);
    SECTION("the other is still there: copy") {
        REQUIRE(mm.fault(at, Access::Write, kTask) == FaultResult::Resolved);
        CHECK(times(P::FaultCowCopy) == 1);
        CHECK(mm.space().lookup(at)->frame != before.frame);
    }
    machine->memory.release(before.frame);
    SECTION("the other is gone: no copy") {
        REQUIRE(mm.fault(at, Access::Write, kTask) == FaultResult::Resolved);
        CHECK(times(P::FaultCowReuse) == 1);
        CHECK(mm.space().lookup(at)->frame == before.frame);
    }
}

TEST_CASE_METHOD(MemoryFixture, "a stack grows to its limit and not into a neighbour", "[memory]") {
    const VAddr top(0x7f00000000);
    REQUIRE(mm.map({.hint = top - kPageSize,
                    .length = kPageSize,
                    .prot = kReadWrite,
                    .fixed = true,
                    .grows_down = true,
                    .name = "[stack]"}));
    mm.set_stack_limit(1 << 20);
    CHECK(mm.fault(top - 0x80000, Access::Write, kTask) == FaultResult::Resolved);
    CHECK(times(P::FaultStackGrow) == 1);
    CHECK(times(P::FaultAnonWrite) == 0);
    CHECK(mm.find(top - 1)->range.begin == top - 0x80000);
    CHECK(mm.fault(top - 0x100001, Access::Write, kTask) == FaultResult::NotMapped);

    mm.set_stack_limit(8 << 20);
    anonymous_at(top.value - 0x300000, 1);
    // 256 pages stay free above the neighbour, which ends at -0x2ff000.
    CHECK(mm.fault(top - 0x200000, Access::Write, kTask) == FaultResult::NotMapped);
    CHECK(mm.fault(top - 0x1ff000, Access::Write, kTask) == FaultResult::Resolved);
}

TEST_CASE_METHOD(MemoryFixture, "faults that nothing resolves", "[memory]") {
    const VAddr at = anonymous(1, kReadOnly);
    CHECK(mm.fault(VAddr(0), Access::Read, kTask) == FaultResult::NotMapped);
    CHECK(mm.fault(at, Access::Write, kTask) == FaultResult::NoRight);
    CHECK(mm.fault(at, Access::Execute, kTask) == FaultResult::NoRight);
    CHECK(mm.fault(VAddr(~std::uint64_t{0}), Access::Read, kTask) == FaultResult::NotMapped);
    CHECK(mm.fault(VAddr(std::uint64_t{1} << 39), Access::Read, kTask) == FaultResult::NotMapped);
    const VAddr none = anonymous(1, {});
    CHECK(mm.fault(none, Access::Read, kTask) == FaultResult::NoRight);
    // arm64 without enhanced PAN: what may be executed or written may be read.
    const VAddr exec_only = anonymous(1, {.exec = true});
    CHECK(mm.fault(exec_only, Access::Read, kTask) == FaultResult::Resolved);
}

TEST_CASE("when RAM is full a fault says so", "[memory]") {
    const auto machine = make_machine(64 * kPageSize);
    Mm mm(*machine);
    const auto at = mm.map({.length = 60 * kPageSize, .prot = kReadWrite});
    const auto more = mm.map({.length = 60 * kPageSize, .prot = kReadWrite});
    REQUIRE((at && more));
    FaultResult last = FaultResult::Resolved;
    for (std::uint64_t i = 0; i < 60; ++i) {
        for (VAddr begin : {*at, *more})
            last = mm.fault(begin + i * kPageSize, Access::Write, kTask);
    }
    CHECK(last == FaultResult::OutOfMemory);
    CHECK(machine->memory.used_bytes() <= machine->memory.limit_bytes());
}

TEST_CASE_METHOD(MemoryFixture, "patching text leaves the file and its other mappings alone",
                 "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, 4 * kPageSize);
    file_at(0x1000000, file, 4, kText);
    file_at(0x2000000, file, 4, kText);
    REQUIRE(mm.fault(VAddr(0x1001000), Access::Execute, kTask) == FaultResult::Resolved);
    REQUIRE(mm.poke_text(VAddr(0x1001008), 0xd4200000 | 4u << 5, kTask));
    CHECK(user.get<std::uint32_t>(VAddr(0x1001008)) == 0xd4200080);
    CHECK(user.get<std::uint8_t>(VAddr(0x1001007)) == 8);
    CHECK(user.get<std::uint32_t>(VAddr(0x2001008)) == 0x0c0b0a09);
    CHECK(mm.space().lookup(VAddr(0x1001000))->prot == kText);
    // A page not present yet works too; a bad address does not.
    CHECK(mm.poke_text(VAddr(0x2002000), 0xd503201f, kTask));
    CHECK_FALSE(mm.poke_text(VAddr(0x2004000), 0xd503201f, kTask));
    CHECK_FALSE(mm.poke_text(VAddr(0x2001002), 0xd503201f, kTask));
}

TEST_CASE_METHOD(MemoryFixture, "a kernel copy faults pages in from its own level", "[memory]") {
    const VAddr at = anonymous(3);
    std::vector<std::byte> bytes(2 * kPageSize, std::byte{0x5a});
    REQUIRE(user.write(at + 100, bytes));
    CHECK(same_el_aborts() == 3);
    CHECK(times(P::FaultAnonWrite) == 3);
    std::vector<std::byte> back(bytes.size());
    REQUIRE(user.read(at + 100, back));
    CHECK(back == bytes);
    CHECK(same_el_aborts() == 3);
    REQUIRE(user.clear(at + 100, 10));
    CHECK(user.get<std::uint64_t>(at + 100) == 0u);
    CHECK(user.get<std::uint8_t>(at + 110) == 0x5a);

    CHECK_FALSE(user.write(at + 2 * kPageSize + 8, bytes));              // runs out of the mapping
    CHECK_FALSE(user.read(VAddr(at.value | 0x0100000000000000), back));  // tagged
    CHECK_FALSE(user.read(VAddr(~std::uint64_t{0} - 3), back));
    CHECK(user.write(VAddr(0), {}));  // nothing to copy
}

TEST_CASE_METHOD(MemoryFixture, "strings end at NUL, at the limit or in EFAULT", "[memory]") {
    const VAddr at = anonymous(1);
    const std::string text = "hello";
    const VAddr late = at + kPageSize - 6;
    REQUIRE(user.write(late, std::as_bytes(std::span(text.c_str(), 6))));
    CHECK(user.read_string(late, 100) == "hello");
    CHECK(user.read_string(late, 3) == "hel");
    REQUIRE(user.put(at + kPageSize - 1, '!'));
    CHECK_FALSE(user.read_string(late, 100));
}

// VM_FAULT_SIGBUS and VM_FAULT_OOM of filemap_fault.
TEST_CASE_METHOD(MemoryFixture, "a page that the disk does not give is as one beyond the file",
                 "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, 4 * kPageSize);
    file_at(0x1000000, file, 4, kReadWrite);
    file_at(0x2000000, file, 4, kReadWrite, true);
    for (const auto& [errno_value, wanted] : {std::pair(Errno::Io, FaultResult::BeyondFile),
                                              std::pair(Errno::NoMem, FaultResult::OutOfMemory)}) {
        file->refused = errno_value;
        for (const std::uint64_t at : {0x1000000, 0x2000000})
            for (const Access access : {Access::Read, Access::Write})
                CHECK(mm.fault(VAddr(at), access, kTask) == wanted);
    }
    file->refused.reset();
    CHECK(mm.fault(VAddr(0x1000000), Access::Read, kTask) == FaultResult::Resolved);
}
