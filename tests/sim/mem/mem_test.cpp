// SPDX-License-Identifier: GPL-2.0-or-later
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "sim/mem/address_space.h"
#include "sim/mem/memory_charge.h"

using namespace uprobesim;

namespace {

constexpr Prot kRead{true, false, false}, kReadWrite{true, true, false},
    kReadExec{true, false, true};
const VAddr kPage(0x5555550000);

// Keeps what a CPU would be told.
struct Watcher final : TranslationObserver, FrameObserver {
    void translation_changed(const AddressSpace&, VAddr page) override { changed.push_back(page); }
    void shadow_changed(const AddressSpace&, VAddr page) override { shadows.push_back(page); }
    void space_gone(const AddressSpace&) override { ++gone; }
    void code_frame_changed(PAddr frame) override { code_changed.push_back(frame); }
    void frame_became_code(PAddr frame) override { became_code.push_back(frame); }
    std::vector<VAddr> changed, shadows;
    std::vector<PAddr> code_changed, became_code;
    int gone = 0;
};

struct MemFixture {
    PhysicalMemory memory{64 * kPageSize};
    Watcher watcher;
    MemFixture() { memory.observe(&watcher); }
    PAddr frame() {
        const auto f = memory.allocate();
        REQUIRE(f);
        return *f;
    }
    bool zero(PAddr f) const {
        for (const std::byte b : memory.bytes(f)) {
            if (b != std::byte{0}) return false;
        }
        return true;
    }
};

}  // namespace

TEST_CASE_METHOD(MemFixture, "a frame lives as long as its references, and comes back zeroed",
                 "[mem]") {
    const PAddr f = frame();
    CHECK(zero(f));
    std::memset(memory.bytes(f).data(), 0xff, kPageSize);
    memory.add_ref(f);
    memory.release(f);
    CHECK(memory.refs(f) == 1);
    CHECK(memory.used_bytes() == kPageSize);
    memory.release(f);
    CHECK(memory.used_bytes() == 0);
    const PAddr again = frame();
    CHECK(again == f);
    CHECK(zero(again));
    CHECK(memory.peak_bytes() == kPageSize);
}

TEST_CASE_METHOD(MemFixture, "memory ends at its limit, and what is freed can be had again",
                 "[mem]") {
    std::vector<PAddr> all;
    while (const auto f = memory.allocate()) all.push_back(*f);
    CHECK(all.size() == 64);
    CHECK(memory.used_bytes() == memory.limit_bytes());
    memory.release(all.back());
    CHECK(memory.allocate().has_value());
    CHECK_FALSE(memory.allocate().has_value());
}

TEST_CASE_METHOD(MemFixture, "only frames that were executable report that their bytes changed",
                 "[mem]") {
    const PAddr data = frame(), code = frame();
    memory.mark_code(code);
    memory.mark_code(code);
    CHECK(watcher.became_code == std::vector<PAddr>{code});
    memory.note_write(data);
    CHECK(watcher.code_changed.empty());
    memory.note_write(code);
    CHECK(watcher.code_changed == std::vector<PAddr>{code});
    memory.release(code);
    CHECK(watcher.code_changed.size() == 2);
    CHECK_FALSE(memory.is_code(frame()));
}

TEST_CASE_METHOD(MemFixture, "a mapping owns one reference to its frame", "[mem]") {
    const PAddr f = frame();
    memory.add_ref(f);
    {
        AddressSpace space(memory, watcher);
        REQUIRE(space.map(kPage, f, kRead));
        CHECK(memory.refs(f) == 2);
        SECTION("which unmapping drops") {
            space.unmap(kPage);
            CHECK(memory.refs(f) == 1);
            space.unmap(kPage);
            CHECK(memory.refs(f) == 1);
            CHECK(space.mapped_pages() == 0);
        }
        SECTION("which mapping over it drops") {
            REQUIRE(space.map(kPage, frame(), kRead));
            CHECK(memory.refs(f) == 1);
            CHECK(space.mapped_pages() == 1);
        }
        SECTION("which the end of the space drops") {}
    }
    CHECK(memory.refs(f) == 1);
    CHECK(watcher.gone == 1);
    CHECK(memory.used_bytes() == kPageSize);  // tables and all
}

TEST_CASE_METHOD(MemFixture, "rights are what was asked, and no rights keep the page", "[mem]") {
    AddressSpace space(memory, watcher);
    const PAddr f = frame();
    for (const Prot p : {kRead, kReadWrite, kReadExec, Prot{true, true, true}}) {
        memory.add_ref(f);
        REQUIRE(space.map(kPage, f, p));
        CHECK(space.lookup(kPage + 0x123)->prot == p);
        CHECK(space.lookup(kPage + 0x123)->frame == f);
    }
    space.protect(kPage, {});
    REQUIRE(space.lookup(kPage));
    CHECK(space.lookup(kPage)->frame == f);
    CHECK(space.lookup(kPage)->prot.none());
    CHECK(space.mapped_pages() == 1);
    // A write-only or execute-only page is readable (arm64 Linux without enhanced PAN).
    space.protect(kPage, {false, true, false});
    CHECK(space.lookup(kPage)->prot == kReadWrite);
    space.protect(kPage, {false, false, true});
    CHECK(space.lookup(kPage)->prot == kReadExec);
    memory.release(f);
}

TEST_CASE_METHOD(MemFixture,
                 "the observer hears of translations that the MMU may hold, and of no others",
                 "[mem]") {
    AddressSpace space(memory, watcher);
    REQUIRE(space.map(kPage, frame(), kRead));
    CHECK(watcher.changed.empty());
    space.protect(kPage, kRead);
    CHECK(watcher.changed.empty());
    space.protect(kPage, kReadWrite);
    CHECK(watcher.changed.size() == 1);
    space.protect(kPage, {});
    CHECK(watcher.changed.size() == 2);
    space.protect(kPage, kRead);  // from none: nothing was valid
    CHECK(watcher.changed.size() == 2);
    REQUIRE(space.map(kPage, frame(), kRead));
    CHECK(watcher.changed.size() == 3);
    space.unmap(kPage);
    CHECK(watcher.changed.size() == 4);
    CHECK(watcher.changed.back() == kPage);
}

TEST_CASE_METHOD(MemFixture, "mapped pages are visited in order, and may be unmapped meanwhile",
                 "[mem]") {
    AddressSpace space(memory, watcher);
    const std::vector<VAddr> pages{VAddr(0x1000), VAddr(0x2000), VAddr(0x400000), kPage,
                                   VAddr(AddressSpace::kTop - kPageSize)};
    for (const VAddr p : pages) REQUIRE(space.map(p, frame(), kRead));
    std::vector<VAddr> seen;
    // The end lies above user space: the walk must end all the same.
    space.for_each_mapped({VAddr(0), VAddr(~kPageMask)}, [&](VAddr p, Translation) {
        seen.push_back(p);
        space.unmap(p);
    });
    CHECK(seen == pages);
    CHECK(space.mapped_pages() == 0);
    seen.clear();
    space.for_each_mapped({VAddr(0), VAddr(AddressSpace::kTop)},
                          [&](VAddr p, Translation) { seen.push_back(p); });
    CHECK(seen.empty());
    CHECK_FALSE(space.lookup(VAddr(AddressSpace::kTop)));
    CHECK_FALSE(space.lookup(VAddr(~std::uint64_t{0})));
}

TEST_CASE_METHOD(MemFixture, "when no memory is left for tables the caller keeps its reference",
                 "[mem]") {
    AddressSpace space(memory, watcher);
    const PAddr f = frame();
    std::vector<PAddr> rest;
    while (const auto more = memory.allocate()) rest.push_back(*more);
    CHECK_FALSE(space.map(kPage, f, kRead));
    CHECK(memory.refs(f) == 1);
    CHECK_FALSE(space.lookup(kPage));
    for (const PAddr p : rest) memory.release(p);
    CHECK(space.map(kPage, f, kRead));
}

TEST_CASE_METHOD(MemFixture, "a shadow is seen by the MMU only, and ends when the page changes",
                 "[mem]") {
    AddressSpace space(memory, watcher);
    const PAddr real = frame(), shadow = frame();
    REQUIRE(space.map(kPage, real, kReadExec));
    space.shadow(kPage, shadow);
    CHECK(space.shadowed(kPage));
    CHECK(space.lookup(kPage)->frame == real);
    CHECK(space.lookup(kPage)->prot == kReadExec);
    CHECK(watcher.shadows.size() == 1);
    CHECK(watcher.changed.empty());
    SECTION("by protecting it") {
        space.protect(kPage, kRead);
    }
    SECTION("by unmapping it") {
        space.unmap(kPage);
    }
    SECTION("by mapping it again") {
        REQUIRE(space.map(kPage, frame(), kReadExec));
    }
    SECTION("by shadowing another page") {
        REQUIRE(space.map(kPage + kPageSize, frame(), kReadExec));
        space.shadow(kPage + kPageSize, shadow);
        CHECK(space.lookup(kPage)->frame == real);
    }
    CHECK_FALSE(space.shadowed(kPage));
    CHECK(memory.refs(shadow) == 1);
}

// 4 KiB pages and 39 bits: a level 1 entry spans 1 GiB, a level 2 entry 2 MiB.
TEST_CASE_METHOD(MemFixture, "a walk ends at the level whose entry is missing", "[mem]") {
    AddressSpace space(memory, watcher);
    CHECK(space.translation_fault_level(kPage) == 1u);
    REQUIRE(space.map(kPage, frame(), kReadExec));
    CHECK_FALSE(space.translation_fault_level(kPage + 8));
    CHECK(space.translation_fault_level(kPage + kPageSize) == 3u);
    CHECK(space.translation_fault_level(kPage + 0x200000) == 2u);
    CHECK(space.translation_fault_level(kPage + 0x40000000) == 1u);
    // PROT_NONE keeps the frame, but the MMU sees no valid entry.
    space.protect(kPage, {});
    CHECK(space.lookup(kPage).has_value());
    CHECK(space.translation_fault_level(kPage) == 3u);
}

TEST_CASE_METHOD(MemFixture, "frames and the kernel's objects share the memory", "[mem]") {
    {
        MemoryCharge object(&memory, 60 * kPageSize + 1);
        CHECK(memory.free_bytes() == 4 * kPageSize - 1);
        std::vector<PAddr> all;
        while (const auto f = memory.allocate()) all.push_back(*f);
        CHECK(all.size() == 3);
        CHECK_FALSE(memory.has_room(kPageSize));
        object.resize(59 * kPageSize);
        CHECK(memory.has_room(2 * kPageSize));
        CHECK(memory.allocate());
        const MemoryCharge copy = object;
        CHECK(memory.kernel_bytes() == 118 * kPageSize);
        CHECK(memory.free_bytes() == 0);
    }
    CHECK(memory.kernel_bytes() == 0);
    CHECK(memory.free_bytes() == 60 * kPageSize);
}

TEST_CASE_METHOD(MemFixture, "free frames are given back to the host when objects need the memory",
                 "[mem]") {
    std::vector<PAddr> all;
    while (const auto f = memory.allocate()) all.push_back(*f);
    std::memset(memory.bytes(all.back()).data(), 0xff, kPageSize);
    for (const PAddr f : all) memory.release(f);
    const std::uint64_t before = memory.held_bytes();
    CHECK(before >= memory.limit_bytes());
    const MemoryCharge object(&memory, 32 * kPageSize);
    CHECK(memory.held_bytes() + memory.kernel_bytes() <= memory.limit_bytes() + kPageSize);
    // And they are whole frames again.
    for (int i = 0; i < 32; ++i) CHECK(zero(frame()));
    CHECK_FALSE(memory.allocate());
}
