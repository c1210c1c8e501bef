// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "sim/profile/kernel_profile.h"
#include "sim/profile/machine_profile.h"
#include "sim/profile/profile_keys.h"
#include "sim/profile/uncertainty.h"
#include "tests/support/host.h"

using namespace uprobesim;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

ProfileListing listing(ProfileKind kind, const std::string& name,
                       const std::vector<Setting>& settings = {}) {
    const auto listed = list_profile(kind, name, settings);
    if (!listed) FAIL(listed.error().line());
    return *listed;
}
const ProfileKey& key(const ProfileListing& profile, const std::string& name) {
    const ProfileKey* found = profile.find(name);
    INFO(name);
    REQUIRE(found != nullptr);
    return *found;
}

constexpr const char* kMachine =
    "name = \"mine\"\nbased-on = \"kunpeng916\"\n[sources]\nbench = \"my bench\"\n"
    "[ops]\nisb = { value = 7, unit = \"cycles\", source = \"@bench one loop\", confidence = "
    "\"high\" }\n";

}  // namespace

TEST_CASE("each key of a profile says which file of the chain it is from, and where in it",
          "[sim][profile]") {
    const TempFolder folder;
    const std::string file = folder.write("mine.toml", kMachine);
    const ProfileListing mine = listing(ProfileKind::Machine, file);
    CHECK(mine.name == "mine");
    CHECK(mine.files == std::vector<std::string>{file, "builtin:machines/kunpeng916.toml"});
    const ProfileKey& isb = key(mine, "ops.isb");
    CHECK(isb.value == "7");
    CHECK(isb.number == 7.0);
    CHECK(isb.unit == "cycles");
    CHECK(isb.source == "my bench: one loop");
    CHECK(isb.confidence == Confidence::High);
    CHECK(isb.where == file + ":6");
    CHECK_THAT(key(mine, "kernel-cpi").where, Contains("builtin:machines/kunpeng916.toml:"));
    CHECK(mine.find("name") == nullptr);
    CHECK(mine.find("sources.bench") == nullptr);
}

TEST_CASE("a kernel path is listed part by part under one source", "[sim][profile]") {
    const ProfileListing kernel = listing(ProfileKind::Kernel, "v6.13");
    CHECK(key(kernel, "paths.uprobe.slot.copy.insns").where == "builtin:kernels/v6.13.toml:11");
    CHECK(key(kernel, "paths.sys.read.file.insns-per-unit").unit == "instructions/byte");
    const ProfileKey& dmb = key(kernel, "paths.uprobe.lookup.ops.dmb");
    CHECK(dmb.row == "paths.uprobe.lookup");
    CHECK_THAT(dmb.where, Contains("v6.12.toml:"));
    CHECK(key(kernel, "slot-copy").value == "if-changed");
}

TEST_CASE("the listing has every key that the loaders know a price for", "[sim][profile]") {
    for (const std::string& name : builtin_machine_profiles()) {
        const ProfileListing machine = listing(ProfileKind::Machine, name);
        const auto loaded = load_machine_profile(name, {});
        REQUIRE(loaded.has_value());
        for (const auto& [figure_key, figure] : loaded->figures)
            CHECK(key(machine, figure_key).number == figure.value);
    }
    for (const std::string& name : builtin_kernel_profiles()) {
        const ProfileListing kernel = listing(ProfileKind::Kernel, name);
        for (const KernelPathInfo& info : kKernelPaths)
            CHECK(kernel.find(fmt::format("paths.{}.insns", info.name)) != nullptr);
    }
}

TEST_CASE("a setting shows in the listing, also where its row had no such part", "[sim][profile]") {
    const ProfileListing machine =
        listing(ProfileKind::Machine, "kunpeng916",
                {{"machine.ops.isb", "3e1"}, {"kernel.slot-copy", "if-changed"}});
    CHECK(key(machine, "ops.isb").value == "30");
    CHECK(key(machine, "ops.isb").where == "--set");
    const ProfileListing kernel =
        listing(ProfileKind::Kernel, "v6.12", {{"kernel.paths.brk.entry.ops.isb", "2"}});
    CHECK(key(kernel, "paths.brk.entry.ops.isb").number == 2.0);
}

TEST_CASE("settings and files the loaders refuse have no listing", "[sim][profile]") {
    CHECK_FALSE(
        list_profile(ProfileKind::Machine, "kunpeng916", {{"machine.ops.isbb", "1"}}).has_value());
    CHECK_FALSE(list_profile(ProfileKind::Kernel, "v0.0", {}).has_value());
}

TEST_CASE("profiles differ in what has another value, not in how it is written", "[sim][profile]") {
    const ProfileListing stepped = listing(ProfileKind::Kernel, "next-20241104");
    const ProfileListing emulated = listing(ProfileKind::Kernel, "next-20241104+stp");
    const auto differences = profile_differences(stepped, emulated);
    REQUIRE(differences.size() == 2);
    CHECK(differences[0].key == "decode-table");
    CHECK(differences[0].a->value == "6.13");
    CHECK(differences[0].b->value == "6.13+stp");
    CHECK(differences[1].key == "stp");
    CHECK(profile_differences(stepped, stepped).empty());
    const auto zero =
        listing(ProfileKind::Kernel, "next-20241104", {{"kernel.paths.brk.entry.ops.isb", "0.0"}});
    CHECK(profile_differences(stepped, zero).empty());
}

TEST_CASE("what is no known price is behaviour", "[sim][profile]") {
    CHECK(key_rule(ProfileKind::Machine, "ops.isb").role == KeyRole::Price);
    CHECK(key_rule(ProfileKind::Machine, "kernel-cpi").role == KeyRole::Price);
    CHECK(key_rule(ProfileKind::Machine, "core").role == KeyRole::Behaviour);
    CHECK(key_rule(ProfileKind::Machine, "counter-frequency").role == KeyRole::Trapped);
    CHECK(key_rule(ProfileKind::Kernel, "paths.brk.entry.insns").role == KeyRole::Price);
    for (const char* name :
         {"decode-table", "stp", "slot-copy", "release", "kernel-cpi", "something-new"}) {
        CHECK(key_rule(ProfileKind::Kernel, name).role == KeyRole::Behaviour);
        CHECK_FALSE(key_rule(ProfileKind::Kernel, name).why.empty());
    }
}

TEST_CASE("a file's kind follows from its keys or from what it is based on", "[sim][profile]") {
    const TempFolder folder;
    const auto kind = [&](const std::string& text) {
        const auto found = find_profile_kind(folder.write("x.toml", text));
        if (!found) FAIL(found.error().line());
        return *found;
    };
    CHECK(kind("name = \"x\"\nbased-on = \"kunpeng916\"\n") == ProfileKind::Machine);
    CHECK(kind("name = \"x\"\nbased-on = \"v6.12\"\n") == ProfileKind::Kernel);
    CHECK(kind("name = \"x\"\nbased-on = \"cortex-a72\"\n") == ProfileKind::Core);
    CHECK(kind("[paths]\n") == ProfileKind::Kernel);
    CHECK(kind("[pipes]\n") == ProfileKind::Core);
    folder.write("base.toml", "name = \"y\"\nbased-on = \"v6.1\"\n");
    CHECK(kind("name = \"x\"\nbased-on = \"base.toml\"\n") == ProfileKind::Kernel);
    CHECK(*find_profile_kind("generic-a72") == ProfileKind::Machine);
    CHECK(*find_profile_kind("cortex-a72") == ProfileKind::Core);
}

TEST_CASE("what has no kind is refused with its line", "[sim][profile]") {
    const TempFolder folder;
    const auto error = [&](const std::string& text) {
        const auto found = find_profile_kind(folder.write("x.toml", text));
        REQUIRE_FALSE(found.has_value());
        return found.error();
    };
    CHECK_THAT(error("").where, EndsWith("x.toml:1"));
    CHECK_THAT(error("name = \"x\"\n\nbased-on = \"v0.0\"\n").where, EndsWith("x.toml:3"));
    CHECK_THAT(error("name = \"x\"\nbased-on = \"gone.toml\"\n").where, EndsWith("x.toml:2"));
    CHECK_THAT(find_profile_kind("nothing").error().hint, Contains("kunpeng916"));
}

TEST_CASE("a circle is its reader's to name", "[sim][profile]") {
    const TempFolder folder;
    folder.write("a.toml", "name = \"a\"\nbased-on = \"b.toml\"\n");
    const std::string b = folder.write("b.toml", "name = \"b\"\nbased-on = \"a.toml\"\n");
    const auto kind = find_profile_kind(b);
    REQUIRE(kind.has_value());
    const auto listed = list_profile(*kind, b, {});
    REQUIRE_FALSE(listed.has_value());
    CHECK_THAT(listed.error().where, EndsWith("a.toml:2"));
    CHECK_THAT(listed.error().what, Contains("circle"));
}

TEST_CASE("the less is known of a figure, the wider its range", "[sim][profile]") {
    double width = 0;
    for (const Confidence c :
         {Confidence::High, Confidence::Medium, Confidence::Low, Confidence::Assumption}) {
        const ConfidenceRange& range = confidence_range(c);
        CHECK(range.confidence == c);
        CHECK(range.low < 1);
        CHECK(range.high > 1);
        CHECK(range.high - range.low > width);
        width = range.high - range.low;
    }
}

TEST_CASE("figures are varied one by one; what was set, and what is zero, stays",
          "[sim][profile]") {
    const auto uncertainty = Uncertainty::load("kunpeng916", "v6.12", {{"machine.ops.isb", "50"}});
    REQUIRE(uncertainty.has_value());
    const auto find = [&](std::string_view name) {
        for (std::size_t i = 0; i < uncertainty->figures().size(); ++i) {
            if (uncertainty->figures()[i].key == name) return i;
        }
        return uncertainty->figures().size();
    };
    const std::size_t none = uncertainty->figures().size();
    CHECK(find("machine.ops.isb") == none);
    CHECK(find("machine.ops.dmb") == none);
    CHECK(find("machine.counter-frequency") == none);
    REQUIRE(find("machine.kernel-cpi") != none);
    REQUIRE(find("kernel.paths.sys.read.file") != none);

    const ProfilePair& base = uncertainty->profiles();
    const auto changed = uncertainty->with(
        {{find("machine.kernel-cpi"), 2}, {find("kernel.paths.sys.read.file"), 0.5}});
    REQUIRE(changed.has_value());
    CHECK(changed->machine.kernel_cpi.value == Approx(2 * base.machine.kernel_cpi.value));
    CHECK(changed->machine.ops[0].value == 50);
    const auto read = static_cast<std::size_t>(KernelPath::SysReadFile);
    CHECK(changed->kernel.paths[read].insns == Approx(base.kernel.paths[read].insns / 2));
    CHECK(changed->kernel.paths[read].insns_per_unit ==
          Approx(base.kernel.paths[read].insns_per_unit / 2));
    CHECK(changed->kernel.paths[read].ops == base.kernel.paths[read].ops);
}
