// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/loader/file_capabilities.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "kernel_model/abi/capability.h"
#include "kernel_model/files/credentials.h"
#include "kernel_model/files/xattr.h"

namespace uprobesim {
namespace {

constexpr std::uint32_t kVersion = 0xff000000, kSecond = 0x02000000, kThird = 0x03000000,
                        kEffective = 1;
constexpr std::size_t kSecondSize = 20, kThirdSize = 24;

// Head, permitted and inheritable twice, the root user's id: that of the first version is 0.
constexpr std::size_t kHead = 0, kRoot = 5;
using Words = std::array<std::uint32_t, 6>;

Words words_of(std::string_view value) {
    Words words{};
    std::memcpy(words.data(), value.data(), std::min(value.size(), sizeof words));
    return words;
}

// validheader.
bool well_formed(std::string_view value) {
    const std::uint32_t version = words_of(value)[kHead] & kVersion;
    return (value.size() == kSecondSize && version == kSecond) ||
           (value.size() == kThirdSize && version == kThird);
}

// In the second version there is no room for the root user, in the third it is as given.
std::string bytes_of(Words words, std::uint32_t version, std::uint32_t root) {
    words[kHead] = version | (words[kHead] & kEffective);
    words[kRoot] = root;
    return {reinterpret_cast<const char*>(words.data()),
            version == kSecond ? kSecondSize : kThirdSize};
}

// rootid_owns_currentns: the superuser of the namespace or of one above.
bool is_root_above(UserSpace space, std::uint32_t user) {
    for (; space; space = space->parent) {
        if (user_inside(space, user) == 0u) return true;
    }
    return user == 0;
}

}  // namespace

std::optional<FileCapabilities> capabilities_of(const FileStatus& program, const UserSpace& space) {
    if (!has_attribute(program.xattrs, kCapabilityAttribute)) return std::nullopt;
    const Words words = words_of(program.xattrs->values.find(kCapabilityAttribute)->second);
    if (!is_root_above(space, words[kRoot])) return std::nullopt;
    const auto wide = [&](std::size_t low) {
        return (words[low] | std::uint64_t{words[low + 2]} << 32) & abi::kAllCapabilityBits;
    };
    return FileCapabilities{wide(1), wide(2), (words[kHead] & kEffective) != 0};
}

SysResult<std::string> kept_capabilities(const Credentials& caller, const FileStatus& status,
                                         std::string_view value) {
    if (!well_formed(value)) return tl::make_unexpected(Errno::Inval);
    if (!caller.capable_over(status, Capability::Setfcap)) return tl::make_unexpected(Errno::Perm);
    if (value.size() == kSecondSize && caller.capable(Capability::Setfcap))
        return std::string(value);
    const Words words = words_of(value);
    const auto root = user_outside(caller.space, words[kRoot]);
    if (!root) return tl::make_unexpected(Errno::Inval);
    return bytes_of(words, kThird, *root);
}

SysResult<std::string> shown_capabilities(const UserSpace& space, std::string_view kept) {
    const Words words = words_of(kept);
    const auto root = user_inside(space, words[kRoot]);
    if (root && *root != 0) return bytes_of(words, kThird, *root);
    if (!is_root_above(space, words[kRoot])) return tl::make_unexpected(Errno::Overflow);
    return bytes_of(words, kSecond, 0);
}

}  // namespace uprobesim
