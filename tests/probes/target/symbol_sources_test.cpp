// SPDX-License-Identifier: GPL-2.0-or-later
// What is made byte by byte, since no tool here makes it: Go's function table, damaged notes and
// archives, names that stand for endless texts. The other sources of names are compared with
// binutils and bpftrace in tests/end_to_end/list_tests.py.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "probes/target/demangle.h"
#include "probes/target/exclusive_pair.h"
#include "probes/target/path_glob.h"
#include "probes/target/probe_places.h"
#include "probes/target/probed_file.h"
#include "probes/target/spec.h"
#include "probes/target/symbol_index.h"
#include "probes/target/zip_member.h"
#include "sim/base/entropy.h"
#include "tests/probes/target/symbol_elf.h"
#include "tests/support/host.h"

using namespace uprobesim;
using namespace uprobesim::test;

namespace {

std::vector<std::byte> bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

bool has_compiler() {
    if (!output_of("aarch64-linux-gnu-gcc --version").empty()) return true;
    WARN("skipped: no aarch64-linux-gnu-gcc");
    return false;
}

// A stripped program with the assembler text in it.
std::vector<std::byte> assembled(const TempFolder& folder, const std::string& text) {
    const std::string from = folder.write("a.s", text), to = folder.path() + "/a";
    REQUIRE(output_of("aarch64-linux-gnu-gcc -nostdlib -static -s -Wl,--build-id=none -o " + to +
                      " " + from + " && echo done") == "done\n");
    return bytes_of(to);
}

std::vector<std::string> names_of(const SymbolIndex& index) {
    std::vector<std::string> names;
    for (const Function& f : index.functions()) names.push_back(f.name);
    return names;
}

constexpr const char* kCode = R"(
.text
.globl _start
_start: nop
first: nop
nop
second: ret
end:
)";

// runtime.pcHeader, functab and _func as Go 1.20's runtime/symtab.go has them.
constexpr const char* kGo120 = R"(
.section .gopclntab,"a"
table: .4byte 0xfffffff1
.byte 0, 0, 4, 8
.8byte 2, 0, _start, names - table, 0, 0, 0, rows - table
names: .asciz "main.first"
second_name: .asciz "main.Map[go.shape.int]"
.balign 4
rows: .4byte first - _start, one - rows, second - _start, two - rows, end - _start
one: .4byte first - _start, 0
two: .4byte second - _start, second_name - names
)";

// As Go 1.2 to 1.15 have them: everything is counted from the table's start.
constexpr const char* kGo12 = R"(
.section .gopclntab,"a"
table: .4byte 0xfffffffb
.byte 0, 0, 4, 8
.8byte 2, first, one - table, second, two - table, end
one: .8byte first
.4byte first_name - table
two: .8byte second
.4byte second_name - table
first_name: .asciz "main.first"
second_name: .asciz "main.Map[go.shape.int]"
)";

}  // namespace

TEST_CASE("a stripped Go program's functions are in its own table", "[symbols]") {
    if (!has_compiler()) return;
    const TempFolder folder;
    for (const char* table : {kGo120, kGo12}) {
        const auto bytes = assembled(folder, std::string(kCode) + table);
        const auto index = SymbolIndex::build(bytes, "/bin/x");
        REQUIRE(index);
        CHECK(names_of(*index) == std::vector<std::string>{"main.first", "main.Map[go.shape.int]"});
        const Function& second = index->functions()[1];
        CHECK(second.offset - index->functions()[0].offset == 8);
        CHECK(second.size == 4);
        CHECK(index->word_at(second.offset) == 0xd65f03c0u);  // ret
        CHECK(index->sources() == std::vector<std::string>{".gopclntab"});
    }
}

TEST_CASE("the unwind entries of a stripped file say how long its functions are", "[symbols]") {
    if (!has_compiler()) return;
    const TempFolder folder;
    constexpr const char* kUnwound = R"(
.text
.globl _start
_start: .cfi_startproc
nop
nop
ret
.cfi_endproc
nop
second: .cfi_startproc
ret
.cfi_endproc
)";
    // The linker's table has the starts; without it there are the entries alone.
    for (const char* flag : {"--eh-frame-hdr", "--no-eh-frame-hdr"}) {
        INFO(flag);
        const std::string from = folder.write("a.s", kUnwound), to = folder.path() + "/a";
        REQUIRE(output_of(fmt::format("aarch64-linux-gnu-gcc -nostdlib -static -s -Wl,{} -o {} {} "
                                      "&& echo done",
                                      flag, to, from)) == "done\n");
        const auto file = ProbedFile::make("/a", bytes_of(to), {});
        REQUIRE(file);
        REQUIRE(file->index() != nullptr);
        const auto& functions = file->index()->functions();
        REQUIRE(functions.size() == 2);
        CHECK(functions[0].size == 12);
        CHECK(functions[1].offset - functions[0].offset == 16);
        CHECK(functions[1].size == 4);
        const auto places = [&](const std::string& offset) {
            const auto specs = parse_probe_specs("uprobe:/a:" + functions[0].name + offset);
            REQUIRE(specs);
            return find_places(*file, specs->front(), false);
        };
        CHECK(places("+8").has_value());
        const auto between = places("+12"), in_second = places("+0x10");
        REQUIRE_FALSE(between.has_value());
        CHECK(between.error().line().find(
                  functions[0].name + " has 12 bytes: +0xc is past its end") != std::string::npos);
        CHECK(between.error().line().find("no function is there") != std::string::npos);
        REQUIRE_FALSE(in_second.has_value());
        CHECK(in_second.error().line().find("there is " + functions[1].name) != std::string::npos);
    }
}

TEST_CASE("a damaged file with every kind of names is refused or read, never more", "[symbols]") {
    if (!has_compiler()) return;
    const TempFolder folder;
    std::vector<std::vector<std::byte>> seeds;
    for (const char* table : {kGo120, kGo12})
        seeds.push_back(assembled(folder, std::string(kCode) + table));
    const std::string library = folder.write(
        "l.c",
        "int puts(const char*); int f(void) { return puts(\"\"); }"
        "__asm__(\".symver f,g@@V1\\n.pushsection .note.stapsdt,\\\"\\\",\\\"note\\\"\\n"
        ".4byte 8,44,3\\n.asciz \\\"stapsdt\\\"\\n.8byte f,0,f\\n.asciz \\\"prov\\\"\\n"
        ".asciz \\\"name\\\"\\n.asciz \\\"4@x0\\\"\\n.balign 4\\n.popsection\");");
    const std::string map = folder.write("map", "V1 { global: g; };\n"), to = folder.path() + "/l";
    REQUIRE(output_of("aarch64-linux-gnu-gcc -shared -nostdlib -fPIC -Wl,--version-script=" + map +
                      " -o " + to + " " + library + " && echo done") == "done\n");
    seeds.push_back(bytes_of(to));
    const auto whole = SymbolIndex::build(seeds.back(), "/l");
    REQUIRE(whole);
    REQUIRE(whole->usdt().size() == 1);
    CHECK(whole->usdt().front().provider == "prov");
    CHECK(whole->plt().size() == 1);
    Entropy random(11);
    for (int i = 0; i < 3000; ++i) {
        auto bytes = seeds[static_cast<std::size_t>(i) % seeds.size()];
        for (int n = 0; n < 1 + i % 6; ++n) {
            const std::size_t tail = std::min<std::size_t>(bytes.size(), 0x1000);
            const std::size_t at = random.next() % tail;
            bytes[i % 2 == 0 ? at : bytes.size() - 1 - at] = static_cast<std::byte>(random.next());
        }
        if (i % 16 == 15) bytes.resize(random.next() % bytes.size());
        const auto index = SymbolIndex::build(std::move(bytes), "/bin/x");
        if (!index) continue;
        for (const Function& f : index->functions()) CHECK(index->in_text(f.offset));
        for (const Function& f : index->plt()) CHECK(index->in_text(f.offset));
        for (const UsdtProbe& probe : index->usdt()) CHECK(index->in_text(probe.offset));
    }
}

TEST_CASE("a long version that many functions have is not copied for all of them", "[symbols]") {
    if (!has_compiler()) return;
    const TempFolder folder;
    std::string text;
    for (int i = 0; i < 500; ++i) text += "void f" + std::to_string(i) + "(void) {}\n";
    const std::string library = folder.write("l.c", text), to = folder.path() + "/l",
                      map = folder.write("map", std::string(20000, 'V') + " { global: *; };\n");
    REQUIRE(output_of("aarch64-linux-gnu-gcc -shared -nostdlib -s -Wl,--version-script=" + map +
                      " -o " + to + " " + library + " && echo done") == "done\n");
    const auto bytes = bytes_of(to);
    const auto index = SymbolIndex::build(bytes, "/l");
    REQUIRE(index);
    std::size_t copied = 0;
    for (const Function& f : index->functions()) copied += f.name.size() + f.version.size();
    CHECK(copied > 20000);
    CHECK(copied <= 16 * bytes.size());  // what names may take
}

TEST_CASE("names of C++ and Rust are those that nm -C prints", "[symbols]") {
    CHECK(demangled("_ZN3foo3barEii") == "foo::bar(int, int)");
    CHECK(demangled("_ZN3foo3barEii", NameForm::NameOnly) == "foo::bar");
    CHECK(demangled("_ZN2ns4bothIilEET_S1_T0_") == "int ns::both<int, long>(int, long)");
    CHECK(demangled("_ZN2ns4bothIilEET_S1_T0_", NameForm::NoReturnType) ==
          "ns::both<int, long>(int, long)");
    CHECK(demangled("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE") ==
          "core::fmt::Write::write_fmt");
    CHECK(demangled("_RNvCs1234_7mycrate3foo").find("mycrate") == 0);
    CHECK(demangled("_ZN3foo3barEii").capacity() < 100);  // there may be a million of them
    CHECK(demangled("main").empty());
    CHECK(demangled("_Z").empty());
    CHECK(mangling_of("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE") ==
          ProbeSpec::Language::Rust);
    CHECK(mangling_of("_ZN3foo3barEii") == ProbeSpec::Language::Cpp);
    CHECK(mangling_of("main.main") == ProbeSpec::Language::Any);
}

TEST_CASE("a name that stands for an endless text is not demangled", "[symbols]") {
    // f(pair<int, int>, pair of two of those, pair of two of those, ...): each doubles the text.
    std::string name = "_Z1f4pairIiiE";
    for (const char* twice :
         {"S_IS0_S0_E", "S_IS1_S1_E", "S_IS2_S2_E", "S_IS3_S3_E", "S_IS4_S4_E", "S_IS5_S5_E",
          "S_IS6_S6_E", "S_IS7_S7_E", "S_IS8_S8_E", "S_IS9_S9_E", "S_ISA_SA_E", "S_ISB_SB_E",
          "S_ISC_SC_E", "S_ISD_SD_E", "S_ISE_SE_E", "S_ISF_SF_E", "S_ISG_SG_E", "S_ISH_SH_E",
          "S_ISI_SI_E", "S_ISJ_SJ_E", "S_ISK_SK_E", "S_ISL_SL_E", "S_ISM_SM_E", "S_ISN_SN_E",
          "S_ISO_SO_E", "S_ISP_SP_E", "S_ISQ_SQ_E", "S_ISR_SR_E", "S_ISS_SS_E", "S_IST_ST_E"})
        name += twice;
    CHECK(demangled(name).empty());
}

TEST_CASE("a name of Rust with 2^47 lifetimes is not demangled", "[symbols]") {
    // A function type in a constant's type and in the path of an impl: neither is printed.
    CHECK(demangled("_RC1aIC1bFGzzzzzzzz_EuE").empty());
    CHECK(demangled("_RMIC1bFGzzzzzzzz_EuEC1a").empty());
    // a::b::<for<'a> fn(&'a u8)>, and an identifier that looks like the two letters.
    CHECK(demangled("_RINvC1a1bFG_RL0_hEuE") == "a::b::<for<'a> fn(&'a u8)>");
    CHECK(demangled("_RNvC1a4FG_b") == "a::FG_b");
}

TEST_CASE("places inside of an exclusive pair are known, those around it are not", "[symbols]") {
    // mov x1, x2; ldxr w1, [x0]; add w1, w1, #1; stxr w2, w1, [x0]; cbnz w2, .-12; ret
    const std::vector<std::uint32_t> code = {0xaa0203e1, 0x885f7c01, 0x11000421,
                                             0x88027c01, 0x35ffffa2, 0xd65f03c0};
    const auto word_at = [&](std::uint64_t at) {
        return at / 4 < code.size() ? std::optional(code[at / 4]) : std::nullopt;
    };
    for (std::uint64_t at = 0; at < 24; at += 4) {
        const auto pair = exclusive_pair_at(at, word_at);
        INFO(at);
        CHECK(pair.has_value() == (at >= 4 && at <= 12));
        if (pair) CHECK(pair->load == 4);
        if (pair) CHECK(pair->store == 12);
    }
    // CAS of a pair (CASP) shares their encoding space and is one instruction.
    CHECK_FALSE(exclusive_pair_at(0, [](std::uint64_t) { return std::optional(0x48207c02u); }));
}

TEST_CASE("a stored member of a zip file is found, whatever is before and after it", "[symbols]") {
    const TempFolder folder;
    const std::string script = folder.write("z.py", R"(
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    z.comment = b"a comment" * 100
    z.writestr("packed", "x" * 1000, zipfile.ZIP_DEFLATED)
    z.writestr("lib/a.so", b"the content", zipfile.ZIP_STORED)
)");
    const std::string path = folder.path() + "/a.zip";
    if (output_of("python3 " + script + " " + path + " && echo done") != "done\n") {
        WARN("skipped: no python3");
        return;
    }
    const auto archive = bytes_of(path);
    const auto member = find_zip_member(archive, "lib/a.so", "/a.zip!/lib/a.so");
    REQUIRE(member);
    CHECK(member->size == 11);
    CHECK(std::memcmp(archive.data() + member->offset, "the content", 11) == 0);
    CHECK_FALSE(find_zip_member(archive, "packed", "/a.zip!/packed"));
    const auto other = find_zip_member(archive, "lib/b.so", "/a.zip!/lib/b.so");
    REQUIRE_FALSE(other);
    CHECK(other.error().hint.find("lib/a.so") != std::string::npos);
    Entropy random(5);
    for (int i = 0; i < 2000; ++i) {
        auto damaged = archive;
        for (int n = 0; n < 3; ++n)
            damaged[random.next() % damaged.size()] = static_cast<std::byte>(random.next());
        damaged.resize(damaged.size() - random.next() % damaged.size());
        const auto found = find_zip_member(damaged, "lib/a.so", "/a.zip!/lib/a.so");
        if (found) CHECK(found->offset + found->size <= damaged.size());
    }
    CHECK(zip_path("/a.apk!/lib/x.so")->archive == "/a.apk");
    CHECK_FALSE(zip_path("/a.apk!/"));
    CHECK_FALSE(zip_path("/a.apk"));
}

TEST_CASE("paths with wildcards expand as glob(3) has them", "[symbols]") {
    const std::map<std::string, std::vector<std::string>> tree = {
        {"/", {"lib", "bin", ".hidden"}},
        {"/lib", {"b", "a", "liba.so", "libb.so.1", ".x.so"}},
        {"/bin", {"sh"}}};
    const auto names_in = [&](const std::string& folder) {
        const auto found = tree.find(folder);
        return found == tree.end() ? std::vector<std::string>() : found->second;
    };
    const auto expand = [&](const char* path) { return expand_glob(path, names_in); };
    CHECK(expand("/lib/lib*.so*") == std::vector<std::string>{"/lib/liba.so", "/lib/libb.so.1"});
    CHECK(expand("/lib/[ab]") == std::vector<std::string>{"/lib/a", "/lib/b"});
    CHECK(expand("/*/sh") == std::vector<std::string>{"/bin/sh", "/lib/sh"});
    CHECK(expand("/lib/?") == std::vector<std::string>{"/lib/a", "/lib/b"});
    CHECK(expand("/none/*").empty());
}
