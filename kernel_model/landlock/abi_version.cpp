// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/landlock/abi_version.h"

#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "kernel_model/abi/landlock.h"

namespace uprobesim {

namespace {

using namespace abi;

constexpr std::uint32_t kFirstFiles = kLandlockFsRefer - 1,
                        kFiles2 = kFirstFiles | kLandlockFsRefer,
                        kFiles3 = kFiles2 | kLandlockFsTruncate,
                        kFiles5 = kFiles3 | kLandlockFsIoctlDev;
constexpr std::uint32_t kNetwork4 = kLandlockNetBindTcp | kLandlockNetConnectTcp;
constexpr std::uint32_t kScopes6 = kLandlockScopeAbstractUnixSocket | kLandlockScopeSignal;
constexpr std::uint32_t kLogs7 =
    kLandlockLogSameExecOff | kLandlockLogNewExecOn | kLandlockLogSubdomainsOff;
// Of TCP alone is the port asked (1); threads of a process signal each other (2).
constexpr int kErrata7 = 0b11;
constexpr std::uint64_t kOneWord = 8, kTwoWords = 16, kThreeWords = sizeof(LandlockRulesetAttr);

// Documentation/userspace-api/landlock.rst, "Previous limitations".
constexpr LandlockAbi kAbis[] = {
    {5, 13, 1, kFirstFiles, 0, 0, 0, kOneWord, 0},
    {5, 19, 2, kFiles2, 0, 0, 0, kOneWord, 0},
    {6, 2, 3, kFiles3, 0, 0, 0, kOneWord, 0},
    {6, 7, 4, kFiles3, kNetwork4, 0, 0, kTwoWords, 0},
    {6, 10, 5, kFiles5, kNetwork4, 0, 0, kTwoWords, 0},
    {6, 12, 6, kFiles5, kNetwork4, kScopes6, 0, kThreeWords, 0},
    {6, 15, 7, kFiles5, kNetwork4, kScopes6, kLogs7, kThreeWords, kErrata7},
};

std::optional<std::pair<unsigned, unsigned>> number_of(std::string_view release) {
    const char* const end = release.data() + release.size();
    std::pair<unsigned, unsigned> number{};
    const auto major = std::from_chars(release.data(), end, number.first);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, number.second);
    return minor.ec == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

const LandlockAbi* landlock_abi(std::string_view release) {
    const auto number = number_of(release);
    const LandlockAbi* found = nullptr;
    for (const LandlockAbi& abi : kAbis) {
        if (!number || std::pair(abi.major, abi.minor) <= *number) found = &abi;
    }
    return found;
}

}  // namespace uprobesim
