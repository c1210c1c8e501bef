// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/files/acl.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "kernel_model/abi/fcntl.h"
#include "kernel_model/files/credentials.h"
#include "kernel_model/files/file.h"
#include "kernel_model/files/xattr.h"

namespace uprobesim {
namespace {

// linux/posix_acl_xattr.h
constexpr std::uint32_t kVersion = 2;
constexpr std::uint16_t kAllRights = abi::kROk | abi::kWOk | abi::kXOk;
struct StoredEntry {
    std::uint16_t tag, rights;
    std::uint32_t id;
};

bool named(AclTag tag) {
    return tag == AclTag::User || tag == AclTag::Group;
}

AclEntry* find(Acl& acl, AclTag tag) {
    const auto found = std::ranges::find(acl, tag, &AclEntry::tag);
    return found == acl.end() ? nullptr : &*found;
}

std::uint16_t rights(std::uint32_t mode, unsigned shift) {
    return static_cast<std::uint16_t>(mode >> shift & kAllRights);
}

// The class that the group bits of the mode show.
AclEntry* group_class(Acl& acl) {
    AclEntry* const mask = find(acl, AclTag::Mask);
    return mask != nullptr ? mask : find(acl, AclTag::OwningGroup);
}

}  // namespace

SysResult<std::optional<Acl>> parse_acl(std::string_view bytes) {
    if (bytes.empty()) return std::optional<Acl>();
    std::uint32_t version = 0;
    if (bytes.size() < sizeof version) return tl::make_unexpected(Errno::Inval);
    std::memcpy(&version, bytes.data(), sizeof version);
    if (version != kVersion) return tl::make_unexpected(Errno::NotSup);
    bytes.remove_prefix(sizeof version);
    if (bytes.size() % sizeof(StoredEntry) != 0) return tl::make_unexpected(Errno::Inval);
    if (bytes.empty()) return std::optional<Acl>();
    Acl acl;
    for (; !bytes.empty(); bytes.remove_prefix(sizeof(StoredEntry))) {
        StoredEntry stored{};
        std::memcpy(&stored, bytes.data(), sizeof stored);
        const AclEntry entry{static_cast<AclTag>(stored.tag), stored.rights, stored.id};
        switch (entry.tag) {
            case AclTag::User:
            case AclTag::Group:
                if (entry.id == kNoId) return tl::make_unexpected(Errno::Inval);
                break;
            case AclTag::Owner:
            case AclTag::OwningGroup:
            case AclTag::Mask:
            case AclTag::Other: break;
            default: return tl::make_unexpected(Errno::Inval);
        }
        acl.push_back(entry);
    }
    return std::optional(std::move(acl));
}

std::string bytes_of(const Acl& acl) {
    std::string bytes(reinterpret_cast<const char*>(&kVersion), sizeof kVersion);
    for (const AclEntry& entry : acl) {
        const StoredEntry stored{static_cast<std::uint16_t>(entry.tag), entry.rights,
                                 named(entry.tag) ? entry.id : kNoId};
        bytes.append(reinterpret_cast<const char*>(&stored), sizeof stored);
    }
    return bytes;
}

bool well_formed(const Acl& acl) {
    std::uint32_t seen = 0;
    bool needs_mask = false;
    for (const AclEntry& entry : acl) {
        const auto tag = static_cast<std::uint32_t>(entry.tag);
        if ((entry.rights & ~kAllRights) != 0) return false;
        // Tags do not go down, and only those of named entries come twice.
        if (tag < seen || (tag == seen && !named(entry.tag))) return false;
        seen = tag;
        needs_mask = needs_mask || named(entry.tag);
    }
    const auto has = [&](AclTag tag) {
        return std::ranges::find(acl, tag, &AclEntry::tag) != acl.end();
    };
    return has(AclTag::Owner) && has(AclTag::OwningGroup) && has(AclTag::Other) &&
           (!needs_mask || has(AclTag::Mask));
}

AclMode mode_of(const Acl& acl) {
    AclMode mode;
    std::uint32_t group = 0;
    for (const AclEntry& entry : acl) {
        switch (entry.tag) {
            case AclTag::Owner: mode.bits |= std::uint32_t{entry.rights} << 6; break;
            case AclTag::OwningGroup: group = entry.rights; break;
            case AclTag::Other: mode.bits |= entry.rights; break;
            case AclTag::Mask:
            case AclTag::User:
            case AclTag::Group: mode.whole = false; break;
        }
    }
    const auto mask = std::ranges::find(acl, AclTag::Mask, &AclEntry::tag);
    mode.bits |= (mask != acl.end() ? mask->rights : group) << 3;
    return mode;
}

void put_mode(Acl& acl, std::uint32_t mode) {
    if (AclEntry* entry = find(acl, AclTag::Owner)) entry->rights = rights(mode, 6);
    if (AclEntry* entry = group_class(acl)) entry->rights = rights(mode, 3);
    if (AclEntry* entry = find(acl, AclTag::Other)) entry->rights = rights(mode, 0);
}

bool limit_new(Acl& acl, std::uint32_t& mode) {
    const auto limit = [&](AclEntry* entry, unsigned shift) {
        if (entry == nullptr) return;
        entry->rights &= rights(mode, shift);
        mode &= ~(std::uint32_t{kAllRights} << shift) | std::uint32_t{entry->rights} << shift;
    };
    limit(find(acl, AclTag::Owner), 6);
    limit(group_class(acl), 3);
    limit(find(acl, AclTag::Other), 0);
    return !mode_of(acl).whole;
}

std::optional<Acl> acl_of(const FileStatus& status, std::string_view name) {
    if (status.xattrs == nullptr) return std::nullopt;
    const auto found = status.xattrs->values.find(name);
    if (found == status.xattrs->values.end()) return std::nullopt;
    auto acl = parse_acl(found->second);
    return acl ? std::move(*acl) : std::nullopt;
}

// posix_acl_permission: the first class that the caller is of decides, but for groups, of which any
// may permit.
std::optional<bool> acl_permits(const FileStatus& status, const Credentials& caller,
                                std::uint32_t wanted) {
    const auto acl = acl_of(status, kAccessAcl);
    if (!acl) return std::nullopt;
    const auto mask = std::ranges::find(*acl, AclTag::Mask, &AclEntry::tag);
    const std::uint32_t most = mask != acl->end() ? mask->rights : kAllRights;
    bool in_some_group = false;
    for (const AclEntry& entry : *acl) {
        const bool has = (wanted & ~std::uint32_t{entry.rights}) == 0;
        const bool group = entry.tag == AclTag::OwningGroup || entry.tag == AclTag::Group;
        if (entry.tag == AclTag::User && entry.id == caller.uid.fs)
            return (wanted & ~(entry.rights & most)) == 0;
        if (group && caller.in_group(entry.tag == AclTag::OwningGroup ? status.gid : entry.id)) {
            in_some_group = true;
            if (has) return (wanted & ~most) == 0;
        }
        if (entry.tag == AclTag::Other) return !in_some_group && has;
    }
    return false;
}

}  // namespace uprobesim
