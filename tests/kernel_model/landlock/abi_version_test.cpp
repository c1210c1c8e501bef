// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/landlock/abi_version.h"

#include <catch2/catch.hpp>

#include "kernel_model/abi/landlock.h"

namespace uprobesim {

namespace {

int version_of(std::string_view release) {
    const LandlockAbi* const abi = landlock_abi(release);
    return abi != nullptr ? abi->version : 0;
}

}  // namespace

// Documentation/userspace-api/landlock.rst, and the releases that its versions came with.
TEST_CASE("a release has the version of Landlock that it came with", "[landlock]") {
    CHECK(version_of("5.12.19") == 0);
    CHECK(version_of("5.13.0") == 1);
    CHECK(version_of("6.1.0-56-arm64") == 2);
    CHECK(version_of("6.2.0") == 3);
    CHECK(version_of("6.6.30") == 3);
    CHECK(version_of("6.7") == 4);
    CHECK(version_of("6.11.0-rc1") == 5);
    CHECK(version_of("6.12.117+deb12-arm64") == 6);
    CHECK(version_of("6.14.0") == 6);
    CHECK(version_of("6.18.0") == 7);
}

TEST_CASE("a release without a number has the newest Landlock", "[landlock]") {
    CHECK(version_of("mine") == version_of("99.0"));
    CHECK(version_of("") == version_of("99.0"));
    CHECK(version_of("6") == version_of("99.0"));
}

TEST_CASE("the second version knows moves, but no truncation, ports and scopes", "[landlock]") {
    const LandlockAbi& abi = *landlock_abi("6.1.0");
    CHECK((abi.files & abi::kLandlockFsRefer) != 0);
    CHECK((abi.files & abi::kLandlockFsTruncate) == 0);
    CHECK(abi.network == 0);
    CHECK(abi.scopes == 0);
    CHECK(abi.attr_bytes == 8);
}

// Documentation/userspace-api/landlock.rst, "Landlock Errata", of 6.15.
TEST_CASE("errata are told since the seventh version", "[landlock]") {
    CHECK(landlock_abi("6.12.0")->errata == 0);
    CHECK(landlock_abi("6.15.0")->errata == 3);
}

}  // namespace uprobesim
