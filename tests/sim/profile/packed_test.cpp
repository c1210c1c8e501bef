// SPDX-License-Identifier: GPL-2.0-or-later
// The text of a built-in profile is the judge of its tables.
#include "sim/profile/packed/packed.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/cost/core_table.h"
#include "sim/data/embedded_data.h"
#include "sim/profile/data_files.h"
#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/profile_keys.h"

using namespace uprobesim;

namespace {

// Whether both have the same members, to the last bit.
template <class Profile>
bool same(const Profile& a, const Profile& b) {
    Packer of_a, of_b;
    of_a(a);
    of_b(b);
    const PackedTables x = of_a.tables(), y = of_b.tables();
    return std::ranges::equal(x.words, y.words) && std::ranges::equal(x.numbers, y.numbers) &&
           std::ranges::equal(x.text_ends, y.text_ends) && x.texts == y.texts;
}

// Calls check(text, name as messages have it, name) for each built-in file of a folder.
template <class Check>
void each_builtin(std::string_view folder, Check check) {
    int files = 0;
    for (const std::string& name : builtin_names(folder)) {
        const auto file = find_data_file(folder, "profile", name);
        REQUIRE(file);
        CAPTURE(name);
        check(file->text, file->file_name, name);
        ++files;
    }
    CHECK(files > 1);
}

const std::vector<Setting> kSettings = {{"machine.ops.ic-ivau", "7"},
                                        {"kernel.paths.uprobe.lookup.insns", "9"},
                                        {"kernel.stp", "none"}};

struct Everything {
    std::optional<double> there = 0.1, missing;
    std::vector<std::string> texts = {"", "a", "b\"\\?\n", "a"};
    std::uint32_t number = 0xfedcba98u;
    std::uint64_t large = 0xfedcba9876543210u;
    std::array<Confidence, 2> words = {Confidence::Assumption, Confidence::High};

    static void members(auto& self, auto& visit) {
        visit(self.there, self.missing, self.texts, self.number, self.large, self.words);
    }
};

}  // namespace

TEST_CASE("a built-in machine is what its text says, with and without settings", "[profile]") {
    each_builtin("machines", [](const auto& text, const auto& file, const auto& name) {
        REQUIRE(packed_profile<MachineProfile>("machines", name));
        for (const auto& settings : {std::vector<Setting>(), kSettings}) {
            const auto packed = load_machine_profile(name, settings);
            const auto read = parse_machine_profile(text, file, settings);
            REQUIRE(packed);
            REQUIRE(read);
            CHECK(same(*packed, *read));
            CHECK(packed->figures.size() == read->figures.size());
            for (const auto& [key, figure] : read->figures)
                CHECK(same(packed->figures.at(key), figure));
        }
    });
}

TEST_CASE("a built-in kernel is what its text says, with and without settings", "[profile]") {
    each_builtin("kernels", [](const auto& text, const auto& file, const auto& name) {
        REQUIRE(packed_profile<KernelProfile>("kernels", name));
        for (const auto& settings : {std::vector<Setting>(), kSettings}) {
            const auto packed = load_kernel_profile(name, settings);
            const auto read = parse_kernel_profile(text, file, settings);
            CHECK(packed.has_value() == read.has_value());
            if (packed && read) CHECK(same(*packed, *read));
        }
    });
}

TEST_CASE("a built-in core is what its text says", "[profile]") {
    each_builtin("cores", [](const auto& text, const auto& file, const auto& name) {
        REQUIRE(packed_profile<CoreTable>("cores", name));
        const auto packed = load_core_table(name);
        const auto read = parse_core_table(text, file);
        REQUIRE(packed);
        REQUIRE(read);
        CHECK(same(*packed, *read));
    });
}

TEST_CASE("what a run depends on is what the listing of a built-in profile has", "[profile]") {
    for (const ProfileKind kind : {ProfileKind::Machine, ProfileKind::Kernel}) {
        for (const std::string& name : builtin_names(profile_kind_folder(kind))) {
            CAPTURE(name);
            const auto keys = profile_behaviour(kind, name, {});
            const auto listing = list_profile(kind, name, {}, KeysListed::NoPrices);
            REQUIRE(keys);
            REQUIRE(listing);
            REQUIRE(keys->size() == listing->keys.size());
            for (std::size_t i = 0; i < keys->size(); ++i) {
                CHECK((*keys)[i].key == listing->keys[i].key);
                CHECK((*keys)[i].value == listing->keys[i].value);
            }
        }
    }
}

TEST_CASE("what a setting makes wrong in a built-in profile is said with the line of its text",
          "[profile]") {
    for (const Setting& wrong : {Setting{"kernel.emulate-also", "stp"},
                                 Setting{"kernel.stp", "sometimes"}, Setting{"kernel.no", "1"}}) {
        const std::string name = "v6.12";
        const auto file = find_data_file("kernels", "kernel profile", name);
        REQUIRE(file);
        const auto packed = load_kernel_profile(name, {wrong});
        const auto read = parse_kernel_profile(file->text, file->file_name, {wrong});
        REQUIRE_FALSE(packed);
        REQUIRE_FALSE(read);
        CHECK(packed.error().line() == read.error().line());
    }
}

TEST_CASE("what is packed is unpacked", "[profile]") {
    Packer packer;
    packer.begin("folder/name");
    const Everything in;
    packer(in);
    const PackedTables tables = packer.tables();
    CHECK(find_packed(tables, "folder", "nam") == nullptr);
    CHECK(find_packed(tables, "folde", "name") == nullptr);
    const PackedRow* const row = find_packed(tables, "folder", "name");
    REQUIRE(row != nullptr);
    Everything out{.there = {}, .missing = 1, .texts = {}, .number = 0, .large = 0, .words = {}};
    Unpacker unpack(tables, *row);
    unpack(out);
    CHECK(out.there == in.there);
    CHECK(out.missing == in.missing);
    CHECK(out.texts == in.texts);
    CHECK(out.number == in.number);
    CHECK(out.large == in.large);
    CHECK(out.words == in.words);
}
