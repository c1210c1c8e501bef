// SPDX-License-Identifier: GPL-2.0-or-later
// Real binaries, whole and stripped, against what binutils say of them. Skipped where there is no
// cross compiler.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "sim/profile/kernel_profile.h"
#include "tests/support/host.h"
#include "tools/audit/audit.h"

namespace uprobesim {
namespace {

// "     754:\ta9bf7bfd \tstp ...": address to word.
std::map<std::uint64_t, std::uint32_t> words_of(const std::string& path) {
    std::map<std::uint64_t, std::uint32_t> words;
    std::istringstream lines(output_of("aarch64-linux-gnu-objdump -d " + path));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t tab = line.find(":\t");
        if (tab > 16) continue;  // npos too
        words[std::stoull(line.substr(0, tab), nullptr, 16)] =
            static_cast<std::uint32_t>(std::stoul(line.substr(tab + 2, 8), nullptr, 16));
    }
    return words;
}

// Function entries as readelf lists them: "  12: 0000000000000754    60 FUNC    GLOBAL DEFAULT   13
// main", and "FDE cie=00000000 pc=0000000000000754..0000000000000790" where there is no symbol
// table. Addresses in the disassembly only: a program's own text.
std::set<std::uint64_t> entries_of(const std::string& path,
                                   const std::map<std::uint64_t, std::uint32_t>& words) {
    std::set<std::uint64_t> entries;
    const std::string symbols = output_of("aarch64-linux-gnu-readelf -sW " + path);
    std::istringstream lines(symbols);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream cells(line);
        std::string number, value, size, type, binding, visibility, section;
        if (cells >> number >> value >> size >> type >> binding >> visibility >> section &&
            type == "FUNC" && section != "UND")
            entries.insert(std::stoull(value, nullptr, 16));
    }
    if (symbols.find("'.symtab'") == std::string::npos) {
        std::istringstream frames(
            output_of("aarch64-linux-gnu-readelf --debug-dump=frames " + path));
        for (std::string line; std::getline(frames, line);) {
            const std::size_t pc = line.find(" pc=");
            if (pc != std::string::npos)
                entries.insert(std::stoull(line.substr(pc + 4, 16), nullptr, 16));
        }
    }
    std::erase_if(entries, [&](std::uint64_t address) { return words.count(address) == 0; });
    return entries;
}

constexpr const char* kSource = R"(
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) int leaf(int x) { return x * 3 + 1; }
__attribute__((alias("leaf"))) int leaf_alias(int);
__attribute__((noinline)) int calls(int x) { return printf("%d\n", x) + abs(leaf(x)); }
__attribute__((noinline)) int big_frame(const char* s) { char b[600]; strncpy(b, s, 599); b[599] = 0; return puts(b); }
__attribute__((noinline)) void empty(void) { __asm__ volatile(""); }
__attribute__((noinline)) int branch_first(int* p) { if (p) return *p; empty(); return 4; }
__attribute__((noinline, naked)) void exclusive(void) { __asm__("ldxr x1, [x0]\n ret"); }
int main(int argc, char** argv) { exclusive(); empty(); return calls(argc) + big_frame(argv[0]) + branch_first(&argc); }
)";

}  // namespace

TEST_CASE(
    "an audit of a compiled program counts what a disassembler shows at its functions' entries",
    "[tools][audit]") {
    if (output_of("aarch64-linux-gnu-gcc --version").empty()) {
        WARN("skipped: no aarch64-linux-gnu-gcc");
        return;
    }
    const TempFolder folder;
    folder.write("source.c", kSource);
    const std::string flags =
        GENERATE("-O2", "-O2 -mbranch-protection=standard", "-O2 -static", "-O2 -s");
    const std::string path = folder.path() + "/program";
    REQUIRE(output_of("aarch64-linux-gnu-gcc -w " + flags + " -o " + path + " " + folder.path() +
                      "/source.c && echo done") == "done\n");
    const auto words = words_of(path);
    std::uint64_t entries = 0, push = 0, sub_sp = 0, paciasp = 0, exclusive = 0, branch = 0;
    for (const std::uint64_t address : entries_of(path, words)) {
        const std::uint32_t word = words.at(address);
        // Encodings of the Arm manual, C6.2.
        ++entries;
        push += (word & 0xffc07fff) == 0xa9807bfd ? 1 : 0;
        sub_sp += (word & 0xffc003ff) == 0xd10003ff ? 1 : 0;
        paciasp += word == 0xd503233f ? 1 : 0;
        exclusive += (word & 0xfffffc00) == 0xc85f7c00 ? 1 : 0;
        branch += (word & 0x7e000000) == 0x34000000 ? 1 : 0;
    }
    REQUIRE(entries >= 7);

    auto plain = load_kernel_profile("v6.13", {}), stp = load_kernel_profile("v6.13+stp", {});
    REQUIRE((plain && stp));
    Auditor auditor({*plain, *stp});
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    REQUIRE(auditor.add({first, first + text.size()}, path));
    const AuditReport report = auditor.report();
    const AuditCounts before = audit_counts(report, 0), after = audit_counts(report, 1);
    CHECK(before.total() == entries);
    CHECK(before.stepped_stp == push);
    CHECK(after.emulated - before.emulated == push);
    CHECK(after.stepped + push == before.stepped);

    std::map<std::string, std::uint64_t> by_form;
    std::uint64_t conditional = 0;
    for (const AuditForm& form : report.forms) {
        by_form[form.text] += form.entries;
        const std::string mnemonic = form.text.substr(0, form.text.find(' '));
        if (mnemonic == "cbz" || mnemonic == "cbnz") conditional += form.entries;
    }
    CHECK(by_form["sub sp, sp, #N"] == sub_sp);
    CHECK(by_form["paciasp"] == paciasp);
    CHECK(by_form["ldxr xN, [xN]"] == exclusive);
    CHECK(conditional == branch);
    if (flags.ends_with("standard")) CHECK(paciasp > 0);
}

}  // namespace uprobesim
