// SPDX-License-Identifier: GPL-2.0-or-later
// Unwind tables are made byte by byte, as .eh_frame_hdr has them.
#include "probes/target/symbol_index.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/base/entropy.h"
#include "tests/probes/target/symbol_elf.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

// No section headers; .eh_frame_hdr at 0x180.
std::vector<std::byte> stripped(const std::vector<std::uint64_t>& functions, std::uint32_t count) {
    TestElf elf;
    elf.size = 0x200;
    elf.segments.push_back({.type = 0x6474e550,
                            .flags = 4,
                            .offset = 0x180,
                            .vaddr = kBase + 0x180,
                            .file_size = 0x40,
                            .memory_size = 0x40,
                            .align = 4});
    auto bytes = elf.bytes();
    put(bytes, 0x180, std::uint32_t{0x3b031b01});
    put(bytes, 0x184, std::uint32_t{0});
    put(bytes, 0x188, count);
    std::size_t at = 0x18c;
    for (const std::uint64_t f : functions) {
        put(bytes, at,
            static_cast<std::int32_t>(static_cast<std::int64_t>(f) -
                                      static_cast<std::int64_t>(kBase + 0x180)));
        at += 8;
    }
    return bytes;
}

std::vector<std::string> names_of(const SymbolIndex& index) {
    std::vector<std::string> names;
    for (const Function& f : index.functions()) names.push_back(f.name);
    return names;
}

const std::vector<Symbol> kSymbols = {
    {"main", kBase + 0x104},      {"entry", kBase + 0x100},
    {"also_main", kBase + 0x104}, {"table", kBase + 0x110, kObject},
    {"puts", 0, kFunc, 0},        {"elsewhere", 0x500000},
    {"", kBase + 0x108}};

}  // namespace

TEST_CASE("functions are listed by offset, then name, aliases apart", "[symbols]") {
    for (const std::uint32_t type : {2u, 11u}) {  // SHT_SYMTAB, SHT_DYNSYM
        const auto index = SymbolIndex::build(with_symbols(kSymbols, type), "/bin/x");
        REQUIRE(index);
        // Neither objects, undefined and nameless symbols, nor one outside the text.
        CHECK(names_of(*index) == std::vector<std::string>{"entry", "also_main", "main"});
        CHECK(index->functions()[0].offset == 0x100);
        CHECK(index->functions()[2].offset == 0x104);
    }
}

TEST_CASE("wildcards select functions, and a wrong name finds its neighbours", "[symbols]") {
    const auto index = SymbolIndex::build(with_symbols(kSymbols), "/bin/x");
    REQUIRE(index);
    CHECK(index->matching("*main").size() == 2);
    CHECK(index->matching("main").size() == 1);
    CHECK(index->matching("m?in").front()->name == "main");
    CHECK(index->matching("Main").empty());
    CHECK(index->near("mian", 3) == std::vector<std::string>{"main"});
    CHECK(index->near("zzzzzzzz", 3).empty());
    CHECK(index->near("main", 0).empty());
}

TEST_CASE("text is the executable section where there are section headers", "[symbols]") {
    const auto sections = SymbolIndex::build(with_symbols(kSymbols), "/bin/x");
    REQUIRE(sections);
    CHECK_FALSE(sections->in_text(kTextOffset - 4));
    CHECK(sections->in_text(kTextOffset));
    CHECK(sections->in_text(kTextOffset + kTextSize - 4));
    CHECK_FALSE(sections->in_text(kTextOffset + kTextSize));
    CHECK_FALSE(sections->in_text(~std::uint64_t{0}));
    const auto segment = SymbolIndex::build(stripped({}, 0), "/bin/x");
    REQUIRE(segment);
    CHECK(segment->in_text(0x40));
    CHECK_FALSE(segment->in_text(0x200));
}

TEST_CASE("words are read little-endian, and only inside the file", "[symbols]") {
    auto bytes = with_symbols(kSymbols);
    put(bytes, kTextOffset, std::uint32_t{0xa9bf7bfd});
    const std::uint64_t size = bytes.size();
    const auto index = SymbolIndex::build(std::move(bytes), "/bin/x");
    REQUIRE(index);
    CHECK(index->word_at(kTextOffset) == 0xa9bf7bfdu);
    CHECK(index->word_at(size - 4).has_value());
    CHECK_FALSE(index->word_at(size - 3).has_value());
    CHECK_FALSE(index->word_at(~std::uint64_t{0}).has_value());
}

TEST_CASE("a stripped binary's functions come from its unwind table", "[symbols]") {
    const auto index =
        SymbolIndex::build(stripped({kBase + 0x120, kBase + 0x100, 0x700000}, 3), "/bin/x");
    REQUIRE(index);
    CHECK(names_of(*index) == std::vector<std::string>{"fn_100", "fn_120"});
    // A count that the file does not hold is read to the end of the file, not further.
    CHECK(SymbolIndex::build(stripped({kBase + 0x100}, 0xffffffff), "/bin/x"));
}

TEST_CASE("a file that is not an arm64 ELF is an error of one line", "[symbols]") {
    auto other = with_symbols(kSymbols);
    put(other, 18, std::uint16_t{62});  // EM_X86_64
    for (const auto& bytes : {std::vector<std::byte>{}, std::vector<std::byte>(3),
                              std::vector<std::byte>(4096), other}) {
        const auto index = SymbolIndex::build(bytes, "/bin/x");
        REQUIRE_FALSE(index);
        CHECK(index.error().line().find("/bin/x") != std::string::npos);
        CHECK(index.error().line().find('\n') == std::string::npos);
    }
}

TEST_CASE("a damaged ELF is refused or read, never more", "[symbols]") {
    Entropy random(7);
    const std::vector<std::byte> whole[] = {with_symbols(kSymbols), stripped({kBase + 0x100}, 1)};
    for (int i = 0; i < 4000; ++i) {
        auto bytes = whole[i % 2];
        for (int n = 0; n < 1 + i % 4; ++n) {
            // Half of the damage in the headers.
            const std::size_t limit =
                random.next() % 2 == 0 ? std::min<std::size_t>(bytes.size(), 0x100) : bytes.size();
            bytes[random.next() % limit] = static_cast<std::byte>(random.next());
        }
        if (i % 8 == 7) bytes.resize(random.next() % bytes.size());
        const auto index = SymbolIndex::build(std::move(bytes), "/bin/x");
        if (!index) continue;
        for (const Function& f : index->functions()) CHECK(index->in_text(f.offset));
    }
}
