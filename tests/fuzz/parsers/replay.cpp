// SPDX-License-Identifier: GPL-2.0-or-later
// fuzz_replay PARSER MUTATIONS FILE|FOLDER...: gives a parser every file, and as many mutations of
// them as asked for. The same each time: no coverage is measured, the generator is seeded.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "sim/base/entropy.h"
#include "tools/bench/trigger_programs.h"

using FuzzTarget = int (*)(const std::uint8_t* data, std::size_t size);
#define UPROBESIM_PARSERS(row)                                                                   \
    row(bpf) row(bpftrace) row(elf) row(handler) row(pattern) row(plan) row(profile) row(report) \
        row(rows) row(scenario) row(spec) row(symbols) row(words) row(zip)
#define UPROBESIM_DECLARE(name) \
    extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
#define UPROBESIM_ROW(name) {#name, fuzz_##name},
UPROBESIM_PARSERS(UPROBESIM_DECLARE)

namespace {

using namespace uprobesim;

const std::map<std::string, FuzzTarget> kTargets = {UPROBESIM_PARSERS(UPROBESIM_ROW)};

void read_seeds(const std::filesystem::path& path, std::vector<std::string>& seeds) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
            if (entry.is_regular_file()) files.push_back(entry.path());
        }
    } else {
        files.push_back(path);
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
}

// Some bytes changed, a piece of another seed put in, a piece left out or repeated.
std::string mutated(Entropy& entropy, const std::vector<std::string>& seeds) {
    const auto below = [&](std::size_t n) {
        return n == 0 ? 0 : static_cast<std::size_t>(entropy.next() % n);
    };
    std::string text = seeds[below(seeds.size())];
    for (std::size_t change = 0, changes = 1 + below(6); change < changes; ++change) {
        const std::size_t at = below(text.size() + 1), length = below(1 + (text.size() - at) / 4);
        const std::string& other = seeds[below(seeds.size())];
        const std::size_t from = below(other.size() + 1);
        switch (below(5)) {
            case 0: text.erase(at, length); break;
            case 1: text.insert(at, text.substr(at, length)); break;
            case 2: text.insert(at, other.substr(from, below(64))); break;
            case 3: text.insert(at, 1, static_cast<char>(entropy.next())); break;
            default:
                if (at < text.size()) text[at] = static_cast<char>(entropy.next());
        }
    }
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    const auto target = argc > 3 ? kTargets.find(argv[1]) : kTargets.end();
    if (target == kTargets.end()) {
        fmt::print(stderr, "usage: fuzz_replay PARSER MUTATIONS FILE|FOLDER...\n");
        return 2;
    }
    std::vector<std::string> seeds;
    for (int i = 3; i < argc; ++i) read_seeds(argv[i], seeds);
    // Programs are not kept in the corpus: those that the tool carries are seeds.
    if (target->first == "elf" || target->first == "symbols") {
        for (const EmbeddedProgram& program : trigger_programs()) {
            const auto* bytes = reinterpret_cast<const char*>(program.bytes.data());
            seeds.emplace_back(bytes, program.bytes.size());
        }
    }
    if (seeds.empty()) {
        fmt::print(stderr, "fuzz_replay: there is no corpus\n");
        return 2;
    }
    const auto run = [&](const std::string& text) {
        target->second(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    };
    for (const std::string& seed : seeds) run(seed);
    Entropy entropy(1);
    const long mutations = std::strtol(argv[2], nullptr, 10);
    for (long i = 0; i < mutations; ++i) run(mutated(entropy, seeds));
    fmt::print("{}: {} files, {} mutations\n", target->first, seeds.size(), mutations);
    return 0;
}
