// SPDX-License-Identifier: GPL-2.0-or-later
// The ELF64 format's rules, one broken at a time.
#include <catch2/catch.hpp>

#include "kernel_model/loader/elf_image.h"
#include "tests/kernel_model/loader/loader_support.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {
Result<ElfImage> parse(std::vector<std::byte> bytes) {
    return parse_elf(
        [&](std::uint64_t offset, std::span<std::byte> to) {
            if (offset > bytes.size() || bytes.size() - offset < to.size()) return false;
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
            return true;
        },
        bytes.size(), "/bin/p");
}
std::string reason(const TestElf& elf) {
    const auto parsed = parse(elf.bytes());
    return parsed ? "accepted" : parsed.error().line();
}
}  // namespace

TEST_CASE("a static program is understood", "[loader]") {
    TestElf elf;
    elf.segments.push_back(
        {.flags = 6, .offset = 0x1f0, .vaddr = 0x4101f0, .file_size = 0x10, .memory_size = 0x5000});
    elf.segments.push_back({.type = 0x6474e551, .flags = 7});
    const auto image = parse(elf.bytes());
    REQUIRE(image);
    CHECK_FALSE(image->position_independent);
    CHECK(image->entry == 0x400100);
    CHECK(image->phdr_vaddr == 0x400040);
    CHECK(image->phdr_count == 3);
    REQUIRE(image->segments.size() == 2);
    CHECK(image->segments[1].prot == Prot{.read = true, .write = true});
    CHECK(image->segments[1].memory_size == 0x5000);
    CHECK(image->interpreter.empty());
    CHECK(image->executable_stack);
}

TEST_CASE("the offset of a segment without bytes of the file has no meaning", "[loader]") {
    TestElf elf;
    elf.segments.push_back({.flags = 6,
                            .offset = 0x12345678,
                            .vaddr = 0x410000,
                            .file_size = 0,
                            .memory_size = 0x2000});
    const auto image = parse(elf.bytes());
    REQUIRE(image);
    REQUIRE(image->segments.size() == 2);
    CHECK(image->segments[1].file_size == 0);
    CHECK(image->segments[1].memory_size == 0x2000);
}

TEST_CASE("the interpreter's name is read", "[loader]") {
    TestElf elf;
    elf.type = 3;
    elf.segments.push_back({.type = 3, .flags = 4, .offset = 0x180, .file_size = 28});
    elf.texts[0x180] = "/lib/ld-linux-aarch64.so.1";
    elf.segments.back().file_size = elf.texts[0x180].size() + 1;
    const auto image = parse(elf.bytes());
    REQUIRE(image);
    CHECK(image->position_independent);
    CHECK(image->interpreter == "/lib/ld-linux-aarch64.so.1");
    elf.segments.back().file_size -= 1;
    CHECK_THAT(reason(elf), Catch::Contains("does not end"));
    elf.segments.back().file_size = 5000;
    CHECK_THAT(reason(elf), Catch::Contains("PT_INTERP"));
    elf.segments.back().file_size = 20;
    elf.segments.back().offset = 0x1000;
    CHECK_THAT(reason(elf), Catch::Contains("truncated"));
}

TEST_CASE("every way of not being an arm64 program has its reason", "[loader]") {
    const auto with = [](auto change) {
        TestElf elf;
        change(elf);
        return reason(elf);
    };
    using Catch::Contains;
    CHECK(with([](TestElf&) {}) == "accepted");
    CHECK_THAT(with([](TestElf& e) { e.elf_class = 1; }), Contains("32-bit"));
    CHECK_THAT(with([](TestElf& e) { e.data = 2; }), Contains("big-endian"));
    CHECK_THAT(with([](TestElf& e) { e.machine = 62; }), Contains("x86-64"));
    CHECK_THAT(with([](TestElf& e) { e.machine = 40; }), Contains("32-bit Arm"));
    CHECK_THAT(with([](TestElf& e) { e.type = 1; }), Contains("relocatable"));
    CHECK_THAT(with([](TestElf& e) { e.type = 4; }), Contains("core dump"));
    CHECK_THAT(with([](TestElf& e) { e.phentsize = 32; }), Contains("e_phentsize 32"));
    CHECK_THAT(with([](TestElf& e) { e.segments.clear(); }), Contains("no program headers"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].type = 4; }), Contains("no PT_LOAD"));
    CHECK_THAT(with([](TestElf& e) {
                   e.segments[0].file_size = 0x201;
                   e.segments[0].memory_size = 0x300;
               }),
               Contains("truncated"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].offset = ~std::uint64_t{0}; }),
               Contains("truncated"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].memory_size = 1; }),
               Contains("above memory size"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].memory_size = std::uint64_t{1} << 40; }),
               Contains("39-bit"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].memory_size = ~std::uint64_t{0}; }),
               Contains("39-bit"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].vaddr = ~std::uint64_t{0xfff}; }),
               Contains("39-bit"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].vaddr += 8; }), Contains("congruent"));
    // Linux 5.10 and later: an alignment that is no power of two is ignored.
    CHECK(with([](TestElf& e) { e.segments[0].align = 0x1800; }) == "accepted");
    CHECK_THAT(with([](TestElf& e) { e.segments.push_back(e.segments[0]); }), Contains("overlap"));
    CHECK_THAT(with([](TestElf& e) { e.entry = 0x500000; }),
               Contains("outside the executable segments"));
    CHECK_THAT(with([](TestElf& e) { e.segments[0].flags = 4; }),
               Contains("outside the executable segments"));
    CHECK_THAT(with([](TestElf& e) { e.entry = 0x400102; }), Contains("not aligned"));
    CHECK_THAT(with([](TestElf& e) {
                   e.segments.resize(1200);
                   e.size = 1 << 20;
               }),
               Contains("too many"));
    CHECK_THAT(with([](TestElf& e) { e.elf_class = 1; }), Catch::StartsWith("/bin/p: "));
}

TEST_CASE("a file that is only probed need not be a program", "[loader]") {
    // The kernel registers a probe by inode and offset.
    const auto probe = [](const TestElf& elf) {
        const auto bytes = elf.bytes();
        return parse_elf(
            [&](std::uint64_t offset, std::span<std::byte> to) {
                if (offset > bytes.size() || bytes.size() - offset < to.size()) return false;
                std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), to.size(),
                            to.begin());
                return true;
            },
            bytes.size(), "/lib/l.so", ElfUse::Probe);
    };
    TestElf elf;
    elf.type = 3;
    elf.entry = 0;
    CHECK(probe(elf));
    elf.entry = 0x400102;
    CHECK(probe(elf));
    elf.segments[0].vaddr += 8;  // not congruent
    elf.segments.push_back(elf.segments[0]);
    elf.segments.push_back({.type = 3, .flags = 4, .offset = 0x1000, .file_size = 20});
    const auto image = probe(elf);
    REQUIRE(image);
    CHECK(image->segments.size() == 2);
    elf.segments[0].file_size = 0x10000;  // beyond the file's end: as much as there is
    const auto shorter = probe(elf);
    REQUIRE(shorter);
    CHECK(shorter->segments[0].file_offset + shorter->segments[0].file_size <= elf.bytes().size());
    elf.machine = 62;
    CHECK_FALSE(probe(elf));
}

TEST_CASE("a cut-off file is refused at every length", "[loader]") {
    const auto whole = TestElf{}.bytes();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const auto parsed =
            parse({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
        INFO(length);
        REQUIRE_FALSE(parsed);
        if (length >= 4) CHECK_THAT(parsed.error().what, Catch::Contains("truncated"));
    }
    CHECK(parse({}).error().what == "empty file");
    CHECK_THAT(parse(std::vector<std::byte>(100)).error().what, Catch::Contains("not an ELF file"));
}
