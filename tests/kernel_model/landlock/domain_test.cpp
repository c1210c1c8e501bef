// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/landlock/domain.h"

#include <catch2/catch.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "kernel_model/abi/landlock.h"
#include "kernel_model/landlock/file_access.h"
#include "sim/mem/physical_memory.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr FileKey kFile{1, 10}, kFolder{1, 11}, kTop{1, 12}, kOther{1, 13};
const LandlockPath kPath{.inside = {kFile, kFolder, kTop}, .mount_top = {kTop}};

using Domain = std::shared_ptr<const LandlockDomain>;

struct Rule {
    FileKey at;
    std::uint32_t rights;
};
Domain layer(Domain parent, const LandlockHandled& handled, const std::vector<Rule>& given = {},
             PhysicalMemory* memory = nullptr) {
    LandlockRules rules(handled, memory);
    for (const Rule& rule : given) rules.allow_at(rule.at, rule.rights);
    return std::make_shared<const LandlockDomain>(std::move(parent), rules);
}

}  // namespace

TEST_CASE("a right is given by a rule for the file or for what is above it", "[landlock]") {
    const LandlockHandled both{kLandlockFsReadFile | kLandlockFsWriteFile, 0, 0};
    const auto domain =
        layer(nullptr, both, {{kTop, kLandlockFsReadFile}, {kOther, kLandlockFsWriteFile}});
    CHECK(rights_missing(*domain, kPath, kLandlockFsReadFile) == 0);
    CHECK(rights_missing(*domain, kPath, kLandlockFsWriteFile) == kLandlockFsWriteFile);
    CHECK(rights_missing(*domain, kPath, kLandlockFsMakeDir) == 0);
    CHECK(rights_missing(*domain, kPath, both.files) == kLandlockFsWriteFile);
}

TEST_CASE("rights may come from rules at several places", "[landlock]") {
    const LandlockHandled both{kLandlockFsReadFile | kLandlockFsWriteFile, 0, 0};
    const auto domain =
        layer(nullptr, both, {{kFile, kLandlockFsWriteFile}, {kTop, kLandlockFsReadFile}});
    CHECK(rights_missing(*domain, kPath, both.files) == 0);
}

TEST_CASE("each layer that handles a right must give it", "[landlock]") {
    const LandlockHandled read{kLandlockFsReadFile, 0, 0};
    const auto outer = layer(nullptr, read, {{kTop, kLandlockFsReadFile}});
    const auto inner = layer(outer, read, {{kOther, kLandlockFsReadFile}});
    const auto third = layer(outer, {kLandlockFsWriteFile, 0, 0});
    CHECK(rights_missing(*inner, kPath, kLandlockFsReadFile) == kLandlockFsReadFile);
    CHECK(rights_missing(*third, kPath, kLandlockFsReadFile) == 0);
}

TEST_CASE("a domain looks into those that were made from it", "[landlock]") {
    const auto outer = layer(nullptr, {kLandlockFsReadFile, 0, 0});
    const auto inner = layer(outer, {kLandlockFsReadFile, 0, 0});
    const auto beside = layer(nullptr, {kLandlockFsReadFile, 0, 0});
    CHECK(may_look_into(nullptr, nullptr));
    CHECK(may_look_into(nullptr, inner.get()));
    CHECK(may_look_into(outer.get(), outer.get()));
    CHECK(may_look_into(outer.get(), inner.get()));
    CHECK_FALSE(may_look_into(inner.get(), outer.get()));
    CHECK_FALSE(may_look_into(outer.get(), nullptr));
    CHECK_FALSE(may_look_into(outer.get(), beside.get()));
}

TEST_CASE("a scope ends at the domain of its last layer", "[landlock]") {
    const LandlockHandled scoped{0, 0, kLandlockScopeSignal}, files{kLandlockFsReadFile, 0, 0};
    const auto outer = layer(nullptr, scoped), inner = layer(outer, files),
               innermost = layer(inner, scoped);
    constexpr auto kSignal = kLandlockScopeSignal;
    CHECK_FALSE(is_scoped(nullptr, nullptr, kSignal));
    CHECK(is_scoped(outer.get(), nullptr, kSignal));
    CHECK_FALSE(is_scoped(outer.get(), outer.get(), kSignal));
    CHECK_FALSE(is_scoped(outer.get(), innermost.get(), kSignal));
    CHECK_FALSE(is_scoped(inner.get(), outer.get(), kSignal));
    CHECK(is_scoped(innermost.get(), inner.get(), kSignal));
    CHECK_FALSE(is_scoped(innermost.get(), inner.get(), kLandlockScopeAbstractUnixSocket));
}

TEST_CASE("what a ruleset and its domains take is charged", "[landlock]") {
    PhysicalMemory memory(16 << 20);
    const std::uint64_t before = memory.kernel_bytes();
    {
        const auto domain = layer(nullptr, {kLandlockFsReadFile, 0, 0},
                                  {{kFile, kLandlockFsReadFile},
                                   {kTop, kLandlockFsReadFile},
                                   {kTop, kLandlockFsReadFile}},
                                  &memory);
        CHECK(memory.kernel_bytes() - before >=
              LandlockRules::kRulesBytes + 2 * LandlockRules::kRuleBytes);
    }
    CHECK(memory.kernel_bytes() == before);
}

}  // namespace uprobesim
