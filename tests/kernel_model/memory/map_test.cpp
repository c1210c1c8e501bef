// SPDX-License-Identifier: GPL-2.0-or-later
// mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), proc(5), and the arm64 layout without
// randomisation.
#include <catch2/catch.hpp>

#include "kernel_model/abi/mman.h"
#include "tests/kernel_model/memory/memory_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {
template <class T>
Errno error_of(const SysResult<T>& r) {
    return r ? Errno{} : r.error();
}
MapRequest anon(std::uint64_t hint, std::uint64_t length) {
    return {.hint = VAddr(hint), .length = length, .prot = kReadWrite};
}
}  // namespace

TEST_CASE_METHOD(MemoryFixture, "mappings go top-down from 128 MiB below the top", "[memory]") {
    CHECK(anonymous(1) == VAddr(0x7ff7fff000));
    CHECK(anonymous(2) == VAddr(0x7ff7ffd000));
    REQUIRE(mm.unmap({VAddr(0x7ff7fff000), VAddr(0x7ff8000000)}));
    CHECK(anonymous(1) == VAddr(0x7ff7fff000));  // the highest gap that fits
    CHECK(anonymous(1) == VAddr(0x7ff7ffc000));
}

TEST_CASE_METHOD(MemoryFixture, "a hint is taken when it is free", "[memory]") {
    CHECK(mm.map(anon(0x10000000, 4096)) == VAddr(0x10000000));
    CHECK(mm.map(anon(0x10000000, 4096)) == VAddr(0x7ff7fff000));
    CHECK(mm.map(anon(1, 4096)) == VAddr(0x8000));  // raised to vm.mmap_min_addr
    CHECK(mm.map(anon(0x7ffffff000, 4096)) == VAddr(0x7ffffff000));
}

TEST_CASE_METHOD(MemoryFixture, "map refuses what mmap refuses", "[memory]") {
    CHECK(error_of(mm.map(anon(0, 0))) == Errno::Inval);
    CHECK(error_of(mm.map(anon(0, std::uint64_t{1} << 40))) == Errno::NoMem);
    CHECK(error_of(mm.map(anon(0, ~std::uint64_t{0}))) == Errno::NoMem);
    // More than all RAM: obvious overcommit.
    CHECK(error_of(mm.map(anon(0, 65 << 20))) == Errno::NoMem);
    MapRequest reserve = anon(0, std::uint64_t{100} << 30);
    reserve.no_reserve = true;
    CHECK(mm.map(reserve));
    reserve.no_reserve = false;
    reserve.prot = {};
    CHECK(mm.map(reserve));
    MapRequest fixed = anon(0x10001, 4096);
    fixed.fixed = true;
    CHECK(error_of(mm.map(fixed)) == Errno::Inval);
    fixed.hint = VAddr(0);
    CHECK(error_of(mm.map(fixed)) == Errno::Perm);
    fixed.hint = VAddr((std::uint64_t{1} << 39) - 4096);
    fixed.length = 8192;
    CHECK(error_of(mm.map(fixed)) == Errno::NoMem);
    anonymous_at(0x20000, 2);
    MapRequest noreplace = anon(0x21000, 4096);
    noreplace.fixed_noreplace = true;
    CHECK(error_of(mm.map(noreplace)) == Errno::Exist);
    mm.set_limits(mm.mapped_bytes() + 8192, ~std::uint64_t{0});
    CHECK(mm.map(anon(0, 8192)));
    CHECK(error_of(mm.map(anon(0, 4096))) == Errno::NoMem);
}

TEST_CASE_METHOD(MemoryFixture, "equal neighbours are one mapping, munmap splits", "[memory]") {
    anonymous_at(0x10000, 1);
    anonymous_at(0x12000, 1);
    CHECK(mm.vmas().size() == 2);
    anonymous_at(0x11000, 1);
    REQUIRE(mm.vmas().size() == 1);
    CHECK(mm.find(VAddr(0x10000))->range == VRange{VAddr(0x10000), VAddr(0x13000)});
    REQUIRE(user.put(VAddr(0x11000), 1));
    CHECK(mm.unmap({VAddr(0x11000), VAddr(0x12000)})->own == 1);
    CHECK(mm.vmas().size() == 2);
    CHECK(mm.unmap({VAddr(0x11000), VAddr(0x12000)})->all() == 0);
    CHECK_FALSE(user.put(VAddr(0x11000), 1));

    auto file = std::make_shared<PageFile>(machine->memory, 8 * kPageSize);
    file_at(0x100000, file, 2, kText, false, 0);
    file_at(0x102000, file, 2, kText, false, 2 * kPageSize);
    CHECK(mm.find(VAddr(0x100000))->range.size() == 4 * kPageSize);
    file_at(0x104000, file, 1, kText, false, 7 * kPageSize);
    CHECK(mm.find(VAddr(0x104000))->range.size() == kPageSize);
    REQUIRE(mm.unmap({VAddr(0x101000), VAddr(0x102000)}));
    CHECK(mm.find(VAddr(0x102000))->file_offset == 2 * kPageSize);
}

TEST_CASE_METHOD(MemoryFixture, "mprotect splits, merges and changes present pages", "[memory]") {
    anonymous_at(0x10000, 3);
    REQUIRE(user.put(VAddr(0x11000), 1));
    CHECK(mm.protect({VAddr(0x11000), VAddr(0x12000)}, kReadOnly) == 1u);
    CHECK(mm.vmas().size() == 3);
    CHECK_FALSE(user.put(VAddr(0x11000), 2));
    CHECK(mm.protect({VAddr(0x11000), VAddr(0x12000)}, kReadWrite) == 1u);
    CHECK(mm.vmas().size() == 1);
    // An exclusive anonymous page is writable at once (since 6.2), without a fault.
    const auto before = same_el_aborts();
    CHECK(user.put(VAddr(0x11000), 3));
    CHECK(same_el_aborts() == before);

    CHECK(error_of(mm.protect({VAddr(0x12000), VAddr(0x14000)}, kReadOnly)) == Errno::NoMem);
    CHECK(mm.find(VAddr(0x12000))->prot == kReadOnly);  // what came before the hole is changed
    auto file = std::make_shared<PageFile>(machine->memory, kPageSize);
    MapRequest read_only{
        .length = kPageSize, .prot = kReadOnly, .shared = true, .may_write = false, .file = file};
    const VAddr at = mm.map(read_only).value();
    CHECK(error_of(mm.protect({at, at + kPageSize}, kReadWrite)) == Errno::Acces);
}

TEST_CASE_METHOD(MemoryFixture, "pages survive PROT_NONE", "[memory]") {
    const VAddr at = anonymous(1);
    REQUIRE(user.put(at, 42));
    REQUIRE(mm.protect({at, at + kPageSize}, {}));
    CHECK_FALSE(user.get<int>(at));
    REQUIRE(mm.protect({at, at + kPageSize}, kReadWrite));
    CHECK(user.get<int>(at) == 42);
}

TEST_CASE_METHOD(MemoryFixture, "MADV_DONTNEED brings zeros or the file back", "[memory]") {
    const VAddr at = anonymous(2);
    REQUIRE(user.put(at, 42));
    CHECK(mm.discard({at, at + 2 * kPageSize}) == 1u);
    CHECK(user.get<int>(at) == 0);
    auto file = std::make_shared<PageFile>(machine->memory, kPageSize);
    file_at(0x100000, file, 1, kReadWrite);
    REQUIRE(user.put(VAddr(0x100000), std::uint8_t{0xff}));
    REQUIRE(mm.discard({VAddr(0x100000), VAddr(0x101000)}));
    CHECK(user.get<std::uint8_t>(VAddr(0x100000)) == 0);
    CHECK(error_of(mm.discard({VAddr(0x100000), VAddr(0x102000)})) == Errno::NoMem);
}

TEST_CASE_METHOD(MemoryFixture, "shared anonymous memory keeps its pages and shows as /dev/zero",
                 "[memory]") {
    MapRequest request = anon(0x100000, 4 * kPageSize);
    request.shared = true;
    REQUIRE(mm.map(request) == VAddr(0x100000));
    REQUIRE(user.get<int>(VAddr(0x101000)) == 0);
    CHECK(mm.space().mapped_pages() == 1);  // the neighbours have no pages to map
    REQUIRE(user.put(VAddr(0x101000), 5));
    REQUIRE(mm.discard({VAddr(0x100000), VAddr(0x104000)}));
    CHECK(user.get<int>(VAddr(0x101000)) == 5);
    CHECK(mm.maps_text().find("rw-s 00000000 00:01 ") != std::string::npos);
    CHECK(mm.maps_text().find(" /dev/zero (deleted)\n") != std::string::npos);
}

TEST_CASE_METHOD(MemoryFixture, "mremap onto the mapping itself finds nothing to move",
                 "[memory]") {
    // As a Linux host answers: the target is unmapped first, and the source with it.
    constexpr auto kOnto = abi::kMremapMaymove | abi::kMremapFixed;
    const auto shared = [&](std::uint64_t at) {
        return mm
            .map({.hint = VAddr(at),
                  .length = 4 * kPageSize,
                  .prot = kReadWrite,
                  .fixed = true,
                  .shared = true})
            .value();
    };
    const VAddr at = shared(0x500000);
    CHECK(error_of(mm.remap(at, 0, kPageSize, kOnto, at)) == Errno::Fault);
    CHECK(mm.find(at) == nullptr);
    CHECK(mm.find(at + kPageSize) != nullptr);
    const VAddr again = shared(0x600000);
    CHECK(error_of(mm.remap(again, ~std::uint64_t{0}, kPageSize, kOnto, again)) == Errno::Fault);
    // A private mapping is not duplicated, but its target is gone by then.
    const VAddr own = anonymous_at(0x700000, 4);
    CHECK(error_of(mm.remap(own, 0, kPageSize, kOnto, own + 2 * kPageSize)) == Errno::Inval);
    CHECK(mm.find(own + 2 * kPageSize) == nullptr);
}

TEST_CASE_METHOD(MemoryFixture, "a file is not mapped beyond the largest offset", "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, kPageSize);
    MapRequest request = anon(0x100000, kPageSize);
    request.file = file;
    request.offset = std::uint64_t{1} << 63;
    CHECK(error_of(mm.map(request)) == Errno::Overflow);
    request.offset = (std::uint64_t{1} << 63) - 2 * kPageSize;
    CHECK(mm.map(request));
}

TEST_CASE_METHOD(MemoryFixture, "mremap grows in place, moves with the pages, shrinks",
                 "[memory]") {
    const VAddr at = anonymous_at(0x100000, 1);
    REQUIRE(user.put(at, 42));
    CHECK(mm.remap(at, 4096, 8192, 0, {}) == at);
    anonymous_at(0x102000, 1, kReadOnly);
    CHECK(error_of(mm.remap(at, 8192, 3 * kPageSize, 0, {})) == Errno::NoMem);
    const auto moved = mm.remap(at, 8192, 3 * kPageSize, abi::kMremapMaymove, {});
    REQUIRE(moved);
    CHECK(*moved != at);
    CHECK(user.get<int>(*moved) == 42);
    CHECK(mm.find(at) == nullptr);
    CHECK(mm.remap(*moved, 3 * kPageSize, kPageSize, 0, {}) == *moved);
    CHECK(mm.find(*moved)->range.size() == kPageSize);
    CHECK(mm.remap(*moved, 4096, 4096, abi::kMremapMaymove | abi::kMremapFixed, VAddr(0x102000)) ==
          VAddr(0x102000));
    CHECK(user.get<int>(VAddr(0x102000)) == 42);

    CHECK(error_of(mm.remap(VAddr(0x102000), 4096, 4096, 8, {})) == Errno::Inval);
    CHECK(error_of(mm.remap(VAddr(0x102000), 4096, 4096, abi::kMremapFixed, VAddr(0x200000))) ==
          Errno::Inval);
    CHECK(error_of(mm.remap(VAddr(0x102000), 4096, 0, 0, {})) == Errno::Inval);
    CHECK(error_of(mm.remap(VAddr(0x102001), 4096, 4096, 0, {})) == Errno::Inval);
    CHECK(error_of(mm.remap(VAddr(0x300000), 4096, 4096, 0, {})) == Errno::Fault);
    CHECK(error_of(mm.remap(VAddr(0x102000), 8192, 3 * kPageSize, abi::kMremapMaymove, {})) ==
          Errno::Fault);
    CHECK(error_of(mm.remap(VAddr(0x102000), 4096, 4096, abi::kMremapMaymove | abi::kMremapFixed,
                            VAddr(0x102000))) == Errno::Inval);
}

TEST_CASE_METHOD(MemoryFixture, "brk moves the heap's end and answers the old one when it cannot",
                 "[memory]") {
    mm.init_brk(VAddr(0x500000));
    CHECK(mm.set_brk(VAddr(0)) == VAddr(0x500000));
    CHECK(mm.set_brk(VAddr(0x500010)) == VAddr(0x500010));
    CHECK(mm.find(VAddr(0x500000))->range.size() == kPageSize);
    CHECK(mm.set_brk(VAddr(0x521000)) == VAddr(0x521000));
    CHECK(mm.vmas().size() == 1);
    REQUIRE(user.put(VAddr(0x520000), 1));
    CHECK(mm.set_brk(VAddr(0x510000)) == VAddr(0x510000));
    CHECK_FALSE(user.put(VAddr(0x520000), 1));
    anonymous_at(0x530000, 1, kReadOnly);
    CHECK(mm.set_brk(VAddr(0x530000)) == VAddr(0x510000));  // a page stays free between
    CHECK(mm.set_brk(VAddr(0x52f000)) == VAddr(0x52f000));
    CHECK(mm.set_brk(VAddr(~std::uint64_t{0})) == VAddr(0x52f000));
    CHECK(mm.name_of(*mm.find(VAddr(0x500000))) == "[heap]");
}

TEST_CASE_METHOD(MemoryFixture, "the maps text is Linux's, column by column", "[memory]") {
    auto file = std::make_shared<PageFile>(machine->memory, 0x20000, "/usr/bin/grep");
    file_at(0x5555550000, file, 2, kText);
    file_at(0x5555562000, file, 1, kReadWrite, false, 0x12000);
    anonymous_at(0x400000, 1, {});
    mm.init_brk(VAddr(0x5555563000));
    mm.set_brk(VAddr(0x5555584000));
    const std::string expected =
        "00400000-00401000 ---p 00000000 00:00 0 \n"
        "5555550000-5555552000 r-xp 00000000 fe:01 12                             /usr/bin/grep\n"
        "5555562000-5555563000 rw-p 00012000 fe:01 12                             /usr/bin/grep\n"
        "5555563000-5555584000 rw-p 00000000 00:00 0                              [heap]\n";
    CHECK(mm.maps_text() == expected);
}

TEST_CASE_METHOD(MemoryFixture, "a special page goes to the top of user space when that is free",
                 "[memory]") {
    const PAddr frame = machine->memory.allocate().value();
    const PAddr other = machine->memory.allocate().value();
    CHECK(mm.map_special("[uprobes]", frame, {.exec = true}) == VAddr(0x7ffffff000));
    CHECK(mm.map_special("[uprobes]", other, {.exec = true}) == VAddr(0x7ff7fff000));
    CHECK(mm.maps_text().find("7ffffff000-8000000000 --xp 00000000 00:00 0                         "
                              "     [uprobes]\n") != std::string::npos);
    // Ground truth: the first use of the slot page takes an instruction abort.
    CHECK_FALSE(mm.space().lookup(VAddr(0x7ffffff000)).has_value());
    REQUIRE(mm.fault(VAddr(0x7ffffff000), Access::Execute, TaskId{1000}) == FaultResult::Resolved);
    CHECK(mm.space().lookup(VAddr(0x7ffffff000))->frame == frame);
    CHECK(mm.space().lookup(VAddr(0x7ffffff000))->prot.exec);
}

TEST_CASE("an address space that goes away gives all memory back", "[memory]") {
    const auto machine = make_machine();
    const auto before = machine->memory.used_bytes();
    {
        auto file = std::make_shared<PageFile>(machine->memory, 40 * kPageSize);
        Mm mm(*machine);
        UserMemory user(mm, kTask);
        const VAddr at = mm.map(anon(0, 1 << 20)).value();
        REQUIRE(user.clear(at, 1 << 20));
        MapRequest text = anon(0, 40 * kPageSize);
        text.file = file;
        const VAddr code = mm.map(text).value();
        REQUIRE(user.get<int>(code));
        REQUIRE(user.put(code, 1));
        REQUIRE(mm.remap(at, 1 << 20, 2 << 20, abi::kMremapMaymove | abi::kMremapFixed,
                         VAddr(0x1000000)));
    }
    CHECK(machine->memory.used_bytes() == before);
}

TEST_CASE_METHOD(MemoryFixture,
                 "a mapping goes into the highest gap that holds it, whatever went before",
                 "[memory]") {
    const VAddr base(0x7ff8000000);
    std::vector<VRange> placed;
    std::uint64_t random = 1;
    const auto next = [&](std::uint64_t below) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        return (random >> 33) % below;
    };
    // The expected place, by looking at all gaps.
    const auto highest = [&](std::uint64_t length) {
        VAddr ceiling = base;
        for (auto it = mm.vmas().rbegin(); it != mm.vmas().rend(); ++it) {
            if (it->second.range.end <= ceiling && ceiling - it->second.range.end >= length) break;
            ceiling = std::min(ceiling, it->second.range.begin);
        }
        return ceiling - length;
    };
    for (int round = 0; round < 3000; ++round) {
        if (next(3) == 0 && !placed.empty()) {
            const std::size_t which = next(placed.size());
            REQUIRE(mm.unmap(placed[which]));
            placed.erase(placed.begin() + static_cast<std::ptrdiff_t>(which));
            continue;
        }
        const std::uint64_t pages = 1 + next(6);
        const VAddr expected = highest(pages * kPageSize);
        // Neighbours do not merge.
        const VAddr at = anonymous(pages, round % 2 != 0 ? kReadOnly : kReadWrite);
        REQUIRE(at == expected);
        placed.push_back({at, at + pages * kPageSize});
    }
}

TEST_CASE("mappings take memory of the kernel, and end with ENOMEM", "[memory]") {
    const auto machine = make_machine(std::uint64_t{1} << 20);
    {
        Mm mm(*machine);
        std::uint64_t n = 0;
        SysResult<VAddr> last;
        do {
            last = mm.map({.length = kPageSize, .prot = n % 2 != 0 ? kReadOnly : Prot{}});
            ++n;
        } while (last);
        CHECK(last.error() == Errno::NoMem);
        CHECK(n < (1u << 20) / 128);
        CHECK(machine->memory.kernel_bytes() >= (n - 1) * 200);
    }
    CHECK(machine->memory.kernel_bytes() == 0);
}
