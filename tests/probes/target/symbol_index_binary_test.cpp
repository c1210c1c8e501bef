// SPDX-License-Identifier: GPL-2.0-or-later
// A real binary, whole and stripped, against what binutils say of it. Skipped where there is no
// cross compiler.
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "probes/target/symbol_index.h"
#include "tests/support/host.h"

using namespace uprobesim;

namespace {

SymbolIndex index_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    auto index = SymbolIndex::build({first, first + text.size()}, path);
    if (!index) FAIL(index.error().line());
    return std::move(*index);
}

// Function name to its first instruction word, from a disassembly: "0000000000000754 <main>:" and "
// 754:\ta9bf7bfd \t...". Static functions of different sources may share a name.
std::map<std::string, std::set<std::uint32_t>> first_words(const std::string& disassembly) {
    std::map<std::string, std::set<std::uint32_t>> words;
    std::istringstream lines(disassembly);
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t open = line.find(" <"), tab = line.find(":\t");
        if (open == 16 && line.ends_with(">:")) {
            name = line.substr(18, line.size() - 20);
        } else if (!name.empty() && tab != std::string::npos) {
            words[name].insert(
                static_cast<std::uint32_t>(std::stoul(line.substr(tab + 2, 8), nullptr, 16)));
            name.clear();
        }
    }
    return words;
}

constexpr const char* kSource = R"(
#include <stdio.h>
#include <stdlib.h>
__attribute__((noinline)) static int helper(int x) { return printf("%d\n", x) + abs(x); }
__attribute__((noinline)) int leaf(int x) { return x * 3 + 1; }
__attribute__((alias("leaf"))) int leaf_alias(int);
int data[3] = {1, 2, 3};
int main(int argc, char** argv) { (void)argv; return helper(leaf(argc)) + data[argc]; }
)";

}  // namespace

TEST_CASE("a compiled binary's functions begin where a disassembler says", "[symbols]") {
    if (output_of("aarch64-linux-gnu-gcc --version").empty()) {
        WARN("skipped: no aarch64-linux-gnu-gcc");
        return;
    }
    const TempFolder folder;
    const std::string whole = folder.path() + "/whole", stripped = folder.path() + "/stripped",
                      from = whole + ".c";
    std::ofstream(from) << kSource;
    // Also with the text at an address that is not its file offset.
    const std::string flags = GENERATE("-O2", "-O2 -static -Wl,-Ttext-segment=0x700000");
    REQUIRE(output_of("aarch64-linux-gnu-gcc " + flags + " -o " + whole + " " + from +
                      " && echo done") == "done\n");
    REQUIRE(output_of("aarch64-linux-gnu-strip -o " + stripped + " " + whole + " && echo done") ==
            "done\n");

    const SymbolIndex index = index_of(whole);
    const auto words = first_words(output_of("aarch64-linux-gnu-objdump -d " + whole));
    REQUIRE(words.count("main") == 1);
    std::size_t compared = 0;
    std::set<std::uint64_t> compiled;
    for (const Function& f : index.functions()) {
        CHECK(f.name.find("@plt") == std::string::npos);
        CHECK(index.in_text(f.offset));
        if (f.name == "main" || f.name == "leaf" || f.name == "helper") compiled.insert(f.offset);
        const auto word = words.find(f.name);
        if (word == words.end()) continue;  // an alias: the disassembler shows one name
        INFO(f.name);
        CHECK(word->second.count(index.word_at(f.offset).value_or(0)) == 1);
        ++compared;
    }
    CHECK(compared >= 3);
    CHECK(compiled.size() == 3);
    const auto alias = index.matching("leaf*");
    REQUIRE(alias.size() == 2);
    CHECK(alias[0]->offset == alias[1]->offset);
    CHECK(index.matching("data").empty());

    std::set<std::uint64_t> found;
    const SymbolIndex bare = index_of(stripped);
    for (const Function& f : bare.functions()) {
        found.insert(f.offset);
        char name[32];
        snprintf(name, sizeof name, "fn_%llx", static_cast<unsigned long long>(f.offset));
        if (f.name.starts_with("fn_")) CHECK(f.name == name);
    }
    for (const std::uint64_t offset : compiled) CHECK(found.count(offset) == 1);
}
