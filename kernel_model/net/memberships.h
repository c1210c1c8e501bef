// SPDX-License-Identifier: GPL-2.0-or-later
// The multicast groups that a socket has joined (ip_mc_socklist, ipv6_mc_socklist). The only
// interface to join them on is lo.
#pragma once

#include <cstddef>
#include <vector>

#include "kernel_model/net/address.h"
#include "sim/mem/memory_charge.h"

namespace uprobesim {

// The interface of a request: by its index or, with IPv4, by an address that it has. Neither: that
// of the route to the group, and no route leads to one.
struct GroupPlace {
    std::int32_t index = 0;
    IpAddress address = IpAddress::any(false);

    bool named() const { return index != 0 || !address.is_any(); }
    bool is_loopback() const;
};

class Memberships {
public:
    // ip_mc_join_group, ipv6_sock_mc_join. Inval: no group; NoDev, AddrInUse, NoBufs.
    SysResult<void> join(const IpAddress& group, const GroupPlace& place, PhysicalMemory* memory);
    // ip_mc_leave_group, ipv6_sock_mc_drop. AddrNotAvail: it is no member.
    SysResult<void> leave(const IpAddress& group, const GroupPlace& place);
    bool has(const IpAddress& group) const;

private:
    struct Member {
        IpAddress group;
        IpAddress address;  // as it was asked for
        MemoryCharge charge;
    };
    std::vector<Member> members_;
};

}  // namespace uprobesim
