// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel_model/net/memberships.h"

#include <algorithm>

#include "kernel_model/net/packet_fields.h"

namespace uprobesim {

namespace {

constexpr std::size_t kMostOfV4 = 20;       // net.ipv4.igmp_max_memberships
constexpr std::uint64_t kMemberBytes = 64;  // struct ip_mc_socklist

tl::unexpected<Errno> fails(Errno why) {
    return tl::make_unexpected(why);
}

}  // namespace

bool GroupPlace::is_loopback() const {
    return index != 0 ? index == static_cast<std::int32_t>(kLoopbackIndex) : address.is_loopback();
}

bool Memberships::has(const IpAddress& group) const {
    return std::ranges::find(members_, group, &Member::group) != members_.end();
}

SysResult<void> Memberships::join(const IpAddress& group, const GroupPlace& place,
                                  PhysicalMemory* memory) {
    if (!group.is_group()) return fails(Errno::Inval);
    // The other one of IPv6 looks at what is joined first.
    const bool known = has(group) && (place.is_loopback() || (!group.is_v4() && !place.named()));
    if (known) return fails(Errno::AddrInUse);
    if (!place.is_loopback()) return fails(Errno::NoDev);
    const auto of_v4 =
        std::ranges::count_if(members_, [](const Member& member) { return member.group.is_v4(); });
    if (group.is_v4() && static_cast<std::size_t>(of_v4) >= kMostOfV4) return fails(Errno::NoBufs);
    if (memory != nullptr && !memory->has_room(kMemberBytes)) return fails(Errno::NoMem);
    members_.push_back({group, place.address, MemoryCharge(memory, kMemberBytes)});
    return {};
}

SysResult<void> Memberships::leave(const IpAddress& group, const GroupPlace& place) {
    if (group.is_v4() && !place.named()) return fails(Errno::NoDev);
    if (!group.is_v4() && !group.is_group()) return fails(Errno::Inval);
    const auto at = std::ranges::find_if(members_, [&](const Member& member) {
        if (member.group != group) return false;
        if (place.index != 0) return place.is_loopback();
        return place.address.is_any() || place.address == member.address;
    });
    if (at == members_.end()) return fails(Errno::AddrNotAvail);
    members_.erase(at);
    return {};
}

}  // namespace uprobesim
