// SPDX-License-Identifier: GPL-2.0-or-later
// pack_profiles FILE: part of the build. Reads the text of each built-in machine, kernel and core,
// as strictly as a user's, and writes what it read as tables (sim/profile/packed) in C++ to FILE.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cost/core_table.h"
#include "sim/data/embedded_data.h"
#include "sim/profile/data_files.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/packed/packed.h"
#include "sim/profile/profile_keys.h"

namespace uprobesim {

// This program makes them, and reads none.
PackedTables packed_profiles() {
    return {};
}

namespace {

template <class Profile>
void pack(Packer& packer, const std::string& path, const Result<Profile>& profile) {
    if (!profile) throw HostError("reading a built-in profile", profile.error().line());
    packer.begin(path);
    packer(*profile);
}

void pack_behaviour(Packer& packer, ProfileKind kind, const std::string& name) {
    pack(packer, packed_behaviour_folder(profile_kind_folder(kind)) + "/" + name,
         profile_behaviour(kind, name, {}));
}

void pack_all(Packer& packer) {
    for (const EmbeddedFile& file : embedded_files()) {
        const std::string builtin = fmt::format("{}{}", kBuiltinPrefix, file.path);
        const std::string path(file.path.substr(0, file.path.rfind('.')));
        const std::string name = path.substr(path.rfind('/') + 1);
        if (path.starts_with("machines/")) {
            pack(packer, path, parse_machine_profile(file.text, builtin, {}));
            pack_behaviour(packer, ProfileKind::Machine, name);
        }
        if (path.starts_with("kernels/")) {
            pack(packer, path, parse_kernel_profile(file.text, builtin, {}));
            pack_behaviour(packer, ProfileKind::Kernel, name);
        }
        if (path.starts_with("cores/")) pack(packer, path, parse_core_table(file.text, builtin));
    }
}

// Elements of an array, several to a line.
template <class Each, class Text>
std::string list(const Each& each, const Text& text) {
    std::string all;
    std::size_t line = 0;
    for (const auto& element : each) {
        const std::string one = text(element);
        all += line + one.size() > 96 ? "\n    " : all.empty() ? "    " : " ";
        line = line + one.size() > 96 ? one.size() : line + one.size() + 1;
        all += one + ",";
    }
    return all;
}

// As literals that stand beside each other.
std::string literal(std::string_view text) {
    std::string all;
    while (!text.empty()) {
        all += "\n    \"";
        for (const char c : text.substr(0, 80)) {
            const auto code = static_cast<unsigned char>(c);
            const bool plain = code >= ' ' && code < 0x7f && c != '"' && c != '\\' && c != '?';
            all += plain ? std::string(1, c) : fmt::format("\\{:03o}", code);
        }
        all += '"';
        text.remove_prefix(std::min<std::size_t>(80, text.size()));
    }
    return all;
}

std::string source(const PackedTables& t) {
    const auto number = [](auto n) { return fmt::format("{}", n); };
    return fmt::format(
        R"(// Generated from sim/data by tools/dev/pack_profiles.cpp.
#include "sim/profile/packed/packed.h"
#include "sim/profile/profile_keys.h"

namespace uprobesim {{
namespace {{
constexpr std::uint16_t kWords[] = {{
{}
}};
constexpr double kNumbers[] = {{
{}
}};
constexpr std::uint32_t kTextEnds[] = {{
{}
}};
constexpr char kTexts[] ={};
constexpr PackedRow kRows[] = {{
{}
}};
}}  // namespace

PackedTables packed_profiles() {{
    return {{kWords, kNumbers, kTextEnds, {{kTexts, sizeof kTexts - 1}}, kRows}};
}}

}}  // namespace uprobesim
)",
        // Hexadecimal: to the last bit.
        list(t.words, number), list(t.numbers, [](double n) { return fmt::format("{:a}", n); }),
        list(t.text_ends, number), literal(t.texts), list(t.rows, [](const PackedRow& row) {
            return fmt::format("{{{}, {}}}", row.path, row.first);
        }));
}

// A file that would become what it is already is left alone: what depends on it is not built again.
void write(const std::string& path, const std::string& text) {
    std::ifstream in(path, std::ios::binary);
    const std::string before{std::istreambuf_iterator<char>(in), {}};
    if (before == text) return;
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) throw HostError("writing the packed profiles", path);
}

}  // namespace
}  // namespace uprobesim

int main(int argc, char** argv) {
    using namespace uprobesim;
    if (argc != 2) {
        std::cerr << "usage: pack_profiles FILE\n";
        return 2;
    }
    try {
        Packer packer;
        pack_all(packer);
        write(argv[1], source(packer.tables()));
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "pack_profiles: " << e.what() << '\n';
        return 1;
    }
}
