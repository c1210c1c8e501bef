// SPDX-License-Identifier: GPL-2.0-or-later
// What NETLINK_ROUTE changes: whether lo is up, and the addresses that it has of itself.
#pragma once

#include <cstddef>
#include <span>

#include "kernel_model/abi/errno.h"
#include "kernel_model/abi/netlink.h"
#include "kernel_model/memory/backing.h"

namespace uprobesim {

class Network;

// A request that changes something, of one who may. NotSup: nothing that this network can have.
SysResult<void> change_route(Network& network, const abi::NetlinkHeader& header,
                             std::span<const std::byte> body);

}  // namespace uprobesim
